"""The floor: callers who wait, ring and talk in made-up time, as app_queue has it (app_queue.c, Asterisk 22.10.1)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from math import ceil, inf, isfinite
from random import Random
from typing import TYPE_CHECKING

from ariroute.simulate.crew import Crew
from ariroute.simulate.places import Line, Place
from ariroute.simulate.rounds import Rounds
from ariroute.simulate.scenario import Caller, Played, Scenario, Served

if TYPE_CHECKING:
    from ariroute.simulate.steering import Steering

WAITING, RUNG, RETRYING, GONE = range(4)
"""What a caller does. One who is RUNG for takes no turn from those behind (``pending``)."""

ENDS, RESTED, COMES, GOES, BACK, GIVES_UP = range(6)
KNOWN, ACTS, ANSWERS, RING_ENDS, RETRIES, EXPIRES, LOOKS_AGAIN, LOOKS = range(6, 14)
"""Kinds of events, in the order that they have at one instant. The first line's change something by themselves."""

STUCK = 3600.0
"""After so many seconds in which nobody came, was answered or left all ends: it would go on like that for ever."""
ALMOST = 1e-9

Event = tuple[float, float, int, int]
"""When, what kind, of which caller or agent, and of which line or ring. Of a caller who is GONE nothing counts."""


def play(scenario: Scenario, chance: Random) -> Played:
    """What becomes of the callers of ``scenario``.

    In a queue the higher priority comes first, then who came first (``join_queue()``). As many callers as there are
    agents who could take a call look for one when they come, and then once in :attr:`Scenario.recheck` seconds
    (``is_our_turn()``, ``wait_our_turn()``); who rang in vain, or found nobody they may ring, tries again after the
    queue's ``retry``. Wrap-up and the longest wait end at whole seconds, as ``time()`` tells them. A caller who gives
    up does so at once. An agent whom ariroute moves has had no calls yet in the new queue.

    A caller whom nobody answers and who never gives up waits until all has ended. Raises KeyError for a queue or an
    agent that the scenario does not have.
    """
    floor = Floor(scenario, chance)
    floor.run()
    return floor.played()


