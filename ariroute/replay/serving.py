"""Callers and agents in made-up time: who waits how long, by app_queue's order. Pure but for the chance it is given."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from math import ceil, inf
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


def serve(arrivals: Sequence[Arrival], crew: Sequence[Stint], chance: Random, retry: float = 0.0) -> list[Served]:
    """What becomes of each of ``arrivals``, which are in the order of their times.

    Within a queue the higher priority comes first, and then who came first (``insert_entry()``, app_queue.c 22.10.1).
    Who waits looks for a free agent every ``retry`` seconds since they came (``wait_a_bit()``), so an agent who is free
    goes to the first of the queue whose head looks next, or to somebody who comes meanwhile and has nobody before them;
    where several look at once it is ``chance``. A caller gets the agent who has been free for longest. A caller whom
    nobody ever answers, and who never gives up, waits until all has ended.
    """
    floor = _Floor(arrivals, crew, chance, retry)
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

    def __init__(self, arrivals: Sequence[Arrival], crew: Sequence[Stint], chance: Random, retry: float) -> None:
        self._arrivals = arrivals
        self._crew = crew
        self._chance = chance
        self._retry = retry
        self.now = 0.0
        self.served = [Served(arrival.patience, False) for arrival in arrivals]
        self._turns = [0] * len(crew)  # by agent; an event of an earlier turn is out of date
        self._rests = [False] * len(crew)
        self._events = [(stint.start, agent, 0) for agent, stint in enumerate(crew)]
        heapify(self._events)
        groups = sorted({stint.queues for stint in crew})
        self._idle: dict[tuple[str, ...], deque[tuple[float, int]]] = {group: deque() for group in groups}
        queues = {arrival.queue for arrival in arrivals} | {queue for group in groups for queue in group}
        self._waiting: dict[str, list[tuple[int, int]]] = {queue: [] for queue in queues}
        self._serving = {queue: [self._idle[group] for group in groups if queue in group] for queue in queues}

    def pass_until(self, moment: float) -> None:
        """Let agents come, become free and be looked for, up to ``moment``."""
        events = self._events
        while events and events[0][0] <= moment:
            at, agent, turn = heappop(events)
            if turn == self._turns[agent]:
                self.now = max(self.now, at)
                self._look(agent, at)

    def enter(self, number: int, arrival: Arrival) -> None:
        """The caller ``number`` comes to an agent, or waits."""
        at = self.now = max(self.now, arrival.at)
        idle = self._longest_idle(arrival.queue, at)
        if idle is None or not self._has_turn(arrival, at):
            heappush(self._waiting[arrival.queue], (-arrival.priority, number))
        else:
            self._take(number, idle.popleft()[1], at)

    def _longest_idle(self, queue: str, at: float) -> deque[tuple[float, int]] | None:
        """The idle agents the first of whom has been so for longest; None when nobody is."""
        best = None
        for idle in self._serving[queue]:
            while idle and self._crew[idle[0][1]].end <= at:
                self._rests[idle.popleft()[1]] = False
            if idle and (best is None or idle[0] < best[0]):
                best = idle
        return best

    def _has_turn(self, arrival: Arrival, at: float) -> bool:
        """Whether there are more free agents than callers before this one (``is_our_turn()``, autofill)."""
        waiting = self._alive(arrival.queue, at)
        if not waiting:
            return True
        before = sum(place <= -arrival.priority for place, _ in waiting)
        return before < sum(map(len, self._serving[arrival.queue]))

    def _look(self, agent: int, at: float) -> None:
        """The agent is free: somebody who waits takes them now, or looks next at a later time."""
        stint = self._crew[agent]
        heads = [waiting for queue in stint.queues if (waiting := self._alive(queue, at))]
        if not heads:
            if at < stint.end:
                self._rest(agent, at)
            return
        looks = [self._next_look(self._arrivals[head[0][1]].at, at) for head in heads]
        soonest = min(looks)
        if soonest > at:
            self._rest(agent, at)
            heappush(self._events, (soonest, agent, self._turns[agent]))
            return
        due = [head for head, look in zip(heads, looks, strict=True) if look == soonest]
        head = due[0] if len(due) == 1 else due[int(self._chance.random() * len(due))]
        if self._rests[agent]:
            idle = self._idle[stint.queues]
            del idle[next(place for place, (_, other) in enumerate(idle) if other == agent)]
        self._take(heappop(head)[1], agent, at)

    def _next_look(self, since: float, at: float) -> float:
        """When a caller who came at ``since`` looks for an agent, at ``at`` or next after it."""
        if self._retry <= 0:
            return at
        looks = ceil((at - since) / self._retry - 1e-9)
        return max(at, since + looks * self._retry)

    def _rest(self, agent: int, at: float) -> None:
        if not self._rests[agent]:
            self._rests[agent] = True
            self._idle[self._crew[agent].queues].append((at, agent))

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
        free = gives_up if answer >= gives_up else answer + arrival.busy
        if answer < gives_up:
            self.served[number] = Served(answer - arrival.at, True)
        self._rests[agent] = False
        self._turns[agent] += 1
        heappush(self._events, (free, agent, self._turns[agent]))
