"""The agents of a floor: they come and go, are rung, talk and wrap up, are paused and moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ariroute.simulate.places import FREE, RINGING, TALKING, Line, Person, Place
from ariroute.simulate.scenario import Scenario


class Crew:
    """All agents, some of whom are there as it begins, at ``begin``.

    ``rouse`` is told of each line with waiting callers for whom somebody is ready now; ``rests`` of a wrap-up: at which
    place, until when.
    """

    def __init__(
        self,
        scenario: Scenario,
        begin: float,
        lines: Mapping[str, Line],
        rouse: Callable[[Line], None],
        rests: Callable[[Place, float], None],
    ) -> None:
        self.people = [Person(number, model) for number, model in enumerate(scenario.agents)]
        self.by_name = {person.name: person for person in self.people}
        self._on_duty = [0.0] * len(self.people)
        self.touched: set[Person] = set()
        """Those of whom a controller does not know yet that something changed."""
        self.staying: list[Person] = []
        """Those who go once nobody waits for them."""
        self._lag = scenario.lag
        self._shared = scenario.shared_last_call
        self._lines = lines
        self._rouse = rouse
        self._rests = rests
        self._places: dict[str, list[tuple[Line, int]]] = {person.name: [] for person in self.people}
        begun = {model.name for model in scenario.agents if model.start <= begin < model.end}
        for agent, queue, penalty in scenario.members:
            self._places[agent].append((lines[queue], penalty))
            if agent in begun:  # in the order of the file, as app_queue has it, and not of the agents
                lines[queue].add(self.by_name[agent], penalty)

    def come(self, person: Person, now: float) -> None:
        """They log in."""
        person.came = now
        for line, penalty in self._places[person.name]:
            if line not in person.places:
                line.add(person, penalty)
        if person.state == FREE:
            self._ready(person)
        self.touched.add(person)

    def go(self, person: Person, now: float) -> None:
        """They log out; a talk goes on, and a ring too."""
        assert person.came is not None
        self._on_duty[person.number] += now - person.came
        person.came = None
        for line in list(person.places):
            line.remove(person)
        self.touched.add(person)

    def until(self, now: float) -> list[float]:
        """How long each was on duty until now."""
        people = zip(self.people, self._on_duty, strict=True)
        return [seconds + (0.0 if person.came is None else now - person.came) for person, seconds in people]

    def see_off(self, now: float) -> None:
        """Who wanted to go goes, if they have no call and nobody waits for them."""
        for person in [each for each in self.staying if each.state == FREE]:
            if not any(line.waiting for line in person.places):
                self.staying.remove(person)
                self.go(person, now)

    def ring(self, place: Place, now: float) -> None:
        """The phone rings for a caller of the place's line."""
        person = place.person
        person.call, person.since, person.state = place, now, RINGING
        person.rings += 1
        self.touched.add(person)
        if self._lag > 0:
            person.called = True
            return
        for line in person.places:
            line.ready.pop(person.number, None)

    def known(self, person: Person) -> None:
        """app_queue knows now that they are not free."""
        person.called = False
        for line in person.places:
            line.ready.pop(person.number, None)

    def answer(self, place: Place, now: float, talk: float) -> None:
        """They answer, and will talk so long."""
        person = place.person
        if person.called:
            self.known(person)
        person.busy += now - person.since + talk
        person.state, person.unanswered = TALKING, 0
        person.since = now
        place.line.talking += 1
        self.touched.add(person)

    def end(self, person: Person, now: float) -> None:
        """The talk is over: wrap-up, and whatever comes in other queues."""
        place = person.call
        assert place is not None
        line = place.line
        line.talking -= 1
        line.changed = True
        second = now // 1
        until = second + line.wrap_up
        if person.came is not None:
            person.busy += max(0.0, until - now)
        for each in person.places.values() if self._shared else (place,):
            each.calls += 1
            each.last, each.rests_until = second, until
            own = second + each.line.wrap_up
            if own > now:
                each.resting = True
                self._rests(each, own)
        self._free(person)

    def rested(self, person: Person, line: Line, now: float) -> None:
        """A wrap-up in ``line`` is over, unless there was another call meanwhile."""
        place = person.places.get(line)
        if place is not None and place.resting and place.last is not None and place.last + line.wrap_up <= now:
            place.resting = False
            self.touched.add(person)
            if person.state == FREE:
                self._ready(person)

    def spare(self, person: Person, now: float) -> None:
        """The phone stops ringing, and they did not answer."""
        person.busy += now - person.since
        self._free(person)

    def pause(self, person: Person, lines: list[Line]) -> None:
        """No calls of ``lines`` any more."""
        for line in lines:
            if place := person.places.get(line):
                place.paused = True
                line.ready.pop(person.number, None)
        self.touched.add(person)

    def unpause(self, person: Person) -> None:
        """Calls of all their lines again."""
        for place in person.places.values():
            place.paused = False
        self.touched.add(person)
        if person.state == FREE:
            self._ready(person)

    def move(self, person: Person, leaves: frozenset[str], line: Line, penalty: int, now: float) -> None:
        """First into the new line, as one without calls; then out of others."""
        if line not in person.places:
            line.add(person, penalty)
        for name in leaves:
            if (left := self._lines.get(name)) in person.places and left is not line:
                assert left is not None
                left.remove(person)
        person.moved_at = now
        self.touched.add(person)
        if person.state == FREE:
            self._ready(person)

    def _free(self, person: Person) -> None:
        person.state, person.call, person.called = FREE, None, False
        self.touched.add(person)
        self._ready(person)

    def _ready(self, person: Person) -> None:
        number = person.number
        for line, place in person.places.items():
            if not place.paused and not place.resting:
                line.ready[number] = place
                if line.waiting:
                    self._rouse(line)
