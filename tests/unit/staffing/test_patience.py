"""Patience is not the wait of those who gave up: who was answered would have waited longer."""

from __future__ import annotations

from math import exp, inf
from random import Random

import pytest

from ariroute.staffing.patience import Observed, patience

FREIREICH = (
    *((6, True), (6, True), (6, True), (6, False), (7, True), (9, False), (10, True), (10, False), (11, False)),
    *((13, True), (16, True), (17, False), (19, False), (20, False), (22, True), (23, True), (25, False)),
    *((32, False), (32, False), (34, False), (35, False)),
)


def test_the_estimate_is_that_of_kaplan_and_meier() -> None:
    """The remission times of Freireich et al. (1963), the textbooks' example."""
    curve = patience(Observed(float(wait), gave_up) for wait, gave_up in FREIREICH)
    assert curve.times == (6, 7, 10, 13, 16, 22, 23)
    assert curve.lasting == pytest.approx((0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448), abs=0.0005)
    assert curve.lasts(5.9) == 1.0
    assert curve.lasts(6) == curve.lasts(6.9) == curve.lasting[0]
    assert curve.lasts(30) == curve.lasting[-1]


def test_draws_are_spread_as_the_curve() -> None:
    curve = patience([Observed(5, True), Observed(10, True), Observed(10, False), Observed(20, True)])
    assert curve.lasting == (0.75, 0.5, 0.0)
    drawn = [curve.drawn(step / 100) for step in range(1, 101)]
    assert (drawn.count(5), drawn.count(10), drawn.count(20)) == (25, 25, 50)


def test_the_truth_is_found_behind_the_answers() -> None:
    """Patience of 120 s on average, of whom three in four are answered first: those who gave up waited far less."""
    dice = Random(1)
    true, answered = ([dice.expovariate(1 / mean) for _ in range(4000)] for mean in (120.0, 40.0))
    curve = patience(Observed(min(pair), pair[0] < pair[1]) for pair in zip(true, answered, strict=True))
    assert [curve.lasts(at) for at in (20, 60, 120)] == pytest.approx(
        [exp(-at / 120) for at in (20, 60, 120)], abs=0.03
    )
    drawn = [curve.drawn(1 - dice.random()) for _ in range(4000)]
    assert sum(drawn) / len(drawn) == pytest.approx(120, rel=0.1)  # the tail that nobody saw, too
    naive = [mine for mine, agent in zip(true, answered, strict=True) if mine < agent]
    assert sum(naive) / len(naive) < 35


def test_after_the_longest_wait_callers_give_up_at_the_rate_of_the_record() -> None:
    curve = patience([Observed(10, True), Observed(40, False)])
    assert curve.rate == pytest.approx(1 / 50)
    assert curve.drawn(0.75) == 10
    assert curve.drawn(0.5) == 40
    assert curve.drawn(0.5 * exp(-1)) == pytest.approx(90)


@pytest.mark.parametrize("waits", [[], [Observed(10, False)], [Observed(0, False)]])
def test_where_nobody_gave_up_nobody_does(waits: list[Observed]) -> None:
    assert patience(waits).drawn(0.001) == inf
