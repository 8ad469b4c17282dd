"""From judged calls to one window of the record. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from ariroute.proof.figures import by_default, nearest_rank, odd_calls
from ariroute.proof.result import Ending, ProvenCall, Run
from scripts.soaking.record import Fault, Window

BEFORE, AFTER = 1.0, 8.0
"""Seconds around a fault in which calls do not count as undisturbed: connections and caches come back meanwhile."""


def window(
    calls: Sequence[ProvenCall],
    at: float,
    until: float,
    guard: float,
    faults: Sequence[Fault],
    watched: Collection[str],
) -> Window:
    """The calls placed from `at` until `until`; their times are seconds since `at`.

    p50 and p99 are of those who dialled one of `watched`.
    """
    run = Run(at, guard, 0.0, tuple(call for call in calls if call.placed < until - at), ())
    quiet = sorted(
        call.wait
        for call in run.ended(Ending.QUEUED)
        if call.wait is not None and call.dialled in watched and not _met(call, at, faults)
    )
    waits = [call.wait for call in run.ended(Ending.QUEUED) if call.wait is not None]
    endings = Counter(call.ending.name.lower() for call in run.calls)
    return Window(
        at=at,
        until=until,
        placed=len(run.calls),
        endings=dict(endings),
        twice=len(run.twice),
        late=len(run.late),
        by_default=by_default(run),
        quiet=len(quiet),
        p50=nearest_rank(quiet, 50),
        p99=nearest_rank(quiet, 99),
        longest=max(waits, default=None),
        odd=tuple(_odd(each.call, each.why) for each in odd_calls(run)),
    )


def _met(call: ProvenCall, at: float, faults: Sequence[Fault]) -> bool:
    placed = at + call.placed
    return any(fault.at - BEFORE <= placed <= fault.at + fault.lasted + AFTER for fault in faults)


def _odd(call: ProvenCall, why: str) -> str:
    wait = "" if call.wait is None else f", {call.wait:.2f} s"
    return f"{call.uniqueid} {why}: dialled {call.dialled}{wait}"
