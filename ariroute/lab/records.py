"""Asterisk's own records, read as typed rows: queue_log (app_queue) and CEL (cel_custom's Master.csv).

The verdict about a call comes from here and never from a router's log. queue_log has whole seconds only, so times are
taken from CEL. Formats: Asterisk 16 and 22; queue_log as written by `ast_queue_log()` in main/logger.c, the events and
their parameters by apps/app_queue.c.
"""

from __future__ import annotations

import csv
import enum
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from ariroute.lab.debian import LabError

_CEL_COLUMNS = (
    *("eventtype", "eventtime", "uniqueid", "linkedid", "channame", "cidnum"),
    *("context", "exten", "appname", "appdata", "eventextra"),
)
"""As `dialplan/cel_custom.conf` maps them."""


class RecordError(LabError):
    """A record has not the form that Asterisk writes; the text shows it."""


# --- queue_log ---------------------------------------------------------------------------------------------------


class QueueEvent(enum.Enum):
    """The events of queue_log that end up in figures; every other is OTHER and keeps its name in `QueueRow.name`."""

    ENTERQUEUE = "ENTERQUEUE"
    CONNECT = "CONNECT"
    ABANDON = "ABANDON"
    COMPLETECALLER = "COMPLETECALLER"
    COMPLETEAGENT = "COMPLETEAGENT"
    EXITEMPTY = "EXITEMPTY"
    EXITWITHTIMEOUT = "EXITWITHTIMEOUT"
    EXITWITHKEY = "EXITWITHKEY"
    WITHDRAW = "WITHDRAW"
    BLINDTRANSFER = "BLINDTRANSFER"
    ATTENDEDTRANSFER = "ATTENDEDTRANSFER"
    RINGNOANSWER = "RINGNOANSWER"
    RINGCANCELED = "RINGCANCELED"
    ADDMEMBER = "ADDMEMBER"
    REMOVEMEMBER = "REMOVEMEMBER"
    PAUSE = "PAUSE"
    UNPAUSE = "UNPAUSE"
    QUEUESTART = "QUEUESTART"
    CONFIGRELOAD = "CONFIGRELOAD"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Entered:
    """ENTERQUEUE: who entered and at which position (None where this Asterisk does not say)."""

    url: str
    caller: str
    position: int | None


@dataclass(frozen=True, slots=True)
class Connected:
    """CONNECT: seconds on hold, the member's channel, seconds of ringing."""

    hold: int
    member_uniqueid: str
    ring: int


@dataclass(frozen=True, slots=True)
class Completed:
    """COMPLETEAGENT and COMPLETECALLER: seconds on hold, seconds of talk, position at entry."""

    hold: int
    talk: int
    entered_at: int


@dataclass(frozen=True, slots=True)
class Left:
    """ABANDON, EXITEMPTY, EXITWITHTIMEOUT, EXITWITHKEY, WITHDRAW: unserved. `wait` in seconds."""

    position: int
    entered_at: int
    wait: int


