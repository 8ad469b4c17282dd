"""The floor trial's comparison, with a simulated floor in the place of the real one."""

from __future__ import annotations

from random import Random

import pytest

from ariroute.simulate.floor import play
from ariroute.simulate.scenario import Scenario
from scripts.trialling.floor_tables import floor_table, verdict
from scripts.trialling.floor_trial import Tried, against
from scripts.trialling.floors import FLOORS, SHORT
from scripts.trialling.measured import Real


@pytest.mark.parametrize("name", ["rrmemory", "priorities", "limits", "dynamic"])
def test_a_floor_that_serves_as_the_simulated_one_does_differs_in_nothing(name: str) -> None:
    scenario = next(floor for floor in FLOORS if floor.name == name).scenario(10.0, 3)

    result = against([simulated(scenario)])

    assert (result.same_wait, result.same_agent, result.same_order, result.first) == (1.0, 1.0, 1.0, None)
    assert sum(group.callers for group in result.groups) == len(scenario.callers) > 5


def test_the_table_marks_what_differs_by_more_than_is_wanted() -> None:
    floor = FLOORS[0]
    scenario = floor.scenario(10.0, 3)
    real = simulated(scenario)
    longer = Real(scenario, [one._replace(wait=one.wait * 2 + 1) for one in real.served])

    same, other = (Tried(floor, against([each])) for each in (real, longer))

    assert (same.compared.is_within, other.compared.is_within) == (True, False)
    assert "*" not in floor_table([same])
    assert "**" in floor_table([other])
    assert verdict([same]).startswith("1 of 1 mean waits (100.0 %) are within 10 % of the real ones or 0.1 s, 1 within")
    assert verdict([same, other]).startswith("1 of 2 mean waits (50.0 %)")


def test_several_lists_count_together_and_each_is_simulated_as_it_was() -> None:
    floor = next(floor for floor in FLOORS if floor.name == "priorities")
    scenarios = [floor.scenario(10.0, seed) for seed in (1, 2)]
    lists = [simulated(each) for each in scenarios]

    result = against(lists)

    assert (result.same_wait, result.same_order) == (1.0, 1.0)
    assert sum(group.callers for group in result.groups) == sum(len(each.callers) for each in scenarios)


def test_the_short_trial_plays_floors_that_there_are() -> None:
    assert set(SHORT) < {floor.name for floor in FLOORS}


def simulated(scenario: Scenario) -> Real:
    """As if the real floor had done what the simulated one does."""
    return Real(scenario, play(scenario, Random(1)).served)
