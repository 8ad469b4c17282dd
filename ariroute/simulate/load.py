"""Who calls, when, for how long and with how much patience: drawn from figures, or from what a record has. Pure.

Callers come at random (a Poisson process) at a rate that may change from piece to piece of time, as it does in a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from math import ceil
from operator import attrgetter
from random import Random
from typing import NamedTuple, Protocol

from ariroute.simulate.scenario import Caller
from ariroute.staffing.patience import Observed, Patience, patience

ENOUGH = 20
"""With fewer examples of their own callers borrow those of their queue, and then those of all."""
HALF_HOUR = 1800.0


class Lengths(Protocol):
    """Something that lasts, drawn anew for each caller: a talk, or patience. Seconds."""

    def drawn(self, chance: Random) -> float: ...


@dataclass(frozen=True, slots=True)
class Exponential:
    """As Erlang has it: ``mean`` seconds on average, most are shorter, and a few are long."""

    mean: float

    def drawn(self, chance: Random) -> float:
        return chance.expovariate(1.0 / self.mean)


@dataclass(frozen=True, slots=True)
class Always:
    """Always the same; ``inf`` for callers who never give up."""

    length: float

    def drawn(self, chance: Random) -> float:
        return self.length


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of those that were recorded."""

    lengths: Sequence[float]

    def drawn(self, chance: Random) -> float:
        return self.lengths[int(chance.random() * len(self.lengths))]


@dataclass(frozen=True, slots=True)
class AsPatient:
    """Patience as it was estimated from a record."""

    curve: Patience

    def drawn(self, chance: Random) -> float:
        return self.curve.drawn(1.0 - chance.random())


class Piece(NamedTuple):
    """From ``begin`` to ``end`` (seconds) ``callers`` come on average, at random."""

    begin: float
    end: float
    callers: float


class Burst(NamedTuple):
    """At ``at`` exactly ``callers`` more come, spread over ``within`` seconds."""

    at: float
    callers: int
    within: float


@dataclass(frozen=True, slots=True)
class Stream:
    """Callers who are alike: of one queue, at one priority."""

    queue: str
    priority: int
    pieces: Sequence[Piece]
    talk: Lengths
    patience: Lengths
    bursts: Sequence[Burst] = ()

    def times(self, chance: Random) -> list[float]:
        """When they come this time, rising."""
        times = [time for piece in self.pieces for time in _poisson(piece, chance)]
        times += [burst.at + burst.within * chance.random() for burst in self.bursts for _ in range(burst.callers)]
        return sorted(times)

    def callers(self, chance: Random) -> list[Caller]:
        """The callers of this time, by their times."""
        return [
            Caller(at, self.queue, self.priority, self.talk.drawn(chance), self.patience.drawn(chance))
            for at in self.times(chance)
        ]

    @property
    def expected(self) -> float:
        """How many callers come on average."""
        return sum(piece.callers for piece in self.pieces) + sum(burst.callers for burst in self.bursts)


def callers(streams: Iterable[Stream], seed: int) -> list[Caller]:
    """All callers of one run, by their times. Each stream has dice of its own, and the same seed gives the same."""
    drawn = [
        stream.callers(Random(f"{seed} {stream.queue} {stream.priority}"))  # noqa: S311  # made-up callers, no secret
        for stream in streams
    ]
    return list(merge(*drawn, key=attrgetter("at")))


def more(streams: Iterable[Stream], factor: float) -> list[Stream]:
    """The same with ``factor`` times as many callers; bursts are as they were given."""
    return [
        replace(stream, pieces=[piece._replace(callers=factor * piece.callers) for piece in stream.pieces])
        for stream in streams
    ]


class Seen(NamedTuple):
    """A recorded caller who entered ``queue`` at ``at`` (seconds), by what is known: None for what is not.

    ``wait`` lasted until the answer, or until the caller gave up or was sent on; ``talk`` is that of one who was
    answered, and ``ring`` how long the phone that answered had rung, which is a part of the wait.
    """

    at: float
    queue: str
    priority: int = 0
    wait: float | None = None
    gave_up: bool = False
    talk: float | None = None
    ring: float = 0.0


def recorded(seen: Sequence[Seen], begin: float, end: float, step: float = HALF_HOUR) -> list[Stream]:
    """Streams that bring, piece by piece of ``step`` seconds, as many callers as came between ``begin`` and ``end``.

    Their times count from ``begin``. Talks and patience are those of callers of the same queue and priority, if there
    are enough of them. ``seen`` has at least one talk.
    """
    there = [each for each in seen if begin <= each.at < end]
    streams = []
    for queue, priority in sorted({(each.queue, each.priority) for each in there}):
        of_queue = [each for each in there if each.queue == queue]
        own = [each for each in of_queue if each.priority == priority]
        alike = own, of_queue, there
        streams.append(Stream(queue, priority, _pieces(own, begin, end, step), _talk(alike), _patience(alike)))
    return streams


def _poisson(piece: Piece, chance: Random) -> Iterator[float]:
    if piece.callers <= 0:
        return
    rate = piece.callers / (piece.end - piece.begin)
    at = piece.begin + chance.expovariate(rate)
    while at < piece.end:
        yield at
        at += chance.expovariate(rate)


def _pieces(seen: Iterable[Seen], begin: float, end: float, step: float) -> list[Piece]:
    counts = [0] * max(1, ceil((end - begin) / step))
    for each in seen:
        counts[int((each.at - begin) // step)] += 1
    return [
        Piece(number * step, min(end - begin, (number + 1) * step), count)
        for number, count in enumerate(counts)
        if count
    ]


def _talk(alike: Iterable[Sequence[Seen]]) -> OneOf:
    """The talks of the first of these circles that has enough of them, or of the last one."""
    talks: list[float] = []
    for circle in alike:
        talks = [each.talk for each in circle if each.talk is not None]
        if len(talks) >= ENOUGH:
            break
    return OneOf(talks)


def _patience(alike: Iterable[Sequence[Seen]]) -> AsPatient:
    """As patient as the first of these circles in which enough gave up, or as the last one."""
    waits: list[Observed] = []
    for circle in alike:
        waits = [Observed(each.wait, each.gave_up) for each in circle if each.wait is not None]
        if sum(each.gave_up for each in waits) >= ENOUGH:
            break
    return AsPatient(patience(waits))
