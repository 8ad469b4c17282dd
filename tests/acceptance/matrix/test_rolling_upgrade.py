"""F3: one generation of the daemon after the other takes the application over; so does one started by mistake."""

from __future__ import annotations

import pytest
from running_daemon import until

from ariroute.lab.accounts import GUARD
from ariroute.lab.customers import CustomerService

from ..conftest import NewDaemon, Site
from .load import Note, callers, judge, quantile, waits_of
from .scale import FULL, scaled

GENERATIONS, CALLS, RATE = scaled((2, 15, 10.0), (8, 27, 8.0))
"""How often the next one is started; calls that come to each, and how many of these a second."""
PROMPTLY = 1.5
"""Seconds to the queue: half of one for the customer service, and up to one until a sweep finds a missed call."""


@pytest.mark.timeout(scaled(120, 300))
def test_f3_generations_take_over_and_no_call_is_lost_or_in_the_default_queue(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """F3: the next one is started, the one before finishes and ends: 0 lost, 0 in default, at most 1.5 s.

    On a busy machine half of the calls keep that time, and none waits for the guard.
    """
    crm.delay = 0.5
    running = new_daemon(site)
    running.start()

    for generation in range(GENERATIONS):
        site.place(callers(CALLS, start=generation * CALLS), rate=RATE)
        site.accounts.in_application(generation * CALLS + CALLS // 3)
        following = new_daemon(site)
        following.start()
        assert running.wait() > 0
        assert running.said() == [
            "pbx1: another program has registered the same Stasis application; stop one of the two"
        ]
        assert running.logs("routed")
        running = following

    site.place(callers(CALLS, start=GENERATIONS * CALLS), rate=RATE)
    site.accounts.settled((GENERATIONS + 1) * CALLS)
    calls = judge(site, note)
    assert {call.queue for call in calls} == {"gold"}
    waits = waits_of(site, calls)
    assert max(waits) < GUARD - 0.5, sorted(waits)
    assert quantile(waits, 0.99 if FULL else 0.5) < PROMPTLY, sorted(waits)
    until(lambda: running.in_flight == 0, "nothing in the daemon's hands")
    assert running.is_ready
    assert running.complaints() == []
