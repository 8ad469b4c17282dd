"""A plan: for each piece of a day the agents of each tier, with agents of their own and in one pool; what ratios buy.

Pure: figures in, figures out. :mod:`ariroute.planning.words` says them in sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ariroute.planning.erlang import HOUR, Load, Service, service
from ariroute.planning.halfhours import without_patience
from ariroute.planning.need import Goal, own_agents, pool_agents, scheduled, split
from ariroute.planning.priority import pooled
from ariroute.planning.ratio import Held, enough, held

HELD_FOR = 0.95
"""The share of the time for which ratios are to be held."""
MENU = (0.2, 0.5, 0.8, 0.9, 1.0, 1.5)
"""Ratios of which the waits are told beside that of the file."""


@dataclass(frozen=True, slots=True)
class TierWish:
    """What a tier is to have: a goal, and its ``agents_per_call``, ``min_agents`` and ``max_agents`` in the file."""

    queue: str
    goal: Goal
    ratio: float | None = None
    least: int = 0
    most: int | None = None


class Staffed(NamedTuple):
    """So many agents, and how they serve a tier."""

    agents: int
    service: Service


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the day. ``begin`` is seconds since midnight; None for an hour that is given in figures.

    ``own`` are the agents of each tier if it has its own and nobody gives up (Erlang C), ``impatient`` if callers do
    (Erlang A), ``pool`` those of all tiers in one pool with priority, where nobody gives up either (Cobham). None is
    where no number of agents meets the goal.
    """

    begin: float | None
    seconds: float
    loads: tuple[Load, ...]
    own: tuple[int | None, ...]
    impatient: tuple[int | None, ...]
    pool: int | None

    @property
    def calls(self) -> float:
        """How many come in this piece."""
        return sum(load.calls for load in self.loads) * self.seconds / HOUR

    @property
    def erlangs(self) -> float:
        return sum(load.erlangs for load in self.loads)

    @property
    def own_total(self) -> int | None:
        return total(self.own)

    @property
    def impatient_total(self) -> int | None:
        return total(self.impatient)


@dataclass(frozen=True, slots=True)
class TierAtPeak:
    """A tier in the busiest piece: with its own agents, also if callers give up, and in the pool (``pooled``)."""

    wish: TierWish
    load: Load
    own: Staffed | None
    impatient: Staffed | None
    pooled: Service | None


