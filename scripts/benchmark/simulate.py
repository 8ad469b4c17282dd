"""`scripts/bench simulate`: how fast the simulated floor is, and how near its waits come to what theory knows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from random import Random
from typing import Final

from ariroute.planning.erlang import HOUR, Load, service
from ariroute.planning.priority import pooled
from ariroute.simulate.floor import play
from ariroute.simulate.scenario import AgentModel, Caller, Member, QueueModel, Scenario
from ariroute.staffing.rules import StaffedAgent, StaffingRules, Tier
from scripts.benchmark.report import Table

CALLS: Final = 200_000
ROUNDS: Final = 3
TALK: Final = 180.0
DAYS: Final = 5
"""So many times :data:`CALLS` are played for each formula."""
TIERS: Final = ("platinum", "gold", "standard")


@dataclass(frozen=True, slots=True)
class Speed:
    """CPU seconds of one run, the fastest of the rounds."""

    floor: str
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """The mean wait of one tier by a formula, and on the floor without looks once a second; seconds."""

    formula: str
    tier: str
    expected: float
    found: float


def run(file: Path | None) -> list[Table]:
    """Measure both; write them to `file` as JSON where given."""
    speeds = [_speed(name, scenario) for name, scenario in _floors()]
    waits = [*_cobham(), _erlang_c(), _erlang_a()]
    if file:
        found = {"speed": [asdict(each) for each in speeds], "waits": [asdict(each) for each in waits]}
        file.write_text(json.dumps(found, indent=1) + "\n")
    return [_speed_table(speeds), _wait_table(waits)]


# ---- speed


def _floors() -> Iterator[tuple[str, Scenario]]:
    loads = {30: 2.0, 20: 3.0, 0: 5.0}
    pool = _pool(12, _callers(CALLS, loads, seed=1))
    yield "one pool of 12 agents, three priorities", pool
    yield "the same, callers give up after 2 min", _pool(12, _callers(CALLS, loads, seed=1, patience=120.0))
    agents = [replace(agent, picks_up=3.0) for agent in pool.agents]
    queue = replace(pool.queues["gold"], wrap_up=5.0, autopause="all")
    callers = _callers(CALLS, {30: 1.8, 20: 2.7, 0: 4.5}, seed=1)
    yield (
        "the same pool, rings of 3 s, wrap-up of 5 s",
        replace(pool, queues={"gold": queue}, agents=agents, callers=callers),
    )
    yield "three queues, shared agents, penalties and weights", _shared()
    few = _shared(CALLS // 40)
    yield "three tiers of 10 agents each, nobody moves them", replace(few, members=_at_home(few.agents))
    yield "the same, ariroute moves agents (dynamic)", _staffed(few)


def _callers(calls: int, loads: dict[int, float], seed: int, patience: float = inf) -> list[Caller]:
    """Poisson, talks and patience exponential; ``loads`` are erlangs by priority."""
    dice = Random(seed)  # noqa: S311  # made-up callers, no secret
    priorities = dice.choices(list(loads), list(loads.values()), k=calls)
    at, rate, made = 0.0, sum(loads.values()) / TALK, []
    for priority in priorities:
        at += dice.expovariate(rate)
        lasts = inf if patience == inf else dice.expovariate(1 / patience)
        made.append(Caller(at, "gold", priority, dice.expovariate(1 / TALK), lasts))
    return made


def _pool(agents: int, callers: Sequence[Caller]) -> Scenario:
    names = [f"agent{number}" for number in range(agents)]
    members = [Member(name, "gold") for name in names]
    return Scenario({"gold": QueueModel("gold", "rrmemory")}, [AgentModel(name) for name in names], members, callers)


def _shared(calls: int = CALLS) -> Scenario:
    """30 agents, each with the lowest penalty in one of three queues, which differ in weight."""
    callers = _callers(calls, {2: 5.0, 1: 7.0, 0: 10.0}, seed=2, patience=180.0)
    queues = {queue: QueueModel(queue, "rrmemory", retry=1.0, weight=2 - number) for number, queue in enumerate(TIERS)}
    agents = [AgentModel(f"agent{number}") for number in range(30)]
    members = [
        Member(agent.name, queue, (place - number) % 3)
        for number, agent in enumerate(agents)
        for place, queue in enumerate(TIERS)
    ]
    return Scenario(queues, agents, members, [call._replace(queue=TIERS[2 - call.priority]) for call in callers])


def _at_home(agents: Sequence[AgentModel]) -> list[Member]:
    return [Member(agent.name, TIERS[number % 3]) for number, agent in enumerate(agents)]


def _staffed(shared: Scenario) -> Scenario:
    homes = {member.agent: member.queue for member in _at_home(shared.agents)}
    agents = {name: StaffedAgent(name, f"PJSIP/{name}", home, dict.fromkeys(TIERS, 0)) for name, home in homes.items()}
    tiers = (Tier("platinum", 1.0, 2), Tier("gold", 0.8, 2), Tier("standard", 0.5, 2))
    queues = {queue: replace(model, weight=0) for queue, model in shared.queues.items()}
    rules = StaffingRules("dynamic", tiers, agents)
    return replace(shared, queues=queues, members=_at_home(shared.agents), rules=rules)


def _speed(name: str, scenario: Scenario) -> Speed:
    rounds = []
    for number in range(ROUNDS if len(scenario.callers) == CALLS else 1):
        begun = time.process_time()
        play(scenario, Random(number))  # noqa: S311  # as above
        rounds.append(time.process_time() - begun)
    return Speed(name, len(scenario.callers), min(rounds))


# ---- theory


def _load(erlangs: float, patience: float = inf) -> Load:
    return Load(erlangs * HOUR / TALK, TALK, patience=patience)


def _found(agents: int, loads: dict[int, float], patience: float = inf) -> list[float]:
    """The mean wait by priority, over several days."""
    waited, count = dict.fromkeys(loads, 0.0), dict.fromkeys(loads, 0)
    for seed in range(1, DAYS + 1):
        callers = _callers(CALLS, loads, seed, patience)
        played = play(replace(_pool(agents, callers), recheck=0.0), Random(seed))  # noqa: S311  # as above
        for caller, served in zip(callers, played.served, strict=True):
            waited[caller.priority] += served.wait
            count[caller.priority] += 1
    return [waited[priority] / count[priority] for priority in loads]


def _cobham() -> list[Wait]:
    loads = {30: 2.0, 20: 3.0, 0: 5.0}
    expected = pooled([_load(each) for each in loads.values()], 12, [20.0] * 3)
    found = _found(12, loads)
    return [
        Wait("Cobham: 12 agents, 10 erlangs", tier, each.wait, wait)
        for tier, each, wait in zip(TIERS, expected, found, strict=True)
    ]


def _erlang_c() -> Wait:
    (found,) = _found(14, {0: 10.0})
    return Wait("Erlang C: 14 agents, 10 erlangs", "all", service(_load(10.0), 14, 20.0).wait, found)


def _erlang_a() -> Wait:
    (found,) = _found(10, {0: 10.0}, patience=120.0)
    expected = service(_load(10.0, 120.0), 10, 20.0).wait
    return Wait("Erlang A: 10 agents, 10 erlangs, patience 120 s", "all", expected, found)


# ---- for people


def _speed_table(speeds: Sequence[Speed]) -> Table:
    rows = [
        [each.floor, f"{each.calls:,}", f"{each.seconds:.2f}", f"{each.seconds / each.calls * 1e6:.1f}"]
        for each in speeds
    ]
    return Table("The simulated floor: CPU of one core", ["floor", "calls", "seconds", "us a call"], rows)


def _wait_table(waits: Sequence[Wait]) -> Table:
    rows = [
        [each.formula, each.tier, f"{each.expected:.2f}", f"{each.found:.2f}", f"{each.found / each.expected - 1:+.1%}"]
        for each in waits
    ]
    title = f"Mean waits in seconds, over {DAYS * CALLS:,} calls each"
    return Table(title, ["formula", "tier", "by the formula", "simulated", "difference"], rows)
