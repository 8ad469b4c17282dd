"""Real runs against simulated ones."""

from __future__ import annotations

import pytest

from ariroute.simulate.scenario import AgentModel, Caller, Scenario, Served
from scripts.trialling.against import RINGS_LONGER, TALKS_LONGER, as_played, compared

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


def test_the_mean_of_simulations_counts_and_their_range_is_shown() -> None:
    runs = [[Served(wait, "anna")] for wait in (8.0, 10.0, 15.0)]

    (group,) = compared([Caller(0.0, "gold")], [Served(10.5, "anna")], runs).groups

    assert (group.real, group.simulated, group.least, group.most) == (10.5, 11.0, 8.0, 15.0)
    assert group.is_within


def test_sip_takes_its_time_and_the_clock_begins_where_it_did() -> None:
    scenario = Scenario({}, [AgentModel("anna", picks_up=0.1)], [], [Caller(2.0, "gold", talk=3.0)])

    played = as_played(scenario, 1000.25)

    assert played.agents[0].picks_up == pytest.approx(0.1 + RINGS_LONGER)
    assert played.callers[0].at == 2.25
    assert played.callers[0].talk == pytest.approx(3.0 + TALKS_LONGER)