Detail = Entered | Connected | Completed | Left


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of queue_log. `time` is in whole seconds since 1970; `uniqueid` and `queue` may be "NONE"."""

    time: int
    uniqueid: str
    queue: str
    agent: str
    event: QueueEvent
    name: str
    parameters: tuple[str, ...]
    detail: Detail | None


def parse_queue_row(line: str) -> QueueRow:
    """Read one line. Raises RecordError where it is not a line of queue_log."""
    fields = line.rstrip("\n").split("|")
    if len(fields) < 5 or not fields[0].isdigit():
        raise RecordError(f"not a line of queue_log: {line!r}")
    when, uniqueid, queue, agent, name, *parameters = fields
    event = QueueEvent.__members__.get(name, QueueEvent.OTHER)
    try:
        detail = _detail(event, parameters)
    except (ValueError, IndexError):
        raise RecordError(f"{name} with unknown parameters in queue_log: {line!r}") from None
    return QueueRow(int(when), uniqueid, queue, agent, event, name, tuple(parameters), detail)


def _detail(event: QueueEvent, parameters: list[str]) -> Detail | None:
    match event:
        case QueueEvent.ENTERQUEUE:
            return _entered(parameters)
        case QueueEvent.CONNECT:
            return Connected(int(parameters[0]), parameters[1], int(parameters[2]))
        case QueueEvent.COMPLETEAGENT | QueueEvent.COMPLETECALLER:
            return Completed(int(parameters[0]), int(parameters[1]), int(parameters[2]))
        case QueueEvent.ABANDON | QueueEvent.EXITEMPTY | QueueEvent.EXITWITHTIMEOUT | QueueEvent.WITHDRAW:
            return Left(int(parameters[0]), int(parameters[1]), int(parameters[2]))
        case QueueEvent.EXITWITHKEY:
            return Left(int(parameters[1]), int(parameters[2]), int(parameters[3]))
        case _:
            return None


def _entered(parameters: list[str]) -> Entered:
    # A caller's number may hold the separator, so it is what is left between the first field and the last number.
    url, *rest = parameters
    if len(rest) > 1 and rest[-1].isdigit():
        return Entered(url, "|".join(rest[:-1]), int(rest[-1]))
    return Entered(url, "|".join(rest), None)


# --- CEL ---------------------------------------------------------------------------------------------------------


class CelEvent(enum.Enum):
    """Channel events; every other is OTHER and keeps its name in `CelRow.name`."""

    CHAN_START = "CHAN_START"
    CHAN_END = "CHAN_END"
    ANSWER = "ANSWER"
    HANGUP = "HANGUP"
    APP_START = "APP_START"
    APP_END = "APP_END"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class CelRow:
    """One row of Master.csv. `time` is in seconds since 1970, to the microsecond."""

    event: CelEvent
    name: str
    time: float
    uniqueid: str
    linkedid: str
    channel: str
    caller: str
    context: str
    extension: str
    application: str
    application_data: str
    extra: Mapping[str, object] = field(hash=False)

    @property
    def hung_up_by_itself(self) -> bool:
        """Whether a HANGUP came from the far end of this very channel: the caller put the phone down."""
        return self.event is CelEvent.HANGUP and self.extra.get("hangupsource") == self.channel


def parse_cel_row(line: str) -> CelRow:
    """Read one row. Raises RecordError where columns or time are not as dialplan/cel*.conf say."""
    cells = next(csv.reader([line]), [])
    if len(cells) != len(_CEL_COLUMNS):
        raise RecordError(f"a row of {len(cells)} columns, dialplan/cel_custom.conf has {len(_CEL_COLUMNS)}: {line!r}")
    row = dict(zip(_CEL_COLUMNS, cells, strict=True))
    name = row["eventtype"]
    try:
        when = float(row["eventtime"])
        extra = json.loads(row["eventextra"] or "{}")
    except ValueError:
        raise RecordError(f"no time or no extra as dialplan/cel.conf has them set: {line!r}") from None
    return CelRow(
        event=CelEvent.__members__.get(name, CelEvent.OTHER),
        name=name,
        time=when,
        uniqueid=row["uniqueid"],
        linkedid=row["linkedid"],
        channel=row["channame"],
        caller=row["cidnum"],
        context=row["context"],
        extension=row["exten"],
        application=row["appname"],
        application_data=row["appdata"],
        extra=extra if isinstance(extra, dict) else {},
    )


# --- files that grow ---------------------------------------------------------------------------------------------

Row = TypeVar("Row")
Split = Callable[[bytes], tuple[list[str], int]]
"""Takes whole lines; gives the rows in them, and how many bytes these are."""


def _lines(data: bytes) -> tuple[list[str], int]:
    return data.decode("utf-8", "replace").split("\n"), len(data)


def _csv_rows(data: bytes) -> tuple[list[str], int]:
    """Rows, and how many bytes they are: a line break within quotes (of a caller's number) does not end a row."""
    rows, taken, row = [], 0, b""
    for line in data.split(b"\n")[:-1]:  # the last is what follows the last line break: nothing
        row += line + b"\n"
        if row.count(b'"') % 2 == 0:
            rows.append(row.decode("utf-8", "replace"))
            taken += len(row)
            row = b""
    return rows, taken


class RecordFile(Generic[Row]):
    """A record file that Asterisk appends to. One reader; it remembers what it has read."""

    def __init__(self, path: Path, parse: Callable[[str], Row], split: Split = _lines) -> None:
        self.path = path
        self._parse = parse
        self._split = split
        self._offset = 0
        self._rows: list[Row] = []

    def new_rows(self) -> list[Row]:
        """The rows written since the last call; none while the file does not exist or its last line is half written."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                self._offset = min(self._offset, size if size >= self._offset else 0)  # rotated: from the start
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        lines, taken = self._split(whole)
        self._offset += taken
        fresh = [self._parse(line) for line in lines if line.strip()]
        self._rows.extend(fresh)
        return fresh

    def skip(self) -> None:
        """Leave out what is in the file now, after months perhaps. Raises OSError where it cannot be read."""
        with self.path.open("rb") as file:
            self._offset = file.seek(0, 2)

    def forget(self) -> None:
        """Keep none of the rows read so far: for whoever reads new ones for hours, and keeps what is wanted."""
        self._rows.clear()

    def rows(self) -> list[Row]:
        """Every row so far."""
        self.new_rows()
        return list(self._rows)

    def follow(self, *, timeout: float, poll: float = 0.05) -> Iterator[Row]:
        """Yield rows as they come, those not yet read first, for `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            yield from self.new_rows()
            if time.monotonic() >= deadline:
                return
            time.sleep(poll)

    def wait_for(self, condition: Callable[[list[Row]], bool], *, timeout: float) -> list[Row]:
        """Wait until the rows so far satisfy `condition` and return them.

        Raises TimeoutError, showing the last rows, after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not condition(rows := self.rows()):
            if time.monotonic() >= deadline:
                last = "\n".join(map(str, rows[-5:])) or "no row at all"
                raise TimeoutError(f"{self.path}: not seen within {timeout:g} s; the last rows:\n{last}")
            time.sleep(0.05)
        return rows


def queue_log(path: Path) -> RecordFile[QueueRow]:
    """The queue_log of an Asterisk (`PrivateAsterisk.queue_log`)."""
    return RecordFile(path, parse_queue_row)


def cel(path: Path) -> RecordFile[CelRow]:
    """The CEL of an Asterisk (`PrivateAsterisk.cel_log`)."""
    return RecordFile(path, parse_cel_row, _csv_rows)
