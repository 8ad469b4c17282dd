"""A real floor as it came about, out of the events of its play."""

from __future__ import annotations

from math import inf

import pytest

from ariroute.simulate.scenario import AgentModel, Caller, Member, QueueModel, Scenario
from scripts.trialling.measured import Real, as_it_was
from scripts.trialling.observer import Message
from scripts.trialling.seen import Seen

from .events import agent, caller, member

BEGAN = 1000.25
SCENARIO = Scenario(
    {"gold": QueueModel("gold", "rrmemory", retry=1.0)},
    [AgentModel("anna", picks_up=0.1), AgentModel("bo", picks_up=0.2), AgentModel("cy", picks_up=inf)],
    [Member(name, "gold") for name in ("anna", "bo", "cy")],
    [
        Caller(0.0, "gold", talk=4.0),
        Caller(0.001, "gold", talk=6.0),
        Caller(1.0, "gold", talk=5.0, patience=2.0),
        Caller(2.0, "gold", talk=1.0, patience=9.0),
    ],
)
EVENTS: list[tuple[float, Message]] = [
    (1000.252, caller("Join", "gold", "1")),  # the second of the list comes first
    (1000.254, caller("Join", "gold", "0")),
    (1000.253, agent("Called", "gold", "anna", "1")),
    (1000.255, agent("Called", "gold", "bo", "0")),
    (1000.263, member("gold", "anna", what="Status", status="3")),
    (1000.265, member("gold", "bo", what="Status", status="3")),
    (1000.373, agent("Connect", "gold", "anna", "1")),
    (1000.475, agent("Connect", "gold", "bo", "0")),
    (1001.25, caller("Join", "gold", "2")),
    (1002.25, caller("Join", "gold", "3")),
    (1002.256, member("silver", "cy")),
    (1003.255, caller("Abandon", "gold", "2")),
    (1004.485, agent("Complete", "gold", "bo", "0")),
    (1004.495, member("gold", "bo", what="Status")),
    (1005.259, agent("Called", "gold", "bo", "3")),
    (1005.269, member("gold", "bo", what="Status", status="3")),
    (1005.479, agent("Connect", "gold", "bo", "3")),
    (1006.373, agent("Complete", "gold", "anna", "1")),
    (1006.383, member("gold", "anna", what="Status")),
]


def real() -> Real:
    seen = Seen(["gold"])
    for at, event in EVENTS:
        seen.take(event, at)
    return as_it_was(SCENARIO, BEGAN, [seen.calls[str(place)] for place in range(4)], EVENTS)


def test_callers_come_talk_and_give_up_as_they_did_in_the_order_in_which_they_joined() -> None:
    found = real()
    one, zero, two, three = found.scenario.callers
    assert [each.at for each in (one, zero, two, three)] == pytest.approx([0.252, 0.254, 1.25, 2.25])
    assert [served.agent for served in found.served] == ["anna", "bo", "", "bo"]
    assert [served.wait for served in found.served] == pytest.approx([0.121, 0.221, 2.005, 3.229])
    # From the choice to freedom, without the ring as it was for all: 0.02 longer than they pick up, and 0.001 before.
    assert [one.talk, zero.talk] == pytest.approx([6.13 - 0.121, 4.24 - 0.221])
    assert [two.talk, three.talk] == pytest.approx([5.014, 1.014])  # longer as the others' in the middle
    assert [one.patience, two.patience, three.patience] == pytest.approx([inf, 2.005, 9.005])


def test_phones_app_queue_and_ariroute_are_as_slow_as_they_were() -> None:
    found = real().scenario
    assert [each.picks_up for each in found.agents] == pytest.approx([0.121, 0.221, inf])
    assert found.lag == pytest.approx(0.011)
    late = (3.009 - 0.001) / 3 - 1
    assert [found.recheck, found.queues["gold"].retry] == pytest.approx([1 + late, 1 + late])
    assert found.acts_after == pytest.approx(0.006)
    assert found.shared_last_call


def test_of_a_play_in_which_nothing_happened_all_is_as_planned() -> None:
    alone = Scenario(SCENARIO.queues, SCENARIO.agents[:1], SCENARIO.members[:1], SCENARIO.callers[:1])
    joined: list[tuple[float, Message]] = [(1000.25, caller("Join", "gold", "0"))]
    seen = Seen(["gold"])
    seen.take(joined[0][1], joined[0][0])
    found = as_it_was(alone, BEGAN, [seen.calls["0"]], joined)
    assert found.scenario.callers == [Caller(0.25, "gold", talk=4.0)]
    assert (found.scenario.agents, found.scenario.lag, found.scenario.recheck) == (list(alone.agents), 0.0, 1.0)
    assert found.served[0].wait == 3600.0
