"""Pools of agents of one queue, and random days of callers, as the theory of queues has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from random import Random
from statistics import fmean

from ariroute.simulate.floor import play
from ariroute.simulate.scenario import AgentModel, Caller, Member, Played, QueueModel, Scenario

AHT = 180.0


def day(calls: int, loads: Mapping[int, float], seed: int = 1, aht: float = AHT, patience: float = inf) -> list[Caller]:
    """Calls at random, talks and patience exponential. ``loads`` has by priority the load in erlangs.

    Stretched so that exactly this load comes: then fewer calls tell as much about what it makes of waits.
    """
    dice = Random(seed)
    at, made = 0.0, []
    priorities, weights = list(loads), list(loads.values())
    for _ in range(calls):
        at += dice.expovariate(sum(weights) / aht)
        (priority,) = dice.choices(priorities, weights)
        lasts = inf if patience == inf else dice.expovariate(1 / patience)
        made.append(Caller(at, "gold", priority, dice.expovariate(1 / aht), lasts))
    slower = calls * aht / sum(weights) / at
    longer = aht * calls / sum(caller.talk for caller in made)
    return [caller._replace(at=caller.at * slower, talk=caller.talk * longer) for caller in made]


def floor(
    callers: Sequence[Caller], agents: int | Mapping[str, str], *queues: QueueModel, recheck: float = 0.0
) -> Scenario:
    """So many agents of gold, or these, each with their queues (``"gold standard"``); queues as given or plain."""
    named = agents if isinstance(agents, Mapping) else {f"a{number}": "gold" for number in range(agents)}
    members = [Member(name, queue) for name, own in named.items() for queue in own.split()]
    models = {member.queue: QueueModel(member.queue, "leastrecent", retry=1) for member in members}
    models |= {model.queue: model for model in queues}
    return Scenario(models, [AgentModel(name) for name in named], members, callers, recheck=recheck)


def played(scenario: Scenario) -> Played:
    return play(scenario, Random(1))


def waits(scenario: Scenario) -> list[float]:
    """How long each caller waited, rounded to thousandths of a second."""
    return [round(each.wait, 3) for each in played(scenario).served]


def mean_wait(scenario: Scenario, priority: int | None = None) -> float:
    """Of the callers of one priority, or of all."""
    pairs = zip(scenario.callers, played(scenario).served, strict=True)
    return fmean(each.wait for caller, each in pairs if priority in (None, caller.priority))
