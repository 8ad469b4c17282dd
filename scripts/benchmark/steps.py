"""One step: one contender, one rate, one delay of the customer service; what was offered and what came of it. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from scripts.benchmark.arrivals import Arrival
from scripts.benchmark.customers import tier_of

SLOWEST_P99: Final = 250.0
"""Milliseconds; a step with a higher p99 has not carried its rate, though nobody was lost."""
REACHED: Final = 0.93
"""Share of the rate that must really have been offered: when the processors are full, SIPp itself falls behind."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be measured. `rate` in calls per second, `delay` of the customer service in milliseconds."""

    contender: str
    rate: int
    delay: int
    round: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a step. Times of callers in ms, CPU in ms per call placed, `foreign` in cores.

    `speed` is what a fixed piece of work took just before (ms), `finished` whether every call came to its end.
    """

    step: Step
    placed: int
    lost: int
    misrouted: int
    twice: int
    reached_rate: float
    router_cpu: float
    asterisk_cpu: float
    customers_cpu: float
    foreign: float
    speed: float
    disturbed: bool
    finished: bool = True
    tries: int = 1
    delays: Sequence[float] = field(default=(), repr=False)

    @property
    def p50(self) -> float:
        """Half of the callers were in their queue by then."""
        return percentile(self.delays, 50)

    @property
    def p99(self) -> float:
        """All but one in a hundred."""
        return percentile(self.delays, 99)

    @property
    def good(self) -> bool:
        """Nobody lost, nobody in the wrong place, the rate really offered, and the tail in bounds."""
        clean = self.finished and not (self.lost or self.misrouted or self.twice)
        return clean and self.p99 <= SLOWEST_P99 and self.reached_rate >= REACHED * self.step.rate


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest of `values` that at least `percent` of them do not exceed (nearest rank); nan of nothing."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def median_of(values: Iterable[float]) -> float:
    """The median, nan of nothing."""
    known = [value for value in values if not math.isnan(value)]
    return statistics.median(known) if known else math.nan


@dataclass(frozen=True, slots=True)
class Outcome:
    """The arrivals of a step against the callers placed."""

    lost: int
    misrouted: int
    twice: int
    reached_rate: float
    delays: tuple[float, ...]


def judge(numbers: Sequence[str], arrivals: Sequence[Arrival]) -> Outcome:
    """Hold every arrival against the tier that its number belongs to; each caller must arrive exactly once."""
    placed = set(numbers)
    first: dict[str, Arrival] = {}
    for arrival in arrivals:
        if arrival.number in placed:
            first.setdefault(arrival.number, arrival)
    wrong = sum((found.queue, found.priority) != _expected(found.number) for found in first.values())
    entered = sorted(found.entered for found in first.values())
    span = entered[-1] - entered[0] if len(entered) > 1 else 0.0
    return Outcome(
        lost=len(placed) - len(first),
        misrouted=wrong,
        twice=sum(arrival.number in placed for arrival in arrivals) - len(first),
        reached_rate=(len(entered) - 1) / span if span > 0 else 0.0,
        delays=tuple((found.joined - found.entered) * 1000 for found in first.values()),
    )


def _expected(number: str) -> tuple[str, int]:
    tier = tier_of(number)
    return tier.queue, tier.priority


def paired_ratio(
    results: Sequence[Measured], contender: str, reference: str, figure: Callable[[Measured], float]
) -> float:
    """Median of the ratios of `contender` to `reference` between steps of the same round, rate and delay; nan of none.

    Only within a round is the machine the same for both: a shared host may slow down by half from minute to minute.
    """
    base = {(m.step.rate, m.step.delay, m.step.round): figure(m) for m in results if m.step.contender == reference}
    ratios = [
        figure(m) / below
        for m in results
        if m.step.contender == contender and (below := base.get((m.step.rate, m.step.delay, m.step.round)))
    ]
    return median_of(ratios)
