"""Many runs of several floors: what theory knows comes out, and floors are compared before the same callers."""

from __future__ import annotations

import pickle
from math import inf

import pytest

from ariroute.simulate.figures import Figure, Group
from ariroute.simulate.load import Always, Exponential, Piece, Stream
from ariroute.simulate.scenario import AgentModel, Member, QueueModel, Scenario
from ariroute.simulate.study import Arm, Setting, results, run
from ariroute.simulate.tally import Window
from ariroute.staffing.rules import StaffedAgent, StaffingRules, Tier

GOLD, STANDARD = Group("gold"), Group("standard")
HOUR = 3600.0
AT_ONCE = 0.0
"""``recheck`` of theory."""


def floor(agents: int, queues: tuple[str, ...] = ("gold",), rules: StaffingRules | None = None) -> Scenario:
    names = [f"agent {number}" for number in range(agents)]
    return Scenario(
        {queue: QueueModel(queue, "leastrecent", retry=1.0) for queue in ("gold", "standard")},
        [AgentModel(name, 0.0) for name in names],
        [Member(name, queue) for name in names for queue in queues],
        (),
        rules,
        recheck=AT_ONCE,
    )


def setting(*arms: Arm, rate: float = 60.0, queues: tuple[str, ...] = ("gold",), hours: float = 4.0) -> Setting:
    window = Window(HOUR, (1 + hours) * HOUR, 900.0)
    streams = [
        Stream(queue, 0, [Piece(0.0, window.end, rate * window.end / HOUR)], Exponential(180.0), Always(inf))
        for queue in queues
    ]
    return Setting(arms, streams, {"gold": 20.0, "standard": None}, window)


def test_waits_are_those_of_erlang_c_within_the_margin() -> None:
    """3 erlangs, 5 agents: C = 0.2362, the mean wait 21.3 s, and 80.9 % answered in 20 s."""
    study = setting(Arm("pool", floor(5)), hours=60.0)
    (found,) = results(study, [run(study, seed) for seed in range(1, 13)])
    wait, in_time = found.groups[GOLD][Figure.WAIT], found.groups[GOLD][Figure.IN_TIME]
    assert wait.margin is not None
    assert in_time.margin is not None
    assert abs(wait.mean - 21.26) < 1.5 * wait.margin < 5.0
    assert abs(in_time.mean - 0.8109) < 1.5 * in_time.margin < 0.05
    assert found.floor[Figure.OCCUPANCY].mean == pytest.approx(0.6, abs=0.03)


def test_all_floors_have_the_same_callers_and_the_change_is_that_of_the_floor() -> None:
    study = setting(Arm("five", floor(5)), Arm("the same", floor(5)), Arm("six", floor(6)))
    five, same, six = results(study, [run(study, seed) for seed in (1, 2, 3, 4)])
    assert five.groups[GOLD] == same.groups[GOLD]
    assert five.groups[GOLD][Figure.CALLERS] == six.groups[GOLD][Figure.CALLERS]
    assert not five.change
    assert same.change[GOLD][Figure.WAIT].mean == 0.0
    assert six.change[GOLD][Figure.WAIT].high < 0.0


def test_a_seed_gives_the_same_figures_also_in_another_process() -> None:
    study = setting(Arm("pool", floor(5)))
    assert run(study, 3) == run(pickle.loads(pickle.dumps(study)), 3)
    assert run(study, 3) != run(study, 4)


def test_agents_who_are_moved_hold_the_target_of_a_tier_that_nobody_calls_home() -> None:
    agents = {
        f"agent {each}": StaffedAgent(f"agent {each}", "", "standard", {"gold": 0, "standard": 0}) for each in range(8)
    }
    tiers = Tier("gold", 1.0), Tier("standard", 0.2)
    rules = StaffingRules("dynamic", tiers, agents)
    home = floor(8, ("standard",), StaffingRules("advise", tiers, agents))
    study = setting(
        Arm("home", home),
        Arm("dynamic", floor(8, ("standard",), rules)),
        rate=20.0,
        queues=("gold", "standard"),
        hours=1.0,
    )
    alone, moved = results(study, [run(study, 1)])
    assert alone.floor[Figure.MOVES].mean == 0
    assert alone.groups[GOLD][Figure.HELD].mean == 0.0
    assert moved.floor[Figure.MOVES].mean > 0
    assert moved.groups[GOLD][Figure.HELD].mean > 0.9
    assert moved.groups[GOLD][Figure.AGENTS_PER_CALL].mean >= 1.0


def test_courses_have_the_pieces_of_the_window() -> None:
    study = setting(Arm("pool", floor(5)), hours=1.0)
    (found,) = results(study, [run(study, 1), run(study, 2)])
    assert len(found.courses[GOLD]) == len(found.floor_course) == 4
    whole = sum(each[Figure.CALLERS].mean for each in found.courses[GOLD])
    assert whole == pytest.approx(found.groups[GOLD][Figure.CALLERS].mean)


def test_priorities_of_one_queue_are_told_apart() -> None:
    study = setting(Arm("pool", floor(5)))
    vip = Stream("gold", 10, [Piece(0.0, 5 * HOUR, 50)], Exponential(180.0), Always(inf))
    two = Setting(study.arms, [*study.streams, vip], study.levels, study.window)
    assert two.groups == [GOLD, Group("gold", 10), Group("gold", 0), STANDARD]
    (found,) = results(two, [run(two, seed) for seed in (1, 2)])
    assert found.groups[Group("gold", 10)][Figure.WAIT].mean < found.groups[Group("gold", 0)][Figure.WAIT].mean


def test_whom_a_floor_serves_counts_those_who_are_moved() -> None:
    agents = {"anna": StaffedAgent("anna", "", "standard", {"gold": 0, "standard": 0})}
    rules = StaffingRules("dynamic", (Tier("gold", 1.0),), agents)
    assert Arm("dynamic", floor(1, ("standard",), rules)).serves() == {"gold", "standard"}
    assert Arm("home", floor(1, ("standard",))).serves() == {"standard"}