@dataclass(frozen=True, slots=True)
class RatioAtPeak:
    """What its ratio buys a tier in the busiest piece; ``menu`` has the mean wait, in seconds, of other ratios."""

    wish: TierWish
    load: Load
    held: Held
    enough: int
    """So many agents suffice for it in ``HELD_FOR`` of the time."""
    menu: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """What ``agents`` do in the busiest piece: in one pool with priority, and split among the tiers as well as they
    can; ``split`` is None when they are too few to keep up at all, for which ``least`` are needed."""

    agents: int
    pooled: tuple[Service, ...]
    split: tuple[Staffed, ...] | None
    least: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it. ``shrinkage`` is the share of paid time in which agents are not available."""

    wishes: tuple[TierWish, ...]
    pieces: tuple[Piece, ...]
    shrinkage: float
    busiest: Piece
    tiers: tuple[TierAtPeak, ...]
    ratios: tuple[RatioAtPeak, ...]
    ratios_enough: int
    on_duty: OnDuty | None

    @property
    def own_hours(self) -> float | None:
        """Scheduled hours of agents for the whole day, with agents of their own for each tier."""
        return self._hours([piece.own_total for piece in self.pieces])

    @property
    def impatient_hours(self) -> float | None:
        return self._hours([piece.impatient_total for piece in self.pieces])

    @property
    def pool_hours(self) -> float | None:
        """As :attr:`own_hours`, in one pool."""
        return self._hours([piece.pool for piece in self.pieces])

    @property
    def gives_up(self) -> bool:
        """Whether callers of any tier do."""
        return any(piece.own != piece.impatient for piece in self.pieces) or any(
            tier.impatient != tier.own for tier in self.tiers
        )

    def scheduled(self, agents: int | None) -> int | None:
        return None if agents is None else scheduled(agents, self.shrinkage)

    def _hours(self, agents: Sequence[int | None]) -> float | None:
        found = [self.scheduled(each) for each in agents]
        known = [
            each * piece.seconds / HOUR for each, piece in zip(found, self.pieces, strict=True) if each is not None
        ]
        return sum(known) if len(known) == len(found) else None


def plan(
    wishes: Sequence[TierWish],
    pieces: Sequence[tuple[float | None, float, Sequence[Load]]],
    *,
    shrinkage: float = 0.0,
    on_duty: int | None = None,
) -> Plan:
    """The plan for ``pieces``, each its begin, its seconds and the loads of ``wishes``, the highest tier first.

    ``on_duty`` agents are looked at beside the number that the pool needs.
    """
    goals = [wish.goal for wish in wishes]
    found = tuple(_piece(begin, seconds, tuple(loads), goals) for begin, seconds, loads in pieces)
    busiest = max(found, key=lambda piece: piece.erlangs)
    ratios = tuple(_ratio(wish, load) for wish, load in zip(wishes, busiest.loads, strict=True) if wish.ratio)
    agents = busiest.pool if on_duty is None else on_duty
    return Plan(
        wishes=tuple(wishes),
        pieces=found,
        shrinkage=shrinkage,
        busiest=busiest,
        tiers=_tiers(wishes, busiest),
        ratios=ratios,
        ratios_enough=enough([each.held.needs for each in ratios], HELD_FOR),
        on_duty=_on_duty(busiest, goals, agents) if agents else None,
    )


def total(agents: Sequence[int | None]) -> int | None:
    """All of them; None when one is not known."""
    known = [each for each in agents if each is not None]
    return sum(known) if len(known) == len(agents) else None


def _piece(begin: float | None, seconds: float, loads: tuple[Load, ...], goals: Sequence[Goal]) -> Piece:
    patient = without_patience(loads)
    own = tuple(own_agents(load, goal) for load, goal in zip(patient, goals, strict=True))
    impatient = tuple(
        fewest if load == endless else own_agents(load, goal)
        for load, endless, goal, fewest in zip(loads, patient, goals, own, strict=True)
    )
    return Piece(begin, seconds, loads, own, impatient, pool_agents(loads, goals))


def _tiers(wishes: Sequence[TierWish], peak: Piece) -> tuple[TierAtPeak, ...]:
    served = _in_pool(peak.loads, [wish.goal for wish in wishes], peak.pool) if peak.pool is not None else None
    found = []
    for number, (wish, load, patient) in enumerate(zip(wishes, peak.loads, without_patience(peak.loads), strict=True)):
        own, impatient = (
            _staffed(each, agents, wish.goal)
            for each, agents in ((patient, peak.own[number]), (load, peak.impatient[number]))
        )
        found.append(TierAtPeak(wish, load, own, impatient, served[number] if served else None))
    return tuple(found)


def _staffed(load: Load, agents: int | None, goal: Goal) -> Staffed | None:
    return None if agents is None else Staffed(agents, service(load, agents, goal.within))


def _in_pool(loads: Sequence[Load], goals: Sequence[Goal], agents: int) -> tuple[Service, ...]:
    return tuple(pooled(loads, agents, [goal.within for goal in goals]))


def _ratio(wish: TierWish, load: Load) -> RatioAtPeak:
    assert wish.ratio is not None
    here = held(load, wish.ratio, wish.least, wish.most)
    menu = tuple((ratio, held(load, ratio, wish.least, wish.most).wait) for ratio in MENU)
    return RatioAtPeak(wish, load, here, enough([here.needs], HELD_FOR), menu)


def _on_duty(peak: Piece, goals: Sequence[Goal], agents: int) -> OnDuty:
    loads = without_patience(peak.loads)
    shares = split(loads, goals, agents)
    found: tuple[Staffed, ...] | None = None
    if shares is not None:
        places = zip(loads, goals, shares, strict=True)
        found = tuple(Staffed(share, service(load, share, goal.within)) for load, goal, share in places)
    least = sum(int(load.erlangs) + 1 for load in loads if load.calls > 0)
    return OnDuty(agents, _in_pool(loads, goals, agents), found, least)
