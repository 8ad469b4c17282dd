"""How long targets were held, moment by moment."""

from __future__ import annotations

import pytest

from scripts.trialling.observer import Message
from scripts.trialling.seconds import Targets, held, moments
from scripts.trialling.seen import Seen
from unit.scripts.trialling.events import agent, caller, member

TARGETS = Targets({"gold": 1.0, "silver": 0.5}, {"anna": {"gold", "silver"}, "bo": {"silver"}})


def test_seconds_are_counted_by_whether_agents_sufficed_and_whether_the_target_was_met() -> None:
    events: list[tuple[float, Message]] = [
        (90.0, member("silver", "anna")),
        (90.0, member("silver", "bo")),
        (102.0, caller("Join", "gold", "1")),  # nobody there, but anna could be
        (105.0, member("silver", "anna", what="Removed")),
        (105.0, member("gold", "anna")),  # held from here
        (107.0, caller("Join", "gold", "2")),  # two calls, and only anna may serve them
        (110.0, caller("Abandon", "gold", "1")),
    ]

    tiers = held(moments(events, Seen(("gold", "silver")), TARGETS, 100.0, 112.0), TARGETS)

    gold = tiers["gold"]
    assert (gold.enough, gold.held_enough, gold.short) == (7.0, 4.0, 3.0)
    assert gold.part == pytest.approx(0.5)
    assert gold.share_enough == pytest.approx(4 / 7)
    assert gold.average == pytest.approx(7 / 13)
    assert (tiers["silver"].enough, tiers["silver"].share_enough, tiers["silver"].average) == (0.0, None, None)


def test_what_happens_outside_the_span_counts_for_nothing_but_the_state_it_leaves() -> None:
    events: list[tuple[float, Message]] = [
        (90.0, member("gold", "anna")),
        (95.0, caller("Join", "gold", "1")),
        (101.0, agent("Connect", "gold", "anna", "1")),
        (120.0, agent("Complete", "gold", "anna", "1")),
    ]

    (gold, _) = held(moments(events, Seen(("gold", "silver")), TARGETS, 100.0, 110.0), TARGETS).values()

    assert (gold.enough, gold.held_enough) == (10.0, 10.0)


def test_a_wrap_up_that_ends_without_an_event_is_a_moment_of_its_own() -> None:
    seen = Seen(("gold", "silver"), wrap_up=3.0)
    events: list[tuple[float, Message]] = [
        (90.0, member("gold", "anna")),
        (95.0, caller("Join", "gold", "1")),
        (96.0, agent("Connect", "gold", "anna", "1")),
        (100.5, agent("Complete", "gold", "anna", "1")),
        (101.0, caller("Join", "gold", "2")),
    ]

    spans = [
        (each.begin, each.end, each.tiers["gold"].serving) for each in moments(events, seen, TARGETS, 100.0, 105.0)
    ]

    assert spans == [(100.0, 100.5, 1), (100.5, 101.0, 0), (101.0, 103.0, 0), (103.0, 105.0, 1)]
