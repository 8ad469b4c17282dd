"""What a ratio of agents per call buys, if it is held and no more than that: waits, and the agents it takes. Pure.

While there are k calls in a tier it has ratio * k agents, rounded up, as :mod:`ariroute.staffing` asks for them. The
number of calls is then a birth-and-death chain, whose shares of time are known exactly. Agents whom the controller adds
beyond the ratio, as they have nothing else to do, make it better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, inf, isinf

from ariroute.planning.erlang import HOUR, Load

NEGLIGIBLE = 1e-9
MOST_CALLS = 200_000


@dataclass(frozen=True, slots=True)
class Held:
    """A tier whose ratio is held. ``needs`` has the share of time in which it needs 0, 1, 2 ... agents.

    ``delayed`` is the share of callers for whom no agent is there at once, ``wait`` the mean seconds of all, ``inf``
    when callers become more and more as the tier may not have enough agents. ``abandoned`` is the share that gives up.
    """

    delayed: float
    wait: float
    abandoned: float
    needs: Sequence[float]

    @property
    def agents(self) -> float:
        """How many agents it needs on average."""
        return sum(number * share for number, share in enumerate(self.needs))


def needed(ratio: float, calls: int, least: int = 0, most: int | None = None) -> int:
    """The agents that ``calls`` calls ask for: ratio times calls, rounded up, within the tier's bounds."""
    agents = max(least, ceil(ratio * calls - 1e-9))
    return agents if most is None else min(most, agents)


def held(load: Load, ratio: float, least: int = 0, most: int | None = None) -> Held:
    """The tier with these calls, while its agents are always as many as ``ratio`` (above 0) asks for.

    ``least`` and ``most`` are its min_agents and max_agents.
    """
    if load.calls <= 0:
        return Held(0.0, 0.0, 0.0, [0.0] * least + [1.0])
    if most is not None and most <= load.erlangs and isinf(load.patience):
        return Held(1.0, inf, 0.0, [0.0] * most + [1.0])
    shares = _shares(load, ratio, least, most)
    needs = [0.0] * (needed(ratio, len(shares) - 1, least, most) + 1)
    delayed = queue = 0.0
    for calls, share in enumerate(shares):
        agents = needed(ratio, calls, least, most)
        needs[agents] += share
        queue += share * max(0, calls - agents)
        delayed += share * (calls + 1 > needed(ratio, calls + 1, least, most))
    wait = queue * HOUR / load.calls
    return Held(delayed, wait, wait / load.patience, needs)


def enough(needs: Sequence[Sequence[float]], share: float) -> int:
    """The fewest agents on duty who suffice for what all tiers need together in ``share`` of the time.

    What one tier needs says nothing of another.
    """
    together = [1.0]
    for each in needs:
        together = _sum(together, each)
    sums = accumulate(together)
    return next((number for number, reached in enumerate(sums) if reached >= share), len(together) - 1)


def _shares(load: Load, ratio: float, least: int, most: int | None) -> list[float]:
    """The share of time with 0, 1, 2 ... calls, without the tail that does not count."""
    rate, giving_up = load.erlangs, 0.0 if isinf(load.patience) else load.handling / load.patience
    weights, weight, total = [1.0], 1.0, 1.0
    for calls in range(1, MOST_CALLS):
        agents = needed(ratio, calls, least, most)
        busy = min(calls, agents)
        leaving = busy + (calls - busy) * giving_up
        weight *= rate / leaving
        weights.append(weight)
        total += weight
        if weight > 1e100:
            weights, weight, total = [each / weight for each in weights], 1.0, total / weight
        if leaving > rate and weight < NEGLIGIBLE * total * (1.0 - rate / leaving):
            break
    return [each / total for each in weights]


def _sum(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """The distribution of the sum of two independent numbers, without tails that do not count."""
    found = [0.0] * (len(one) + len(other) - 1)
    for begin, share in enumerate(one):
        if share > NEGLIGIBLE:
            for number, each in enumerate(other, begin):
                found[number] += share * each
    while len(found) > 1 and found[-1] < NEGLIGIBLE:
        found.pop()
    return found
