"""F4: the daemon stands still: every call is in a queue at the guard. Told to end, it finishes what it has."""

from __future__ import annotations

import signal
import time

import pytest
from running_daemon import until

from ariroute.lab.accounts import GUARD, by_caller
from ariroute.lab.customers import CustomerService
from ariroute.lab.sip import Caller

from ..conftest import NewDaemon, Site, number
from .load import BUSY, SETTLING, Note, assert_within_the_guard, callers, judge
from .scale import scaled

RATE = 25.0


def test_f4_hung_it_leaves_every_call_to_the_guard_and_once_awake_it_routes_on(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """F4: SIGSTOP at 25 calls/s: 0 lost, no wait above guard + 0.1 s."""
    count = scaled(40, 250)
    crm.delay = 0.3  # so that lookups are under way when it stands still: their source is not to blame
    daemon = new_daemon(site)
    daemon.start()
    site.place(callers(count), rate=RATE)
    site.accounts.in_application(10)

    hung = time.time()
    daemon.signal(signal.SIGSTOP)
    calls = site.accounts.settled(count)

    assert_within_the_guard(site, calls)
    later = [call for call in calls if (call.in_application or 0.0) > hung + 0.2]
    assert len(later) >= 10
    assert {call.queue for call in later} == {"standard"}
    assert all(call.wait > GUARD - 0.1 for call in later)

    daemon.signal(signal.SIGCONT)
    until(lambda: daemon.is_ready and daemon.in_flight == 0, daemon.text)
    site.place([Caller(number("platinum", 1))])
    calls = site.accounts.settled(count + 1)
    assert by_caller(calls)[number("platinum", 1)].queue == "platinum"
    judge(site, note)


@pytest.mark.parametrize("transport", scaled(["auto"], ["auto", "http"]))
def test_told_to_end_it_decides_on_what_it_has_and_what_comes_goes_to_the_default_queue_at_once(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note, transport: str
) -> None:
    """SIGTERM under load: 0 lost, nobody waits for the guard, exit code 0 and no word."""
    crm.delay = 0.5
    daemon = new_daemon(site, transport=transport)
    daemon.start()
    site.place(callers(70), rate=RATE)
    site.accounts.in_application(16)

    told = time.time()
    assert daemon.stop() == 0
    ended = time.time()

    site.accounts.settled(70)
    calls = judge(site, note)
    had = [call for call in calls if (call.in_application or 0.0) < told - 0.1]
    assert len(had) >= 10
    assert {call.queue for call in had} == {"gold"}
    after = [call for call in calls if (call.in_application or 0.0) > told + 0.5]
    assert len(after) >= 10
    assert {call.queue for call in after} == {"standard"}
    assert max(call.wait for call in after) < SETTLING + BUSY
    assert max(call.wait for call in calls) < GUARD - 0.1
    assert ended - told < 5.0
    assert daemon.said() == []
