"""Lists of callers: when each comes, for which queue, how long they talk and how long they wait. Drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import accumulate, takewhile
from random import Random
from typing import Final

from ariroute.simulate.scenario import Caller

SHORTEST: Final = 0.5
"""Seconds that a talk or a patience has at least: below that SIP itself would be measured."""
LONGEST: Final = 5.0
"""Times the mean: what nobody exceeds, so that a trial ends."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Callers of one queue: means in seconds; ``patience`` None for those who never give up."""

    talk: float
    patience: float | None = None
    priority: int = 0
    max_penalty: int | None = None


@dataclass(frozen=True, slots=True)
class Spell:
    """So many ``seconds`` in which ``rates`` calls a second come for each queue."""

    seconds: float
    rates: Mapping[str, float] = field(default_factory=dict)


def drawn(kinds: Mapping[str, Kind], spells: Sequence[Spell], seed: int) -> list[Caller]:
    """Callers as they come by chance (Poisson, exponential talks and patience), in the order of their times."""
    streams = [list(_stream(queue, kind, spells, Random(f"{seed} {queue}"))) for queue, kind in kinds.items()]  # noqa: S311  # dice, no secret
    return list(merge(*streams, key=lambda caller: caller.at))


def lasts(spells: Sequence[Spell]) -> float:
    """Seconds of all spells."""
    return sum(spell.seconds for spell in spells)


def _stream(queue: str, kind: Kind, spells: Sequence[Spell], chance: Random) -> list[Caller]:
    begins = accumulate((spell.seconds for spell in spells), initial=0.0)
    times = [
        at
        for begin, spell in zip(begins, spells, strict=False)
        if (rate := spell.rates.get(queue, 0.0))
        for at in _times(begin, begin + spell.seconds, rate, chance)
    ]
    return [
        Caller(
            at,
            queue,
            kind.priority,
            _length(kind.talk, chance),
            float("inf") if kind.patience is None else _length(kind.patience, chance),
            kind.max_penalty,
        )
        for at in times
    ]


def _times(begin: float, end: float, rate: float, chance: Random) -> list[float]:
    gaps = (chance.expovariate(rate) for _ in iter(int, 1))
    return list(takewhile(lambda at: at < end, (begin + passed for passed in accumulate(gaps))))


def _length(mean: float, chance: Random) -> float:
    return round(min(max(chance.expovariate(1 / mean), SHORTEST), mean * LONGEST), 3)
