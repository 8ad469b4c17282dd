"""Callers before agents in made-up time, against the formulas of Erlang and Cobham and by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, inf
from random import Random
from statistics import fmean

import pytest

from ariroute.replay.serving import Arrival, Served, Stint, serve

AHT = 180.0


def erlang_c(agents: int, load: float) -> float:
    """The share of callers who wait: B by its recursion, then C."""
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return agents * blocked / (agents - load * (1 - blocked))


def erlang_a(agents: int, load: float, patience: float) -> tuple[float, float]:
    """The share who give up, and the mean wait: the birth-death chain of M/M/n+M, times in units of the handle time."""
    weights = [1.0]
    for calls in range(1, 400):
        weights.append(weights[-1] * load / (min(calls, agents) + max(0, calls - agents) / patience))
    total = sum(weights)
    queue = sum(max(0, calls - agents) * weight for calls, weight in enumerate(weights)) / total
    return queue / patience / load, queue / load


def cobham(agents: int, loads: Sequence[float]) -> list[float]:
    """The mean waits of classes, the first served first, in units of the handle time."""
    waits, before = [], 0.0
    for load in loads:
        after = before + load / agents
        waits.append(erlang_c(agents, sum(loads)) / agents / ((1 - before) * (1 - after)))
        before = after
    return waits


def day(
    calls: int, loads: Mapping[int, float], seed: int = 1, aht: float = AHT, patience: float = inf
) -> list[Arrival]:
    """Calls at random, handle times and patience exponential. ``loads`` has by priority the load in erlangs."""
    dice = Random(seed)
    at, made = 0.0, []
    priorities, weights = list(loads), list(loads.values())
    for _ in range(calls):
        at += dice.expovariate(sum(weights) / aht)
        (priority,) = dice.choices(priorities, weights)
        lasts = inf if patience == inf else dice.expovariate(1 / patience)
        made.append(Arrival(at, "gold", priority, 0.0, dice.expovariate(1 / aht), lasts))
    return made


def pool(agents: int) -> list[Stint]:
    return [Stint(("gold",))] * agents


def served(arrivals: Sequence[Arrival], crew: Sequence[Stint], retry: float = 0.0) -> list[Served]:
    return serve(arrivals, crew, Random(1), retry)


def test_the_formulas_here_are_those_of_the_tables() -> None:
    """The published example: 100 calls in half an hour, 180 s, 14 agents."""
    assert erlang_c(14, 10) == pytest.approx(0.1741319335950498)
    assert erlang_c(14, 10) * AHT / 4 == pytest.approx(7.83593701177724)
    assert erlang_c(3, 2) == pytest.approx(4 / 9)
    assert [wait * AHT for wait in cobham(12, (2, 3, 5))] == pytest.approx((8.089, 13.867, 69.334), abs=0.001)


@pytest.mark.parametrize(("agents", "load", "calls", "close"), [(14, 10.0, 100_000, 0.1), (3, 2.0, 50_000, 0.05)])
def test_waits_are_those_of_erlang_c(agents: int, load: float, calls: int, close: float) -> None:
    found = served(day(calls, {0: load}), pool(agents))
    waiting = erlang_c(agents, load)
    assert all(each.answered for each in found)
    assert sum(each.wait > 0 for each in found) / calls == pytest.approx(waiting, rel=close)
    assert fmean(each.wait for each in found) == pytest.approx(waiting * AHT / (agents - load), rel=close)
    in_time = 1 - waiting * exp(-(agents - load) * 20 / AHT)
    assert sum(each.wait <= 20 for each in found) / calls == pytest.approx(in_time, abs=0.01)


@pytest.mark.parametrize(
    ("agents", "loads", "close"),
    [(12, {30: 2.0, 20: 3.0, 0: 5.0}, 0.1), (3, {30: 0.4, 20: 0.6, 0: 1.0}, 0.05)],
)
def test_waits_by_priority_are_those_of_cobham(agents: int, loads: dict[int, float], close: float) -> None:
    arrivals = day(60_000, loads)
    found = served(arrivals, pool(agents))
    for priority, wait in zip(loads, cobham(agents, list(loads.values())), strict=True):
        own = [each.wait for each, arrival in zip(found, arrivals, strict=True) if arrival.priority == priority]
        assert fmean(own) == pytest.approx(wait * AHT, rel=close)


def test_who_gives_up_and_waits_is_that_of_erlang_a() -> None:
    """As many callers as ten agents can take, who wait two minutes on average; it is stable at any load."""
    lost, wait = erlang_a(10, 10.0, 120 / AHT)
    found = served(day(30_000, {0: 10.0}, patience=120.0), pool(10))
    assert sum(not each.answered for each in found) / len(found) == pytest.approx(lost, rel=0.05)
    assert fmean(each.wait for each in found) == pytest.approx(wait * AHT, rel=0.05)


def call(
    at: float, queue: str = "gold", priority: int = 0, ring: float = 0, busy: float = 100, lasts: float = inf
) -> Arrival:
    return Arrival(at, queue, priority, ring, busy, lasts)


def test_the_higher_priority_is_first_and_then_who_came_first() -> None:
    found = served([call(0), call(1), call(2), call(3, priority=5), call(4, priority=5)], pool(1))
    assert [each.wait for each in found] == [0, 299, 398, 97, 196]


def test_a_ring_is_a_part_of_the_wait_and_holds_the_agent() -> None:
    found = served([call(0, ring=5), call(1, ring=5)], pool(1))
    assert [each.wait for each in found] == [5, 109]


def test_who_gives_up_makes_room_and_who_does_so_while_the_phone_rings_frees_the_agent() -> None:
    found = served([call(0), call(1, lasts=50), call(2, ring=10, lasts=104), call(3)], pool(1))
    assert found == [Served(0, True), Served(50, False), Served(104, False), Served(103, True)]


def test_agents_serve_their_own_queues_only() -> None:
    found = served([call(0), call(1), call(2, "standard")], [Stint(("gold",)), Stint(("standard",))])
    assert [each.wait for each in found] == [0, 99, 0]


def test_the_agent_who_is_free_for_longest_is_rung() -> None:
    """The one who came first takes the first call, so the second is left for standard."""
    crew = [Stint(("gold", "standard"), start=10), Stint(("gold",), start=5)]
    found = served([call(20), call(21, "standard")], crew)
    assert [each.wait for each in found] == [0, 0]


def test_between_queues_that_share_an_agent_it_is_chance_whatever_the_priority() -> None:
    """A queue priority orders one queue; gold's callers are not before standard's, as it may seem."""
    day = [call(0), *(call(1 + number * 0.001, "gold", 30, busy=1) for number in range(1000))]
    day += [call(2 + number * 0.001, "standard", 0, busy=1) for number in range(1000)]
    found = served(day, [Stint(("gold", "standard"))])
    gold, standard = fmean(each.wait for each in found[1:1001]), fmean(each.wait for each in found[1001:])
    assert gold == pytest.approx(standard, rel=0.1)


def test_an_agent_comes_and_goes_but_not_from_those_who_wait() -> None:
    crew = [Stint(("gold",), start=50, end=120)]
    found = served([call(0), call(10), call(300, lasts=30), call(400)], crew)
    assert found[:3] == [Served(50, True), Served(140, True), Served(30, False)]
    assert found[3] == Served(0, False)  # nothing happens any more that could end this wait


def test_who_waits_looks_for_an_agent_now_and_then_only() -> None:
    """The agent is free at 100 s; who came at 0.25 s looks every 10 s, and finds that at 100.25 s."""
    found = served([call(0), call(0.25), call(0.5)], pool(1), retry=10)
    assert [each.wait for each in found] == [0, 100, 200]
    assert [each.wait for each in served([call(0), call(4), call(200)], pool(1), retry=10)] == [0, 100, 10]


def test_the_queue_whose_head_looks_first_gets_the_agent() -> None:
    found = served([call(0), call(1, "standard"), call(4)], [Stint(("gold", "standard"))], retry=10)
    assert [each.wait for each in found] == [0, 100, 200]
    found = served([call(0), call(4, "standard"), call(11)], [Stint(("gold", "standard"))], retry=10)
    assert [each.wait for each in found] == [0, 200, 90]


def test_between_two_looks_others_may_get_the_agent_if_nobody_is_before_them() -> None:
    shared = [Stint(("gold", "standard"))]
    same, higher, elsewhere = call(102), call(102, priority=5), call(102, "standard")
    assert [each.wait for each in served([call(0), call(5), same], shared, retry=10)] == [0, 100, 110]
    assert [each.wait for each in served([call(0), call(5), higher], shared, retry=10)] == [0, 200, 0]
    assert [each.wait for each in served([call(0), call(5), elsewhere], shared, retry=10)] == [0, 200, 0]


def test_of_two_agents_who_are_free_each_caller_finds_one() -> None:
    """Three wait for two agents who become free together: the third one's turn comes with the next talk's end."""
    found = served([call(0), call(0), call(3), call(4), call(5)], pool(2), retry=10)
    assert [each.wait for each in found] == [0, 0, 100, 100, 200]
    crowd = [call(0), call(0), call(5), call(102)]
    assert [each.wait for each in served(crowd, pool(2), retry=10)] == [0, 0, 100, 0]


def test_the_same_dice_give_the_same() -> None:
    arrivals = day(2000, {0: 2.0})
    crew = [Stint(("gold",)), Stint(("gold", "standard")), Stint(("standard",))]
    assert served(arrivals, crew) == served(arrivals, crew)
