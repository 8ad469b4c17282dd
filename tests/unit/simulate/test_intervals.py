"""Means with margins that hold as often as they say, and differences of runs before the same callers."""

from __future__ import annotations

from random import Random

import pytest

from ariroute.simulate.intervals import Estimate, Share, difference, estimate


def test_a_run_with_few_callers_counts_for_less() -> None:
    found = estimate([Share(100.0, 10), Share(0.0, 90)])
    assert found is not None
    assert found.mean == 1.0
    assert (found.low, found.high) == (0.0, 10.0)


def test_a_single_run_has_no_margin() -> None:
    assert estimate([Share(30.0, 10)]) == Estimate(3.0, None, 3.0, 3.0)


def test_of_nothing_nothing_is_known() -> None:
    assert estimate([Share(0.0, 0.0), Share(0.0, 0.0)]) is None
    assert difference([Share(0.0, 0.0)], [Share(1.0)]) is None


def test_runs_that_know_nothing_are_left_out_of_what_most_runs_lie_between() -> None:
    found = estimate([Share(4.0, 2.0), Share(0.0, 0.0), Share(6.0, 2.0)])
    assert found is not None
    assert (found.mean, found.low, found.high) == (2.5, 2.0, 3.0)


def test_the_margin_of_equal_runs_is_that_of_student() -> None:
    found = estimate([Share(each) for each in (1.0, 2.0, 3.0, 4.0)])
    assert found is not None
    assert found.margin == pytest.approx(3.182 * (5 / 3) ** 0.5 / 2)


def test_ninety_five_of_a_hundred_lie_in_the_middle() -> None:
    found = estimate([Share(float(each)) for each in range(100)])
    assert found is not None
    assert (found.low, found.high) == (2.0, 97.0)


@pytest.mark.parametrize("runs", [5, 20, 50])
def test_the_margin_holds_the_truth_95_times_of_100(runs: int) -> None:
    dice, held = Random(runs), 0
    for _ in range(400):
        counts = [1 + dice.randrange(40) for _ in range(runs)]
        found = estimate([Share(sum(dice.expovariate(1 / 7) for _ in range(count)), count) for count in counts])
        assert found is not None
        assert found.margin is not None
        held += abs(found.mean - 7.0) <= found.margin
    assert 0.90 <= held / 400 <= 0.985


def test_a_difference_is_finer_than_its_two_sides_when_runs_are_alike() -> None:
    dice = Random(1)
    ups = [dice.gauss(0, 10) for _ in range(20)]
    one, other = [Share(50 + up + dice.gauss(0, 0.1)) for up in ups], [Share(48 + up) for up in ups]
    found, alone = difference(one, other), estimate(one)
    assert found is not None
    assert alone is not None
    assert found.margin is not None
    assert alone.margin is not None
    assert found.mean == pytest.approx(2.0, abs=0.1)
    assert found.margin < 0.1 < alone.margin
