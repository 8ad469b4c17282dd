"""Callers and agents in made-up time: who waits how long, by app_queue's order. Pure but for the chance it is given."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from math import inf
from random import Random
from typing import NamedTuple


class Arrival(NamedTuple):
    """A caller enters ``queue`` at ``at`` (seconds).

    The agent's phone rings for ``ring`` seconds, and then the agent is ``busy`` for so many: the talk, and the work
    after it. The caller hangs up after ``patience`` seconds without an answer.
    """

    at: float
    queue: str
    priority: int
    ring: float
    busy: float
    patience: float


class Stint(NamedTuple):
    """An agent serves ``queues`` from ``start`` until nobody waits there any more after ``end`` (seconds)."""

    queues: tuple[str, ...]
    start: float = -inf
    end: float = inf


class Served(NamedTuple):
    """What became of a caller: seconds until the answer, or until the caller gave up."""

    wait: float
    answered: bool


def serve(arrivals: Sequence[Arrival], crew: Sequence[Stint], chance: Random) -> list[Served]:
    """What becomes of each of ``arrivals``, which are in the order of their times.

    Within a queue the higher priority comes first, and then who came first (``insert_entry()``, app_queue.c 22.10.1).
    Each waiting head of a queue asks on its own for a free agent, so between queues of equal weight that share one it
    is ``chance`` (``try_calling()``, every ``retry`` seconds). A caller gets the agent who has been free for longest.
    A caller whom nobody ever answers, and who never gives up, waits until all has ended.
    """
    floor = _Floor(arrivals, crew, chance)
    for number, arrival in enumerate(arrivals):
        floor.pass_until(arrival.at)
        floor.enter(number, arrival)
    floor.pass_until(inf)
    return [_ended(served, floor.now - arrival.at) for arrival, served in zip(arrivals, floor.served, strict=True)]


def _ended(served: Served, at_most: float) -> Served:
    return served if served.wait < inf else Served(max(0.0, at_most), False)


class _Floor:
    """One pass through time. Whoever gives up is only noticed when an agent would take the call: it changes nothing
    for the others before."""

    def __init__(self, arrivals: Sequence[Arrival], crew: Sequence[Stint], chance: Random) -> None:
        self._arrivals = arrivals
        self._crew = crew
        self._chance = chance
        self.now = 0.0
        self.served = [Served(arrival.patience, False) for arrival in arrivals]
        self._free = [(stint.start, number) for number, stint in enumerate(crew)]
        heapify(self._free)
        groups = sorted({stint.queues for stint in crew})
        self._idle: dict[tuple[str, ...], deque[tuple[float, int]]] = {group: deque() for group in groups}
        queues = {arrival.queue for arrival in arrivals} | {queue for group in groups for queue in group}
        self._waiting: dict[str, list[tuple[int, int]]] = {queue: [] for queue in queues}
        self._serving = {queue: [self._idle[group] for group in groups if queue in group] for queue in queues}

    def pass_until(self, moment: float) -> None:
        """Let agents come and become free, up to ``moment``."""
        free = self._free
        while free and free[0][0] <= moment:
            at, agent = heappop(free)
            self.now = max(self.now, at)
            stint = self._crew[agent]
            number = self._next(stint.queues, at)
            if number is not None:
                self._take(number, agent, at)
            elif at < stint.end:
                self._idle[stint.queues].append((at, agent))

    def enter(self, number: int, arrival: Arrival) -> None:
        """The caller ``number`` comes to an agent, or waits."""
        at = self.now = max(self.now, arrival.at)
        best = None
        for idle in self._serving[arrival.queue]:
            while idle and self._crew[idle[0][1]].end <= at:
                idle.popleft()
            if idle and (best is None or idle[0] < best[0]):
                best = idle
        if best is None:
            heappush(self._waiting[arrival.queue], (-arrival.priority, number))
        else:
            self._take(number, best.popleft()[1], at)

    def _next(self, queues: tuple[str, ...], at: float) -> int | None:
        """The caller whom an agent of ``queues`` gets at ``at``; None when nobody waits."""
        heads = [waiting for queue in queues if (waiting := self._alive(queue, at))]
        if not heads:
            return None
        head = heads[0] if len(heads) == 1 else heads[int(self._chance.random() * len(heads))]
        return heappop(head)[1]

    def _alive(self, queue: str, at: float) -> list[tuple[int, int]]:
        """The callers of ``queue``, the first of whom has not given up yet."""
        waiting = self._waiting[queue]
        while waiting:
            arrival = self._arrivals[waiting[0][1]]
            if arrival.at + arrival.patience > at:
                break
            heappop(waiting)
        return waiting

    def _take(self, number: int, agent: int, at: float) -> None:
        arrival = self._arrivals[number]
        gives_up, answer = arrival.at + arrival.patience, at + arrival.ring
        if answer >= gives_up:
            heappush(self._free, (gives_up, agent))
        else:
            self.served[number] = Served(answer - arrival.at, True)
            heappush(self._free, (answer + arrival.busy, agent))
