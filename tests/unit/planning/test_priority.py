"""One pool with priority: Cobham's waits, and how they are spread, beside what a floor that is played says."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import exp, inf
from random import Random

import pytest

from ariroute.planning.erlang import Load, service
from ariroute.planning.priority import longer, pooled

GOLD, SILVER, STANDARD = Load(40, 180), Load(60, 180), Load(100, 180)
TIERS = [GOLD, SILVER, STANDARD]
WITHIN = [20.0] * 3


def waits(calls: list[float], handling: float, agents: int, number: int) -> list[list[float]]:
    """The waits of each tier, higher first: ``number`` calls played one by one."""
    dice = Random(5)
    rate = sum(calls) / 3600
    free = [0.0] * agents
    heapify(free)
    now, found = 0.0, [[] for _ in calls]  # type: tuple[float, list[list[float]]]
    waiting: list[tuple[int, float]] = []
    for _ in range(number):
        now += dice.expovariate(rate)
        while waiting and free[0] <= now:
            tier, came = heappop(waiting)
            at = max(came, heappop(free))
            found[tier].append(at - came)
            heappush(free, at + dice.expovariate(1 / handling))
        heappush(waiting, (dice.choices(range(len(calls)), calls)[0], now))
        while waiting and free[0] <= now:
            tier, came = heappop(waiting)
            found[tier].append(max(now, heappop(free)) - came)
            heappush(free, now + dice.expovariate(1 / handling))
    return found


def test_the_published_example() -> None:
    """Cobham, by hand: 12 agents, 10 erlangs. The mean of all is that of Erlang C: no time is made or lost."""
    found = pooled(TIERS, 12, WITHIN)

    assert [each.wait for each in found] == pytest.approx([8.089, 13.867, 69.334], abs=6e-4)
    assert {round(each.delayed, 6) for each in found} == {0.449388}
    mean = sum(each.wait * load.calls for each, load in zip(found, TIERS, strict=True)) / 200
    alone = service(Load(200, 180), 12, 20.0)
    assert mean == pytest.approx(alone.wait)
    assert pooled([Load(200, 180)], 12, [20.0]) == [pytest.approx(alone)]


def test_the_spread_of_each_tier_has_the_mean_that_cobham_gives_it() -> None:
    """The tail, summed up, is the mean wait."""
    rate, bounds = 12 / 180, (0.0, 40 / 240, 100 / 240, 200 / 240)
    for above, upto in pairwise(bounds):
        step = 1.0
        tail = [longer(step * (number + 0.5), rate, above, upto) for number in range(3000)]
        assert step * sum(tail) == pytest.approx(1 / (rate * (1 - above) * (1 - upto)), rel=2e-4)
        assert all(after <= before + 1e-7 for before, after in pairwise(tail))


def test_the_highest_tier_waits_an_exponential_time() -> None:
    rate, upto = 12 / 180, 40 / 240
    assert longer(20.0, rate, 0.0, upto) == pytest.approx(exp(-20 * rate * (1 - upto)))
    assert longer(20.0, rate, 1e-9, upto) == pytest.approx(longer(20.0, rate, 0.0, upto), rel=1e-6)


def test_shares_in_time_are_those_of_calls_played_one_by_one() -> None:
    calls = [40.0, 60.0, 100.0]
    played = waits(calls, 180.0, 12, 60_000)
    found = pooled(TIERS, 12, WITHIN)

    for own, each in zip(played, found, strict=True):
        assert sum(wait <= 20 for wait in own) / len(own) == pytest.approx(each.in_time, abs=0.02)
        assert sum(own) / len(own) == pytest.approx(each.wait, rel=0.08)


def test_with_one_agent_different_handling_times_are_exact() -> None:
    """Pollaczek and Khinchine with Cobham's priorities, for exponential times: W0 = sum of rate * mean^2."""
    short, long = Load(20, 30), Load(10, 120)
    load = 20 * 30 / 3600 + 10 * 120 / 3600
    first = (20 * 30**2 + 10 * 120**2) / 3600
    above = 20 * 30 / 3600
    found = pooled([short, long], 1, [20.0, 20.0])

    assert found[0].wait == pytest.approx(first / (1 - above))
    assert found[1].wait == pytest.approx(first / ((1 - above) * (1 - load)))


def test_a_pool_that_is_too_small_starves_the_lowest_tier_alone() -> None:
    gold, silver, standard = pooled(TIERS, 8, WITHIN)

    assert (standard.wait, standard.in_time) == (inf, 0.0)
    assert gold.wait == pytest.approx(180 / 8 / (1 - 0.25))
    assert silver.wait == pytest.approx(180 / 8 / ((1 - 0.25) * (1 - 0.625)))
    assert {gold.occupancy, standard.occupancy} == {1.0}


def test_no_agents_and_no_calls() -> None:
    assert [each.wait for each in pooled(TIERS, 0, WITHIN)] == [inf] * 3
    assert [each.wait for each in pooled([Load(9, 0), Load(5, 0)], 2, [20.0, 20.0])] == [0.0, 0.0]
    quick, slow = pooled([Load(9, 0), Load(10, 180)], 2, [20.0, 20.0])
    assert quick.wait < slow.wait < inf
    nobody, somebody = pooled([Load(0, 0), Load(10, 180)], 2, [20.0, 20.0])
    assert (nobody.wait, nobody.in_time) == (0.0, 1.0)
    assert somebody.wait == pytest.approx(service(Load(10, 180), 2, 20.0).wait)
