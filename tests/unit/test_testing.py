"""The public test doubles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flow_builders import BO, MONDAY, flow, lookup, ruleset, to

from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.run import Run
from ariroute.testing import FakeLookups, ManualClock, answer_of, drive


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