class Floor:
    """One pass through made-up time; ``now`` is the moment."""

    def __init__(self, scenario: Scenario, chance: Random) -> None:
        self.now = self.begun = _begun(scenario)
        self.lines = {model.queue: Line(number, model) for number, model in enumerate(scenario.queues.values())}
        self._lines = list(self.lines.values())
        for line in self._lines:
            line.heavier = [each for each in self._lines if each.weight > line.weight]
        self.crew = Crew(scenario, self.begun, self.lines, self._rouse, self._rests)
        self.callers: Sequence[Caller] = scenario.callers
        count = len(self.callers)
        self._line_of = [self.lines[caller.queue] for caller in self.callers]
        self._served: list[Served | None] = [None] * count
        self._chance = chance
        self._recheck = scenario.recheck
        self._lag = scenario.lag
        self._rounds = Rounds(scenario, chance)
        self._state = [WAITING] * count
        self._since = [0.0] * count
        """When each caller began to look once in a while."""
        self._looks = [False] * count
        """Whether each has a look before them, as an event."""
        self._in_vain = [0] * count
        self._rung: dict[int, tuple[list[Place], int | None]] = {}
        """Whom each caller rings, and where the next round begins."""
        self._left = count
        """Callers who have not left yet, nor come to the end of their talk."""
        self._until = self.now
        """Until then at least something will happen by itself."""
        self._events: list[Event] = []
        self._handlers: tuple[Callable[[int, int], None], ...] = (
            self._end,
            self._rested,
            self._come,
            self._go,
            self._back,
            self._give_up,
            self._known,
            self._act,
            self._answer,
            self._ring_ends,
            self._retry,
            self._expire,
            self._think,
            self._look,
        )
        for number, model in enumerate(scenario.agents):
            if (start := max(model.start, self.now)) < model.end:
                self.push(start, COMES, number)
                self.push(model.end, GOES, number)
        self._steering: Steering | None = None
        if scenario.rules:
            from ariroute.simulate.steering import Steering  # what it knows of is not needed otherwise

            self._steering = Steering(scenario, self)

    def played(self) -> Played:
        """What became of all."""
        crew, names = self.crew, [person.name for person in self.crew.people]
        served = [
            each or Served(max(0.0, self.now - caller.at), "", in_vain)
            for each, caller, in_vain in zip(self._served, self.callers, self._in_vain, strict=True)
        ]
        duty = dict(zip(names, crew.until(self.now), strict=True))
        busy = {person.name: person.busy for person in crew.people}
        if self._steering is None:
            return Played(served, duty, busy)
        self._steering.finish()
        return Played(served, duty, busy, self._steering.tiers(), self._steering.moves, self._steering.courses())

    # ---- time

    def run(self) -> None:
        """All of it."""
        steering = self._steering
        events = self._events
        for number, caller in enumerate(self.callers):
            if events and events[0][0] <= caller.at:
                self._pass_until(caller.at)
            self.now = caller.at
            self._enter(number, caller)
            if steering:
                steering.look()
        self._pass_until(inf)

    def _pass_until(self, moment: float) -> None:
        events, handlers, steering = self._events, self._handlers, self._steering
        last = moment == inf
        while events and events[0][0] <= moment:
            at, kind, index, more = heappop(events)
            if last and (not self._left or at > self._until + STUCK):
                return
            self.now = at
            handlers[int(kind)](index, more)
            # Who comes with others is seen with them.
            if steering and not (kind == COMES and events and events[0][:2] == (at, COMES)):
                steering.look()

    def push(self, at: float, kind: float, index: int, more: int = 0) -> None:
        """Something will happen. What makes a difference by itself keeps the floor from ending before it."""
        if at == inf:
            return
        if kind <= GIVES_UP and at > self._until:
            self._until = at
        heappush(self._events, (at, kind, index, more))

    # ---- callers

    def _enter(self, number: int, caller: Caller) -> None:
        """The caller joins the queue, and looks at once whether it is their turn."""
        line = self._line_of[number]
        insort(line.waiting, (-caller.priority, number))
        line.changed = True
        if self.now > self._until:
            self._until = self.now
        if caller.patience < inf:
            self.push(self.now + caller.patience, GIVES_UP, number)
        self._wait(number, line)

    def _wait(self, number: int, line: Line) -> None:
        """The caller looks now; if it is not their turn, from now on once in a while (``wait_our_turn()``)."""
        self._state[number] = WAITING
        self._since[number] = self.now
        if line.max_wait < inf:
            expires = self._expires(number, line)
            if self.now >= expires:
                self._leave(number, line)
                return
            self.push(self._next_look(number, expires), EXPIRES, number)
        if line.ready and self._has_turn(number, line):
            self._call(number, line)

    def _expires(self, number: int, line: Line) -> float:
        return self.callers[number].at // 1 + line.max_wait

    def _has_turn(self, number: int, line: Line) -> bool:
        """Whether fewer callers wait before this one than there are agents (``is_our_turn()``)."""
        waiting = line.waiting
        if waiting[0][1] == number:
            return True
        before, available = 0, line.available()
        state = self._state
        for _, other in waiting:
            if other == number:
                return line.autofill
            if state[other] != RUNG:
                before += 1
                if before >= available:
                    return False
        return False

    def _next_look(self, number: int, moment: float) -> float:
        """When the caller looks, at ``moment`` or next after it."""
        since, recheck = self._since[number], self._recheck
        if recheck <= 0:
            return moment
        return max(moment, since + ceil((moment - since) / recheck - ALMOST) * recheck)

    def _rouse(self, line: Line) -> None:
        """Those whose turn it is now will see it when they look next."""
        left = line.available()
        state, looks = self._state, self._looks
        for _, number in line.waiting:
            if left <= 0:
                return
            if state[number] == RUNG:
                if not line.autofill:
                    return
                continue
            left -= 1
            if state[number] == WAITING and not looks[number]:
                looks[number] = True
                # Where all look at once it is chance which queue's caller does so first.
                kind = LOOKS if self._recheck > 0 else LOOKS + self._chance.random() / 2
                heappush(self._events, (self._next_look(number, self.now), kind, number, 0))

    def _look(self, number: int, _: int) -> None:
        self._looks[number] = False
        line = self._line_of[number]
        if self._state[number] == WAITING and line.ready and self._has_turn(number, line):
            if line.max_wait < inf and self.now >= self._expires(number, line):
                self._leave(number, line)
            else:
                self._call(number, line)

    def _retry(self, number: int, _: int) -> None:
        """The caller has waited a bit after a ring in vain, and comes back (``wait_a_bit()``)."""
        if self._state[number] == RETRYING:
            self._wait(number, self._line_of[number])

    def _expire(self, number: int, _: int) -> None:
        line = self._line_of[number]
        if self._state[number] == WAITING and self.now >= self._expires(number, line):
            self._leave(number, line)

    def _give_up(self, number: int, _: int) -> None:
        if self._state[number] == GONE:
            return
        line = self._line_of[number]
        rung = self._stop_ringing(number, line) if self._state[number] == RUNG else ()
        self._leave(number, line)
        for place in rung:
            self.crew.spare(place.person, self.now)

    def _leave(self, number: int, line: Line) -> None:
        """Nobody has answered, and the caller goes."""
        wait = self.now - self.callers[number].at
        self._served[number] = Served(wait, "", self._in_vain[number])
        self._left -= 1
        if self._steering:
            self._steering.left(line, wait)
        self._depart(number, line)

    def _depart(self, number: int, line: Line) -> None:
        """Out of those who wait."""
        self._state[number] = GONE
        waiting = line.waiting
        del waiting[bisect_left(waiting, (-self.callers[number].priority, number))]
        line.changed = True
        if line.ready and waiting:
            self._rouse(line)
        elif self.crew.staying:
            self.crew.see_off(self.now)

    # ---- rings

    def _call(self, number: int, line: Line) -> None:
        """It is the caller's turn: somebody is rung, unless nobody may be (``try_calling()``)."""
        rung, following = self._rounds.choose(number, line, self.callers[number].max_penalty, self.now // 1)
        if not rung:
            self._rounds.next(number, line, following)
            self._try_later(number, line)
            return
        self._state[number] = RUNG
        for place in rung:
            self.crew.ring(place, self.now)
            if self._lag > 0:
                self.push(self.now + self._lag, KNOWN, place.person.number, place.person.rings)
        if line.ready and (line.one_at_a_time or self._lag > 0):  # whoever is next may think that it is their turn
            self._rouse(line)
        after = rung[0].person.picks_up if len(rung) == 1 else min(place.person.picks_up for place in rung)
        if after <= 0:
            self._connect(number, line, rung, following)
            return
        self._rung[number] = (rung, following)
        lasts = line.timeout
        if line.max_wait < inf:
            lasts = min(lasts, self._expires(number, line) - self.now // 1)
        kind = ANSWERS if after < lasts else RING_ENDS
        self.push(self.now + min(after, lasts), kind, number)

    def _stop_ringing(self, number: int, line: Line) -> list[Place]:
        """The ring is over. Returns whom it was for."""
        rung, following = self._rung.pop(number)
        self._rounds.next(number, line, following)
        return rung

    def _answer(self, number: int, _: int) -> None:
        if self._state[number] == RUNG:
            self._connect(number, self._line_of[number], *self._rung.pop(number))

    def _connect(self, number: int, line: Line, rung: list[Place], following: int | None) -> None:
        """Somebody of those who are rung answers."""
        caller = self.callers[number]
        self._rounds.next(number, line, following)
        answering = rung[0] if len(rung) == 1 else self._quickest(rung)
        wait = self.now - caller.at
        self._served[number] = Served(wait, answering.person.name, self._in_vain[number])
        self.crew.answer(answering, self.now, caller.talk)
        self.push(self.now + caller.talk, ENDS, answering.person.number)
        if self._steering:
            self._steering.answered(line, wait)
        self._depart(number, line)
        if len(rung) > 1:
            for place in rung:
                if place is not answering:
                    self.crew.spare(place.person, self.now)

    def _quickest(self, rung: Sequence[Place]) -> Place:
        soonest = min(place.person.picks_up for place in rung)
        quick = [place for place in rung if place.person.picks_up == soonest]
        return quick[int(self._chance.random() * len(quick))]

    def _ring_ends(self, number: int, _: int) -> None:
        """Nobody has answered in time (``rna()``)."""
        if self._state[number] != RUNG:
            return
        line = self._line_of[number]
        rung = self._stop_ringing(number, line)
        self._in_vain[number] += len(rung)
        self._state[number] = RETRYING
        for place in rung:
            self._unanswered(place)
        if line.max_wait < inf and self.now >= self._expires(number, line):
            self._leave(number, line)
        else:
            self._try_later(number, line)

    def _try_later(self, number: int, line: Line) -> None:
        self._state[number] = RETRYING
        self.push(self.now + line.retry, RETRIES, number)

    def _unanswered(self, place: Place) -> None:
        """Pause who did not answer, as app_queue or ariroute does."""
        person = place.person
        person.unanswered += 1
        if place.line.autopause != "no":
            self.crew.pause(person, [place.line] if place.line.autopause == "yes" else self._lines)
        elif self._steering and (pause := self._steering.pause_of(person)):
            self.crew.pause(person, self._lines)
            person.unanswered = 0
            self.push(self.now + pause, BACK, person.number)
        self.crew.spare(person, self.now)

    # ---- agents

    def _end(self, agent: int, _: int) -> None:
        person = self.crew.people[agent]
        self._left -= 1
        if self._steering and person.call:
            self._steering.ended(person.call.line, self.now - person.since)
        self.crew.end(person, self.now)
        if self.crew.staying:
            self.crew.see_off(self.now)

    def _rests(self, place: Place, until: float) -> None:
        self.push(until, RESTED, place.person.number, place.line.number)

    def _rested(self, agent: int, line: int) -> None:
        self.crew.rested(self.crew.people[agent], self._lines[line], self.now)

    def _known(self, agent: int, ring: int) -> None:
        person = self.crew.people[agent]
        if person.called and person.rings == ring:
            self.crew.known(person)

    def _come(self, agent: int, _: int) -> None:
        self.crew.come(self.crew.people[agent], self.now)

    def _go(self, agent: int, _: int) -> None:
        person = self.crew.people[agent]
        if person.stays:
            self.crew.staying.append(person)
            self.crew.see_off(self.now)
        else:
            self.crew.go(person, self.now)

    def _back(self, agent: int, _: int) -> None:
        self.crew.unpause(self.crew.people[agent])

    # ---- ariroute

    def acts_at(self, moment: float) -> None:
        """Moves will take effect."""
        self.push(moment, ACTS, 0)

    def looks_again_at(self, moment: float) -> None:
        """The controller wants to be asked again."""
        self.push(moment, LOOKS_AGAIN, 0)

    def _act(self, _: int, __: int) -> None:
        assert self._steering is not None
        self._steering.act()

    def _think(self, _: int, __: int) -> None:
        assert self._steering is not None
        self._steering.again()


def _begun(scenario: Scenario) -> float:
    """When it begins: as the first caller or the first agent comes."""
    starts = [model.start for model in scenario.agents if isfinite(model.start)]
    return min((*starts, *(caller.at for caller in scenario.callers[:1])), default=0.0)
