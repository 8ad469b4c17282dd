"""The journal's file: who may read it, what it is refused for, and that it shrinks again."""

from __future__ import annotations

import re
import sqlite3
import stat
from pathlib import Path

import pytest

from ariroute.errors import JournalError
from ariroute.journal import store as stores
from ariroute.journal.opening import open_store
from ariroute.journal.settings import JournalSettings
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import RecordRefused, Statement

PUT = "INSERT INTO configs (digest, first_seen, rules) VALUES ($1, $2, $3)"
DIGESTS = "SELECT digest FROM configs ORDER BY digest"


def opened(path: Path, *, only_read: bool = False) -> SqliteStore:
    store = open_store(JournalSettings(url=f"sqlite:{path}"), path.parent, only_read=only_read)
    assert isinstance(store, SqliteStore)
    return store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "jour%20nal?.db"


def test_a_new_file_and_what_lies_beside_it_are_for_its_owner_alone(file: Path) -> None:
    store = opened(file)
    store.write([Statement(PUT, ("a", 1.0, "{}"))])
    modes = {path.name.removeprefix(file.name): stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    store.close()
    assert modes == {"": 0o600, "-wal": 0o600, "-shm": 0o600}


def test_what_was_written_is_read_by_another_while_the_writer_goes_on(file: Path) -> None:
    writer = opened(file)
    writer.write([Statement(PUT, ("a", 1.0, "{}")), Statement(PUT, ("b", 2.0, "{}"))])
    reader = opened(file, only_read=True)
    rows = reader.stream(DIGESTS)
    assert next(rows) == ("a",)
    writer.write([Statement(PUT, ("c", 3.0, "{}"))])
    assert list(rows) == [("b",)]
    assert reader.read(DIGESTS) == [("a",), ("b",), ("c",)]
    with pytest.raises(JournalError, match="readonly database"):
        reader.write([Statement(PUT, ("d", 3.0, "{}"))])
    reader.close()
    writer.close()
    writer.close()


def test_of_a_transaction_that_is_refused_nothing_is_written_and_the_next_is(file: Path) -> None:
    store = opened(file)
    for bad in (("b", 1.0, None), ("b", 1.0, "\ud800"), ("b", object(), "{}"), ("b", 1 << 64, "{}")):
        with pytest.raises(RecordRefused, match=re.escape(str(file))):
            store.write([Statement(PUT, ("a", 1.0, "{}")), Statement(PUT, bad)])
    assert store.read(DIGESTS) == []
    store.write([Statement(PUT, ("a", 1.0, "{}"))])
    assert store.read(DIGESTS) == [("a",)]


def test_a_migration_that_fails_leaves_the_tables_as_they_were(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(file).close()
    known = stores.migrations()
    broken = (stores.newest() + 1, "CREATE TABLE more (a TEXT);\n-- ; a comment\nCREATE TABLE contacts (id INT);\n")
    monkeypatch.setattr(stores, "migrations", lambda: [*known, broken])
    with pytest.raises(JournalError, match="table contacts already exists"):
        opened(file)
    monkeypatch.setattr(stores, "migrations", lambda: [*known, (broken[0], "CREATE TABLE more (a TEXT);")])
    with pytest.raises(JournalError, match="older ariroute: start the daemon of this version"):
        opened(file, only_read=True)
    store = opened(file)
    assert store.read("SELECT count(*) FROM more") == [(0,)]
    store.close()


def test_a_file_of_a_newer_version_is_neither_written_nor_read(file: Path) -> None:
    opened(file).close()
    with sqlite3.connect(file) as base:
        base.execute("PRAGMA user_version = 99")
    base.close()
    for only_read in (False, True):
        with pytest.raises(JournalError, match=r"by a newer ariroute .*tables have version 99.*upgrade this one"):
            opened(file, only_read=only_read)


def test_what_is_no_journal_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as base:
        base.execute("CREATE TABLE customers (phone TEXT)")
    base.close()
    before = file.read_bytes()
    with pytest.raises(JournalError, match=r"a database of another kind: name another file in journal\.url"):
        opened(file)
    assert file.read_bytes() == before
    file.write_text("no database at all\n" * 100)
    with pytest.raises(JournalError, match="not a database: move it away, and a new one is begun"):
        opened(file)
    file.unlink()
    file.mkdir()
    with pytest.raises(JournalError, match="cannot be opened: Is a directory"):
        opened(file)


def test_what_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"is not there: make the folder .*nowhere, or name another file"):
        opened(tmp_path / "nowhere" / "journal.db")
    with pytest.raises(JournalError, match=r"is not there: nothing has been recorded yet, or journal\.url names"):
        opened(tmp_path / "journal.db", only_read=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty.db").touch()
    with pytest.raises(JournalError, match="has no records yet: start the daemon"):
        opened(tmp_path / "empty.db", only_read=True)


def test_a_file_that_another_program_keeps_locked_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ariroute.journal.sqlite.BUSY", 0.01)
    store = opened(file)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="locked: another program keeps it locked"):
        store.write([Statement(PUT, ("a", 1.0, "{}"))])
    other.execute("ROLLBACK")
    other.close()
    store.write([Statement(PUT, ("a", 1.0, "{}"))])
    store.close()


def test_a_file_that_was_removed_or_replaced_is_not_written_to(file: Path) -> None:
    store = opened(file)
    file.rename(file.with_name("old"))
    with pytest.raises(JournalError, match="was removed or replaced"):
        store.write([Statement(PUT, ("a", 1.0, "{}"))])
    opened(file).close()
    with pytest.raises(JournalError, match="was removed or replaced"):
        store.write([Statement(PUT, ("a", 1.0, "{}"))])
    store.close()


def test_what_deleted_records_leave_is_no_part_of_the_size_and_is_given_back(file: Path) -> None:
    store = opened(file)
    empty = store.size()
    store.write([Statement(PUT, (str(number), 1.0, "x" * 10_000)) for number in range(300)])
    full, taken = store.size(), store.on_disk()
    assert full > empty + 3_000_000
    store.write([Statement("DELETE FROM configs")])
    assert store.size() < empty + 50_000
    store.give_back()
    store.close()
    assert file.stat().st_size < taken / 10
