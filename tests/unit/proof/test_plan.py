"""Time lines of a proof: the same for the same seed, with all that was asked for in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from ariroute.proof.faults import ALL
from ariroute.proof.plan import LASTS, LEAD, Wishes, control, plan

WISHES = Wishes(calls=200, faults={"kill": 20, "hang": 2, "deaf": 3}, entries=3, guard=4.0)


def test_when_a_seed_is_given_then_the_plan_is_the_same_each_time_and_another_for_another_seed() -> None:
    assert plan(WISHES, 7) == plan(WISHES, 7)
    assert plan(WISHES, 7) != plan(WISHES, 8)


@pytest.mark.parametrize("seed", range(5))
def test_when_a_plan_is_made_then_all_that_was_asked_for_is_in_it(seed: int) -> None:
    made = plan(WISHES, seed)

    assert Counter(fault.kind for fault in made.faults) == WISHES.faults
    assert len(made.calls) == 200
    assert {call.entry for call in made.calls} == {0, 1, 2}
    assert any(call.leaves_after is not None for call in made.calls)
    assert any(call.number == "" for call in made.calls)


@pytest.mark.parametrize("seed", range(5))
def test_when_faults_are_planned_then_one_is_over_before_the_next_strikes(seed: int) -> None:
    faults = plan(WISHES, seed).faults

    assert faults[0].at >= LEAD
    for before, after in pairwise(faults):
        assert before.at + before.lasted < after.at - after.held


def test_when_calls_are_planned_then_they_come_in_order_within_the_run() -> None:
    made = plan(WISHES, 1)

    times = [call.at for call in made.calls]
    assert times == sorted(times)
    assert times[0] >= 0.0
    assert times[-1] <= made.ends


def test_when_a_rate_is_given_then_the_run_lasts_as_long_as_the_calls_need() -> None:
    slow = plan(replace(WISHES, rate=0.5), 1)

    assert slow.ends == 400.0
    assert slow.faults[-1].at > 200.0
    assert plan(replace(WISHES, rate=500.0), 1).ends == plan(WISHES, 1).ends


def test_when_several_daemons_hang_then_the_first_outlasts_the_guard() -> None:
    hangs = [fault for fault in plan(WISHES, 3).faults if fault.kind == "hang"]

    assert hangs[0].lasted > WISHES.guard > hangs[1].lasted


def test_when_the_daemon_is_killed_often_then_some_die_with_calls_in_their_hands() -> None:
    held = [fault.held for fault in plan(WISHES, 3).faults if fault.kind == "kill"]

    assert sum(seconds > 0 for seconds in held) == 10


def test_when_the_control_is_planned_then_calls_come_while_the_daemon_is_held_and_while_it_is_dead() -> None:
    made = control(replace(WISHES, calls=20), 1)

    (kill,) = made.faults
    assert kill.kind == "kill"
    assert kill.at - kill.held == 0.0
    assert sum(call.at < kill.at for call in made.calls) >= 5
    assert sum(call.at > kill.at for call in made.calls) >= 5


def test_when_a_kind_of_fault_is_known_then_the_plan_knows_how_long_it_lasts() -> None:
    assert LASTS.keys() == ALL.keys()


@pytest.mark.parametrize("calls", [1, 5])
def test_when_no_fault_is_wanted_then_calls_are_planned_alone(calls: int) -> None:
    made = plan(Wishes(calls, {}, 1, 4.0), 1)

    assert len(made.calls) == calls
    assert made.faults == ()
