"""The agents on duty as the controller sees them: by name, with what they do and why they may not be moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from ariroute.asterisk.queue_events import QueueMember
from ariroute.daemon.staffing.acts import Places, is_ours
from ariroute.daemon.staffing.floor import Change, Doing, Floor
from ariroute.daemon.staffing.hands import Hands
from ariroute.staffing.rules import StaffedAgent, StaffingRules
from ariroute.staffing.snapshot import AgentNow, State

LOGS_IN: Final = 3.0
"""Seconds for somebody who logs in to several queues, one after the other."""
JUST_LOGGED_IN: Final = "has just logged in"
DID_NOT_ANSWER: Final = "did not answer"
ON_THE_WAY: Final = "on the way"


@dataclass(slots=True)
class Known:
    """An agent as last seen: until when that holds at most, and since when they do what they do."""

    now: AgentNow
    until: float
    since: float


class Crew:
    """Keeps who is on duty, and works out anew only those of whom something was told."""

    def __init__(self, floor: Floor, hands: Hands) -> None:
        self._floor = floor
        self._hands = hands
        self._given: StaffingRules | None = None
        self.rules: StaffingRules | None = None
        """Those in force, with the agents who were found in Asterisk if the rules ask for these."""
        self.agents: dict[str, AgentNow] = {}
        """On duty, by name."""
        self.staffed: frozenset[str] = frozenset()
        """The queues of the tiers."""
        self.moved_at: dict[str, float] = {}
        """By interface."""
        self.earlier: dict[str, float] = {}
        """By interface: who was moved by an earlier daemon, and when this one began."""
        self.way: dict[str, str] = {}
        """The queue to which an interface is being sent, until Asterisk has told of it."""
        self.cannot: dict[str, tuple[str, float]] = {}
        """Why an interface cannot be moved, and until when nobody tries."""
        self.missing: dict[str, float] = {}
        """Queues that Asterisk does not have, and until when nobody is sent there."""
        self.misplaced: set[str] = set()
        """Interfaces that serve the right queue with another penalty than their skill order."""
        self._known: dict[str, Known] = {}
        self._named: dict[str, StaffedAgent] = {}
        self._by_interface: dict[str, StaffedAgent] = {}
        self._found: dict[str, StaffedAgent] = {}
        """By interface: agents whom the file does not name, and those who may serve less than the file says now."""
        self._joined: dict[str, float] = {}

    def use(self, rules: StaffingRules) -> None:
        """These are in force from now on."""
        if rules is self._given:
            return
        self._given = rules
        self._named = {agent.interface: agent for agent in rules.agents.values()}
        self.staffed = frozenset(tier.queue for tier in rules.tiers)
        self._found.clear()
        self._settle_rules()
        self._known.clear()
        self.agents.clear()
        self._floor.touched.update(self._floor.members)

    def on_change(self, change: Change, now: float) -> None:
        """A member has changed by somebody else's hand or ours."""
        interface = change.member.interface
        if change.before is None and interface not in self._hands.taken:
            self._joined[interface] = now

    def interface_of(self, name: str) -> str:
        """Of an agent on duty."""
        assert self.rules is not None
        return self.rules.agents[name].interface

    def agent_at(self, interface: str) -> StaffedAgent | None:
        return self._by_interface.get(interface)

    def since(self, name: str) -> float:
        """Since when the agent does what they do."""
        return self._known[self.interface_of(name)].since

    def look(self, now: float) -> float:
        """Work out :attr:`agents`; the next moment at which one of them changes without an event."""
        if over := [queue for queue, until in self.missing.items() if until <= now]:
            for queue in over:
                del self.missing[queue]
            self._floor.touched.update(self._floor.members)
        due = {interface for interface, known in self._known.items() if known.until <= now}
        touched = self._floor.touched | due
        self._floor.touched.clear()
        self._find(touched)
        for interface in touched:
            self._look_at(interface, now)
        return min((*self.missing.values(), *(known.until for known in self._known.values())), default=inf)

    def misses(self, queue: str, until: float) -> None:
        """Asterisk does not have ``queue``: until then agents are as if they might not serve there."""
        self.missing[queue] = until
        self._floor.touched.update(self._floor.members)

    def _look_at(self, interface: str, now: float) -> None:
        agent = self._by_interface.get(interface)
        before = self._known.pop(interface, None)
        self.misplaced.discard(interface)
        if before:
            del self.agents[before.now.name]
        places = self._floor.members.get(interface, {})
        if agent is None or not any(queue in agent.queues for queue in places):
            return
        doing = self._floor.doing(interface, now)
        seen, until = self._seen(agent, places, doing, now)
        stays = before is not None and (before.now.state, before.now.queue) == (seen.state, seen.queue)
        self._known[interface] = Known(seen, until, before.since if before and stays else now)
        self.agents[agent.name] = seen
        is_settled = seen.state is State.FREE and not seen.by_hand and seen.queues == {seen.queue}
        if is_settled and places[seen.queue].penalty != agent.queues.get(seen.queue, 0):
            self.misplaced.add(interface)

    def _seen(self, agent: StaffedAgent, places: Places, doing: Doing, now: float) -> tuple[AgentNow, float]:
        interface = agent.interface
        serve = frozenset(queue for queue, member in places.items() if queue in self.staffed and not member.paused)
        moved_at = self.moved_at.get(interface, self._found_at(agent))
        if way := self.way.get(interface):
            queue = doing.queue or way
            return AgentNow(agent.name, doing.state, queue, frozenset({way}), ON_THE_WAY, moved_at), doing.until
        joined = self._joined.get(interface, -inf) + LOGS_IN
        cannot, pardoned = self.cannot.get(interface, ("", -inf))
        by_hand, until = self._left_alone(agent, places, doing), doing.until
        if not by_hand and now < joined:
            by_hand, until = JUST_LOGGED_IN, min(until, joined)
        elif not by_hand and now < pardoned:
            by_hand, until = cannot, min(until, pardoned)
        queue = doing.queue or self._post(agent, serve, places)
        queue = queue if queue in self.staffed else ""
        return AgentNow(agent.name, doing.state, queue, serve, by_hand, moved_at), until

    def _found_at(self, agent: StaffedAgent) -> float:
        """When those count as moved whom an earlier daemon has lent: nobody knows any more what for.

        As if it had been ``min_stay`` before we began: or all would go home at once, or none where they are needed.
        """
        assert self.rules is not None
        taken = self._hands.taken.get(agent.interface)
        is_lent = taken is not None and taken.queue not in ("", agent.home)
        return self.earlier.get(agent.interface, -inf) - self.rules.min_stay if is_lent else -inf

    def _left_alone(self, agent: StaffedAgent, places: Places, doing: Doing) -> str:
        taken = self._hands.taken.get(agent.interface)
        if taken and taken.left_alone:
            return taken.left_alone
        for queue, member in places.items():
            if queue not in agent.queues and not member.paused:
                return f"logged in to {queue} by hand, which is not one of theirs"
        if doing.state is State.PAUSED:
            theirs = [member for member in places.values() if member.paused and not is_ours(member)]
            reason = next((member.reason for member in theirs if member.reason), "")
            return f"paused: {reason}" if reason else "paused" if theirs else ""
        return ""

    def _post(self, agent: StaffedAgent, serve: frozenset[str], places: Mapping[str, QueueMember]) -> str:
        """The one of several queues that counts as theirs."""
        taken = self._hands.taken.get(agent.interface)
        among = serve or places.keys()
        for queue in (taken.queue if taken else "", agent.home, *agent.queues):
            if queue in among:
                return queue
        return ""

    # Agents as Asterisk has them

    def _find(self, touched: set[str]) -> None:
        """Who of these is an agent otherwise than as the file says."""
        given = self._given
        assert given is not None
        changed = False
        for interface in sorted(touched):  # of two of one name it is always the same one who keeps it
            agent = None
            if named := self._named.get(interface):
                agent = self._narrowed(named)
            elif given.from_asterisk:
                agent = self._as_logged_in(interface)
            if agent != self._found.get(interface):
                changed = True
                if agent:
                    self._found[interface] = agent
                else:
                    del self._found[interface]
        if changed:
            self._settle_rules()

    def _narrowed(self, agent: StaffedAgent) -> StaffedAgent | None:
        """``agent`` without queues that are missing, and those in which somebody has paused them, though not in all.

        None where no queue is left out.
        """
        places = self._floor.members.get(agent.interface, {})
        closed = {queue for queue, member in places.items() if member.paused and not is_ours(member)}
        if all(member.paused for member in places.values()):
            closed.clear()
        closed |= self.missing.keys() & agent.queues.keys()
        if not closed:
            return None
        queues = {queue: order for queue, order in agent.queues.items() if queue not in closed}
        return replace(agent, queues=queues, home=agent.home if agent.home in queues else next(iter(queues), ""))

    def _as_logged_in(self, interface: str) -> StaffedAgent | None:
        taken = self._hands.taken.get(interface)
        places = self._floor.members.get(interface, {})
        members = taken.before if taken and places else tuple(places.values())
        orders = {member.queue: member.penalty for member in members if member.queue in self.staffed}
        if not orders:
            return None
        assert self._given is not None
        lowest_first = [tier.queue for tier in reversed(self._given.tiers) if tier.queue in orders]
        home = min(lowest_first, key=orders.__getitem__)
        name = next((member.name for member in members if member.name), interface)
        known = self._found.get(interface)
        if known and known.name in (name, interface):
            name = known.name
        elif name in self._given.agents or any(each.name == name for each in self._found.values()):
            name = interface  # two of one name
        return StaffedAgent(name, interface, home, orders)

    def _settle_rules(self) -> None:
        assert self._given is not None
        found = {agent.name: agent for agent in self._found.values()}
        self.rules = replace(self._given, agents={**self._given.agents, **found}) if found else self._given
        self._by_interface = {agent.interface: agent for agent in self.rules.agents.values()}
