"""Lines of callers, people, and the places that people have in lines: what app_queue calls queues and members."""

from __future__ import annotations

from math import inf

from ariroute.simulate.scenario import AgentModel, QueueModel

FREE, RINGING, TALKING = range(3)
BUCKETS = 37
"""Of the hash table in which app_queue keeps the members of a queue (``init_queue()``, 22.10.1)."""
RETRY = 5.0
"""What app_queue takes a ``retry`` of 0 or less for (``DEFAULT_RETRY``)."""
IN_ORDER = frozenset({"linear", "rrordered"})
"""The strategies for which it keeps them in a list, as they came."""


class Place:
    """Somebody's membership of a line; made anew, without calls, whenever they are added to it."""

    __slots__ = ("calls", "last", "line", "paused", "penalty", "person", "position", "resting", "rests_until", "tie")

    def __init__(self, person: Person, line: Line, penalty: int) -> None:
        self.person = person
        self.line = line
        self.penalty = penalty
        self.position = len(line.places)
        self.tie = line.tie_of(person.name)
        self.calls = 0
        self.last: float | None = None
        """The second in which the last call ended."""
        self.paused = False
        self.rests_until = -inf
        """When the wrap-up ends by the queue of the last call; ``resting`` is by this line's own."""
        self.resting = False
        """In wrap-up after a call of this line, or of any if they are to know of each other's."""


class Person:
    """An agent. ``places`` is by line; empty before they log in and after they log out."""

    __slots__ = (
        "busy",
        "call",
        "called",
        "came",
        "moved_at",
        "name",
        "number",
        "picks_up",
        "places",
        "rings",
        "since",
        "state",
        "stays",
        "unanswered",
    )

    def __init__(self, number: int, model: AgentModel) -> None:
        self.number = number
        self.name = model.name
        self.picks_up = model.picks_up
        self.stays = model.stays
        self.places: dict[Line, Place] = {}
        self.state = FREE
        self.since = 0.0
        """When the ring began."""
        self.call: Place | None = None
        """The place at which they have the call that rings or is talked."""
        self.called = False
        """Their phone rings, and app_queue does not know yet."""
        self.rings = 0
        """How often it rang."""
        self.came: float | None = None
        """When they logged in; None while they are not."""
        self.busy = 0.0
        self.unanswered = 0
        """Rings in a row that they did not answer."""
        self.moved_at = -inf


class Line:
    """A queue. ``waiting`` are its callers who are not answered yet: minus their priority, and their number; in order.

    ``ready`` are the places whose people could be rung now (``num_available_members()``), by the people's numbers; and
    those who are rung, until that is known.
    """

    __slots__ = (
        "added",
        "autofill",
        "autopause",
        "changed",
        "flat",
        "heavier",
        "max_wait",
        "name",
        "number",
        "one_at_a_time",
        "places",
        "ready",
        "retry",
        "round_robin",
        "strategy",
        "talking",
        "timeout",
        "waiting",
        "weight",
        "wrap_up",
        "wrapped",
    )

    def __init__(self, number: int, model: QueueModel) -> None:
        self.number = number
        self.name = model.queue
        self.strategy = model.strategy
        self.timeout = model.timeout if model.timeout > 0 else inf
        self.retry = model.retry if model.retry > 0 else RETRY
        self.wrap_up = model.wrap_up
        self.autofill = model.autofill
        self.autopause = model.autopause
        self.max_wait = model.max_wait
        self.weight = model.weight
        self.one_at_a_time = not model.autofill or model.strategy == "ringall"
        self.places: dict[int, Place] = {}
        self.ready: dict[int, Place] = {}
        self.waiting: list[tuple[int, int]] = []
        self.talking = 0
        self.heavier: list[Line] = []
        self.round_robin = 0
        """Where the round begins (``rrpos``)."""
        self.wrapped = False
        self.flat = True
        """Whether all penalties are equal."""
        self.added = 0
        self.changed = True
        """Whether a controller does not know yet who waits and talks."""

    def tie_of(self, name: str) -> int:
        """Of equals the one with the lowest is rung: the last whom app_queue finds as it goes through the members.

        They lie in buckets, by their interface from its slash on (``member_hash_fn()``); a name without one is taken
        for that of a device.
        """
        self.added += 1
        if self.strategy in IN_ORDER:
            return -self.added
        return -(_hash(name if "/" in name else f"/{name}") % BUCKETS * 1_000_000 + self.added)

    def add(self, person: Person, penalty: int) -> Place:
        """``person`` gets a place at the end."""
        place = Place(person, self, penalty)
        self.places[person.number] = place
        person.places[self] = place
        self._penalties_changed()
        return place

    def remove(self, person: Person) -> None:
        """``person`` leaves; who came later moves up, and the round does not skip anybody.

        (``queue_member_follower_removal()``, app_queue.c 22.10.1)
        """
        place = person.places.pop(self)
        del self.places[person.number]
        self.ready.pop(person.number, None)
        if place.position < self.round_robin:
            self.round_robin -= 1
        for other in self.places.values():
            if other.position > place.position:
                other.position -= 1
        self._penalties_changed()

    def available(self) -> int:
        """How many callers may look for an agent at once."""
        return min(len(self.ready), 1) if self.one_at_a_time else len(self.ready)

    def blocks(self, person: Person) -> bool:
        """Whether this line has too many callers to let ``person`` take one of a lighter line.

        (``compare_weight()``, app_queue.c 22.10.1: it never asks whether these callers may have this agent.)
        """
        return person.number in self.places and len(self.waiting) >= max(1, self.available())

    def _penalties_changed(self) -> None:
        self.flat = len({place.penalty for place in self.places.values()}) < 2


def _hash(interface: str) -> int:
    """``member_hash_fn()`` of app_queue.c 22.10.1."""
    return sum(
        _compressed(ord(letter)) << (6 * place) for place, letter in enumerate(interface[interface.find("/") :][:5])
    )


def _compressed(letter: int) -> int:
    if letter < 32:
        return 0
    return letter - 64 if letter > 96 else letter - 32
