"""F6: decisions that come just as the guard fires."""

from __future__ import annotations

import random

import pytest

from ariroute.lab.accounts import GUARD
from ariroute.lab.customers import CustomerService

from ..conftest import NewDaemon, Site, edit, number
from .load import Note, assert_within_the_guard, callers, judge
from .scale import scaled

ANYWHERE, CLOSE = scaled(24, 300), scaled(36, 100)
LONGEST = 8.0


class Unsteady(CustomerService):
    """A customer service that takes ever another time, as ``dice`` has it: half of the times about the guard's."""

    dice = random.Random(6)

    @property
    def delay(self) -> float:
        """Seconds until the next answer."""
        close = self.dice.random() < CLOSE / (ANYWHERE + CLOSE)
        return self.dice.uniform(GUARD - 0.1, GUARD + 0.05) if close else self.dice.uniform(0.0, LONGEST)

    @delay.setter
    def delay(self, seconds: float) -> None:
        """Nobody else has a say."""


@pytest.mark.timeout(scaled(120, 300))
def test_f6_a_decision_that_comes_as_the_guard_fires_neither_loses_nor_doubles_a_call(
    site: Site, new_daemon: NewDaemon, note: Note
) -> None:
    """F6: decisions take 0 to 8 s against a guard of 4 s, many of them within 0.1 s of it: 0 lost, 0 twice.

    The daemon is told of a longer guard than there is, since it would decide in time otherwise.
    """
    count = ANYWHERE + CLOSE
    with Unsteady({number("gold", each): {"loyalty": "gold", "orders": 1} for each in range(count)}) as crm:
        daemon = new_daemon(site, crm=crm.url, guard="12s", timeout="10s", daemon="max_in_flight: 1000")
        edit(daemon, "timeout: 10s}", "timeout: 10s, connections: 500}")  # so that no answer waits for another
        daemon.start()
        site.place(callers(count), rate=20)

        site.accounts.settled(count)
        calls = judge(site, note)
        assert daemon.complaints() == []  # asked here: it still waits for answers about calls that the guard took

    assert {call.queue for call in calls} == {"gold", "standard"}
    assert_within_the_guard(site, calls)
    assert {call.queue for call in calls if call.wait < GUARD - 0.2} == {"gold"}
