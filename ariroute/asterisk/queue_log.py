"""``queue_log``, the file in which app_queue writes what became of every caller; also rotated and compressed.

As ``ast_queue_log()`` in main/logger.c writes it, the events and their fields by apps/app_queue.c (16.28 to 22.10):
``time|uniqueid|queue|agent|event|field|field...``, whole seconds. A line that is none is told and left out; of what
others wrote into a field, perhaps with ``|`` in it, nothing is taken.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ariroute.errors import UnusableInput
from ariroute.files import open_regular, why

GZIP = b"\x1f\x8b"
LONGEST = 65_536
"""Characters of a line; more have no line breaks and are no queue_log."""
TALKED = {"COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER"}
"""End with: seconds on hold, seconds of talk, position at entry. TRANSFER is that of Asterisk 11 and before."""
LEFT = {"ABANDON": 2, "EXITEMPTY": 2, "EXITWITHTIMEOUT": 2, "EXITWITHKEY": 3, "WITHDRAW": 2}
"""Which field has the seconds of waiting, from 0."""
EVENTS = TALKED | LEFT.keys() | {"ENTERQUEUE", "CONNECT"}


@dataclass(slots=True)
class QueueVisit:
    """A caller in ``queue`` since ``entered`` (seconds since 1970); other times are seconds, None while unknown.

    ``wait`` lasted until the answer, or until the caller left; ``gave_up`` says that the caller hung up. ``ring`` is
    how long the phone that answered had rung, a part of the wait. ``agent`` answered.
    """

    entered: float
    queue: str
    wait: float | None = None
    gave_up: bool = False
    agent: str = ""
    ring: float = 0.0
    talk: float | None = None


class BadLine(NamedTuple):
    """A line that is none of queue_log: where it stands, and what is wrong."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.why}"


@dataclass(frozen=True, slots=True)
class QueueLog:
    """What a queue_log tells: visits by the time of entry, the bad lines, and how many lines were read."""

    visits: tuple[QueueVisit, ...]
    bad: tuple[BadLine, ...]
    lines: int


def read_queue_log(paths: Iterable[Path]) -> QueueLog:
    """What these files tell together, the oldest first. Raises UnusableInput for a file that cannot be read."""
    book = _Book()
    for path in paths:
        try:
            with open_regular(path) as stream:
                for number, line in enumerate(_lines(stream), 1):
                    book.take(str(path), number, line)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise UnusableInput(f"{path}: it is compressed, and broken: unpack it with gzip -d to see how") from None
        except OSError as error:
            raise UnusableInput(f"{path}: {why(error)}") from None
    return QueueLog(tuple(sorted(book.visits, key=lambda visit: visit.entered)), tuple(book.bad), book.lines)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    packed = stream.read(len(GZIP)) == GZIP
    stream.seek(0)
    opened = gzip.GzipFile(fileobj=stream) if packed else stream
    while line := opened.readline(LONGEST):
        yield line


class _Book:
    """Puts the lines of a caller together. One who enters a second queue, or one again, is a new visit."""

    def __init__(self) -> None:
        self.visits: list[QueueVisit] = []
        self.bad: list[BadLine] = []
        self.lines = 0
        self._open: dict[tuple[bytes, bytes], QueueVisit] = {}

    def take(self, file: str, number: int, line: bytes) -> None:
        """One line more."""
        if not line.strip():
            return
        self.lines += 1
        fields = line.rstrip(b"\r\n").split(b"|")
        if len(fields) < 5 or not fields[0].isdigit() or len(fields[0]) > 11:
            self.bad.append(BadLine(file, number, "not a line of queue_log: time|uniqueid|queue|agent|event|..."))
            return
        event = fields[4].decode("ascii", "replace")
        if event not in EVENTS:
            return
        try:
            self._note(float(fields[0]), (fields[1], fields[2]), fields[3], event, fields[5:])
        except (ValueError, IndexError):
            self.bad.append(BadLine(file, number, f"{event} without the fields that app_queue writes"))

    def _note(self, at: float, who: tuple[bytes, bytes], agent: bytes, event: str, fields: list[bytes]) -> None:
        if event == "ENTERQUEUE":
            self._begin(at, who)
        elif event == "CONNECT":
            hold, ring = _seconds(fields[0]), _seconds(fields[2]) if len(fields) > 2 else 0.0
            visit = self._open.get(who) or self._begin(at - hold, who)
            visit.wait, visit.agent, visit.ring = hold, _text(agent), min(ring, hold)
        elif event in TALKED:
            hold, talk = _seconds(fields[-3]), _seconds(fields[-2])
            visit = self._open.get(who) or self._begin(at - talk - hold, who)
            visit.wait, visit.agent, visit.talk = hold, _text(agent), talk
            del self._open[who]
        else:
            wait = _seconds(fields[LEFT[event]])
            visit = self._open.get(who) or self._begin(at - wait, who)
            visit.wait, visit.gave_up = wait, event == "ABANDON"
            del self._open[who]

    def _begin(self, at: float, who: tuple[bytes, bytes]) -> QueueVisit:
        visit = QueueVisit(at, _text(who[1]))
        self.visits.append(visit)
        self._open[who] = visit
        return visit


def _seconds(field: bytes) -> float:
    """Raises ValueError for what is no number of seconds; clocks that were set back make 0 of less."""
    if len(field) > 9:
        raise ValueError("no number of seconds")
    return max(0.0, float(int(field)))


def _text(field: bytes) -> str:
    with suppress(UnicodeDecodeError):
        return field.decode()
    return field.decode("utf-8", "backslashreplace")
