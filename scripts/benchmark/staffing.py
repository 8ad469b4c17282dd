"""`scripts/bench staffing`: what one proposal of the staffing controller costs, on floors of several sizes."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from random import Random
from typing import Final

from ariroute.staffing.control import propose
from ariroute.staffing.proposal import Memory, Proposal
from ariroute.staffing.rules import Lend, Reserve, StaffedAgent, StaffingRules, Threshold, Tier
from ariroute.staffing.snapshot import AgentNow, QueueNow, Snapshot, State
from scripts.benchmark.report import Table

ROUNDS: Final = 3
SIZES: Final = ((30, 3), (1_000, 20), (10_000, 50))
"""Agents and queues."""
LOADS: Final = {"calm": 0.3, "busy": 1.0, "short of agents": 3.0}
"""Callers who wait in a queue at most, for each agent that it would have if all had as many."""
SKILLS: Final = 7
"""The most queues in which one agent may serve."""
NOW: Final = 1000.0
STATES: Final = (
    *(State.FREE,) * 8,
    *(State.TALKING,) * 8,
    *(State.RINGING, State.WRAP_UP, State.BUSY, State.PAUSED, State.AWAY),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds, the fastest round: of the first proposal for a floor that nobody has tended yet, with so many
    moves, and of the next one, when they have been made."""

    agents: int
    queues: int
    load: str
    first_ms: float
    moves: int
    next_ms: float


def floor(agents: int, queues: int, load: float, chance: Random) -> tuple[StaffingRules, Snapshot]:
    """Agents of many skills anywhere, queues of any ratio, some with a floor, a ceiling, a reserve, or `lend`."""
    names = [f"queue{number:02}" for number in range(queues)]
    each = agents // queues
    tiers = tuple(_tier(name, names[-1], each, chance) for name in names)
    people = [_agent(number, names, chance) for number in range(agents)]
    there = {one.name: _there(one, chance) for one in people}
    lines = {
        name: QueueNow(
            name, chance.randint(0, int(load * each)), chance.randint(0, each), chance.uniform(0.0, 60.0), 180.0
        )
        for name in names
    }
    return StaffingRules("dynamic", tiers, {one.name: one for one in people}), Snapshot(NOW, there, lines)


def _tier(name: str, last: str, each: int, chance: Random) -> Tier:
    reserve = Reserve((last,), 3, Threshold(wait=20.0), Threshold(wait=5.0))
    return Tier(
        name,
        chance.choice((0.2, 0.5, 1.0)),
        chance.randint(0, each // 4),
        chance.choice((None, each * 3)),
        reserve=reserve if name != last and chance.random() < 0.3 else None,
        lend=Lend(2, Threshold(wait=10.0)) if chance.random() < 0.3 else None,
    )


def _agent(number: int, queues: list[str], chance: Random) -> StaffedAgent:
    theirs = chance.sample(queues, min(len(queues), chance.randint(1, SKILLS)))
    name = f"agent{number:05}"
    return StaffedAgent(name, f"PJSIP/{name}", theirs[0], {queue: chance.randint(0, 3) for queue in theirs})


def _there(agent: StaffedAgent, chance: Random) -> AgentNow:
    queue = chance.choice(sorted(agent.queues))
    moved = chance.choice((-inf, -inf, -inf, NOW - 5.0))
    return AgentNow(agent.name, chance.choice(STATES), queue, frozenset([queue]), moved_at=moved)


def moved(snapshot: Snapshot, proposal: Proposal) -> Snapshot:
    """The floor when all moves have been made."""
    there = dict(snapshot.agents)
    for move in proposal.moves:
        there[move.agent] = replace(
            there[move.agent], queue=move.queue, queues=frozenset([move.queue]), moved_at=snapshot.now
        )
    return replace(snapshot, agents=there)


def measure(agents: int, queues: int, load: str) -> Cost:
    """Time proposals for a floor of that size."""
    rules, snapshot = floor(agents, queues, LOADS[load], Random(1))  # noqa: S311  # the same floor every time
    first, proposal = _timed(rules, snapshot, Memory())
    after, _ = _timed(rules, moved(snapshot, proposal), proposal.memory)
    return Cost(agents, queues, load, first, len(proposal.moves), after)


def _timed(rules: StaffingRules, snapshot: Snapshot, memory: Memory) -> tuple[float, Proposal]:
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        proposal = propose(rules, snapshot, memory)
        rounds.append((time.process_time() - begun) * 1000.0)
    return min(rounds), proposal


def table(costs: list[Cost]) -> Table:
    """For people."""
    rows = [
        [f"{each.agents:,} x {each.queues}", each.load, f"{each.first_ms:.1f}", str(each.moves), f"{each.next_ms:.1f}"]
        for each in costs
    ]
    head = ["agents x queues", "load", "ms, first proposal", "moves", "ms, next proposal"]
    return Table("The staffing controller: CPU per proposal", head, rows)


def run(file: Path | None) -> Table:
    """Measure each size under each load; write it to `file` as JSON where given."""
    costs = [measure(agents, queues, load) for agents, queues in SIZES for load in LOADS]
    if file:
        file.write_text(json.dumps([asdict(each) for each in costs], indent=1) + "\n")
    return table(costs)
