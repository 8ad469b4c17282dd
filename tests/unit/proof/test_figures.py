"""The figures of a run against what was counted on paper."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from ariroute.proof.figures import (
    FaultKind,
    TimeToQueue,
    bound,
    by_default,
    by_kind,
    nearest_rank,
    odd_calls,
    time_to_queue,
)
from ariroute.proof.result import Ending
from unit.proof.made import BAD, CONTROL, EMPTY, GOOD, call, kill


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [(100, 50, 50), (100, 99, 99), (100, 100, 100), (200, 99, 198), (4, 50, 2), (5, 50, 3), (1, 99, 1), (3, 0, 1)],
)
def test_the_nearest_rank_is_one_of_the_values(count: int, percent: int, expected: int) -> None:
    assert nearest_rank([float(each) for each in range(1, count + 1)], percent) == expected


def test_nothing_has_no_rank() -> None:
    assert nearest_rank([], 50) is None


def test_the_time_to_the_queue_is_of_those_who_reached_one() -> None:
    found = time_to_queue(GOOD)

    assert found.count == 4
    assert [found.p50, found.p99, found.longest] == pytest.approx([0.2, 4.0, 4.0])


def test_faults_are_gathered_by_kind() -> None:
    kill, cut = by_kind(GOOD)

    assert kill == FaultKind("kill", "SIGKILL to the daemon", 2, under_way=4, lost=0, twice=0, longest=4.0)
    assert cut == FaultKind("cut", "the ARI connection is reset", 1, under_way=3, lost=0, twice=0, longest=4.0)


def test_calls_that_break_the_promise_count_at_the_faults_that_they_met() -> None:
    kill, cut = by_kind(BAD)

    assert (kill.under_way, kill.lost, kill.twice, kill.longest) == (7, 1, 1, 5.0)
    assert (cut.under_way, cut.lost, cut.twice) == (5, 1, 0)


def test_a_call_lost_long_before_a_fault_is_not_laid_to_its_charge() -> None:
    run = replace(GOOD, calls=(call(1, 2.0, None, Ending.LOST),), faults=GOOD.faults[2:])

    assert by_kind(run)[0].under_way == 0
    assert by_kind(replace(run, guard=None))[0].under_way == 1


def test_who_is_under_way_is_whom_the_run_says() -> None:
    """Against `Run.under`, for faults that overlap, touch and repeat."""
    dice = random.Random(1)
    calls = tuple(call(number, at := dice.uniform(0, 60), at + dice.expovariate(1)) for number in range(200))
    faults = tuple(kill(dice.uniform(0, 60), dice.choice((0.0, 0.5, 6.0))) for _ in range(20))
    run = replace(GOOD, calls=calls, faults=faults)

    (found,) = by_kind(run)

    assert found.under_way == len({each.uniqueid for fault in faults for each in run.under(fault)})


def test_odd_calls_tell_why() -> None:
    assert [(each.call.placed, each.why) for each in odd_calls(BAD)] == [(2.2, "lost"), (2.3, "twice"), (2.4, "late")]
    assert odd_calls(GOOD) == ()


def test_the_bound_is_what_the_flow_takes_with_the_guard_and_a_tenth_of_a_second() -> None:
    assert bound(replace(GOOD, allowed=30.0)) == pytest.approx(34.1)
    assert bound(CONTROL) is None


def test_calls_by_default_are_counted() -> None:
    assert (by_default(GOOD), by_default(CONTROL)) == (1, 0)


def test_an_empty_run_has_no_figures() -> None:
    assert time_to_queue(EMPTY.run) == TimeToQueue(0, None, None, None)
    assert by_kind(EMPTY.run) == ()
