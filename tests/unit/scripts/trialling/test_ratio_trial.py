"""What a played day tells: seconds held, moves, and how soon a shortage was answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.trialling.arms import ARMS, TIERS, Arm, Centre, Part
from scripts.trialling.observer import Message
from scripts.trialling.ratio_tables import move_table, ratio_table
from scripts.trialling.ratio_trial import Outcome, holds, outcome
from unit.scripts.trialling.events import agent, caller, member

CENTRE = Centre(tuple(Part(name, 10, dict.fromkeys(TIERS, 0.0)) for name in ("begin", "steady", "burst")), speed=60.0)
"""Ten seconds of the clock each."""
BEGAN = 1000.0
DYNAMIC, NONE = ARMS[0], next(arm for arm in ARMS if arm.name == "none")


def day(*later: tuple[float, Message]) -> list[tuple[float, Message]]:
    """Two agents who may serve all tiers, at home in standard."""
    here = [(BEGAN - 1, member("standard", name)) for name in ("sam1", "sam2")]
    return [*here, *((BEGAN + at, event) for at, event in later)]


def told(arm: Arm, *later: tuple[float, Message]) -> Outcome:
    return outcome(arm, CENTRE, BEGAN, day(*later))


def to_platinum(at: float, name: str) -> list[tuple[float, Message]]:
    return [(at, member("platinum", name)), (at, member("standard", name, what="Removed"))]


def test_a_shortage_is_answered_when_an_agent_comes_and_the_seconds_are_counted() -> None:
    one = told(DYNAMIC, (21.0, caller("Join", "platinum", "1")), *to_platinum(21.5, "sam1"))

    assert list(one.reactions) == pytest.approx([0.5])
    assert one.first_move == pytest.approx(0.5)
    assert one.idle["platinum"] == pytest.approx(0.5 / 9)
    assert one.held["platinum"].share_enough == pytest.approx(8.5 / 9)
    assert (one.waits["platinum"].mean, one.waits["platinum"].gave_up) == (9 * 60, 0.0)
    assert not holds(one)


def test_moves_of_the_steady_part_count_per_agent_and_ten_minutes() -> None:
    one = told(DYNAMIC, *to_platinum(5.0, "sam1"), *to_platinum(12.0, "sam2"), *to_platinum(25.0, "sam1"))

    assert one.moves == pytest.approx(1 / 30)


def test_an_agent_freed_from_our_own_pause_came_as_well_and_one_freed_from_another_did_not() -> None:
    def pause(reason: str, *, paused: bool) -> Message:
        return member("platinum", "sam1", what="Pause", paused=paused, reason=reason)

    ours = told(DYNAMIC, (11.0, pause("ariroute", paused=True)), (12.0, pause("", paused=False)))
    by_hand = told(DYNAMIC, (11.0, pause("lunch", paused=True)), (12.0, pause("", paused=False)))

    assert [ours.moves, by_hand.moves] == pytest.approx([1 / 30, 0.0])


def test_without_ariroute_nothing_is_wanted_and_nothing_told_of_moves() -> None:
    one = told(NONE, (21.0, caller("Join", "platinum", "1")), (22.0, caller("Abandon", "platinum", "1")))

    assert (one.first_move, list(one.reactions), one.waits["platinum"].gave_up) == (None, [], 1.0)
    assert holds(one)


def test_a_target_that_is_met_and_few_moves_are_as_wished() -> None:
    one = told(
        DYNAMIC,
        (12.0, caller("Join", "standard", "1")),
        (12.0, agent("Called", "standard", "sam1", "1")),
        (13.0, agent("Connect", "standard", "sam1", "1")),
    )

    assert holds(one)
    assert one.held["standard"].average == 2.0
    assert not holds(replace(one, moves=1.0))
    assert holds(replace(one, moves=None))


def test_the_tables_have_a_row_for_each_tier_and_a_dash_for_what_is_unknown() -> None:
    one, other = told(DYNAMIC, (21.0, caller("Join", "platinum", "1")), *to_platinum(21.5, "sam1")), told(NONE)

    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ratio_table([one, other]).splitlines()[2:]]

    assert [row[:2] for row in rows] == [
        ["dynamic", "platinum"],
        ["", "gold"],
        ["", "standard"],
        ["none", "platinum"],
        ["", "gold"],
        ["", "standard"],
    ]
    assert rows[0][2:7] == ["1", "0.94", "94.4 %", "-", "5.6 %"]
    assert "| dynamic | 0.00 " in move_table([one, other])
    assert "500 ms" in move_table([one, other])
    assert "none" not in move_table([one, other])


def test_every_arm_has_the_same_callers_and_agents() -> None:
    centre = Centre()
    scenarios = [centre.scenario(arm, 5) for arm in ARMS]

    assert all(scenario.callers == scenarios[0].callers for scenario in scenarios)
    assert all(len(scenario.agents) == 30 for scenario in scenarios)
    by_name = {
        arm.name: {(m.agent, m.queue): m.penalty for m in s.members} for arm, s in zip(ARMS, scenarios, strict=True)
    }
    assert by_name["dynamic"] == by_name["none"] == by_name["static"]
    assert by_name["penalties"].keys() == by_name["weights"].keys() > by_name["none"].keys()
    assert {p for (_, _), p in by_name["penalties"].items()} == {0, 1}
    assert [scenarios[-1].queues[tier].weight for tier in TIERS] == [30, 20, 10]
