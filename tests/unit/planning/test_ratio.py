"""What a ratio buys, held and no more: chains of states whose answers are known otherwise."""

from __future__ import annotations

from math import exp, factorial, inf
from random import Random

import pytest

from ariroute.planning.erlang import Load, service
from ariroute.planning.ratio import enough, held, needed

HUNDRED = Load(100, 180)


def poisson(mean: float, most: int) -> list[float]:
    return [exp(-mean) * mean**number / factorial(number) for number in range(most)]


@pytest.mark.parametrize(
    ("ratio", "calls", "least", "most", "agents"),
    [
        (0.5, 0, 0, None, 0),
        (0.5, 1, 0, None, 1),
        (0.5, 3, 0, None, 2),
        (1.0, 7, 0, None, 7),
        (1.5, 3, 0, None, 5),
        (0.2, 5, 0, None, 1),
        (0.2, 6, 0, None, 2),
        (0.1, 30, 0, None, 3),
        (0.5, 2, 4, None, 4),
        (0.5, 40, 4, 12, 12),
    ],
)
def test_agents_that_calls_ask_for(ratio: float, calls: int, least: int, most: int | None, agents: int) -> None:
    assert needed(ratio, calls, least, most) == agents


def test_with_an_agent_for_each_call_nobody_waits_and_agents_are_poisson() -> None:
    found = held(HUNDRED, 1.0)

    assert (found.delayed, found.wait, found.abandoned) == (0.0, 0.0, 0.0)
    assert found.agents == pytest.approx(5.0, rel=1e-6)
    assert found.needs[:12] == pytest.approx(poisson(5.0, 12), rel=1e-6)


def test_agents_who_are_always_there_are_erlang_c() -> None:
    """A ratio that never asks for more than its floor: the tier has so many agents and no more."""
    found, alone = held(HUNDRED, 0.0001, least=7), service(HUNDRED, 7, 20.0)
    assert (found.delayed, found.wait) == pytest.approx((alone.delayed, alone.wait), rel=1e-6)
    impatient = Load(100, 180, patience=60)
    found, alone = held(impatient, 0.0001, least=4), service(impatient, 4, 20.0)
    assert (found.delayed, found.wait, found.abandoned) == pytest.approx(
        (alone.delayed, alone.wait, alone.abandoned), rel=1e-6
    )


def test_a_ceiling_is_that_many_agents_at_most() -> None:
    found = held(HUNDRED, 1.0, most=7)
    assert found.wait == pytest.approx(service(HUNDRED, 7, 20.0).wait, rel=1e-6)
    assert len(found.needs) == 8
    assert held(HUNDRED, 1.0, most=5).wait == inf


def test_the_larger_the_tier_the_nearer_to_littles_law() -> None:
    """With all agents busy there are erlangs / ratio calls, and those who do not talk wait: handling * (1 - r) / r."""
    assert held(Load(4000, 180), 0.5).wait == pytest.approx(180, rel=0.01)
    assert held(Load(4000, 180), 0.2).wait == pytest.approx(720, rel=0.01)
    small = held(Load(40, 180), 0.5).wait
    assert 100 < small < 180  # a single call has a whole agent


def test_what_a_floor_with_a_ratio_does_is_what_the_chain_says() -> None:
    """Played one event after the other: agents follow the calls at once."""
    dice, rate, handling, ratio = Random(3), 100 / 3600, 180.0, 0.5
    calls = 0
    clock, waiting_time, came = 0.0, 0.0, 0
    for _ in range(200_000):
        talking = min(calls, needed(ratio, calls))
        pace = rate + talking / handling
        step = dice.expovariate(pace)
        clock, waiting_time = clock + step, waiting_time + step * (calls - talking)
        if dice.random() * pace < rate:
            calls, came = calls + 1, came + 1
        else:
            calls -= 1
    assert waiting_time / came == pytest.approx(held(HUNDRED, ratio).wait, rel=0.03)


def test_patience_ends_waits() -> None:
    found = held(Load(100, 180, patience=120), 0.5)
    assert found.wait < held(HUNDRED, 0.5).wait
    assert found.abandoned == pytest.approx(found.wait / 120)


def test_agents_for_all_tiers_together_are_those_of_one_big_one() -> None:
    """Sums of Poisson numbers are Poisson."""
    tiers = [held(Load(calls, 180), 1.0).needs for calls in (40, 60, 100)]
    whole = held(Load(200, 180), 1.0).needs

    for share in (0.5, 0.9, 0.95, 0.99):
        assert enough(tiers, share) == enough([whole], share)
    assert enough(tiers, 0.95) == 15
    assert enough([], 0.95) == 0


def test_a_tier_without_calls_needs_its_floor() -> None:
    assert held(Load(0, 180), 1.0, least=2).needs == [0.0, 0.0, 1.0]
    assert held(Load(0, 180), 1.0).agents == 0
    assert held(Load(30, 0, patience=60), 0.5).wait == 0
