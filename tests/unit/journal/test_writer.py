"""The writer loses nothing that it can keep, whatever the database does, and says once what it cannot."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest

from ariroute.errors import JournalError
from ariroute.journal.retention import Limits
from ariroute.journal.store import RecordRefused, Row, Statement
from ariroute.journal.writer import Journal

LIMITS = Limits(keep=3600.0, largest=1 << 30)


class Memory:
    """A database in a list. ``fault`` is raised by whatever is asked of it; ``poison`` it does not take."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.batches: list[int] = []
        self.fault: Exception | None = None
        self.hold: threading.Event | None = None
        self.opened = 0
        self.closed = 0

    def open(self) -> Memory:
        self._fail()
        self.opened += 1
        return self

    def migrate(self) -> None: ...

    def check(self) -> None: ...

    def write(self, statements: Sequence[Statement]) -> None:
        if self.hold:
            self.hold.wait(10)
        self._fail()
        for sql, _ in statements:
            if sql == "poison":
                raise RecordRefused("that is poison")
            if sql == "surprise":
                raise TypeError("that is a surprise")
        self.rows += [str(values[0]) for _, values in statements if values]
        self.batches.append(len(statements))

    def read(self, sql: str, values: Row = ()) -> list[Row]:
        return []

    def stream(self, sql: str, values: Row = ()) -> Iterator[Row]:
        return iter(())

    def size(self) -> int:
        return 0

    def on_disk(self) -> int:
        return 4096

    def give_back(self) -> None: ...

    def wipe(self) -> None: ...

    def close(self) -> None:
        self.closed += 1

    def _fail(self) -> None:
        if self.fault:
            raise self.fault


class Note:
    """Something to record."""

    def __init__(self, text: str, sql: str = "put", weight: int = 1) -> None:
        self.text = text
        self.weight = weight
        self.sql = sql
        self.made = 0

    def statements(self) -> list[Statement]:
        self.made += 1
        if self.sql == "keyless" and self.made < 3:
            raise JournalError("the key cannot be read")
        if self.sql == "unspeakable":
            raise KeyError("+46701234567")
        return [Statement(self.sql, (self.text,))]


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ariroute.journal.writer.GATHER", 0.005)
    monkeypatch.setattr("ariroute.journal.writer.PAUSE", 0.01)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def journal(memory: Memory) -> Iterator[Journal]:
    journal = Journal(memory.open, 100, LIMITS)
    yield journal
    memory.fault = memory.hold = None
    journal.close()


def fails_with(journal: Journal, reason: str) -> bool:
    return journal.failure == reason


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    return [(record.levelno, record.getMessage()) for record in caplog.records if "journal" in record.name]


def test_items_are_written_in_their_order_many_in_a_transaction(memory: Memory, journal: Journal) -> None:
    for number in range(90):
        journal.offer(Note(str(number)))
    assert journal.waiting == 90
    journal.start()
    until(lambda: journal.written == 90)
    assert memory.rows == [str(number) for number in range(90)]
    assert memory.batches == [90]
    assert journal.on_disk == 4096
    assert journal.waiting == 0


