"""Who may be moved, and where from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ariroute.staffing.board import NOWHERE, Person
from ariroute.staffing.rules import StaffedAgent, StaffingRules
from ariroute.staffing.seats import Seats
from ariroute.staffing.snapshot import AgentNow, Snapshot, State


def movable(rules: StaffingRules, agent: AgentNow) -> bool:
    """Whether ``agent`` may be moved at all: only who is free, and left to ariroute."""
    return agent.state is State.FREE and not agent.by_hand and agent.name in rules.agents


def gathered(
    rules: StaffingRules, snapshot: Snapshot, seats: Mapping[str, Seats], others: Mapping[str, int]
) -> Iterator[Person]:
    """Everybody who may be moved; ``others`` are those who may not, by queue.

    Those whom a tier has too many, who fit it least, begin nowhere.
    """
    there: dict[str, list[tuple[bool, int, str]]] = {queue: [] for queue in (NOWHERE, *seats)}
    for name, agent in snapshot.agents.items():
        if movable(rules, agent):
            staffed = rules.agents[name]
            queue = post(agent, staffed, seats)
            there[queue].append((staffed.home != queue, staffed.queues.get(queue, 0), name))
    for queue, ones in there.items():
        places = len(ones) if queue == NOWHERE else seats[queue].ceiling - others[queue]
        for place, (_, _, name) in enumerate(sorted(ones)):
            fits = place < places
            yield Person(
                rules.agents[name],
                queue if fits else NOWHERE,
                _ago(snapshot, name) < rules.min_stay,
                _ago(snapshot, name) < rules.look_back and not _of_reserve(rules, name, queue),
                "" if fits else queue,
            )


def post(agent: AgentNow, staffed: StaffedAgent, tiers: Mapping[str, object]) -> str:
    """The queue in which an agent serves, of those they may: of several their home, or the highest."""
    if agent.queue in tiers and agent.queue in staffed.queues:
        return agent.queue
    theirs = [queue for queue in tiers if queue in agent.queues and queue in staffed.queues]
    return staffed.home if staffed.home in theirs else next(iter(theirs), NOWHERE)


def _ago(snapshot: Snapshot, name: str) -> float:
    """Seconds since ariroute moved an agent."""
    return snapshot.now - snapshot.agents[name].moved_at


def _of_reserve(rules: StaffingRules, name: str, queue: str) -> bool:
    """Whether an agent is of the reserve of ``queue``: these go home as soon as it is called off."""
    home = rules.agents[name].home
    return any(tier.queue == queue and tier.reserve and home in tier.reserve.queues for tier in rules.tiers)
