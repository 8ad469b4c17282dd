"""Time lines of a proof: the same for the same seed, with all that was asked for in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from ariroute.proof.faults import ALL
from ariroute.proof.plan import LASTS, LEAD, Plan, PlannedCall, PlannedFault, Wishes, control, plan

WISHES = Wishes(calls=200, faults={"kill": 20, "hang": 2, "deaf": 3}, entries=3, guard=4.0)


def calls(made: Plan) -> list[PlannedCall]:
    return [call for act in made.acts for call in act.calls]


def faults(made: Plan, kind: str = "") -> list[PlannedFault]:
    """Those of this kind, or all."""
    return [act.fault for act in made.acts if act.fault is not None and kind in ("", act.fault.kind)]


def test_when_a_seed_is_given_then_the_plan_is_the_same_each_time_and_another_for_another_seed() -> None:
    assert plan(WISHES, 7) == plan(WISHES, 7)
    assert plan(WISHES, 7) != plan(WISHES, 8)


@pytest.mark.parametrize("seed", range(5))
def test_when_a_plan_is_made_then_all_that_was_asked_for_is_in_it(seed: int) -> None:
    made = plan(WISHES, seed)

    assert Counter(fault.kind for fault in faults(made)) == WISHES.faults
    assert made.calls == len(calls(made)) == 200
    assert {call.entry for call in calls(made)} == {0, 1, 2}
    assert any(call.leaves_after is not None for call in calls(made))
    assert any(call.number == "" for call in calls(made))


@pytest.mark.parametrize("seed", range(5))
def test_when_a_fault_strikes_then_calls_have_come_before_and_the_act_outlasts_it(seed: int) -> None:
    made = plan(WISHES, seed)

    for act in made.acts:
        assert act.fault is not None
        times = [call.at for call in act.calls]
        assert times == sorted(times)
        assert times[0] >= 0.0
        assert times[-1] <= act.lasts
        assert act.lasts > act.fault.at + act.fault.lasted
        assert act.fault.at - act.fault.held == pytest.approx(LEAD)
    before = sum(call.at < LEAD for call in calls(made))
    assert 100 < before < 180


def test_when_a_rate_is_given_then_acts_last_as_long_as_their_calls_need() -> None:
    slow = plan(replace(WISHES, rate=0.5), 1)

    assert slow.lasts > 400.0
    assert plan(replace(WISHES, rate=500.0), 1).lasts == plan(WISHES, 1).lasts


def test_when_several_daemons_hang_then_the_first_outlasts_the_guard() -> None:
    first, second = faults(plan(WISHES, 3), "hang")

    assert first.lasted > WISHES.guard > second.lasted


def test_when_the_daemon_is_killed_often_then_some_die_with_calls_in_their_hands() -> None:
    assert sum(fault.held > 0 for fault in faults(plan(WISHES, 3), "kill")) == 10


def test_when_the_control_is_planned_then_calls_come_while_the_daemon_is_held_and_while_it_is_dead() -> None:
    made = control(replace(WISHES, calls=20), 1)

    (kill,) = faults(made)
    assert kill.kind == "kill"
    assert kill.at - kill.held == 0.0
    assert sum(call.at < kill.at for call in calls(made)) >= 5
    assert sum(call.at > kill.at for call in calls(made)) >= 2


def test_when_a_kind_of_fault_is_known_then_the_plan_knows_how_long_it_lasts() -> None:
    assert LASTS.keys() == ALL.keys()


@pytest.mark.parametrize("count", [1, 5])
def test_when_no_fault_is_wanted_then_calls_are_planned_alone(count: int) -> None:
    made = plan(Wishes(count, {}, 1, 4.0), 1)

    assert made.calls == count
    assert faults(made) == []


def test_when_there_are_more_faults_than_calls_then_every_fault_strikes_all_the_same() -> None:
    made = plan(Wishes(2, {"kill": 5}, 1, 4.0), 1)

    assert made.calls == 2
    assert len(faults(made)) == 5


def test_when_acts_are_many_then_some_callers_outstay_the_guard_in_all_but_the_last() -> None:
    made = plan(WISHES, 1)

    assert [any(call.stays for call in act.calls) for act in made.acts] == [True] * (len(made.acts) - 1) + [False]
    assert sum(call.stays for call in calls(made)) < 60
    assert any(call.stays for call in calls(plan(replace(WISHES, faults={}), 1)))


@pytest.mark.parametrize("seed", range(5))
def test_when_a_fault_outlasts_the_guard_then_a_patient_caller_is_there_whom_only_the_guard_helps(seed: int) -> None:
    made = plan(replace(WISHES, calls=30), seed)
    long = [(act, act.fault) for act in made.acts if act.fault and act.fault.lasted > WISHES.guard]

    assert {fault.kind for _, fault in long} == {"hang", "deaf"}
    for act, fault in long:
        helped = [call for call in act.calls if fault.at <= call.at <= fault.at + fault.lasted - WISHES.guard]
        assert any(call.leaves_after is None for call in helped)
