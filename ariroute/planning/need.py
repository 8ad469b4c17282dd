"""How few agents do: for a tier with agents of its own, for one pool; how a number of agents is best split. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, isinf
from typing import NamedTuple

from ariroute.planning.erlang import Load, Service, service
from ariroute.planning.priority import Pool

ENOUGH = 1e-12
"""By so much a figure may miss its goal: it is rounding."""
IDLE = 1e-9
"""Who shortens the waits of an hour's calls by fewer seconds has nothing to do."""
MOST_AGENTS = 100_000


class Goal(NamedTuple):
    """``target`` (a share) of all who come are to be answered within ``within`` seconds, and agents are not to be busy
    for more than ``occupancy`` (a share) of their time."""

    target: float
    within: float
    occupancy: float = 1.0

    def met_by(self, found: Service) -> bool:
        return found.in_time >= self.target - ENOUGH and found.occupancy <= self.occupancy + ENOUGH


def own_agents(load: Load, goal: Goal) -> int | None:
    """The fewest agents of their own who meet ``goal``; None when no number does, as phones ring for longer than that.

    None without calls is 0.
    """
    if load.calls <= 0:
        return 0
    busy = int(load.erlangs) if isinf(load.patience) else 0
    return _fewest(busy, lambda agents: goal.met_by(service(load, agents, goal.within)))


def pool_agents(loads: Sequence[Load], goals: Sequence[Goal]) -> int | None:
    """The fewest agents in one pool with priority who meet the goal of each tier; None when no number does."""
    if all(load.calls <= 0 for load in loads):
        return 0
    busy = int(sum(load.erlangs for load in loads))
    return _fewest(busy, lambda agents: pool_meets(loads, goals, agents))


def pool_meets(loads: Sequence[Load], goals: Sequence[Goal], agents: int) -> bool:
    """Whether ``agents`` in one pool with priority meet the goal of each tier that has calls."""
    pool = Pool(loads, agents)  # the lowest tier first: it is the first to miss
    return all(
        loads[tier].calls <= 0 or goals[tier].met_by(pool.service(tier, goals[tier].within))
        for tier in reversed(range(len(loads)))
    )


def split(loads: Sequence[Load], goals: Sequence[Goal], agents: int) -> tuple[int, ...] | None:
    """``agents`` as own agents of each tier: each gets what keeps its queue from growing for ever, and each agent more
    goes to the tier that misses its goal by most, then to the one where it shortens waits by most. Who shortens none
    goes to the highest.

    None when the agents do not even suffice for the first.
    """
    own = [int(load.erlangs) + 1 if load.calls > 0 else 0 for load in loads]
    if sum(own) > agents or not any(own):
        return None
    found = [service(load, each, goal.within) for load, goal, each in zip(loads, goals, own, strict=True)]
    better = [service(load, each + 1, goal.within) for load, goal, each in zip(loads, goals, own, strict=True)]
    for _ in range(agents - sum(own)):
        gains = [
            (goal.target - now.in_time if not goal.met_by(now) else 0.0, load.calls * (now.wait - then.wait))
            for load, goal, now, then in zip(loads, goals, found, better, strict=True)
        ]
        most = max(gains)
        best = gains.index(most)
        if most <= (0.0, IDLE):
            own[best] += agents - sum(own)
            break
        own[best] += 1
        found[best] = better[best]
        better[best] = service(loads[best], own[best] + 1, goals[best].within)
    return tuple(own)


def scheduled(agents: int, shrinkage: float) -> int:
    """How many to schedule so that ``agents`` are there while ``shrinkage`` (a share) of paid time is not available."""
    return ceil(agents / (1.0 - shrinkage) - 1e-9)


def _fewest(short: int, enough: Callable[[int], bool]) -> int | None:
    """The smallest number for which ``enough`` holds, as it does for all above it; ``short`` is too few."""
    step = 1
    while not enough(short + step):
        step *= 2
        if step > MOST_AGENTS:
            return None
    least, most = short + step // 2, short + step
    while most - least > 1:
        middle = (least + most) // 2
        if enough(middle):
            most = middle
        else:
            least = middle
    return most
