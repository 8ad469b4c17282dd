"""What is counted of a run: whom, in which piece of time, and what is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ariroute.simulate.figures import Figure, Group
from ariroute.simulate.scenario import AgentModel, Caller, Played, QueueModel, Scenario, Served, TierSeconds
from ariroute.simulate.tally import RunTally, Window, tally
from ariroute.staffing.proposal import Move, Why
from ariroute.staffing.rules import StaffingRules, Tier

GOLD = Group("gold")
WINDOW = Window(60.0, 180.0, 60.0)
CALLERS = (
    Caller(10.0, "gold", talk=20.0),  # before the window
    Caller(70.0, "gold", talk=40.0),
    Caller(90.0, "gold", 5, talk=100.0),
    Caller(130.0, "gold", talk=30.0),
    Caller(200.0, "gold", talk=30.0),  # after it
)
SERVED = (Served(0.0, "a"), Served(10.0, "a"), Served(30.0, "b"), Served(60.0), Served(0.0, "a"))
SCENARIO = Scenario(
    {"gold": QueueModel("gold", wrap_up=10.0)},
    (AgentModel("a", 0.0), AgentModel("b", 90.0, 150.0)),
    (),
    CALLERS,
    StaffingRules("dynamic", (Tier("gold", 1.0),)),
)
MOVE = Move("a", frozenset(), "gold", 0, Why.TARGET, "because")
PLAYED = Played(
    SERVED,
    {},
    {},
    moves=((10.0, MOVE), (100.0, MOVE), (179.0, MOVE), (180.0, MOVE)),
    courses={"gold": (TierSeconds(60, 60, 60, 60, 60, 60), TierSeconds(40, 30, 20, 20, 50, 100), TierSeconds(60, 0))},
)
LEVELS = {"gold": 20.0}


def counted(scenario: Scenario = SCENARIO, played: Played = PLAYED) -> RunTally:
    return tally(scenario, played, WINDOW, [GOLD, Group("gold", 0), Group("gold", 5)], LEVELS)


def test_callers_of_the_window_are_counted_answered_or_not() -> None:
    found = counted().groups[GOLD]
    assert found[Figure.CALLERS].ratio == 3
    assert found[Figure.WAIT].ratio == pytest.approx(100 / 3)
    assert found[Figure.UNANSWERED].ratio == pytest.approx(1 / 3)
    assert found[Figure.IN_TIME].ratio == pytest.approx(1 / 3)
    assert found[Figure.WAIT_95].ratio == 60.0


def test_callers_of_one_priority_are_told_apart() -> None:
    found = counted().groups
    assert found[Group("gold", 5)][Figure.WAIT] == (30.0, 1)
    assert found[Group("gold", 0)][Figure.WAIT] == (70.0, 2)
    assert Figure.AGENTS_PER_CALL not in found[Group("gold", 5)]


def test_each_caller_is_in_the_piece_in_which_they_came() -> None:
    first, second = counted().courses[GOLD]
    assert (first[Figure.WAIT], second[Figure.WAIT]) == ((40.0, 2), (60.0, 1))


def test_seconds_of_the_tier_are_those_of_the_window() -> None:
    found = counted().groups[GOLD]
    assert found[Figure.HELD] == (30.0, 100.0)
    assert found[Figure.HELD_AND_ENOUGH] == (20.0, 20.0)
    assert found[Figure.ENOUGH] == (20.0, 100.0)
    assert found[Figure.AGENTS_PER_CALL] == (100.0, 50.0)


def test_a_tier_without_a_target_holds_none() -> None:
    rules = StaffingRules("dynamic", (Tier("gold", min_agents=1),))
    found = counted(replace(SCENARIO, rules=rules)).groups[GOLD]
    assert Figure.HELD not in found
    assert found[Figure.AGENTS_PER_CALL].ratio == 2.0


def test_a_floor_whose_tiers_nobody_counted_says_nothing_of_them() -> None:
    found = counted(replace(SCENARIO, rules=None), replace(PLAYED, courses={}, moves=()))
    assert Figure.HELD not in found.groups[GOLD]
    assert Figure.AGENTS_PER_CALL not in found.courses[GOLD][0]


def test_a_course_that_ends_early_has_empty_pieces() -> None:
    short = replace(PLAYED, courses={"gold": PLAYED.courses["gold"][:2]})
    assert counted(played=short).courses[GOLD][1][Figure.AGENTS_PER_CALL].ratio is None


def test_agents_are_busy_while_they_talk_and_wrap_up_and_on_duty_as_they_come_and_go() -> None:
    first, second = (each[Figure.OCCUPANCY] for each in counted().floor_course)
    assert first == (40.0, 90.0)  # 80 to 120, of 60 and of 30 seconds
    assert second == (70.0, 90.0)  # to 130 and on to 180
    assert counted().floor[Figure.OCCUPANCY] == (110.0, 180.0)


def test_moves_are_counted_for_each_agent_and_ten_minutes() -> None:
    assert counted().floor[Figure.MOVES].ratio == pytest.approx(2 / (180.0 / 600))


def test_seconds_that_touch_several_pieces_are_shared_among_them() -> None:
    assert Window(0.0, 30.0, 10.0).overlaps([(5.0, 25.0), (28.0, 99.0), (-5.0, 1.0)]) == [6.0, 10.0, 7.0]
