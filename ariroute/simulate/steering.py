"""ariroute's controller on the floor: it is told what the daemon would be told, and its moves are carried out.

It also counts the seconds in which tiers have the agents per call that they are to have.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ariroute.simulate.places import FREE, RINGING, Line, Person
from ariroute.simulate.scenario import Scenario, TierSeconds
from ariroute.staffing.control import propose
from ariroute.staffing.proposal import Memory, Move
from ariroute.staffing.recent import Recent
from ariroute.staffing.rules import Tier
from ariroute.staffing.snapshot import AgentNow, QueueNow, Snapshot, State

if TYPE_CHECKING:
    from ariroute.simulate.floor import Floor

SOONEST = 0.1
"""The controller looks again by itself so many seconds later at the earliest."""


class Steering:
    """The controller of one floor, whose rules are those of ``scenario``."""

    def __init__(self, scenario: Scenario, floor: Floor) -> None:
        assert scenario.rules is not None
        self.moves: list[tuple[float, Move]] = []
        self._rules = scenario.rules
        self._acts_after = scenario.acts_after
        self._floor = floor
        self._crew = floor.crew
        self._memory = Memory()
        self._agents: dict[str, AgentNow] = {}
        self._queues: dict[str, QueueNow] = {}
        self._serves: dict[Person, tuple[Line, ...]] = {}
        self._under_way: tuple[Move, ...] = ()
        self._next = inf
        """When it looks again by itself."""
        self._recent = {line: Recent() for line in floor.lines.values()}
        self._tiers = {
            line: _Count(tier, scenario.step)
            for tier in self._rules.tiers
            if (line := floor.lines.get(tier.queue)) is not None
        }
        self._within = {
            tier.queue: tier.service_level.within if tier.service_level else None for tier in self._rules.tiers
        }
        self._counted = floor.now
        self._suffices = True

    # ---- what is seen

    def look(self) -> None:
        """Something happened: count the time since, and think if it may make a difference."""
        touched = self._crew.touched
        changed = [line for line in self._tiers if line.changed]
        if not touched and not changed:
            return
        self._count()
        matters = bool(changed)
        for person in touched:
            matters = self._see(person) or matters
        touched.clear()
        for line in changed:
            line.changed = False
            self._tiers[line].calls = len(line.waiting) + line.talking
        if matters and not self._under_way:
            self.think()

    def _see(self, person: Person) -> bool:
        """What became of an agent. Returns whether it may make a difference: no ring and no answer does."""
        for line in self._serves.get(person, ()):
            if line in self._tiers:
                self._tiers[line].agents -= 1
        self._serves[person] = serves = _serves(person)
        for line in serves:
            if line in self._tiers:
                self._tiers[line].agents += 1
        before, now = self._agents.get(person.name), self._agent(person)
        if now is None:
            self._agents.pop(person.name, None)
        else:
            self._agents[person.name] = now
        return now is None or before is None or not (before.serves and now.serves and now.state is not State.FREE)

    def _agent(self, person: Person) -> AgentNow | None:
        if person.came is None or not person.places:
            return None
        queues = frozenset(line.name for line, place in person.places.items() if not place.paused)
        posted = self._posted(person)
        if person.state != FREE:
            state = State.RINGING if person.state == RINGING else State.TALKING
        elif not queues:
            state = State.PAUSED
        else:
            state = State.WRAP_UP if any(place.resting for place in person.places.values()) else State.FREE
        return AgentNow(person.name, state, posted, queues, "", person.moved_at)

    def _posted(self, person: Person) -> str:
        """The tier that somebody serves: where their call is, else their home if they are there, else any of theirs."""
        if person.call is not None:
            return person.call.line.name if person.call.line in self._tiers else ""
        tiers = [line.name for line in person.places if line in self._tiers]
        known = self._rules.agents.get(person.name)
        return known.home if known and known.home in tiers else next(iter(tiers), "")

    def _queue(self, line: Line, now: float) -> QueueNow:
        recent, waiting = self._recent[line], line.waiting
        longest = now - self._floor.callers[min(number for _, number in waiting)].at if waiting else 0.0
        recent.forget(now - self._rules.look_back)
        handling, in_time = recent.handling_time(line.wrap_up), recent.answered_in_time(self._within[line.name])
        return QueueNow(line.name, len(waiting), line.talking, longest, handling, in_time)

    # ---- what is done

    def think(self) -> None:
        """Ask the controller, and begin to do what it proposes."""
        now = self._floor.now
        queues = {line.name: self._queue(line, now) for line in self._tiers}
        proposal = propose(self._rules, Snapshot(now, self._agents, queues), self._memory)
        self._memory, self._suffices = proposal.memory, proposal.suffices
        if proposal.moves and self._rules.mode != "advise":
            self._under_way = proposal.moves
            self._floor.acts_at(now + self._acts_after)
        if proposal.look_again is not None and not now < self._next <= proposal.look_again:
            self._next = max(proposal.look_again, now + SOONEST)
            self._floor.looks_again_at(self._next)

    def act(self) -> None:
        """The moves take effect."""
        now, moves = self._floor.now, self._under_way
        self._under_way = ()
        for move in moves:
            person = self._crew.by_name[move.agent]
            if person.came is not None:
                self._crew.move(person, move.leaves, self._floor.lines[move.queue], move.order, now)
                self.moves.append((now, move))

    def again(self) -> None:
        """The moment has come to look again."""
        if self._floor.now >= self._next and not self._under_way:
            self._count()
            self.think()

    def pause_of(self, person: Person) -> float | None:
        """How long somebody is paused now who has not answered; None for not at all."""
        rule = self._rules.no_answer
        if rule is None or self._rules.mode == "advise" or person.unanswered < rule.rings:
            return None
        return rule.pause

    # ---- what is counted

    def answered(self, line: Line, wait: float) -> None:
        """A caller of ``line`` was answered."""
        self._recent[line].answered(self._floor.now, wait)

    def left(self, line: Line, wait: float) -> None:
        """A caller of ``line`` left without an answer, after ``wait`` seconds."""
        self._recent[line].abandoned(self._floor.now, wait)

    def ended(self, line: Line, talk: float) -> None:
        """A talk is over."""
        self._recent[line].talked(self._floor.now, talk)

    def finish(self) -> None:
        """Count the time up to the end."""
        self._count()

    def tiers(self) -> dict[str, TierSeconds]:
        """The seconds of each tier."""
        return {line.name: count.whole() for line, count in self._tiers.items()}

    def courses(self) -> dict[str, list[TierSeconds]]:
        """The same, piece by piece."""
        return {line.name: count.course() for line, count in self._tiers.items()}

    def _count(self) -> None:
        now, since = self._floor.now, self._counted
        if now > since:
            for count in self._tiers.values():
                count.add(since, now, self._suffices)
            self._counted = now


def _serves(person: Person) -> tuple[Line, ...]:
    """The lines whose agent somebody is now: of several at once while they are free."""
    if person.call is not None:
        return (person.call.line,)
    return tuple(line for line in person.places if person.number in line.ready)


class _Count:
    """The seconds of one tier, as a whole and in pieces of ``step`` seconds."""

    def __init__(self, tier: Tier, step: float) -> None:
        self.calls = 0
        self.agents = 0
        self._target = tier.agents_per_call
        self._step = step
        self._whole = [0.0] * 6
        self._pieces: dict[int, list[float]] = {}
        self._last = -1

    def add(self, since: float, now: float, enough: bool) -> None:
        """From ``since`` to ``now`` all was as it is."""
        if self._step > 0:
            self._last = max(self._last, int(now / self._step))
        if not self.calls:
            return
        holds = self._target is None or self.agents >= self._target * self.calls
        _add(self._whole, now - since, self.calls, self.agents, holds, enough)
        while self._step > 0 and since < now:
            piece = int(since / self._step)
            end = min(now, (piece + 1) * self._step)
            into = self._pieces.setdefault(piece, [0.0] * 6)
            _add(into, end - since, self.calls, self.agents, holds, enough)
            since = end if end > since else now

    def whole(self) -> TierSeconds:
        """All of it."""
        return TierSeconds(*self._whole)

    def course(self) -> list[TierSeconds]:
        """Piece by piece, from 0 on."""
        return [TierSeconds(*self._pieces.get(number, ())) for number in range(self._last + 1)]


def _add(to: list[float], seconds: float, calls: int, agents: int, holds: bool, enough: bool) -> None:
    """In the order of the fields of TierSeconds."""
    to[0] += seconds
    to[1] += seconds * holds
    to[2] += seconds * enough
    to[3] += seconds * (holds and enough)
    to[4] += seconds * calls
    to[5] += seconds * agents
