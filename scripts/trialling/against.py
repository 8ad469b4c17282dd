"""What the real floor did with a list of callers, against what the simulated one does with the same list. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from ariroute.simulate.scenario import Caller, Served

ALIKE: Final = 0.25
"""Seconds by which two waits may differ and count as the same."""
WITHIN: Final = 0.10
"""The share by which mean waits may differ."""
AT_LEAST: Final = 0.1
"""Seconds by which they may differ in any case: SIP's own time, and its jitter, are a few hundredths."""


@dataclass(frozen=True, slots=True)
class Group:
    """Callers of one queue and priority: their mean wait and how many were answered, for real and simulated.

    ``simulated`` is of exactly the same list; ``least`` and ``most`` are the mean waits of simulations of lists that
    differ from it by thousandths of a second.
    """

    name: str
    callers: int
    real: float
    simulated: float
    least: float
    most: float
    answered: int
    answered_simulated: int

    @property
    def is_within(self) -> bool:
        """Whether the means are as near as wanted."""
        return abs(self.simulated - self.real) <= max(WITHIN * self.real, AT_LEAST)

    @property
    def is_by_chance(self) -> bool:
        """Whether thousandths of a second make as much of a difference."""
        return self.least <= self.real <= self.most


@dataclass(frozen=True, slots=True)
class Compared:
    """One configuration. ``same_wait`` and ``same_agent`` are shares of callers, ``same_order`` of pairs of one queue.

    ``first`` is the first caller in the list whose wait differs.
    """

    groups: Sequence[Group]
    same_wait: float
    same_agent: float
    same_order: float
    first: int | None

    @property
    def is_within(self) -> bool:
        return all(group.is_within for group in self.groups)


def compared(callers: Sequence[Caller], real: Sequence[Served], simulated: Sequence[Sequence[Served]]) -> Compared:
    """``real`` against several simulations, the first of which is of exactly this list; all in the order of it."""
    exact = simulated[0]
    differs = [abs(one.wait - other.wait) > ALIKE for one, other in zip(real, exact, strict=True)]
    both = [(one, other) for one, other in zip(real, exact, strict=True) if one.answered and other.answered]
    return Compared(
        groups=_groups(callers, real, simulated),
        same_wait=1 - sum(differs) / len(differs),
        same_agent=sum(one.agent == other.agent for one, other in both) / len(both) if both else 1.0,
        same_order=_same_order(callers, real, exact),
        first=next((place for place, does in enumerate(differs) if does), None),
    )


def _groups(callers: Sequence[Caller], real: Sequence[Served], simulated: Sequence[Sequence[Served]]) -> list[Group]:
    places: dict[tuple[str, int], list[int]] = {}
    for place, caller in enumerate(callers):
        places.setdefault((caller.queue, caller.priority), []).append(place)
    several = {queue for queue, _ in places if sum(each == queue for each, _ in places) > 1}
    return [
        _group(f"{queue} {priority}" if queue in several else queue, chosen, real, simulated)
        for (queue, priority), chosen in sorted(places.items(), key=lambda one: -one[0][1])
    ]


def _group(name: str, places: Sequence[int], real: Sequence[Served], simulated: Sequence[Sequence[Served]]) -> Group:
    means = [fmean(run[place].wait for place in places) for run in simulated]
    return Group(
        name,
        len(places),
        fmean(real[place].wait for place in places),
        means[0],
        min(means),
        max(means),
        sum(real[place].answered for place in places),
        sum(simulated[0][place].answered for place in places),
    )


def _same_order(callers: Sequence[Caller], real: Sequence[Served], simulated: Sequence[Served]) -> float:
    """Of the pairs of callers of one queue who were answered both times, the share answered in the same order."""
    agree = pairs = 0
    answers = [
        (caller.queue, caller.at + one.wait, caller.at + other.wait)
        for caller, one, other in zip(callers, real, simulated, strict=True)
        if one.answered and other.answered
    ]
    for place, (queue, really, made_up) in enumerate(answers):
        for other_queue, other_really, other_made_up in answers[:place]:
            if queue == other_queue:
                pairs += 1
                agree += (really < other_really) == (made_up < other_made_up)
    return agree / pairs if pairs else 1.0
