"""Floors of agents and queues for tests of staffing, written shortly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf

from ariroute.staffing.control import propose
from ariroute.staffing.proposal import Memory, Proposal
from ariroute.staffing.rules import Mode, StaffedAgent, StaffingRules, Tier
from ariroute.staffing.snapshot import AgentNow, QueueNow, Snapshot, State


def staffed(name: str, *queues: str, home: str | None = None, **orders: int) -> StaffedAgent:
    """An agent who may serve ``queues``, all equally well, or those of ``orders``."""
    skills = dict.fromkeys(queues, 0) | orders
    return StaffedAgent(name, f"PJSIP/{name}", home or next(iter(skills)), skills)


def rules(
    tiers: Iterable[Tier], agents: Iterable[StaffedAgent], mode: Mode = "dynamic", **settings: float
) -> StaffingRules:
    """Rules of these tiers and agents."""
    plain = StaffingRules(mode, tuple(tiers), {agent.name: agent for agent in agents})
    return replace(plain, **settings)  # type: ignore[arg-type]


def there(name: str, queue: str, state: State = State.FREE, moved_at: float = -inf, by_hand: str = "") -> AgentNow:
    """An agent who serves one queue."""
    return AgentNow(name, state, queue, frozenset([queue] if queue else []), by_hand, moved_at)


def floor(agents: Iterable[AgentNow], *queues: QueueNow, now: float = 0.0) -> Snapshot:
    """A snapshot."""
    return Snapshot(now, {agent.name: agent for agent in agents}, {queue.queue: queue for queue in queues})


def carried_out(snapshot: Snapshot, proposal: Proposal, after: float = 0.0) -> Snapshot:
    """The floor when all moves have been made, ``after`` so many seconds."""
    now = snapshot.now + after
    moved = {
        move.agent: replace(snapshot.agents[move.agent], queue=move.queue, queues=frozenset([move.queue]), moved_at=now)
        for move in proposal.moves
    }
    return replace(snapshot, now=now, agents={**snapshot.agents, **moved})


def settled(rules: StaffingRules, snapshot: Snapshot, memory: Memory | None = None) -> tuple[Snapshot, Memory]:
    """The floor after one proposal, and what is remembered."""
    proposal = propose(rules, snapshot, memory or Memory())
    return carried_out(snapshot, proposal), proposal.memory
