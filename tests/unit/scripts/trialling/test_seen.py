"""The floor as an outsider sees it: who serves which queue, event by event."""

from __future__ import annotations

import pytest

from scripts.trialling.seen import Tier, suffice
from unit.scripts.trialling.events import agent, caller, member, seen_of


def test_a_free_agent_serves_each_queue_in_which_they_are_not_paused() -> None:
    seen = seen_of(member("gold", "anna"), member("silver", "anna"), member("silver", "bo", paused=True))

    assert seen.tiers(200) == {"gold": Tier(0, 0, 1), "silver": Tier(0, 0, 1)}
    assert seen.free(200) == {"anna": frozenset({"gold", "silver"})}


def test_who_rings_or_talks_serves_that_queue_alone() -> None:
    here = (
        member("gold", "anna"),
        member("silver", "anna"),
        caller("Join", "gold", "1"),
        agent("Called", "gold", "anna", "1"),
    )

    assert seen_of(*here).tiers(200) == {"gold": Tier(1, 0, 1), "silver": Tier(0, 0, 0)}
    assert seen_of(*here, agent("Connect", "gold", "anna", "1")).tiers(200) == {
        "gold": Tier(0, 1, 1),
        "silver": Tier(0, 0, 0),
    }


def test_who_is_rung_by_a_caller_who_leaves_is_free_again() -> None:
    seen = seen_of(
        member("gold", "anna"),
        caller("Join", "gold", "1"),
        agent("Called", "gold", "anna", "1"),
        caller("Abandon", "gold", "1"),
    )

    assert seen.tiers(200)["gold"] == Tier(0, 0, 1)
    (call,) = seen.calls.values()
    assert (call.number, call.wait, call.answered) == ("+1", 2.0, None)


def test_rings_in_vain_are_counted_and_end_the_ring() -> None:
    seen = seen_of(
        member("gold", "anna", status="6"),
        caller("Join", "gold", "1"),
        agent("Called", "gold", "anna", "1"),
        agent("RingNoAnswer", "gold", "anna", "1"),
        member("gold", "anna", what="Pause", paused=True, reason="Auto-Pause"),
    )

    assert seen.calls["1"].rings == 1
    assert seen.tiers(200)["gold"] == Tier(1, 0, 0)
    assert seen.on_duty(200) == frozenset()


def test_wrap_up_lasts_by_whole_seconds_of_the_clock_and_the_agent_serves_nobody_meanwhile() -> None:
    seen = seen_of(
        member("gold", "anna"), caller("Join", "gold", "1"), agent("Connect", "gold", "anna", "1"), wrap_up=5
    )
    seen.take(agent("Complete", "gold", "anna", "1"), 110.9)

    assert seen.next_change(111.0) == 115.0
    assert (seen.tiers(114.9)["gold"].serving, seen.tiers(115.0)["gold"].serving) == (0, 1)
    assert (seen.on_duty(114.9), seen.on_duty(115.0)) == (frozenset(), frozenset({"anna"}))
    assert seen.calls["1"].wait == 1.0


def test_a_completion_that_does_not_name_the_caller_ends_the_talk_of_its_agent() -> None:
    complete = {key: value for key, value in agent("Complete", "gold", "anna", "1").items() if key != "Uniqueid"}
    seen = seen_of(member("gold", "anna"), caller("Join", "gold", "1"), agent("Connect", "gold", "anna", "1"), complete)

    assert seen.tiers(200)["gold"] == Tier(0, 0, 1)
    assert seen.calls["1"].ended == 103.0


@pytest.mark.parametrize(("status", "serving"), [("0", 1), ("1", 1), ("2", 0), ("3", 0), ("5", 0), ("6", 0)])
def test_only_a_phone_that_app_queue_would_ring_serves(status: str, serving: int) -> None:
    assert seen_of(member("gold", "anna", status=status)).tiers(200)["gold"].serving == serving


def test_who_is_paused_by_ariroute_elsewhere_is_on_duty_and_who_is_removed_everywhere_is_not() -> None:
    paused = seen_of(member("gold", "anna", paused=True, reason="ariroute"))
    removed = seen_of(member("gold", "anna"), member("gold", "anna", what="Removed"))

    assert (paused.on_duty(200), removed.on_duty(200)) == (frozenset({"anna"}), frozenset())


def test_agents_suffice_only_if_each_set_of_queues_finds_enough_who_may_serve_it() -> None:
    able = {"anna": {"gold"}, "bo": {"gold"}, "cleo": {"gold", "silver"}}

    assert suffice({"gold": 2, "silver": 1}, able, able)
    assert not suffice({"gold": 1, "silver": 2}, able, able)  # cleo alone may serve silver
    assert not suffice({"gold": 3, "silver": 1}, able, able)
    assert not suffice({"gold": 2, "silver": 1}, able, ["anna", "cleo"])
    assert suffice({"gold": 0, "silver": 0}, able, [])
