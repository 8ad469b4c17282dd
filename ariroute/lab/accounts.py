"""What became of each call, by Asterisk's own account: channel event log and queue_log, never a log of ours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.records import CelEvent, CelRow, cel, queue_log
from ariroute.lab.verdict import CallVerdict, Census, census, verdicts
from ariroute.lab.waiting import DEADLINE, until

INBOUND = frozenset({"ariroute-demo"})

GUARD = 4.0
PROMISE = GUARD + 0.1
"""Seconds from the entrance to a queue, whatever becomes of the daemon. Asterisk's own timer is late by 5 ms here."""
ANSWERING_16 = 0.5
"""Seconds that Answer() waits for a caller's media on Asterisk 16, before Queue(); later releases can do without."""
BOUND = PROMISE + 0.5
"""What the slowest call may take here. The tests share two cores with each other's Asterisks, SIPp and daemons, and
a thread of Asterisk may wait that long for a core; half of the calls must keep the promise itself."""


@dataclass(frozen=True, slots=True)
class Account:
    """One call that was placed. Times in seconds since 1970, to the microsecond."""

    uniqueid: str
    channel: str
    caller: str
    placed: float
    in_application: float | None
    """When it first entered Stasis(), right after the guard was armed."""
    in_queue: float | None
    """When Queue() began, the first of them."""
    queues: tuple[str, ...]
    """The queues that it entered, in order."""
    answered_by: str | None
    left: bool
    """Hung up by the caller, at whatever point."""

    @property
    def queue(self) -> str:
        """The queue that it is in, and the only one it ever was in."""
        (queue,) = self.queues
        return queue

    @property
    def wait(self) -> float:
        """Seconds from the entrance of the application to the queue: what the guard bounds."""
        assert self.in_application is not None, self
        assert self.in_queue is not None, self
        return self.in_queue - self.in_application


class Accounts:
    """The accounts of the calls placed since this was made."""

    def __init__(self, pbx: PrivateAsterisk) -> None:
        self._cel = cel(pbx.cel_log)
        self._queue = queue_log(pbx.queue_log)
        self._before = {row.uniqueid for row in self._cel.rows()}

    def calls(self) -> list[Account]:
        """All so far, in the order of their arrival."""
        rows_of: dict[str, list[CelRow]] = {}
        for row in self._rows():
            rows_of.setdefault(row.uniqueid, []).append(row)
        verdict_of = verdicts(self._queue.rows())
        starts = [row for rows in rows_of.values() for row in rows if _is_placed(row)]
        return [_account(start, rows_of[start.uniqueid], verdict_of.get(start.uniqueid)) for start in starts]

    def census(self) -> Census:
        """The count of all so far: lost and entered twice."""
        queue = [row for row in self._queue.rows() if row.uniqueid not in self._before]
        return census(self._rows(), queue, INBOUND)

    def settled(self, count: int, within: float = DEADLINE) -> list[Account]:
        """Wait until ``count`` calls were placed and each is in a queue or was hung up by its caller; all of them."""
        until(
            lambda: len(calls := self.calls()) >= count and all(map(_is_settled, calls)),
            lambda: f"{count} calls settled, of {[(call.caller, call.queues, call.left) for call in self.calls()]}",
            within,
        )
        return self.calls()

    def in_application(self, count: int) -> None:
        """Wait until ``count`` calls have entered the application."""
        until(
            lambda: sum(call.in_application is not None for call in self.calls()) >= count,
            f"{count} calls in the application",
        )

    def _rows(self) -> list[CelRow]:
        return [row for row in self._cel.rows() if row.uniqueid not in self._before]


def by_caller(calls: Collection[Account]) -> dict[str, Account]:
    """Calls by the caller's number as Asterisk saw it, which must be different ones."""
    found = {call.caller: call for call in calls}
    assert len(found) == len(calls), "two calls of one number"
    return found


def _is_settled(call: Account) -> bool:
    return call.left or (bool(call.queues) and call.in_queue is not None)


def _is_placed(row: CelRow) -> bool:
    return row.event is CelEvent.CHAN_START and row.context in INBOUND


def _account(start: CelRow, own: Collection[CelRow], verdict: CallVerdict | None) -> Account:
    return Account(
        uniqueid=start.uniqueid,
        channel=start.channel,
        caller=start.caller,
        placed=start.time,
        in_application=_began(own, "Stasis"),
        in_queue=_began(own, "Queue"),
        queues=verdict.queues if verdict else (),
        answered_by=verdict.answered_by if verdict else None,
        left=any(row.hung_up_by_itself for row in own),
    )


def _began(rows: Collection[CelRow], application: str) -> float | None:
    times = [row.time for row in rows if row.event is CelEvent.APP_START and row.application == application]
    return min(times, default=None)
