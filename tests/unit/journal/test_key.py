"""The key of the callers' hash: made once, for its owner's eyes alone, whoever comes first."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ariroute.errors import JournalError
from ariroute.flow.contact import party
from ariroute.journal.key import LENGTH, key_file, key_of
from ariroute.journal.record import caller_key
from ariroute.journal.settings import JournalSettings
from ariroute.values import Secret

SQLITE = JournalSettings(url="sqlite:journal.db")


def test_it_is_made_once_beside_the_database(tmp_path: Path) -> None:
    key = key_of(SQLITE, tmp_path)
    file = tmp_path / "journal.db.key"
    assert file == key_file(tmp_path / "journal.db")
    assert len(key) == LENGTH
    assert key_of(SQLITE, tmp_path) == key_of(SQLITE, tmp_path, only_read=True) == key
    assert [path.name for path in tmp_path.iterdir()] == ["journal.db.key"]


def test_only_its_owner_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key_of(SQLITE, tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(key_file(tmp_path / "journal.db").stat().st_mode) == 0o600


def test_of_many_who_make_it_at_once_all_have_the_same(tmp_path: Path) -> None:
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(lambda _, folder=folder: key_of(SQLITE, folder), range(8)))
        assert len(keys) == 1
        assert [path.name for path in folder.iterdir()] == ["journal.db.key"]


def test_the_settings_key_needs_no_file(tmp_path: Path) -> None:
    settings = JournalSettings(url="postgresql://a@db.example/journal", key=Secret("0123456789abcdef"))
    assert key_of(settings, tmp_path) == b"0123456789abcdef"
    assert not list(tmp_path.iterdir())


def test_who_only_reads_makes_none(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"journal's key .*journal\.db\.key cannot be read: No such file"):
        key_of(SQLITE, tmp_path, only_read=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"abc\n", b"x" * 200, b"\0" * LENGTH])
def test_a_damaged_key_is_not_used(tmp_path: Path, content: bytes) -> None:
    key_file(tmp_path / "journal.db").write_bytes(content)
    with pytest.raises(JournalError, match="is damaged: put back the one that was there, or remove it"):
        key_of(SQLITE, tmp_path)


def test_without_its_folder_it_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read: No such file or directory"):
        key_of(SQLITE, tmp_path / "gone")


def test_a_number_has_one_hash_however_it_is_written_and_another_by_another_key() -> None:
    ways = [party(text, "", "SE") for text in ("+46701234567", "0701234567", "070-123 45 67")]
    assert len({caller_key(b"a", each) for each in ways}) == 1
    assert caller_key(b"a", ways[0]) != caller_key(b"b", ways[0])
    assert len(caller_key(b"a", ways[0])) == 32
