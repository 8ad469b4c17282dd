"""The seats of each tier: how many agents it is to have, and how strongly each of them is wanted there.

The seats of a tier are numbered from 1, and each is weaker than the one before. Whoever serves the tier takes the
strongest ones that are left, so giving agents out is a matter of numbers alone; who it is comes later (`board`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from math import inf
from typing import Protocol

from ariroute.staffing.proposal import Memory
from ariroute.staffing.rules import Tier
from ariroute.staffing.snapshot import AgentNow
from ariroute.staffing.standing import Standing


class Level(IntEnum):
    """Why a seat is wanted, the strongest first."""

    FLOOR = 1
    """``min_agents``."""
    NEED = 2
    """``agents_per_call``."""
    OWN = 3
    """What a tier with ``lend`` does not lend: as strong as its need, but for agents of its own alone."""
    RESERVE = 4
    """The agents of its reserve, once it is called."""
    KEPT = 5
    """Some of what it needed of late: it will soon again, and an agent who talks elsewhere cannot be had then."""
    WAITING = 6
    """A caller waits."""
    SPARE = 7
    """The rest of what it needed of late: nobody is sent home from it, but whoever waits elsewhere may have it."""
    REST = 8
    """Nobody needs an agent here."""


Strength = tuple[int, float, int]
"""The level, what decides within it, the rank of the tier if that still matters. The smaller, the stronger."""


def strength(level: Level, rank: int) -> Strength:
    """Floors and needs go to the highest tier first. What is kept or waited for is taken from no other tier's."""
    if level is Level.OWN:
        level = Level.NEED
    return (level, rank if level <= Level.NEED else 0, 0)


HURTS: Strength = (Level.NEED, inf, 0)
"""Whoever leaves a seat as strong as this is missed there."""
WEAKEST: Strength = (Level.REST, 0, 0)


class Seats(Protocol):
    """The seats of one tier; ``rank`` is 0 for the highest, ``ceiling`` the most agents it may have."""

    @property
    def rank(self) -> int: ...

    @property
    def ceiling(self) -> float: ...

    def strength(self, seat: int) -> Strength:
        """How strongly the agent on the seat of this number is held there."""


@dataclass(frozen=True, slots=True)
class Following:
    """The seats of a tier that follows its calls.

    It ``wants`` agents until it has so many, by level, and ``holds`` so many against weaker claims.
    """

    rank: int
    wants: Mapping[Level, int]
    holds: Mapping[Level, int]
    ceiling: float = inf

    def strength(self, seat: int) -> Strength:
        """How strongly the agent on the seat of this number is held there."""
        return min((strength(level, self.rank) for level, last in self.holds.items() if seat <= last), default=WEAKEST)


def following(standing: Standing, memory: Memory, kept: int, taken: Iterable[AgentNow]) -> Following:
    """The seats of a tier that is to follow its calls.

    ``kept`` is what it needed of late, those in wrap-up included; ``taken`` are its agents who cannot be moved.
    """
    tier, needed = standing.tier, standing.needed
    ceiling = _ceiling(tier) - standing.wrapping
    kept -= standing.wrapping
    wants = {
        Level.FLOOR: tier.min_agents,
        Level.NEED: needed,
        Level.KEPT: min(kept, standing.needed_with(tier.spare)),
        Level.WAITING: standing.now.calls,
    }
    holds = {**wants, Level.SPARE: kept}
    if tier.reserve and tier.queue in memory.reserves:
        own = sum(agent.name not in standing.helpers for agent in taken)
        wants[Level.RESERVE] = holds[Level.RESERVE] = max(needed, own) + tier.reserve.agents
    if tier.lend:
        healthy = tier.queue in memory.lending
        wants[Level.OWN] = min(standing.own, _own(standing, healthy, 1.0))
        holds[Level.OWN] = min(standing.own, _own(standing, healthy, MARGIN))
        if healthy:
            del wants[Level.KEPT], holds[Level.KEPT]
        else:
            wants[Level.KEPT] = holds[Level.KEPT] = kept
    return Following(standing.rank, wants, holds, ceiling)


@dataclass(frozen=True, slots=True)
class Shared:
    """The seats of a tier that gets its share of the agents on duty, whatever the calls.

    The n-th seat of a tier is as strong as (n - 1/2) / ``agents_per_call`` is small: the method of Webster and
    Sainte-Lague, by which parliaments share seats by votes without favouring the large or the small.
    """

    rank: int
    floor: int
    ratio: float
    ceiling: float = inf

    def strength(self, seat: int) -> Strength:
        """How strongly the agent on the seat of this number is held there."""
        if seat <= self.floor:
            return (Level.FLOOR, self.rank, 0)
        return (Level.NEED, (seat - 0.5) / self.ratio, self.rank) if self.ratio else WEAKEST


def needs(standing: Standing) -> Following:
    """The seats of a tier that asks for what it was promised and no more."""
    wants = {Level.FLOOR: standing.tier.min_agents, Level.NEED: standing.needed}
    return Following(standing.rank, wants, wants, _ceiling(standing.tier))


MARGIN = 0.5
"""A tier begins to lend at half the wait, or half the misses, at which it stops: or agents would go to and fro."""


def _own(standing: Standing, healthy: bool, margin: float) -> int:
    """How many agents a tier with ``lend`` needs to be left healthy, for ``margin`` of the wait that is healthy."""
    lend = standing.tier.lend
    assert lend is not None
    if not healthy:
        return standing.own
    left = lend.floor
    if lend.healthy.wait is not None:
        while left <= standing.now.calls and (standing.wait_with(left) or 0.0) > lend.healthy.wait * margin:
            left += 1
    return left


def shared(standing: Standing) -> Shared:
    """The seats of a tier that gets its share."""
    tier = standing.tier
    return Shared(standing.rank, tier.min_agents, tier.agents_per_call or 0.0, _ceiling(tier))


def _ceiling(tier: Tier) -> float:
    return inf if tier.max_agents is None else tier.max_agents
