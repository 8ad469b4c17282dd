"""Whether there is enough for all who want some, when not everybody can take everything."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

Wanting = TypeVar("Wanting", bound=Hashable)
Source = TypeVar("Source", bound=Hashable)


def too_many(
    wanted: Mapping[Wanting, int], there: Mapping[Source, int], may: Mapping[Wanting, Collection[Source]]
) -> tuple[frozenset[Wanting], frozenset[Source]]:
    """Some who together want more than there is at the sources that any of them ``may`` use, and these sources.

    Both are empty when everybody can have what they want. By augmenting paths, as Ford and Fulkerson find a maximum
    flow; what is reached when there is no further path is the set of Hall's theorem.
    """
    given: dict[tuple[Source, Wanting], int] = {}
    left = dict(there)
    for each, amount in wanted.items():
        short = amount
        while short:
            path, reached = _path(each, left, given, wanted, may)
            if not path:
                return reached, frozenset(source for one in reached for source in may[one])
            moved = min(short, left[path[-1][0]], *(given[source, loser] for source, loser in _losses(path)))
            _shift(path, given, moved)
            left[path[-1][0]] -= moved
            short -= moved
    return frozenset(), frozenset()


Path = list[tuple[Source, Wanting]]
"""Who takes from which source, the first first; whoever takes next lost what the one before took."""


def _path(
    start: Wanting,
    left: Mapping[Source, int],
    given: Mapping[tuple[Source, Wanting], int],
    wanted: Mapping[Wanting, int],
    may: Mapping[Wanting, Collection[Source]],
) -> tuple[Path[Source, Wanting], frozenset[Wanting]]:
    """The way to a source that has some left; without one, all who were reached."""
    steps: dict[Wanting, Path[Source, Wanting]] = {start: []}
    ahead = deque([start])
    while ahead:
        one = ahead.popleft()
        for source in may[one]:
            taken = [*steps[one], (source, one)]
            if left[source]:
                return taken, frozenset()
            for other in wanted:
                if other not in steps and given.get((source, other)):
                    steps[other] = taken
                    ahead.append(other)
    return [], frozenset(steps)


def _losses(path: Path[Source, Wanting]) -> Path[Source, Wanting]:
    """What each who takes further on along ``path`` had of the source before."""
    return [(path[index][0], path[index + 1][1]) for index in range(len(path) - 1)]


def _shift(path: Path[Source, Wanting], given: dict[tuple[Source, Wanting], int], amount: int) -> None:
    for taken in path:
        given[taken] = given.get(taken, 0) + amount
    for lost in _losses(path):
        given[lost] -= amount
