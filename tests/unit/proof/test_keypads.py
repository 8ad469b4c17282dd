"""Who of the callers presses keys."""

from __future__ import annotations

from ariroute.proof.keypads import AT_MOST, SHARE, choose
from ariroute.proof.plan import PRESSES, PlannedCall, Wishes, plan


def calls(count: int) -> list[PlannedCall]:
    return [PlannedCall(float(place), "", "", place % 2, None) for place in range(count)]


def test_when_a_flow_asks_for_keys_then_every_third_of_its_callers_presses_some() -> None:
    placed = calls(18)

    pressing, others = choose(placed, [True, False])

    assert len(pressing) == 9 // SHARE
    assert {call.entry for call in pressing} == {0}
    assert sorted([*pressing, *others], key=lambda call: call.at) == placed


def test_when_no_flow_asks_then_nobody_presses() -> None:
    placed = calls(24)

    assert choose(placed, [False, False]) == ([], placed)


def test_when_there_are_many_calls_then_only_some_have_a_keypad() -> None:
    pressing, others = choose(calls(2000), [True, True])

    assert (len(pressing), len(others)) == (AT_MOST, 2000 - AT_MOST)


def test_when_calls_are_planned_then_each_caller_would_press_something() -> None:
    made = plan(Wishes(20, {}, 1, 4.0), 1)

    placed = [call for act in made.acts for call in act.calls]
    assert {len(call.keys) for call in placed} == {PRESSES}
    assert len({call.keys for call in placed}) > 1
