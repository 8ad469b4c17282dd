"""The floor: against the formulas of Erlang and Cobham, against figures measured on Asterisk, and by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from random import Random
from statistics import fmean

import pytest

from ariroute.planning.erlang import Load, service
from ariroute.planning.priority import pooled
from ariroute.simulate.floor import play
from ariroute.simulate.scenario import (
    AgentModel,
    AutoPause,
    Caller,
    Member,
    Played,
    QueueModel,
    Scenario,
    Served,
    Strategy,
)

from .pools import AHT, day, floor, mean_wait, played, waits

CLOSE = 0.03
"""What the formulas are met within, over enough calls."""


def load(erlangs: float, patience: float = inf) -> Load:
    return Load(erlangs * 3600 / AHT, AHT, patience=patience)


# ---- theory


def test_waits_are_those_of_erlang_c() -> None:
    found = played(floor(day(200_000, {0: 2.0}), 3)).served
    expected = service(load(2.0), 3, within=20)
    assert all(each.answered for each in found)
    assert fmean(each.wait > 0 for each in found) == pytest.approx(expected.delayed, rel=CLOSE)
    assert fmean(each.wait for each in found) == pytest.approx(expected.wait, rel=CLOSE)
    assert fmean(each.wait <= 20 for each in found) == pytest.approx(expected.in_time, rel=CLOSE)


def test_waits_by_priority_are_those_of_cobham() -> None:
    loads = {30: 0.4, 20: 0.6, 0: 1.0}
    callers = day(200_000, loads)
    found = played(floor(callers, 3)).served
    for priority, expected in zip(loads, pooled([load(each) for each in loads.values()], 3, [20] * 3), strict=True):
        own = [each.wait for each, caller in zip(found, callers, strict=True) if caller.priority == priority]
        assert fmean(own) == pytest.approx(expected.wait, rel=CLOSE)


def test_who_gives_up_and_waits_is_that_of_erlang_a() -> None:
    """As many callers as ten agents can take, who wait two minutes on average; it is stable at any load."""
    found = played(floor(day(100_000, {0: 10.0}, patience=120.0), 10))
    expected = service(load(10.0, 120.0), 10, within=20)
    assert fmean(not each.answered for each in found.served) == pytest.approx(expected.abandoned, rel=CLOSE)
    assert fmean(each.wait for each in found.served) == pytest.approx(expected.wait, rel=CLOSE)
    share = sum(found.busy.values()) / sum(found.on_duty.values())
    assert share == pytest.approx(expected.occupancy, rel=CLOSE)


@pytest.mark.parametrize("strategy", ["ringall", "rrmemory", "fewestcalls", "random", "linear", "wrandom", "rrordered"])
def test_who_of_equals_is_rung_makes_no_difference_to_waits(strategy: Strategy) -> None:
    callers = day(2_000, {9: 1.0, 0: 1.0})
    other = floor(callers, 3, QueueModel("gold", strategy))
    assert waits(other) == waits(floor(callers, 3))


def test_a_look_each_second_costs_half_a_second_and_a_little_more_work() -> None:
    """A free agent waits for half a second, while there are callers: they wait for that, and for it of those before."""
    callers = day(50_000, {0: 2.0})
    at_once, by_looks = (mean_wait(floor(callers, 3, recheck=recheck)) for recheck in (0.0, 1.0))
    assert at_once + 0.2 < by_looks < at_once * 1.02 + 0.5


# ---- measured on Asterisk 22.10.1


def lazy(autopause: AutoPause) -> Scenario:
    """An agent of penalty 1 who never answers, one of penalty 2, and a caller who waits for 40 s at most."""
    queue = QueueModel("gold", "rrmemory", timeout=5, retry=1, max_wait=40, autopause=autopause)
    agents = [AgentModel("lazy", picks_up=inf), AgentModel("keen")]
    return Scenario(
        {"gold": queue}, agents, [Member("lazy", "gold", 1), Member("keen", "gold", 2)], [Caller(100, "gold")]
    )


def test_who_does_not_answer_keeps_a_caller_for_ever_from_agents_of_higher_penalty() -> None:
    """Measured: seven rings in 40 s, the second agent never rung."""
    assert played(lazy("no")).served == [Served(40, "", 7)]


@pytest.mark.parametrize("autopause", ["yes", "all"])
def test_autopause_lets_the_second_agent_have_the_call(autopause: AutoPause) -> None:
    """Measured: after 6 s."""
    assert played(lazy(autopause)).served == [Served(6, "keen", 1)]


@pytest.mark.parametrize(("heavier", "seconds"), [(True, 20), (False, 0)])
def test_a_caller_of_a_heavier_queue_blocks_a_lighter_one_though_they_may_not_have_the_agent(
    heavier: bool, seconds: int
) -> None:
    """asterisk issue 1561. Measured: 23 s instead of 0, where the heavier call got the agent after 21 s."""
    queues = {"gold": QueueModel("gold", retry=1, weight=66, max_wait=20), "silver": QueueModel("silver", retry=1)}
    queues["silver"] = replace(queues["silver"], weight=65 if heavier else 66)
    members = [Member("ann", "gold", 60), Member("ann", "silver", 60)]
    callers = [Caller(100, "gold", max_penalty=50), Caller(100.5, "silver")]
    found = played(Scenario(queues, [AgentModel("ann")], members, callers)).served
    assert found[0] == Served(20, "")
    assert found[1].agent == "ann"
    assert found[1].wait == pytest.approx(seconds, abs=1)


def test_a_caller_who_may_not_have_the_free_agent_blocks_those_behind() -> None:
    """Measured: 19 s instead of 0."""
    callers = [Caller(100, "gold", max_penalty=0, patience=20), Caller(100.5, "gold", talk=5)]
    scenario = Scenario({"gold": QueueModel("gold")}, [AgentModel("ann")], [Member("ann", "gold", 1)], callers)
    assert played(scenario).served[1].wait == pytest.approx(20, abs=1)


# ---- by hand


def call(at: float, queue: str = "gold", priority: int = 0, talk: float = 100, patience: float = inf) -> Caller:
    return Caller(at, queue, priority, talk, patience)


def test_the_higher_priority_is_first_and_then_who_came_first() -> None:
    callers = [call(0), call(1), call(2), call(3, priority=5), call(4, priority=5)]
    assert waits(floor(callers, 1)) == [0, 299, 398, 97, 196]


def answering(scenario: Scenario, **seconds: float) -> Scenario:
    """Agents who need so long until they answer."""
    agents = [replace(each, picks_up=seconds.get(each.name, each.picks_up)) for each in scenario.agents]
    return replace(scenario, agents=agents)


def test_a_ring_is_a_part_of_the_wait_and_holds_the_agent() -> None:
    found = played(answering(floor([call(0), call(1)], 1), a0=5))
    assert [each.wait for each in found.served] == [5, 109]
    assert found.busy == {"a0": 210}
    assert found.on_duty == {"a0": 210}


def test_who_gives_up_makes_room_and_who_does_so_while_the_phone_rings_frees_the_agent() -> None:
    found = played(floor([call(0), call(1, patience=50), call(3)], 1)).served
    assert found == [Served(0, "a0"), Served(50), Served(97, "a0")]
    found = played(answering(floor([call(0, patience=4), call(1)], 1), a0=10)).served
    assert found == [Served(4), Served(13, "a0")]


def test_agents_serve_their_own_queues_only() -> None:
    callers = [call(0), call(1), call(2, "standard")]
    assert waits(floor(callers, {"ann": "gold", "bob": "standard"})) == [0, 99, 0]


def agents_of(scenario: Scenario) -> str:
    return "".join(each.agent[0] for each in played(scenario).served)


def test_strategies_choose_each_in_its_way() -> None:
    """Four calls, ten seconds apart."""
    names = {"ann": "gold", "bob": "gold", "cay": "gold"}

    def served(strategy: Strategy, talks: Sequence[float]) -> str:
        callers = [call(10 * number, talk=talk) for number, talk in enumerate(talks, start=10)]
        return agents_of(floor(callers, names, QueueModel("gold", strategy)))

    assert served("rrmemory", [5, 5, 5, 5]) == "abca"
    assert served("rrordered", [15, 5, 15, 5]) == "abca"
    assert served("linear", [5, 15, 5, 5]) == "aaba"
    first, second, third, fourth = list(served("leastrecent", [25, 5, 5, 5]))
    assert fourth == second
    assert len({first, second, third}) == 3
    assert sorted(served("fewestcalls", [5] * 6)) == list("aabbcc")


def test_all_ring_and_the_quickest_answers() -> None:
    scenario = floor([call(0), call(0.5)], {"ann": "gold", "bob": "gold"}, QueueModel("gold", "ringall"))
    found = played(answering(scenario, ann=4, bob=3)).served
    assert found == [Served(3, "bob"), Served(6.5, "ann")]


def test_of_all_who_ring_in_vain_each_is_counted_and_the_next_try_comes_after_the_retry() -> None:
    scenario = floor([call(0, patience=30)], 2, QueueModel("gold", "ringall", timeout=10, retry=5))
    assert played(answering(scenario, a0=inf, a1=inf)).served == [Served(30, "", 4)]


def test_without_autofill_one_caller_rings_at_a_time() -> None:
    model = QueueModel("gold", "rrmemory", autofill=False)
    assert waits(answering(floor([call(0), call(0.25)], 2, model, recheck=1), a0=3, a1=3)) == [3, 6]
    assert waits(answering(floor([call(0), call(0.25)], 2, recheck=1), a0=3, a1=3)) == [3, 3]


def test_wrap_up_lasts_whole_seconds_and_only_in_the_queue_of_the_call() -> None:
    model = QueueModel("gold", "rrmemory", wrap_up=10)
    both = {"ann": "gold standard"}
    found = played(floor([call(100, talk=5.5), call(101), call(300, "standard")], both, model))
    assert [each.wait for each in found.served] == [0, 14, 0]  # the talk ends in second 105
    assert found.busy["ann"] == pytest.approx(5.5 + 9.5 + 100 + 10 + 100)
    meanwhile = floor([call(100, talk=5), call(101), call(102, "standard")], both, model)
    assert waits(meanwhile) == [0, 104, 3]


def test_who_looks_before_the_phone_has_told_that_it_rings_tries_again_after_the_retry() -> None:
    scenario = answering(floor([call(0, talk=9), call(0.05)], 1, QueueModel("gold", retry=20), recheck=1), a0=2)
    assert waits(scenario) == [2, 13]
    assert waits(replace(scenario, lag=0.1)) == [2, 22]


def test_queues_may_know_of_each_others_wrap_up() -> None:
    models = [QueueModel(queue, retry=1, wrap_up=10) for queue in ("gold", "standard")]
    scenario = floor([call(100, talk=5), call(106, "standard")], {"ann": "gold standard"}, *models)
    assert waits(scenario) == [0, 0]
    assert waits(replace(scenario, shared_last_call=True)) == [0, 9]


def test_the_longest_wait_ends_with_a_look() -> None:
    model = QueueModel("gold", max_wait=20)
    assert waits(floor([call(0), call(1.25)], 1, model)) == [0, 19.75]
    assert waits(floor([call(0), call(1.25)], 1, model, recheck=1)) == [0, 20]


def test_between_queues_that_share_an_agent_it_is_chance_whatever_the_priority() -> None:
    """A queue priority orders one queue; gold's callers are not before standard's, as it may seem."""
    callers = [call(0), *(call(1 + number * 0.001, "gold", 30, talk=1) for number in range(1000))]
    callers += [call(2 + number * 0.001, "standard", 0, talk=1) for number in range(1000)]
    found = waits(floor(callers, {"ann": "gold standard"}))
    assert fmean(found[1:1001]) == pytest.approx(fmean(found[1001:]), rel=0.1)


def test_the_heavier_of_two_queues_is_served_first() -> None:
    callers = [call(0), call(1, "standard", talk=5), call(2, talk=5), call(3, talk=5)]
    both = {"ann": "gold standard"}
    assert waits(floor(callers, both, QueueModel("gold", weight=1, retry=1))) == [0, 109, 98, 102]


def test_an_agent_comes_and_goes_with_or_without_those_who_wait() -> None:
    def found(stays: bool) -> list[Served]:
        scenario = floor([call(0), call(10), call(300, patience=30), call(400)], 1)
        return list(played(replace(scenario, agents=[AgentModel("a0", 50, 120, stays=stays)])).served)

    last = Served(0)  # nothing happens any more that could end this wait
    assert found(stays=True) == [Served(50, "a0"), Served(140, "a0"), Served(30), last]
    assert found(stays=False)[:3] == [Served(50, "a0"), Served(390), Served(30)]


def test_a_floor_on_which_nobody_ever_answers_comes_to_an_end() -> None:
    (found,) = played(answering(floor([call(0)], 1), a0=inf)).served
    assert not found.answered
    assert found.rings > 100


def test_who_waits_looks_for_an_agent_now_and_then_only() -> None:
    """The agent is free at 100 s; who came at 0.25 s looks every 10 s, and finds that at 100.25 s."""
    assert waits(floor([call(0), call(0.25), call(0.5)], 1, recheck=10)) == [0, 100, 200]
    assert waits(floor([call(0), call(4), call(200)], 1, recheck=10)) == [0, 100, 10]


def test_the_queue_whose_head_looks_first_gets_the_agent() -> None:
    both = {"ann": "gold standard"}
    assert waits(floor([call(0), call(1, "standard"), call(4)], both, recheck=10)) == [0, 100, 200]
    assert waits(floor([call(0), call(4, "standard"), call(11)], both, recheck=10)) == [0, 200, 90]


def test_between_two_looks_others_may_get_the_agent_if_nobody_is_before_them() -> None:
    both = {"ann": "gold standard"}
    same, higher, elsewhere = call(102), call(102, priority=5), call(102, "standard")
    assert waits(floor([call(0), call(5), same], both, recheck=10)) == [0, 100, 110]
    assert waits(floor([call(0), call(5), higher], both, recheck=10)) == [0, 200, 0]
    assert waits(floor([call(0), call(5), elsewhere], both, recheck=10)) == [0, 200, 0]


def test_of_two_agents_who_are_free_each_caller_finds_one() -> None:
    """Three wait for two agents who become free together: the third one's turn comes with the next talk's end."""
    assert waits(floor([call(0), call(0), call(3), call(4), call(5)], 2, recheck=10)) == [0, 0, 100, 100, 200]
    assert waits(floor([call(0), call(0), call(5), call(102)], 2, recheck=10)) == [0, 0, 100, 0]


def test_the_same_dice_give_the_same() -> None:
    scenario = floor(day(2000, {0: 2.0}), 3, QueueModel("gold", "random"))
    other = [each.agent for each in play(scenario, Random(2)).served]
    assert played(scenario) == played(scenario)
    assert [each.agent for each in played(scenario).served] != other


def test_a_floor_without_anybody() -> None:
    assert played(floor([], 1)) == Played([], {"a0": 0}, {"a0": 0})
    assert played(floor([call(5, patience=3), call(6)], {"ann": "standard"}, QueueModel("gold"))).served == [
        Served(3),
        Served(2),
    ]
