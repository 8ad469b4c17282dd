"""The controller on the simulated floor: what it holds, how often it moves agents, how soon it answers a burst."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from staffing_builders import rules, staffed

from ariroute.simulate.floor import play
from ariroute.simulate.scenario import AgentModel, Caller, Member, Played, QueueModel, Scenario
from ariroute.staffing.proposal import Why
from ariroute.staffing.rules import Reserve, Threshold, Tier

QUEUES = ("platinum", "gold", "standard")
TIERS = (Tier("platinum", 1.0, min_agents=2), Tier("gold", 0.5), Tier("standard", 0.2))
HOUR = 3600.0
CREW = [
    staffed(f"{home[0]}{number:02}", home, *(queue for queue in QUEUES if queue != home))
    for home, count in zip(QUEUES, (8, 10, 12), strict=True)
    for number in range(count)
]


def callers(per_hour: tuple[float, ...], talk: float, dice: Random) -> Iterator[Caller]:
    """Two hours of calls, of exponential times."""
    for queue, rate in zip(QUEUES, per_hour, strict=True):
        at = dice.expovariate(rate / HOUR)
        while at < 2 * HOUR:
            yield Caller(at, queue, 0, dice.expovariate(1 / talk), dice.expovariate(1 / 300.0))
            at += dice.expovariate(rate / HOUR)


def played(tiers: tuple[Tier, ...], calls: list[Caller], min_stay: float = 60.0) -> Played:
    return play(
        Scenario(
            {queue: QueueModel(queue, "rrmemory", retry=1.0, wrap_up=10.0) for queue in QUEUES},
            [AgentModel(agent.name, picks_up=2.0) for agent in CREW],
            [Member(agent.name, agent.home) for agent in CREW],
            sorted(calls),
            rules(tiers, CREW, min_stay=min_stay),
        ),
        Random(1),
    )


def held(done: Played) -> list[float]:
    """The share of the seconds with calls and enough agents in which each tier had its agents per call."""
    seconds = [done.tiers[queue] for queue in QUEUES]
    return [each.held_and_enough / each.with_calls_and_enough for each in seconds]


def moves(done: Played) -> float:
    """Per agent and ten minutes of the two hours."""
    return sum(at < 2 * HOUR for at, _ in done.moves) / len(CREW) / 12


def test_steady_load_is_held_with_few_moves() -> None:
    done = played(TIERS, list(callers((60, 100, 300), 300.0, Random(1))))
    assert min(held(done)) > 0.95
    assert 0 < moves(done) < 1


def test_a_burst_is_answered_at_once() -> None:
    burst = [Caller(HOUR + number / 10, "platinum", 0, 120.0) for number in range(10)]
    done = played(TIERS, [*callers((60, 120, 240), 120.0, Random(2)), *burst])
    first = next(at for at, move in done.moves if at >= HOUR and move.queue == "platinum" and move.why is Why.TARGET)
    assert first < HOUR + 2.0
    assert min(held(done)) > 0.95


def test_a_reserve_does_not_come_and_go() -> None:
    """Not even when nobody has to stay where they have been moved."""
    reserve = Reserve(("gold", "standard"), 3, Threshold(wait=20.0), Threshold(wait=5.0))
    tiers = (replace(TIERS[0], agents_per_call=0.6, reserve=reserve), *TIERS[1:])
    done = played(tiers, list(callers((200, 200, 300), 120.0, Random(3))), min_stay=0.0)
    assert any(move.why is Why.RESERVE for _, move in done.moves)
    assert moves(done) < 2
