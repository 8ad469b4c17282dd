"""Every call so far, put together from three records: CEL and queue_log of Asterisk, and the daemon's log.

The uniqueid of the caller's channel joins them. What the flow thought comes from the daemon's line `routed`; everything
about queues, waits and agents from Asterisk alone. Pure: rows come in, calls can be looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ariroute.lab.records import CelEvent, CelRow, QueueEvent, QueueRow
from ariroute.lab.verdict import CallVerdict, verdicts

CONTEXT: Final = "ariroute-demo"
"""Where calls come in, in dialplan/extensions-demo.conf."""

_PASSED_ON: Final = "passed on without a decision: "

LogLine = Mapping[str, Any]


def parse_log_line(line: str) -> LogLine:
    """One line of the daemon's log; a line that is not JSON (an error at start) becomes its `message`."""
    try:
        fields = json.loads(line)
    except ValueError:
        return {"message": line}
    return fields if isinstance(fields, dict) else {"message": line}


@dataclass(frozen=True, slots=True)
class Routed:
    """What the daemon says of a call: `outcomes`, `reasons` and `facts` by lookup; `because` is the branch."""

    outcomes: Mapping[str, str]
    reasons: Mapping[str, str]
    facts: Mapping[str, Mapping[str, Any]]
    because: str
    by_default: bool
    queue: str | None
    priority: int | None


@dataclass(slots=True)
class Call:
    """One call. Times in seconds since 1970; None where it has not happened."""

    uniqueid: str
    number: str
    arrived: float
    stasis: float | None = None
    """When it entered Stasis()."""
    queued: float | None = None
    """When Queue() began."""
    ended: float | None = None
    routed: Routed | None = None
    passed_on: str = ""
    """Why the daemon gave it back without a decision."""
    verdict: CallVerdict | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether the caller is in a queue and nobody has answered."""
        return self.verdict is not None and self.verdict.answered_by is None and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether the channel is gone, or queue_log says how the call ended."""
        return self.ended is not None or (self.verdict is not None and self.verdict.ending in _ENDINGS)

    @property
    def is_settled(self) -> bool:
        """Whether what matters of it is known: who answered, or that nobody will."""
        return self.is_over or (self.verdict is not None and self.verdict.answered_by is not None)

    @property
    def took(self) -> float | None:
        """Seconds from the entry into Stasis() to Queue()."""
        return None if self.stasis is None or self.queued is None else self.queued - self.stasis


_ENDINGS: Final = {
    QueueEvent.ABANDON,
    QueueEvent.COMPLETECALLER,
    QueueEvent.COMPLETEAGENT,
    QueueEvent.BLINDTRANSFER,
    QueueEvent.ATTENDEDTRANSFER,
}


@dataclass(slots=True)
class Board:
    """The calls by uniqueid, in the order of arrival."""

    calls: dict[str, Call] = field(default_factory=dict)

    def take_cel(self, rows: Iterable[CelRow]) -> None:
        """Take in new rows of CEL."""
        for row in rows:
            if row.event is CelEvent.CHAN_START and row.context == CONTEXT:
                self.calls[row.uniqueid] = Call(row.uniqueid, row.caller, row.time)
            elif call := self.calls.get(row.uniqueid):
                _note(call, row)

    def take_queue_log(self, rows: Iterable[QueueRow]) -> None:
        """Take in all rows of queue_log so far: a verdict needs them from the first one on."""
        for uniqueid, verdict in verdicts(rows).items():
            if call := self.calls.get(uniqueid):
                call.verdict = verdict

    def take_log(self, lines: Iterable[LogLine]) -> None:
        """Take in new lines of the daemon's log."""
        for line in lines:
            call, message = self.calls.get(str(line.get("channel"))), str(line.get("message"))
            if call and message == "routed":
                call.routed = _routed(line)
            elif call and message.startswith(_PASSED_ON):
                call.passed_on = message.removeprefix(_PASSED_ON)


def _note(call: Call, row: CelRow) -> None:
    call.number = call.number or row.caller
    match row.event, row.application:
        case CelEvent.APP_START, "Stasis":
            call.stasis = row.time
        case CelEvent.APP_START, "Queue" if call.queued is None:
            call.queued = row.time
        case CelEvent.CHAN_END, _:
            call.ended = row.time


def _routed(line: LogLine) -> Routed:
    _, _, because = str(line["reason"]).partition(": ")
    return Routed(
        outcomes=line["lookups"],
        reasons=line["lookup_reasons"],
        facts=line.get("facts", {}),
        because=because or str(line["reason"]),
        by_default=bool(line["by_default"]),
        queue=line["queue"],
        priority=line["priority"],
    )
