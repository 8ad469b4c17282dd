"""The configurations of the floor trial: what app_queue can be told, and ariroute's two ways of staffing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

from ariroute.simulate.scenario import AgentModel, Member, QueueModel, Scenario, Strategy
from ariroute.staffing.rules import Mode, StaffedAgent, StaffingRules, Tier
from scripts.trialling.arrivals import Kind, Spell, drawn

TIERS: Final = ("platinum", "gold", "standard")
_PRIORITY: Final = {"platinum": 30, "gold": 20, "standard": 0}
_PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Floor:
    """One configuration: its name, what it is in words, and the scenario for so many seconds and a seed."""

    name: str
    words: str
    scenario: Callable[[float, int], Scenario]


def _agents(names: Sequence[str], picks_up: float = 0.1) -> list[AgentModel]:
    # Nobody picks up as fast as another, so that the order in which agents are rung can be told from waits.
    return [AgentModel(name, picks_up=round(picks_up + 0.03 * place, 3)) for place, name in enumerate(names)]


def _pool(
    strategy: Strategy = "rrmemory", *, absent: int = 0, patience: float | None = _PATIENCE, **settings: Any
) -> Callable[[float, int], Scenario]:
    """One queue, six agents of whom the first ``absent`` never answer."""

    def scenario(seconds: float, seed: int) -> Scenario:
        queue = QueueModel("gold", strategy, **{"timeout": 15, "retry": 1, **settings})
        agents = _agents([f"a{number}" for number in range(1, 7)])
        agents = [replace(agent, picks_up=inf) for agent in agents[:absent]] + agents[absent:]
        working = 6 - absent
        kinds = {"gold": Kind(4.0, patience)}
        callers = drawn(kinds, [Spell(seconds, {"gold": 0.92 * working / (4.3 + queue.wrap_up)})], seed)
        return Scenario({"gold": queue}, agents, [Member(agent.name, "gold") for agent in agents], callers)

    return scenario


def _priorities(seconds: float, seed: int) -> Scenario:
    """One queue; gold callers before silver, silver before others."""
    queue = QueueModel("gold", "rrmemory", 15, 1)
    agents = _agents([f"a{number}" for number in range(1, 7)])
    spell = [Spell(seconds, {"gold": 0.45})]
    lists = [drawn({"gold": Kind(4.0, 30.0, prio)}, spell, seed + prio) for prio in (10, 5, 0)]
    callers = sorted((caller for each in lists for caller in each), key=lambda caller: caller.at)
    return Scenario({"gold": queue}, agents, [Member(agent.name, "gold") for agent in agents], callers)


def _tiers(
    *, weights: Mapping[str, int] | None = None, elsewhere: int | None = None, limits: Mapping[str, int] | None = None
) -> Callable[[float, int], Scenario]:
    """Three queues, nine agents, three at home in each; ``elsewhere`` is their penalty in the others, None for apart.

    ``limits`` are QUEUE_MAX_PENALTY by queue.
    """

    def scenario(seconds: float, seed: int) -> Scenario:
        queues = {name: QueueModel(name, "rrmemory", 15, 1, weight=(weights or {}).get(name, 0)) for name in TIERS}
        agents = _agents([f"{name[0]}{number}" for name in TIERS for number in (1, 2, 3)], 0.08)
        members = [
            Member(agent.name, name, 0 if agent.name[0] == name[0] else elsewhere or 0)
            for agent in agents
            for name in TIERS
            if elsewhere is not None or agent.name[0] == name[0]
        ]
        kinds = {name: Kind(4.0, 30.0, 0, (limits or {}).get(name)) for name in TIERS}
        rates = {"platinum": 0.5, "gold": 0.6, "standard": 0.8}
        return Scenario(queues, agents, members, drawn(kinds, [Spell(seconds, rates)], seed))

    return scenario


def _ratios(mode: Mode) -> Callable[[float, int], Scenario]:
    """Three queues with agents per call, held by ariroute."""

    def scenario(seconds: float, seed: int) -> Scenario:
        plain = _tiers()(seconds, seed)
        staffed = {
            agent.name: StaffedAgent(agent.name, f"PJSIP/{agent.name}", home, dict.fromkeys(TIERS, 0))
            for agent in plain.agents
            for home in TIERS
            if home[0] == agent.name[0]
        }
        tiers = tuple(Tier(name, ratio, 1) for name, ratio in zip(TIERS, (1.0, 0.5, 0.2), strict=True))
        rules = StaffingRules(mode, tiers, staffed, min_stay=6.0, look_back=30.0)
        return replace(plain, rules=rules)

    return scenario


FLOORS: Final = (
    Floor("rrmemory", "one queue, six agents, in turn", _pool()),
    Floor("leastrecent", "the same, who has been free for longest", _pool("leastrecent")),
    Floor("fewestcalls", "the same, who has had the fewest calls", _pool("fewestcalls")),
    Floor("linear", "the same, always in the same order", _pool("linear")),
    Floor("ringall", "the same, all phones at once", _pool("ringall")),
    Floor("retry-5", "app_queue's own retry of 5 s", _pool(retry=5)),
    Floor("wrap-up", "two seconds of work after each call", _pool(wrap_up=2)),
    Floor("absent", "one agent never answers, no autopause", _pool(absent=1, timeout=3)),
    Floor("autopause", "one agent never answers, autopause=all", _pool(absent=1, timeout=3, autopause="all")),
    Floor("max-wait", "callers are let go after 6 s", _pool(patience=None, max_wait=6)),
    Floor("priorities", "one queue, three priorities", _priorities),
    Floor("apart", "three tiers, three agents each", _tiers()),
    Floor(
        "weights",
        "nine shared agents, weights 30, 20, 10",
        _tiers(weights={"platinum": 30, "gold": 20, "standard": 10}, elsewhere=0),
    ),
    Floor("penalties", "nine agents, penalty 1 outside their own tier", _tiers(elsewhere=1)),
    Floor(
        "limits",
        "the same, standard limited to its own agents (QUEUE_MAX_PENALTY), with weights",
        _tiers(weights={"platinum": 10, "gold": 20, "standard": 30}, elsewhere=5, limits={"standard": 1}),
    ),
    Floor("dynamic", "agents per call 1.0, 0.5, 0.2 held by ariroute", _ratios("dynamic")),
    Floor("static", "agents on duty shared by these ratios by ariroute", _ratios("static")),
)

SHORT: Final = ("ringall", "retry-5", "wrap-up", "priorities", "weights", "penalties", "limits", "dynamic")
"""Those of ``--short``: of each kind the one that is the hardest to get right."""
