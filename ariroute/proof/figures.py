"""The figures of a run, the same for terminal, JSON and page: percentiles, faults by kind, endings, odd calls. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ariroute.proof.result import SLACK, Ending, InjectedFault, ProvenCall, Run


@dataclass(frozen=True, slots=True)
class TimeToQueue:
    """Seconds from entering Stasis() to the queue, over the `count` calls that reached one; None without any."""

    count: int
    p50: float | None
    p99: float | None
    longest: float | None


@dataclass(frozen=True, slots=True)
class FaultKind:
    """All faults of one kind. A call that was under way during several kinds counts at each of them."""

    kind: str
    says: str
    """What was done, in the words of the first."""
    injected: int
    under_way: int
    """Calls that were on their way while one of these faults was there; the next three are of them."""
    lost: int
    twice: int
    longest: float | None
    """Longest wait in seconds of those that got somewhere."""


@dataclass(frozen=True, slots=True)
class OddCall:
    """A call that breaks the promise, and how."""

    call: ProvenCall
    why: str


def nearest_rank(ordered: Sequence[float], percent: int) -> float | None:
    """The smallest of `ordered` that at least `percent` % of them do not exceed; None of nothing."""
    if not ordered:
        return None
    return ordered[max(1, math.ceil(percent * len(ordered) / 100)) - 1]


def time_to_queue(run: Run) -> TimeToQueue:
    """How long callers were on their way to a queue."""
    waits = sorted(call.wait for call in run.ended(Ending.QUEUED) if call.wait is not None)
    return TimeToQueue(len(waits), nearest_rank(waits, 50), nearest_rank(waits, 99), nearest_rank(waits, 100))


def by_kind(run: Run) -> tuple[FaultKind, ...]:
    """The faults by kind, in the order in which each kind came first."""
    kinds: dict[str, list[InjectedFault]] = {}
    for fault in run.faults:
        kinds.setdefault(fault.kind, []).append(fault)
    return tuple(_kind(run, faults) for faults in kinds.values())


def _kind(run: Run, faults: Sequence[InjectedFault]) -> FaultKind:
    spans = _joined(faults)
    under = [call for call in run.calls if _meets(_way(call, run), spans)]
    waits = [call.wait for call in under if call.wait is not None and _got_somewhere(call)]
    return FaultKind(
        kind=faults[0].kind,
        says=faults[0].says,
        injected=len(faults),
        under_way=len(under),
        lost=sum(call.ending is Ending.LOST for call in under),
        twice=sum(call.twice for call in under),
        longest=max(waits, default=None),
    )


Span = tuple[float, float]
"""From when to when, in seconds since the run began."""


def _joined(faults: Sequence[InjectedFault]) -> list[Span]:
    """When any of `faults` was there, in order and without overlaps."""
    spans: list[Span] = []
    for begin, end in sorted((fault.at, fault.at + fault.lasted) for fault in faults):
        if spans and begin <= spans[-1][1]:
            begin, end = spans[-1][0], max(end, spans.pop()[1])
        spans.append((begin, end))
    return spans


def _way(call: ProvenCall, run: Run) -> Span:
    """When `call` was on its way. One that was lost is so no longer once it is late: later faults did not lose it."""
    end = math.inf if call.settled is None else call.settled
    most = bound(run)
    if call.ending is Ending.LOST and most is not None:
        end = min(end, call.placed + most)
    return call.placed, end


def _meets(way: Span, spans: Sequence[Span]) -> bool:
    begin, end = way
    first = bisect_left(spans, begin, key=lambda span: span[1])
    return first < len(spans) and spans[first][0] <= end


def _got_somewhere(call: ProvenCall) -> bool:
    return call.ending not in (Ending.LEFT, Ending.LOST)


def by_default(run: Run) -> int:
    """How many calls went to the dialplan's default queue, for want of a decision."""
    return sum(call.by_default for call in run.calls)


def bound(run: Run) -> float | None:
    """Longest wait in seconds that the promise allows; None in the control, which promises nothing."""
    return None if run.guard is None else run.allowed + run.guard + SLACK


def odd_calls(run: Run) -> tuple[OddCall, ...]:
    """Those lost, put into a queue twice, or late, in the order in which they were placed."""
    reasons: dict[str, list[str]] = {}
    for why, calls in (("lost", run.lost), ("twice", run.twice), ("late", run.late)):
        for call in calls:
            reasons.setdefault(call.uniqueid, []).append(why)
    return tuple(OddCall(call, ", ".join(reasons[call.uniqueid])) for call in _placed(run) if call.uniqueid in reasons)


def _placed(run: Run) -> Iterable[ProvenCall]:
    return sorted(run.calls, key=lambda call: call.placed)
