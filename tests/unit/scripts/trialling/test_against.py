"""Real runs against simulated ones."""

from __future__ import annotations

import pytest

from ariroute.simulate.scenario import Caller, Served
from scripts.trialling.against import compared

CALLERS = [Caller(0.0, "gold"), Caller(1.0, "gold"), Caller(2.0, "silver"), Caller(3.0, "gold", 10)]


def test_waits_agents_and_order_are_compared_caller_by_caller() -> None:
    real = [Served(1.0, "anna"), Served(2.0, "bo"), Served(5.0), Served(0.1, "anna")]
    simulated = [Served(1.1, "anna"), Served(0.05, "bo"), Served(5.0), Served(0.2, "bo")]

    result = compared(CALLERS, real, [simulated, simulated])

    assert (result.same_wait, result.first) == (0.75, 1)
    assert result.same_agent == pytest.approx(2 / 3)
    assert result.same_order == pytest.approx(2 / 3)  # the first two callers change places
    assert [(g.name, g.callers, g.answered, g.answered_simulated) for g in result.groups] == [
        ("gold 10", 1, 1, 1),
        ("gold 0", 2, 2, 2),
        ("silver", 1, 0, 0),
    ]
    assert not result.is_within
    assert [group.is_within for group in result.groups] == [True, False, True]


def test_the_exact_list_counts_and_the_range_of_the_others_tells_what_chance_does() -> None:
    callers = [Caller(0.0, "gold"), Caller(0.0, "silver"), Caller(0.0, "last")]
    real = [Served(10.5, "anna"), Served(9.0, "anna"), Served(20.0, "anna")]
    runs = [[Served(wait, "anna")] * 3 for wait in (11.0, 8.0, 15.0)]

    gold, silver, last = compared(callers, real, runs).groups

    assert (gold.real, gold.simulated, gold.least, gold.most) == (10.5, 11.0, 8.0, 15.0)
    assert [group.is_within for group in (gold, silver, last)] == [True, False, False]
    assert [group.is_by_chance for group in (gold, silver, last)] == [True, True, False]
