"""``ariroute fmt``."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from .conftest import Ariroute

MESSY = "version:   1\nqueues:\n    gold: {}\n"
NORMAL = "version: 1\n\nqueues:\n  gold: {}\n"


def test_files_are_rewritten_and_named(ariroute: Ariroute, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MESSY)
    (tmp_path / "b.yaml").write_text(NORMAL)
    (tmp_path / "a.yaml").chmod(0o640)
    (tmp_path / "link.yaml").symlink_to("a.yaml")

    ended = ariroute("fmt", "link.yaml", "b.yaml")

    assert (ended.code, ended.out, ended.err) == (0, "link.yaml\n", "")
    assert (tmp_path / "a.yaml").read_text() == NORMAL
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "a.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "b.yaml", "link.yaml"]
    assert ariroute("fmt", "a.yaml", "b.yaml").out == ""


def test_check_and_diff_write_nothing(ariroute: Ariroute, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MESSY)

    checked, shown = ariroute("fmt", "--check", "a.yaml"), ariroute("fmt", "--diff", "a.yaml")

    assert (checked.code, checked.out) == (1, "a.yaml\n")
    assert shown.code == 0
    assert "-version:   1\n+version: 1\n+\n" in shown.out
    assert ariroute("fmt", "--check", "--diff", "a.yaml").code == 1
    assert (tmp_path / "a.yaml").read_text() == MESSY


def test_a_file_with_mistakes_is_left_and_the_others_are_done(ariroute: Ariroute, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [\n")
    (tmp_path / "a.yaml").write_text(MESSY)

    ended = ariroute("fmt", "bad.yaml", "nowhere.yaml", "a.yaml")

    assert (ended.code, ended.out) == (2, "a.yaml\n")
    assert "bad.yaml:2:1: is not YAML here" in ended.err
    assert "nowhere.yaml: cannot be read" in ended.err
    assert (tmp_path / "bad.yaml").read_text() == "a: [\n"


def test_a_disk_that_is_full_leaves_the_file(
    ariroute: Ariroute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "a.yaml").write_text(MESSY)
    monkeypatch.setattr(os, "fsync", full)

    ended = ariroute("fmt", "a.yaml")

    assert ended.code == 2
    assert ended.err == "a.yaml cannot be written: No space left on device; it is left as it was\n"
    assert (tmp_path / "a.yaml").read_text() == MESSY
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]
