"""Slopes against what was counted on paper, and against leaks that are known."""

from __future__ import annotations

import random

import pytest

from scripts.soaking.trends import FEWEST, HOUR, MOST, Outcome, slope, thinned


def line(per_hour: float, hours: float, points: int, noise: float = 0.0) -> list[tuple[float, float]]:
    dice = random.Random(7)
    step = hours * HOUR / (points - 1)
    return [(place * step, 70 + per_hour * place * step / HOUR + dice.gauss(0, noise)) for place in range(points)]


def test_the_slope_of_a_line_is_its_own() -> None:
    found = slope(line(1.5, 4.0, 9))

    assert found is not None
    assert [found.per_hour, found.low, found.high] == pytest.approx([1.5, 1.5, 1.5])
    assert [found.points, found.hours] == pytest.approx([9, 4.0])


def test_the_median_of_the_slopes_of_all_pairs() -> None:
    """Slopes of the ten pairs, in the hour: -2, 1, 1, 1, 5/4, 4/3, 3/2, 7/3, 3, 5."""
    points = [(0.0, 0.0), (HOUR, 1.0), (2 * HOUR, 2.0), (3 * HOUR, 7.0), (4 * HOUR, 5.0)]

    found = slope(points)

    assert found is not None
    assert found.per_hour == pytest.approx((5 / 4 + 4 / 3) / 2)


def test_outliers_do_not_move_it() -> None:
    points = line(0.0, 4.0, 60)
    points[10] = (points[10][0], 500.0)
    points[50] = (points[50][0], 500.0)

    found = slope(points)

    assert found is not None
    assert found.per_hour == 0.0


def test_few_points_say_nothing() -> None:
    assert slope(line(1.0, 1.0, FEWEST - 1)) is None
    assert slope([]) is None


def test_the_interval_holds_the_truth_and_narrows_with_time() -> None:
    short, long = slope(line(0.5, 1.0, 60, noise=1.0)), slope(line(0.5, 8.0, 480, noise=1.0))

    assert short is not None
    assert long is not None
    assert short.low < 0.5 < short.high
    assert long.low < 0.5 < long.high
    assert long.high - long.low < (short.high - short.low) / 5


def test_what_comes_in_steps_is_blurred_by_a_step() -> None:
    found = slope(line(0.0, 2.0, 30), resolution=1.0)

    assert found is not None
    assert (found.low, found.high) == (-0.5, 0.5)


@pytest.mark.parametrize(
    ("per_hour", "hours", "outcome"),
    [
        (0.0, 0.1, Outcome.UNKNOWN),
        (0.0, 3.0, Outcome.HOLDS),
        (0.9, 3.0, Outcome.UNKNOWN),
        (3.0, 3.0, Outcome.FAILS),
        (60.0, 0.2, Outcome.FAILS),
    ],
)
def test_a_leak_is_told_from_none_when_the_run_is_long_enough(per_hour: float, hours: float, outcome: Outcome) -> None:
    found = slope(line(per_hour, hours, 60), resolution=1.05)

    assert found is not None
    assert found.below(1.0) is outcome


def test_growth_over_the_whole_time() -> None:
    found = slope(line(2.0, 3.0, 30))

    assert found is not None
    assert found.over(found.hours).per_hour == pytest.approx(6.0)


def test_many_points_are_joined_by_their_medians() -> None:
    points = [(float(place), float(place)) for place in range(2 * MOST + 1)]

    joined = thinned(points)

    assert len(joined) <= MOST
    assert joined[0] == (1.0, 1.0)
