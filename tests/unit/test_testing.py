"""The public test doubles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flow_builders import BO, MONDAY, flow, lookup, ruleset, to

from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.run import Run
from ariroute.flow.wants import Gather, Gathered, PickUp, Played, Rang, Ring, RingOutcome
from ariroute.testing import FakeCaller, FakeLookups, ManualClock, answer_of, drive


def test_a_manual_clock_moves_both_times_and_only_when_told() -> None:
    clock = ManualClock(MONDAY, monotonic=5.0)
    assert (clock(), clock.now()) == (5.0, MONDAY)
    clock.advance(1.5)
    assert (clock(), clock.now()) == (6.5, MONDAY + timedelta(seconds=1.5))


def test_a_manual_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        ManualClock().advance(-1)


@pytest.mark.parametrize(
    ("given", "outcome", "failure"),
    [
        ({"loyalty": "gold"}, Outcome.FOUND, None),
        (Outcome.MISSING, Outcome.MISSING, None),
        (Outcome.FAILED, Outcome.FAILED, Failure.ERROR),
        (Failure.TIMEOUT, Outcome.FAILED, Failure.TIMEOUT),
        (Answer("crm", Outcome.MISSING), Outcome.MISSING, None),
    ],
)
def test_an_answer_is_made_of_what_was_given(given: object, outcome: Outcome, failure: Failure | None) -> None:
    answer = answer_of("crm", given)  # type: ignore[arg-type]
    assert (answer.lookup, answer.outcome, answer.failure) == ("crm", outcome, failure)


async def test_fake_lookups_answer_like_the_daemon_s_runner() -> None:
    lookups = FakeLookups({"crm": {"loyalty": "gold"}}, took=0.2)
    found, missing = await lookups.fetch(["crm", "vip_list"], {"caller.e164": "+46"})
    assert (found.fields, found.took) == ({"loyalty": "gold"}, 0.2)
    assert missing.outcome is Outcome.MISSING
    assert lookups.asked[0].inputs == {"caller.e164": "+46"}


def test_a_fake_caller_presses_in_turn_and_a_gathering_takes_what_it_wants() -> None:
    caller = FakeCaller(["123#4", "987", ""])
    gather = Gather((), 1.0, 6, 1.0, 1.0, "#")
    assert caller.reply(gather) == Gathered("123")
    assert caller.reply(Gather((), 1.0, 1, 1.0, 0.0)) == Gathered("9")
    assert caller.reply(gather) == Gathered("")
    assert caller.reply(gather) == Gathered("")
    assert caller.reply(PickUp()) == Played()
    assert caller.left == ([], [])
    assert len(caller.wanted) == 5


def test_rings_end_as_told_and_else_nobody_answers() -> None:
    caller = FakeCaller(rings=[RingOutcome.BUSY, None])
    ring = Ring("anna", "PJSIP/anna", 5.0)
    assert [caller.reply(ring) for _ in range(3)] == [Rang(RingOutcome.BUSY), None, Rang(RingOutcome.NO_ANSWER)]


def test_drive_reads_a_clock_at_each_turn() -> None:
    clock = ManualClock(MONDAY)
    times = []

    def tick() -> object:
        clock.advance(1)
        times.append(clock.now())
        return clock.now()

    steps = flow(lookup("crm"), to("gold"))
    decision = drive(Run(ruleset(steps), steps, BO), {}, tick)  # type: ignore[arg-type]
    assert not decision.by_default
    assert len(times) == 2
