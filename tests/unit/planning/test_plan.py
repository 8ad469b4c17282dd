"""A whole plan, and the sentences that say what it means."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import pytest

from ariroute.planning import words
from ariroute.planning.erlang import Load
from ariroute.planning.need import Goal
from ariroute.planning.plan import Plan, TierWish, plan

GOAL = Goal(0.8, 20.0)
WISHES = [TierWish("gold", GOAL, 1.0), TierWish("silver", GOAL, 0.5), TierWish("standard", GOAL)]
LOADS = [Load(40, 180), Load(60, 180), Load(100, 180)]


def an_hour(loads: Sequence[Load] = LOADS, wishes: Sequence[TierWish] = WISHES, **options: float) -> Plan:
    on_duty = options.pop("on_duty", None)
    return plan(wishes, [(None, 3600.0, loads)], on_duty=None if on_duty is None else int(on_duty), **options)


def a_day(shrinkage: float = 0.0) -> Plan:
    """The hour above from ten to half past ten, and half as many calls after that."""
    half = [Load(load.calls / 2, load.handling) for load in LOADS]
    return plan(WISHES, [(36000.0, 1800.0, LOADS), (37800.0, 1800.0, half)], shrinkage=shrinkage)


def test_the_published_comparison_of_splitting_and_pooling_in_words() -> None:
    """features of the field: 12 pooled agents give 8, 14 and 69 s; split, they do not even keep up."""
    found = an_hour(on_duty=12)
    assert words.giving(found) == (
        "12 agents in one pool with priority let gold wait 8.1 s, silver wait 14 s and standard wait 69 s on average; "
        "split among the tiers they cannot keep up at all: 13 agents would be the least."
    )
    assert words.splitting(found) == (
        "Splitting costs 3 agents in such an hour: 17 when each tier has its own, 14 in one pool with priority "
        "(21% more)."
    )


def test_agents_that_can_be_split_are() -> None:
    assert words.giving(an_hour(on_duty=16)).endswith(
        "split 4/5/7 the same agents let gold wait 16 s, silver wait 21 s and standard wait 29 s."
    )


def test_what_is_told_of_a_day() -> None:
    found = a_day(shrinkage=0.3)

    assert found.busiest.begin == 36000.0
    assert [(piece.own_total, piece.pool) for piece in found.pieces] == [(17, 14), (12, 8)]
    assert (found.own_hours, found.pool_hours) == ((25 + 18) / 2, (20 + 12) / 2)
    assert words.splitting(found) == (
        "Splitting costs 3 agents in the busiest half hour (10:00-10:30): 17 when each tier has its own, 14 in one "
        "pool with priority (21% more); with 30% shrinkage 25 and 20 are to be scheduled; over the day it costs 5.5 "
        "agent hours of 21.5."
    )
    assert words.short(found) == "17 agents of their own, or 14 in one pool"
    assert sum(piece.calls for piece in found.pieces) == 150


def test_one_tier_is_not_split() -> None:
    found = an_hour([Load(200, 180)], [TierWish("calls", GOAL)], shrinkage=0.3)
    assert words.splitting(found) == (
        "Calls needs 14 agents in such an hour; with 30% shrinkage 20 are to be scheduled."
    )
    assert words.giving(found) == "14 agents let calls wait 7.8 s on average."
    assert words.short(found) == "14 agents"


def test_callers_who_give_up_are_planned_for_beside_those_who_do_not() -> None:
    loads = [Load(200, 180, patience=120), Load(100, 180)]
    found = an_hour(loads, WISHES[1:])
    assert found.busiest.own == (14, 8)
    assert found.busiest.impatient == (12, 8)
    assert found.gives_up
    first, second = found.tiers
    assert first.impatient is not None
    assert 0 < first.impatient.service.abandoned < 0.1
    assert second.impatient == second.own
    assert any("Erlang A" in each for each in words.assumptions(found))
    assert not an_hour().gives_up


def test_what_ratios_buy() -> None:
    wishes = [
        TierWish("gold", GOAL, 1.0),
        TierWish("silver", GOAL, 0.5, least=2),
        TierWish("standard", GOAL, 1.0, 0, 5),
    ]
    assert list(words.ratio_sentences(an_hour(wishes=wishes))) == [
        "Gold at 1 agents per call: nobody waits while there are agents to be had; it takes 2.0 agents on average, and "
        "5 or fewer for 95% of the time.",
        "Silver at 0.5 agents per call and never fewer than 2 agents: callers wait 143 s on average; it takes 3.1 "
        "agents on average, and 5 or fewer for 95% of the time.",
        "Standard at 1 agents per call: callers become more and more, as max_agents is below what they take; it takes "
        "5.0 agents on average, and 5 or fewer for 95% of the time.",
        "13 agents on duty in such an hour hold all of these ratios for 95% of the time.",
    ]


def test_the_menu_of_ratios_falls_to_nothing_at_one() -> None:
    gold, silver = an_hour().ratios
    assert gold.wish.queue == "gold"
    waits = [wait for _, wait in silver.menu]
    assert waits == sorted(waits, reverse=True)
    assert dict(silver.menu)[1.0] == 0.0
    assert dict(silver.menu)[0.5] == pytest.approx(silver.held.wait)


def test_phones_that_ring_too_long_are_told() -> None:
    found = an_hour([Load(40, 205, ring=25), *LOADS[1:]])
    assert (found.busiest.own_total, found.busiest.pool, found.on_duty) == (None, None, None)
    assert words.splitting(found) == (
        "No number of agents answers 80% of gold within 20 s: the phones of its agents ring for 25 s on average before "
        "they are answered."
    )
    assert (found.own_hours, words.giving(found), words.short(found)) == (None, "", "The goal cannot be met")
    assert words.unreachable(found, "silver") == ""


def test_a_tier_that_rests_in_the_busiest_time_is_no_burden() -> None:
    found = an_hour([Load(0, 0), *LOADS[1:]])
    assert found.busiest.own[0] == 0
    assert "gold" not in words.giving(found)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.44, "0.4 s"), (9.96, "10 s"), (540, "540 s"), (720, "12 min"), (inf, "for ever")],
)
def test_waits_in_words(seconds: float, text: str) -> None:
    assert words.wait_text(seconds) == text


def test_a_pool_may_need_more_where_much_is_promised_to_the_lowest_tier() -> None:
    wishes = [TierWish("gold", Goal(0.5, 60.0)), TierWish("silver", Goal(0.99, 1.0))]
    found = an_hour([Load(600, 180), Load(5, 180)], wishes)
    own, pool = found.busiest.own_total, found.busiest.pool

    assert own is not None
    assert pool is not None
    assert pool > own
    assert words.splitting(found) == (
        f"Splitting costs nothing in such an hour: {own} when each tier has its own, and {pool} in one pool with "
        "priority, as the lowest tiers wait there for all others."
    )


def test_a_queue_that_only_grows_is_told_as_such() -> None:
    assert words.giving(an_hour([Load(60, 180)], WISHES[:1], on_duty=3)) == (
        "3 agents let gold wait longer and longer on average."
    )
