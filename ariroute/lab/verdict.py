"""What became of each call, told by Asterisk's own records alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from ariroute.lab.records import CelEvent, CelRow, Completed, Connected, Entered, Left, QueueEvent, QueueRow

_OVERFLOWS = {QueueEvent.EXITEMPTY, QueueEvent.EXITWITHTIMEOUT, QueueEvent.EXITWITHKEY}


@dataclass(frozen=True, slots=True)
class CallVerdict:
    """One call as queue_log tells it. `wait` is in seconds, of the last queue entered, None while waiting."""

    uniqueid: str
    caller: str
    queues: tuple[str, ...] = ()
    """The queues entered, in order."""
    answered_by: str | None = None
    wait: int | None = None
    talk: int | None = None
    ending: QueueEvent | None = None
    """The event that ended the call or its stay in the last queue; None while it waits or talks."""
    entered_twice: bool = False
    """Entered again without having overflowed by the dialplan (EXITEMPTY, EXITWITHTIMEOUT, EXITWITHKEY) in between."""


def verdicts(rows: Iterable[QueueRow]) -> dict[str, CallVerdict]:
    """What became of every call that entered a queue, by uniqueid."""
    calls: dict[str, CallVerdict] = {}
    for row in rows:
        if isinstance(row.detail, Entered):
            calls[row.uniqueid] = _entered(calls.get(row.uniqueid), row, row.detail)
        elif row.uniqueid in calls:
            calls[row.uniqueid] = _went_on(calls[row.uniqueid], row)
    return calls


def _entered(before: CallVerdict | None, row: QueueRow, detail: Entered) -> CallVerdict:
    if before is None:
        return CallVerdict(row.uniqueid, detail.caller, (row.queue,))
    twice = before.entered_twice or before.ending not in _OVERFLOWS
    return CallVerdict(row.uniqueid, detail.caller, (*before.queues, row.queue), entered_twice=twice)


def _went_on(call: CallVerdict, row: QueueRow) -> CallVerdict:
    match row.detail:
        case Connected(hold=hold):
            return replace(call, answered_by=row.agent, wait=hold)
        case Completed(talk=talk):
            return replace(call, talk=talk, ending=row.event)
        case Left(wait=wait):
            return replace(call, wait=wait, ending=row.event)
    if row.event in (QueueEvent.BLINDTRANSFER, QueueEvent.ATTENDEDTRANSFER):
        return replace(call, ending=row.event)
    return call


@dataclass(frozen=True, slots=True)
class Census:
    """Every call placed, and where each ended up: sets of uniqueids. `lost` must be empty, and so must `twice`."""

    placed: frozenset[str]
    queued: frozenset[str]
    left_first: frozenset[str]
    """Hung up by the caller before any queue."""
    twice: frozenset[str]

    @property
    def lost(self) -> frozenset[str]:
        """Placed, but neither queued nor ended by the caller."""
        return self.placed - self.queued - self.left_first


def census(cel: Collection[CelRow], queue: Iterable[QueueRow], contexts: Collection[str]) -> Census:
    """Count calls placed in the inbound `contexts` against those which reached a queue.

    Traps that this avoids: a call counts as placed only by its own CHAN_START (an agent's channel has one too, in
    another context); a HANGUP excuses a call only where its source is the caller's own channel; Queue() in CEL proves
    nothing, since it starts for a missing or refusing queue too, and a second Queue() of a call is not recorded at all
    (16.28, 22.10). A SIP packet that Asterisk cannot parse never becomes a channel: compare `placed` with the
    callers' own list.
    """
    placed = {row.uniqueid for row in cel if row.event is CelEvent.CHAN_START and row.context in contexts}
    calls = verdicts(queue)
    queued = placed & calls.keys()
    left = {row.uniqueid for row in cel if row.hung_up_by_itself}
    twice = {uniqueid for uniqueid, call in calls.items() if call.entered_twice}
    return Census(frozenset(placed), frozenset(queued), frozenset((placed & left) - queued), frozenset(twice))
