"""The estimated effect of other rules: right where theory knows the answer, and honest where the record is poor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from random import Random

import pytest

from ariroute.errors import UnusableInput
from ariroute.planning.erlang import Load
from ariroute.planning.priority import pooled
from ariroute.replay.crew import Crowd, Stint
from ariroute.replay.floor import floor, simulate
from ariroute.replay.visits import Place, Visit
from ariroute.simulate.floor import play
from ariroute.simulate.scenario import Caller
from unit.simulate.pools import day

GOLD, STANDARD = Place("gold", 20), Place("standard", 0)
LEVELS = {"gold": 20.0, "standard": None}


def lived(callers: Sequence[Caller], crew: Sequence[Stint], after: Sequence[Place | None]) -> list[Visit]:
    """A record as the journal has it, of a day that never was."""
    agents = floor(crew, {caller.queue for caller in callers}, wrap_up=0.0)
    visits = []
    for caller, each, place in zip(
        callers, play(replace(agents, callers=callers), Random(7)).served, after, strict=True
    ):
        before = Place(caller.queue, caller.priority)
        if each.answered:
            visits.append(Visit(caller.at, before, place, "answered", each.wait, caller.talk, f"agent {each.agent}"))
        else:
            visits.append(Visit(caller.at, before, place, "abandoned", each.wait))
    return visits


def small_day(patience: float = inf) -> list[Visit]:
    """One queue and four agents, quite busy; by the other rules a quarter of the callers goes first."""
    arrivals = day(800, {0: 3.2}, patience=patience)
    dice = Random(3)
    return lived(arrivals, [Stint(("gold",))] * 4, [Place("gold", 10 * (dice.random() < 0.25)) for _ in arrivals])


def test_the_same_rules_have_no_effect_at_all() -> None:
    visits = [visit._replace(after=visit.before) for visit in small_day()]
    effect, *_ = simulate(visits, {"gold": 20.0}, rounds=10).effects
    assert effect.change is not None
    assert effect.change.wait == effect.change.answered_within == effect.change.contacts == (0, 0, 0)


def test_the_rules_of_then_give_what_was_recorded_with_patience_and_agents_found_in_the_record() -> None:
    simulation = simulate(small_day(patience=100.0), {"gold": 20.0}, rounds=20)
    effect, *_ = simulation.effects
    assert effect.recorded is not None
    assert effect.before is not None
    assert effect.before.wait.low < effect.recorded.wait < effect.before.wait.high
    assert effect.before.unanswered.low < effect.recorded.unanswered < effect.before.unanswered.high
    assert effect.recorded.unanswered > 0.05
    assert simulation.doubts == ()


def test_what_priority_gives_and_takes_is_what_cobham_says() -> None:
    """One queue of equals; by other rules one in five goes first and three in ten next.

    What each class waits is held to what all wait on average: that differs much from one day to another.
    """
    arrivals, shares = day(6_000, {0: 2.0}), (0.2, 0.3, 0.5)
    after = [Place("gold", priority) for priority in Random(5).choices((9, 5, 0), shares, k=len(arrivals))]
    effects = simulate(lived(arrivals, [Stint(("gold",))] * 3, after), {"gold": 20.0}, rounds=3).effects
    assert [str(effect.tier) for effect in effects] == ["gold", *(f"gold, priority {number}" for number in (9, 5, 0))]
    mean, *found = (effect.after.wait.mean for effect in effects if effect.after)
    waits = [each.wait for each in pooled([Load(40 * share, 180) for share in shares], 3, [20] * 3)]
    average = sum(wait * share for wait, share in zip(waits, shares, strict=True))
    assert [each / mean for each in found] == pytest.approx([wait / average for wait in waits], rel=0.08)
    assert effects[0].before is not None
    assert effects[0].before.wait.mean == pytest.approx(mean, rel=0.03)  # no time is made or lost


def test_callers_who_move_shorten_one_wait_and_lengthen_the_other() -> None:
    arrivals = [
        one._replace(queue=name) for one, name in zip(day(1200, {0: 4.0}), ["gold", "standard"] * 600, strict=True)
    ]
    dice = Random(2)
    after = [Place("gold") if one.queue == "gold" or dice.random() < 0.3 else Place("standard") for one in arrivals]
    crew = [*[Stint(("gold",))] * 4, *[Stint(("standard",))] * 3]
    gold, standard = simulate(lived(arrivals, crew, after), LEVELS, rounds=20).effects
    assert gold.change is not None
    assert standard.change is not None
    assert gold.change.contacts.mean == pytest.approx(180, rel=0.15)
    assert gold.change.wait.low > 0 > standard.change.wait.high
    assert gold.change.answered_within is not None
    assert gold.change.answered_within.high < 0
    assert standard.change.answered_within is None


def test_more_agents_are_given_by_hand() -> None:
    visits = small_day()
    few, *_ = simulate(visits, {"gold": 20.0}, agents=[Crowd(("gold",), 4)], rounds=10).effects
    many, *_ = simulate(visits, {"gold": 20.0}, agents=[Crowd(("gold",), 6)], rounds=10).effects
    assert few.after is not None
    assert many.after is not None
    assert many.after.wait.high < few.after.wait.low


def test_wrap_up_costs_and_a_wrong_one_is_noticed() -> None:
    visits = small_day()
    long = simulate(visits, {"gold": 20.0}, wrap_up=60.0, rounds=20)
    effect, *_ = long.effects
    assert effect.before is not None
    assert effect.recorded is not None
    assert effect.before.wait.low > effect.recorded.wait
    assert long.doubts[0].startswith("queue gold: callers waited ")
    assert "--wrap-up" in long.doubts[0]


def test_the_same_seed_gives_the_same_and_another_one_others() -> None:
    visits = small_day()
    first, again, other = (simulate(visits, LEVELS, rounds=3, seed=seed).to_plain() for seed in (1, 1, 2))
    assert first == again != other
    assert json.loads(json.dumps(first)) == first


def test_calls_to_no_queue_leave_and_come() -> None:
    """By the other rules voicemail's callers wait in standard, and gold's are sent away."""
    half = [visit._replace(before=None, after=STANDARD, outcome="", wait=None, talk=None) for visit in small_day()[::2]]
    visits = [*half, *(visit._replace(after=None) for visit in small_day()[1::2])]
    gold, standard = simulate(visits, LEVELS, agents=[Crowd(("standard",), 9)], rounds=5).effects
    assert (gold.after, gold.change, standard.recorded, standard.before) == (None, None, None, None)
    assert standard.after is not None
    assert standard.after.contacts.mean == pytest.approx(400, rel=0.1)


def test_unknown_outcomes_are_told() -> None:
    visits = [visit._replace(outcome="", wait=None, talk=None, agent="") for visit in small_day()[:80]] + small_day()[
        80:
    ]
    assert "of 80 of 800 calls in queues nobody knows what became of them" in simulate(visits, LEVELS, rounds=2).doubts


@pytest.mark.parametrize(
    ("visits", "words"),
    [
        ([], "--simulate: what Asterisk did with these calls was not recorded"),
        ([Visit(0, GOLD, GOLD)], "give the daemon AMI"),
        ([Visit(0, GOLD, GOLD, "abandoned", 5)], "none of these calls was answered"),
        ([Visit(0, GOLD, STANDARD, "answered", 5, 60, "ann")], "no agent took a call of queue standard"),
    ],
)
def test_a_record_too_poor_is_refused_with_what_helps(visits: list[Visit], words: str) -> None:
    with pytest.raises(UnusableInput, match=words):
        simulate(visits, LEVELS)


def test_the_patient_and_the_number_of_rounds_are_told() -> None:
    visits = small_day(patience=100.0)
    simulation = simulate(visits, LEVELS, rounds=7)
    gave_up = sum(visit.outcome == "abandoned" for visit in visits)
    words = " ".join(simulation.assumptions)
    assert f"Kaplan and Meier: {gave_up} gave up" in words
    assert "anew in 7 rounds" in words
    assert "Nobody gave up" in " ".join(simulate(small_day(), LEVELS, rounds=1).assumptions)
