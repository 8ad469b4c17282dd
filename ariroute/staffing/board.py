"""Who serves where while the seats are given out: the best way to one agent more, by chains where need be.

The seats that can be filled together are the independent sets of a transversal matroid. So filling them one by one,
the strongest first, by chains that only ever free a weaker seat, fills the best set there is; no solver is needed
(Edmonds 1971, "Matroids and the greedy algorithm").
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ariroute.staffing.rules import StaffedAgent
from ariroute.staffing.seats import HURTS, WEAKEST, Level, Seats, Strength, strength

NOWHERE = ""
"""Where somebody is who serves no tier they may serve."""


class Fit(NamedTuple):
    """How well an agent fits a tier; the smaller, the better. The name settles ties, so that nothing else does."""

    order: int
    borrowed: bool
    tiers: int
    name: str


class Step(NamedTuple):
    """One agent goes from a queue to another."""

    agent: str
    leaves: str
    queue: str


class Comer(NamedTuple):
    """Somebody who could make a step, and how gladly they are taken: least first."""

    home: int
    order: int
    borrowed: bool
    held: tuple[float, ...]
    tiers: int
    name: str
    step: Step


@dataclass(frozen=True, slots=True)
class Person:
    """An agent who may be moved, from ``start``.

    One who ``stays`` was moved a short while ago, one who ``lingers`` not so long ago that they should go home already.
    ``over`` is the queue that must do without them: it has too many.
    """

    staffed: StaffedAgent
    start: str
    stays: bool = False
    lingers: bool = False
    over: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A tier asks for one agent more. With ``homes`` only those will do whose home is one of these, in this order."""

    level: Level
    queue: str
    rank: int
    homes: tuple[str, ...] = ()
    share: Strength | None = None

    @property
    def strength(self) -> Strength:
        """It may take an agent from any seat that is weaker."""
        return self.share or strength(self.level, self.rank)

    @property
    def chains(self) -> bool:
        """Whether others may be moved to make it possible; that is for what was promised, not for what is better."""
        return self.level <= Level.NEED


Pool = dict[tuple[str, bool], list[Fit]]
"""Who could come to a queue, by where they are and whether they came there a short while ago."""


