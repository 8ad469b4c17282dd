"""The floor trial's comparison, with a simulated floor in the place of the real one."""

from __future__ import annotations

from random import Random

import pytest

from ariroute.simulate.floor import play
from scripts.trialling.against import as_played
from scripts.trialling.floor_tables import floor_table
from scripts.trialling.floor_trial import Real, Tried, against
from scripts.trialling.floors import FLOORS

BEGAN = 1000.4


@pytest.mark.parametrize("name", ["rrmemory", "priorities", "limits", "dynamic"])
def test_a_floor_that_serves_as_the_simulated_one_does_differs_in_nothing(name: str) -> None:
    scenario = next(floor for floor in FLOORS if floor.name == name).scenario(10.0, 3)
    served = play(as_played(scenario, BEGAN), Random(1)).served

    result = against([Real(scenario, BEGAN, served)])

    assert (result.same_wait, result.same_agent, result.same_order, result.first) == (1.0, 1.0, 1.0, None)
    assert sum(group.callers for group in result.groups) == len(scenario.callers) > 5


def test_the_table_marks_what_differs_by_more_than_is_wanted() -> None:
    floor = FLOORS[0]
    scenario = floor.scenario(10.0, 3)
    served = play(as_played(scenario, BEGAN), Random(1)).served
    longer = [one._replace(wait=one.wait * 2 + 1) for one in served]

    same, other = (Tried(floor, against([Real(scenario, BEGAN, each)])) for each in (served, longer))

    assert (same.compared.is_within, other.compared.is_within) == (True, False)
    assert "**" not in floor_table([same])
    assert "**" in floor_table([other])


def test_several_lists_count_together_and_each_is_simulated_as_it_was() -> None:
    floor = next(floor for floor in FLOORS if floor.name == "priorities")
    scenarios = [floor.scenario(10.0, seed) for seed in (1, 2)]
    lists = [Real(each, BEGAN, play(as_played(each, BEGAN), Random(1)).served) for each in scenarios]

    result = against(lists)

    assert (result.same_wait, result.same_order) == (1.0, 1.0)
    assert sum(group.callers for group in result.groups) == sum(len(each.callers) for each in scenarios)