def test_while_the_database_is_away_records_wait_and_one_line_says_so(
    memory: Memory, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    memory.fault = JournalError("the disk is full")
    journal.start()
    until(lambda: journal.failure)
    notes = [Note(str(number)) for number in range(150)]
    for note in notes:
        journal.offer(note)
    assert journal.dropped == 50 - len(journal._batch)
    for reason in ("the disk is full", "the file is locked", "the disk is full"):
        memory.fault = JournalError(reason)
        until(partial(fails_with, journal, reason))
    assert lines(caplog) == [(logging.ERROR, "the disk is full; calls are routed all the same, and their records wait")]
    caplog.clear()
    memory.fault = None
    until(lambda: not journal.failure)
    assert journal.written == len(memory.rows) == 150 - journal.dropped
    assert memory.rows == [str(number) for number in range(journal.written)]
    assert max(note.made for note in notes) == 1
    told = f"the journal is written again; {journal.dropped} records were lost meanwhile"
    assert lines(caplog) == [(logging.WARNING, told)]
    assert memory.closed == memory.opened - 1, "after a failure the database is opened anew"


def test_a_record_with_a_long_trace_takes_the_place_of_many(memory: Memory, journal: Journal) -> None:
    for number in range(15):
        journal.offer(Note(str(number), weight=10))
    assert (journal.waiting, journal.dropped) == (10, 5)
    journal.start()
    until(lambda: journal.written == 10)
    memory.hold = threading.Event()
    for number in range(100):
        journal.offer(Note(str(number)))
    assert journal.dropped == 5, "there is room again"
    memory.hold.set()
    until(lambda: journal.written == 110)


def test_what_is_always_recorded_is_never_dropped(memory: Memory, journal: Journal) -> None:
    for number in range(120):
        journal.offer(Note(str(number)))
    journal.offer(Note("the rules"), always=True)
    assert journal.dropped == 20
    journal.start()
    until(lambda: journal.written == 101)
    assert memory.rows[-1] == "the rules"


@pytest.mark.parametrize("kind", ["poison", "surprise", "unspeakable"])
def test_one_record_that_cannot_be_written_does_not_stop_the_others(
    memory: Memory, journal: Journal, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    for number in range(10):
        journal.offer(Note(str(number), kind if number in (3, 7) else "put"))
    journal.start()
    until(lambda: journal.written + journal.refused == 10)
    assert journal.refused == 2
    assert memory.rows == ["0", "1", "2", "4", "5", "6", "8", "9"]
    assert not journal.failure
    until(lambda: lines(caplog))
    ((level, text),) = lines(caplog)
    assert level == logging.ERROR
    assert text.startswith("the journal has lost 2 records: 0 came faster than they were written, 2 were refused")
    assert "+4670" not in text
    journal.offer(Note("after"))
    until(lambda: memory.rows[-1] == "after")


def test_a_record_that_cannot_be_made_for_want_of_the_key_waits_with_those_behind_it(
    memory: Memory, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(10):
        journal.offer(Note(str(number), "keyless" if number == 4 else "put"))
    journal.start()
    until(lambda: journal.written == 10)
    assert memory.rows == [str(number) for number in range(10)]
    assert [level for level, _ in lines(caplog)] == [logging.ERROR, logging.WARNING]
    assert lines(caplog)[0][1].startswith("the key cannot be read; calls are routed all the same")


def test_a_flood_of_losses_is_one_line(memory: Memory, journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    journal.start()
    memory.hold = threading.Event()
    for number in range(1000):
        journal.offer(Note(str(number)))
    memory.hold.set()
    until(lambda: not journal.waiting)
    for number in range(5):
        journal.offer(Note(str(number), "poison"))
        until(lambda: not journal.waiting)
    assert journal.dropped > 500
    assert len(lines(caplog)) == 1


def test_a_stop_writes_what_waits(memory: Memory, journal: Journal) -> None:
    journal.start()
    for number in range(100):
        journal.offer(Note(str(number)))
    journal.close()
    assert len(memory.rows) == 100
    assert memory.closed == 1


def test_a_stop_does_not_wait_for_a_database_that_hangs_and_tells_the_loss(
    memory: Memory, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    memory.hold = threading.Event()
    journal.start()
    for number in range(7):
        journal.offer(Note(str(number)))
    until(lambda: journal._batch)
    began = time.monotonic()
    journal.close(0.05)
    assert time.monotonic() - began < 5
    memory.hold.set()
    assert lines(caplog) == [(logging.ERROR, "stopped, and 7 records are lost: the database is too slow")]


def test_a_journal_that_was_never_started_is_closed_without_a_word(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(memory.open, 100, LIMITS)
    journal.offer(Note("1"))
    journal.close()
    assert lines(caplog) == []
    assert memory.opened == 0


def test_whatever_goes_wrong_in_the_thread_the_journal_goes_on(memory: Memory, journal: Journal) -> None:
    memory.fault = ZeroDivisionError("a mistake of ours")
    journal.start()
    until(lambda: journal.failure == "ZeroDivisionError in the journal's writer")
    memory.fault = None
    journal.offer(Note("after"))
    until(lambda: memory.rows == ["after"])
    until(lambda: not journal.failure)  # it is known to be well again once all that waited is written
