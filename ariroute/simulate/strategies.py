"""Whom a caller rings: app_queue's strategies, by the metric that it gives to each member (app_queue.c 22.10.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random

from ariroute.simulate.places import Line, Place
from ariroute.simulate.scenario import Strategy

LATER_ROUND = 1000
PENALTY = 1_000_000
"""What one of penalty adds to a metric (``calc_metric()``)."""

Metric = Callable[[Place, int, float, Random], float]
"""Of a place, where the round begins, the second it is, and dice."""


def _equal(place: Place, _start: int, _second: float, _chance: Random) -> float:
    return PENALTY * place.penalty


def _in_turn(place: Place, start: int, _second: float, _chance: Random) -> float:
    position = place.position
    return (position if position >= start else LATER_ROUND + position) + PENALTY * place.penalty


def _random(place: Place, _start: int, _second: float, chance: Random) -> float:
    return int(chance.random() * 1000) + PENALTY * place.penalty


def _weighted_random(place: Place, _start: int, _second: float, chance: Random) -> float:
    return int(chance.random() * 1000 * (1 + place.penalty))


def _fewest_calls(place: Place, _start: int, _second: float, _chance: Random) -> float:
    return place.calls + PENALTY * place.penalty


def _least_recent(place: Place, _start: int, second: float, _chance: Random) -> float:
    return (0 if place.last is None else PENALTY - (second - place.last)) + PENALTY * place.penalty


METRICS: dict[Strategy, Metric] = {
    "ringall": _equal,
    "leastrecent": _least_recent,
    "fewestcalls": _fewest_calls,
    "random": _random,
    "wrandom": _weighted_random,
    "rrmemory": _in_turn,
    "rrordered": _in_turn,
    "linear": _in_turn,
}
ROUNDS = frozenset({"rrmemory", "rrordered"})


def whom(line: Line, places: Sequence[Place], start: int, second: float, chance: Random) -> tuple[float, list[Place]]:
    """The lowest metric of ``places``, of which there is at least one, and who is rung with it (``ring_one()``)."""
    metric_of = METRICS[line.strategy]
    if len(places) == 1:
        (best,) = places
        return metric_of(best, start, second, chance), [best]
    if line.strategy == "ringall":
        level = min(place.penalty for place in places)
        return PENALTY * level, [place for place in places if place.penalty == level]
    metric, _, best = min([(metric_of(place, start, second, chance), place.tie, place) for place in places])
    return metric, [best]


def following_start(
    line: Line, limit: int | None, start: int, metric: float, rung: Sequence[Place]
) -> tuple[int | None, bool]:
    """Where the round after this ring begins, None if with nobody, and whether there is a place beyond ``start``."""
    if rung and line.flat:
        return _next_of_equals(len(line.places), start, rung[0].position)
    places: Iterable[Place] = line.places.values()
    if limit is not None:
        places = [place for place in places if place.penalty <= limit]
    return _next(places, start, metric)


def _next(places: Iterable[Place], start: int, rung: float) -> tuple[int | None, bool]:
    """Where the next round begins after ``rung`` was the lowest metric of ``places``, and whether there is one more.

    (``store_next_rr()`` and ``store_next_lin()``; None where nobody is left.)
    """
    left: list[float] = []
    more = False
    for place in places:
        position = place.position
        more = more or position > start
        metric = (position if position >= start else LATER_ROUND + position) + PENALTY * place.penalty
        if metric > rung:
            left.append(metric)
    return (int(min(left)) % LATER_ROUND if left else None), more


def _next_of_equals(count: int, start: int, rung: int) -> tuple[int | None, bool]:
    """The same for ``count`` places of equal penalty, the one at position ``rung`` being rung."""
    after = rung + 1
    if rung >= start:
        following = after if after < count else 0 if start > 0 else None
    else:
        following = after if after < min(start, count) else None
    return following, count - 1 > start
