"""The breaker: when it opens, when it asks again, and who may decide that."""

from __future__ import annotations

import pytest

from ariroute.lookups.breaker import FAILURES, PAUSE, Breaker
from unit.lookups.clocks import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def ticket(breaker: Breaker) -> int:
    given = breaker.admit()
    assert given is not None
    return given


def opened(clock: ManualClock) -> Breaker:
    breaker = Breaker(clock=clock)
    for _ in range(FAILURES):
        breaker.report(ticket(breaker), served=False)
    return breaker


def test_five_failures_in_a_row_open_it(clock: ManualClock) -> None:
    breaker = opened(clock)
    assert breaker.state == "open"
    assert breaker.admit() is None
    assert breaker.seconds_to_probe() == PAUSE


def test_success_between_failures_keeps_it_closed(clock: ManualClock) -> None:
    breaker = Breaker(clock=clock)
    for _ in range(3):
        for _ in range(FAILURES - 1):
            breaker.report(ticket(breaker), served=False)
        breaker.report(ticket(breaker), served=True)
    assert breaker.state == "closed"
    assert breaker.failures == 0


def test_after_the_pause_exactly_one_request_passes(clock: ManualClock) -> None:
    breaker = opened(clock)
    clock.now += PAUSE - 0.001
    assert breaker.admit() is None
    clock.now += 0.001
    ticket(breaker)
    assert breaker.state == "half_open"
    clock.now += 1000
    assert breaker.admit() is None


def test_probe_that_is_served_closes_it(clock: ManualClock) -> None:
    breaker = opened(clock)
    clock.now += PAUSE
    breaker.report(ticket(breaker), served=True)
    assert breaker.state == "closed"
    assert breaker.failures == 0
    assert breaker.admit() is not None


def test_probe_that_fails_opens_it_for_another_pause(clock: ManualClock) -> None:
    breaker = opened(clock)
    clock.now += PAUSE
    breaker.report(ticket(breaker), served=False)
    assert breaker.state == "open"
    assert breaker.seconds_to_probe() == PAUSE


@pytest.mark.parametrize("served", [True, False])
def test_stragglers_from_before_do_not_decide(clock: ManualClock, served: bool) -> None:
    breaker = Breaker(clock=clock)
    straggler = ticket(breaker)
    for _ in range(FAILURES):
        breaker.report(ticket(breaker), served=False)
    clock.now += PAUSE / 2
    breaker.report(straggler, served=served)
    assert breaker.seconds_to_probe() == PAUSE / 2
    clock.now += PAUSE / 2
    ticket(breaker)
    breaker.report(straggler, served=served)
    assert breaker.state == "half_open"


def test_a_probe_that_tells_nothing_leaves_its_place_to_the_next(clock: ManualClock) -> None:
    breaker = opened(clock)
    clock.now += PAUSE
    breaker.withdraw(ticket(breaker))
    breaker.report(ticket(breaker), served=True)
    assert breaker.state == "closed"
