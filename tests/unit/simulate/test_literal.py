"""The floor against app_queue's source, line by line: each caller's wait, agent and rings in vain."""

from __future__ import annotations

from math import inf
from random import Random
from typing import get_args

import pytest

from ariroute.simulate.floor import play
from ariroute.simulate.scenario import AgentModel, AutoPause, Caller, Member, QueueModel, Scenario, Strategy

from .literal import AppQueue

END = 3000.0
STRATEGIES = [each for each in get_args(Strategy) if each not in ("random", "wrandom")]


def a_floor(dice: Random) -> Scenario:
    """Any few queues, agents in some of them, and an hour of callers: rather too many."""
    queues = [f"q{number}" for number in range(dice.randint(1, 3))]
    weights = dice.random() < 0.4
    models = {queue: a_queue(dice, queue, weights) for queue in queues}
    agents = [AgentModel(name, picks_up=a_reaction(dice)) for name in NAMES[: dice.randint(1, 6)]]
    members = [
        Member(agent.name, queue, dice.choice((0, 0, 1, 5)) if dice.random() < 0.5 else 0)
        for queue in queues
        for agent in dice.sample(agents, len(agents))
        if len(queues) == 1 or dice.random() < 0.7
    ]
    callers, at, limited = [], 100.0, dice.random() < 0.3
    pace = 60.0 / len(agents) * dice.uniform(0.6, 2.0)
    while (at := at + dice.expovariate(1 / pace)) < END * 0.8:
        callers.append(
            Caller(
                at,
                dice.choice(queues),
                dice.choice((0, 0, 5)),
                dice.expovariate(1 / 60),
                dice.expovariate(1 / 120) if dice.random() < 0.5 else inf,
                dice.choice((None, 0, 1)) if limited else None,
            )
        )
    return Scenario(
        models, agents, members, callers, lag=dice.choice((0.0, 0.0, 0.3)), shared_last_call=dice.random() < 0.3
    )


NAMES = ("anna", "bob", "eve", "Zoe", "carl-gustav", "7001")


def a_queue(dice: Random, queue: str, weights: bool) -> QueueModel:
    autopause: AutoPause = dice.choice(("no", "no", "no", "yes", "all"))
    return QueueModel(
        queue,
        dice.choice(STRATEGIES),
        dice.choice((5.0, 15.0)),
        dice.choice((1.0, 5.0)),
        dice.choice((0.0, 0.0, 10.0)),
        dice.randint(0, 3) if weights else 0,
        dice.random() < 0.7,
        autopause,
        dice.choice((inf, inf, 60.0)),
    )


def a_reaction(dice: Random) -> float:
    """Each other than all others, or it were chance who of two is quicker."""
    return inf if dice.random() < 0.1 else dice.choice((0.0, dice.uniform(0.5, 8.0))) + dice.uniform(1e-6, 1e-3)


@pytest.mark.parametrize("seed", range(24))
def test_each_caller_fares_as_by_the_source(seed: int) -> None:
    scenario = a_floor(Random(seed))
    expected = AppQueue(scenario).run(END)
    found = play(scenario, Random(0)).served
    for number, (caller, each, other) in enumerate(zip(scenario.callers, expected, found, strict=True)):
        if each is None or caller.at + each.wait > END - 10:
            continue
        assert (number, other.agent, other.rings) == (number, each.agent, each.rings)
        assert other.wait == pytest.approx(each.wait, abs=1e-6), number
