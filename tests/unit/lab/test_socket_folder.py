"""Folders for Unix sockets."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from ariroute.lab.socket_folder import fits, socket_folder


def test_it_lies_where_temporary_files_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/var/tmp")
    made = socket_folder("ariroute-test-")
    made.rmdir()
    assert made.parent == Path("/var/tmp")


def test_where_their_path_is_too_long_it_lies_in_a_short_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("l" * 80)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    made = socket_folder("ariroute-test-")
    made.rmdir()
    assert fits(made / "asterisk.ctl")
    assert list(long.iterdir()) == []
