"""A journal's file under the writer: whatever becomes of it, one alarm, nothing lost that can be kept, and recovery."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ariroute.journal.record import Rules
from ariroute.journal.retention import Limits
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import newest
from ariroute.journal.writer import Journal

LIMITS = Limits(keep=1e12, largest=1 << 40)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ariroute.journal.writer.GATHER", 0.005)
    monkeypatch.setattr("ariroute.journal.writer.PAUSE", 0.01)
    monkeypatch.setattr("ariroute.journal.sqlite.BUSY", 0.02)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder / "journal.db"


def opened(file: Path) -> SqliteStore:
    store = SqliteStore(file)
    store.migrate()
    return store


@pytest.fixture
def journal(file: Path) -> Iterator[Journal]:
    journal = Journal(lambda: opened(file), 1000, LIMITS)
    yield journal
    journal.close()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def rows(file: Path) -> list[str]:
    store = SqliteStore(file, only_read=True)
    try:
        return [digest for (digest,) in store.read("SELECT digest FROM configs ORDER BY first_seen")]
    finally:
        store.close()


def alarms(caplog: pytest.LogCaptureFixture) -> list[int]:
    return [record.levelno for record in caplog.records if record.name == "ariroute.journal.writer"]


def breaks_and_mends(
    journal: Journal,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[], object],
    failure: str,
    mend: Callable[[], object],
) -> None:
    """``spoil`` makes the journal fail with these words, and ``mend`` lets it go on and write "1" to "5"."""
    spoil()
    for number in range(1, 6):
        journal.offer(Rules(str(number), float(number), "{}"))
    if journal._thread.ident is None:
        journal.start()
    until(lambda: failure in journal.failure)
    until(lambda: alarms(caplog) == [logging.ERROR])
    mend()
    until(lambda: not journal.failure and not journal.waiting)
    assert alarms(caplog) == [logging.ERROR, logging.WARNING]
    assert journal.dropped == journal.refused == 0


FIVE = ["1", "2", "3", "4", "5"]


def begun(journal: Journal) -> None:
    """One record is written already, so the file is open."""
    journal.offer(Rules("0", 0.0, "{}"))
    journal.start()
    until(lambda: journal.written == 1)


def test_its_folder_is_gone(journal: Journal, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    begun(journal)
    away = file.parent.with_name("away")
    breaks_and_mends(
        journal,
        caplog,
        lambda: file.parent.rename(away),
        f"make the folder {file.parent}",
        lambda: file.parent.mkdir(),
    )
    assert rows(file) == FIVE
    assert rows(away / file.name) == ["0"]


def test_its_file_is_removed(journal: Journal, file: Path) -> None:
    begun(journal)
    for beside in file.parent.iterdir():
        beside.unlink()
    journal.offer(Rules("1", 1.0, "{}"))
    until(lambda: journal.written == 2)
    assert rows(file) == ["1"]


def test_its_write_ahead_log_is_removed(journal: Journal, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    begun(journal)
    file.with_name(f"{file.name}-wal").unlink()
    journal.offer(Rules("1", 1.0, "{}"))
    until(lambda: journal.written == 2)
    assert rows(file) == ["0", "1"]
    until(lambda: alarms(caplog) == [logging.ERROR, logging.WARNING])
    assert "-wal was removed or replaced" in caplog.text


def test_its_file_is_no_database(journal: Journal, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    breaks_and_mends(
        journal,
        caplog,
        lambda: file.write_bytes(b"\0garbage" * 1000),
        "file is not a database: move it away, and a new one is begun",
        lambda: file.rename(file.with_name("garbage")),
    )
    assert rows(file) == FIVE


def test_its_file_is_damaged(journal: Journal, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = opened(file)
    for number in range(50):
        store.write(list(Rules(f"old{number}", 0.0, "x" * 4000).statements()))
    store.close()
    content = file.read_bytes()

    def spoil() -> None:
        file.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))

    breaks_and_mends(
        journal,
        caplog,
        spoil,
        "database disk image is malformed: move it away",
        lambda: file.rename(file.with_name("damaged")),
    )
    assert rows(file) == FIVE


def test_it_is_of_a_newer_version(journal: Journal, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    def version(number: int) -> None:
        opened(file).close() if number > newest() else None
        with sqlite3.connect(file) as base:
            base.execute(f"PRAGMA user_version = {number}")
        base.close()

    breaks_and_mends(journal, caplog, lambda: version(99), "was written by a newer ariroute", lambda: version(newest()))
    assert rows(file) == FIVE


def test_another_program_keeps_it_locked(journal: Journal, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    begun(journal)
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    breaks_and_mends(
        journal,
        caplog,
        lambda: other.execute("BEGIN IMMEDIATE"),
        "database is locked: another program keeps it locked",
        lambda: other.execute("ROLLBACK"),
    )
    other.close()
    assert rows(file) == ["0", *FIVE]