class Board:
    """The people who may be moved, on the seats of their tiers. ``fixed`` is the number of the others on each."""

    def __init__(self, people: Iterable[Person], fixed: Mapping[str, int], seats: Mapping[str, Seats]) -> None:
        self.people = {person.staffed.name: person for person in sorted(people, key=lambda one: one.staffed.name)}
        self.seats = seats
        self.where = {name: person.start for name, person in self.people.items()}
        self._here = Counter(self.where.values())
        self._count = Counter(fixed) + self._here
        self._held = {NOWHERE: WEAKEST} | {queue: seats[queue].strength(self._count[queue]) for queue in seats}
        self._pools: dict[str, Pool] = {}

    def count(self, queue: str) -> int:
        """How many serve ``queue``."""
        return self._count[queue]

    def room(self, queue: str) -> bool:
        """Whether ``queue`` is a tier that may have one agent more."""
        return queue in self.seats and self._count[queue] < self.seats[queue].ceiling

    def guests(self, queue: str) -> list[str]:
        """Who is in ``queue`` and could go home, those who fit it least first."""
        there = (person for name, person in self.people.items() if self.where[name] == queue)
        away = (one for one in there if one.staffed.home != queue and not (one.stays or one.lingers))
        return [fit.name for fit in sorted((self.fit(one.staffed.name, queue) for one in away), reverse=True)]

    def move(self, step: Step) -> None:
        """One agent takes another place."""
        self.where[step.agent] = step.queue
        self._count[step.leaves] -= 1
        self._count[step.queue] += 1
        self._here[step.leaves] -= 1
        self._here[step.queue] += 1
        for queue in filter(None, (step.leaves, step.queue)):
            self._held[queue] = self.seats[queue].strength(self._count[queue])
        queues, stays = self.people[step.agent].staffed.queues, self.people[step.agent].stays
        for target, pool in self._pools.items():
            if target in queues and target != step.queue:
                insort(pool.setdefault((step.queue, stays), []), self.fit(step.agent, target))

    def weakest(self, queue: str) -> Strength:
        """How strongly that seat of ``queue`` is held which would become free if somebody left."""
        return self._held[queue]

    def fit(self, agent: str, queue: str) -> Fit:
        """How well ``agent`` fits ``queue``."""
        staffed = self.people[agent].staffed
        return Fit(staffed.queues[queue], staffed.home != queue, len(staffed.queues), agent)

    def chain(self, claim: Claim) -> list[Step]:
        """The steps that bring ``claim`` one agent more, that to its queue first; empty when nobody can be had.

        A breadth-first search from the claim backwards. Who is not missed is taken with the fewest steps, and then by
        fit; where somebody must be missed, it is from the weakest seat.
        """
        unseen = {queue for queue, here in self._here.items() if here and queue != claim.queue}
        weakest_of_all = max((self._held[queue] for queue in unseen), default=claim.strength)
        if weakest_of_all <= claim.strength:
            return []
        good_enough = min(weakest_of_all, HURTS)
        came: dict[str, Step] = {}
        weakest, first = claim.strength, None
        reached = [claim.queue]
        while reached and unseen:
            comers = sorted(self._comers(claim, reached, unseen))
            reached = []
            for comer in comers:
                source = comer.step.leaves
                came[source] = comer.step
                reached.append(source)
                unseen.remove(source)
                if self._held[source] >= good_enough:
                    return self._steps(came, source, claim.queue)
                if self._held[source] > weakest:
                    weakest, first = self._held[source], source
            if not claim.chains:
                break
        return [] if first is None else self._steps(came, first, claim.queue)

    def _comers(self, claim: Claim, queues: Iterable[str], sources: Iterable[str]) -> Iterable[Comer]:
        """The best agent of each of ``sources`` who could come to one of ``queues``."""
        pools = [(queue, self._pool(queue)) for queue in queues]
        enough = () if claim.chains else claim.strength  # through a chain anybody's place can be filled again
        for source in sources:
            held = self._held[source]
            if held <= enough:
                continue
            able = [(best, queue) for queue, pool in pools if (best := self._best(pool, source, claim))]
            if able:
                (home, fit), queue = min(able)
                step = Step(fit.name, source, queue)
                yield Comer(home, fit.order, fit.borrowed, tuple(-part for part in held), fit.tiers, fit.name, step)

    def _best(self, pool: Pool, source: str, claim: Claim) -> tuple[int, Fit] | None:
        """The best of those at ``source`` who may go for ``claim``, behind the place of their home in it."""
        best = self._first(pool.get((source, False)), source, claim)
        if best is None and self._may_call(claim, source):
            best = self._first(pool.get((source, True)), source, claim)
        return best

    def _may_call(self, claim: Claim, source: str) -> bool:
        """Whether ``claim`` may have those at ``source`` who came a short while ago."""
        if claim.level is Level.FLOOR or source == NOWHERE:
            return True
        return claim.level is Level.NEED and claim.rank < self.seats[source].rank

    def _first(self, line: list[Fit] | None, source: str, claim: Claim) -> tuple[int, Fit] | None:
        while line and self.where[line[0].name] != source:
            line.pop(0)
        if not line:
            return None
        if not claim.homes:
            return 0, line[0]
        homes = ((self.people[fit.name].staffed.home, fit) for fit in line if self.where[fit.name] == source)
        return min(((claim.homes.index(home), fit) for home, fit in homes if home in claim.homes), default=None)

    def _pool(self, queue: str) -> Pool:
        """Who could come to ``queue``, the best first. Those who have left since may still be there."""
        if queue not in self._pools:
            pool: Pool = {}
            for name, person in self.people.items():
                if queue in person.staffed.queues and self.where[name] != queue:
                    pool.setdefault((self.where[name], person.stays), []).append(self.fit(name, queue))
            for line in pool.values():
                line.sort()
            self._pools[queue] = pool
        return self._pools[queue]

    @staticmethod
    def _steps(came: Mapping[str, Step], first: str, last: str) -> list[Step]:
        """From ``last`` back to ``first``: the claim's own step, then each that fills the place just left."""
        steps = [came[first]]
        while steps[-1].queue != last:
            steps.append(came[steps[-1].queue])
        return steps[::-1]
