"""The floor as an outsider sees it: from events of app_queue alone, who waits, who talks, who could be given a call.

An agent serves a queue while they talk with a caller of it, are rung for one, or could be rung for one: a member there
who is not paused, whose phone is idle, and whose wrap-up is over (``can_ring_entry()``, app_queue.c 22.10.1). A free
agent who is a member of several queues counts in each of them, which flatters those who share agents.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import floor, inf
from typing import Final, NamedTuple

from scripts.trialling.observer import Message

OWN_PAUSE: Final = "ariroute"
"""The reason of ariroute's own pauses of static members in queues that they do not serve now: still on duty."""
_REACHABLE: Final = frozenset({"0", "1"})
"""Device states in which app_queue rings: unknown, and not in use."""
_GONE: Final = frozenset({"4", "5"})
"""Invalid, unavailable: the phone is not there."""


class Tier(NamedTuple):
    """One queue at one moment."""

    waiting: int
    talking: int
    serving: int

    @property
    def calls(self) -> int:
        return self.waiting + self.talking


@dataclass(slots=True)
class Call:
    """One caller as seen: seconds since 1970, None where it has not happened. ``rings`` are those in vain."""

    number: str
    queue: str
    joined: float
    answered: float | None = None
    ended: float | None = None
    agent: str = ""
    rings: int = 0

    @property
    def wait(self) -> float:
        """Seconds until the answer, or until the caller left."""
        until = self.answered or self.ended
        return inf if until is None else until - self.joined


@dataclass(slots=True)
class _Place:
    paused: bool = False
    reason: str = ""


@dataclass(slots=True)
class _Agent:
    device: str = "1"
    places: dict[str, _Place] = field(default_factory=dict)
    rung_by: set[str] = field(default_factory=set)
    talks_with: str = ""
    wraps_until: float = -inf

    @property
    def is_idle(self) -> bool:
        return self.device in _REACHABLE and not self.talks_with and not self.rung_by


class Seen:
    """The floor after the events taken so far; ``queues`` are those that are counted. Times in seconds since 1970."""

    def __init__(self, queues: Collection[str], wrap_up: float = 0.0) -> None:
        self.queues = tuple(queues)
        self.calls: dict[str, Call] = {}
        self._wrap_up = wrap_up
        self._agents: dict[str, _Agent] = {}
        self._here: dict[str, dict[str, Call]] = {queue: {} for queue in queues}

    def take(self, event: Message, at: float) -> None:
        """One event of app_queue."""
        match event["Event"]:
            case "QueueCallerJoin":
                self._joined(event, at)
            case "QueueCallerAbandon":
                self._left(event["Uniqueid"], at)
            case "AgentCalled":
                self._agent(event).rung_by.add(event["Uniqueid"])
            case "AgentRingNoAnswer":
                self._rang_in_vain(event)
            case "AgentConnect":
                self._connected(event, at)
            case "AgentComplete":
                self._completed(event, at)
            case _:
                self._member(event)

    def tiers(self, now: float) -> dict[str, Tier]:
        """Each queue at ``now``."""
        return {queue: self._tier(queue, now) for queue in self.queues}

    def on_duty(self, now: float) -> frozenset[str]:
        """Agents who talk, ring, or could take a call now in some queue, or in another once ariroute moves them."""
        return frozenset(name for name, agent in self._agents.items() if self._is_on_duty(agent, now))

    def free(self, now: float) -> dict[str, frozenset[str]]:
        """Agents who could be rung now, and in which of the queues."""
        free = ((name, agent) for name, agent in self._agents.items() if agent.is_idle and now >= agent.wraps_until)
        places = (
            (name, frozenset(queue for queue, at in agent.places.items() if not at.paused)) for name, agent in free
        )
        return {name: queues for name, queues in places if queues}

    def next_change(self, now: float) -> float:
        """When something changes by itself after ``now``: a wrap-up ends. ``inf`` when nothing does."""
        return min((agent.wraps_until for agent in self._agents.values() if agent.wraps_until > now), default=inf)

    def _tier(self, queue: str, now: float) -> Tier:
        here = self._here[queue].values()
        talking = sum(call.answered is not None for call in here)
        return Tier(len(here) - talking, talking, sum(self._serves(a, queue, now) for a in self._agents.values()))

    def _serves(self, agent: _Agent, queue: str, now: float) -> bool:
        if agent.talks_with:
            return agent.talks_with in self._here[queue]
        if agent.rung_by:
            return any(uniqueid in self._here[queue] for uniqueid in agent.rung_by)
        place = agent.places.get(queue)
        return place is not None and not place.paused and agent.is_idle and now >= agent.wraps_until

    def _is_on_duty(self, agent: _Agent, now: float) -> bool:
        if agent.talks_with or agent.rung_by:
            return True
        works = any(not place.paused or place.reason == OWN_PAUSE for place in agent.places.values())
        return works and agent.device not in _GONE and now >= agent.wraps_until

    def _agent(self, event: Message) -> _Agent:
        return self._agents.setdefault(event["MemberName"], _Agent())

    def _joined(self, event: Message, at: float) -> None:
        uniqueid, queue = event["Uniqueid"], event["Queue"]
        self.calls[uniqueid] = call = Call(event.get("CallerIDNum", ""), queue, at)
        if queue in self._here:
            self._here[queue][uniqueid] = call

    def _left(self, uniqueid: str, at: float) -> None:
        if call := self.calls.get(uniqueid):
            call.ended = at
            self._here.get(call.queue, {}).pop(uniqueid, None)
            self._ring_no_more(uniqueid)

    def _rang_in_vain(self, event: Message) -> None:
        self._agent(event).rung_by.discard(event["Uniqueid"])
        if call := self.calls.get(event["Uniqueid"]):
            call.rings += 1

    def _connected(self, event: Message, at: float) -> None:
        uniqueid = event["Uniqueid"]
        self._ring_no_more(uniqueid)
        self._agent(event).talks_with = uniqueid
        if call := self.calls.get(uniqueid):
            call.answered, call.agent = at, event["MemberName"]

    def _completed(self, event: Message, at: float) -> None:
        # Where the caller hung up, and their channel is gone already, the event may say nothing of it (22.10.1).
        agent = self._agent(event)
        agent.talks_with, uniqueid = "", event.get("Uniqueid", agent.talks_with)
        agent.wraps_until = floor(at) + self._wrap_up if self._wrap_up else -inf  # lastcall has whole seconds
        self._left(uniqueid, at)

    def _ring_no_more(self, uniqueid: str) -> None:
        for agent in self._agents.values():
            agent.rung_by.discard(uniqueid)

    def _member(self, event: Message) -> None:
        agent, queue = self._agent(event), event["Queue"]
        if event["Event"] == "QueueMemberRemoved":
            agent.places.pop(queue, None)
            return
        agent.device = event.get("Status", agent.device)
        agent.places[queue] = _Place(event.get("Paused") == "1", event.get("PausedReason", ""))


def suffice(needs: Mapping[str, int], may_serve: Mapping[str, Collection[str]], on_duty: Iterable[str]) -> bool:
    """Whether the agents on duty would meet all ``needs`` if each could be had at once.

    By Hall's condition: no set of queues needs more agents than there are who may serve one of the set.
    """
    free = list(on_duty)
    wanted = [queue for queue, need in needs.items() if need]
    for choice in range(1, 1 << len(wanted)):
        chosen = {queue for place, queue in enumerate(wanted) if choice >> place & 1}
        able = sum(not chosen.isdisjoint(may_serve.get(agent, ())) for agent in free)
        if able < sum(needs[queue] for queue in chosen):
            return False
    return True
