"""F0, F1: the daemon is killed at any moment, and started again: 0 lost, 0 twice, no wait longer than the guard."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Collection

import pytest
from running_daemon import until

from ariroute.lab.accounts import BOUND, GUARD, Account
from ariroute.lab.customers import CustomerService

from ..conftest import NewDaemon, Site
from .load import BUSY, SETTLING, Note, assert_within_the_guard, callers, judge
from .scale import scaled

CALLS, RATE = scaled(50, 600), 12.0
BETWEEN_KILLS = (0.5, 2.5)
DELAYS = (0.6, 0.02, 0.3, 0.0)
"""Of the customer service, one after the other: the kills fall into hand-offs, then into lookups."""


def inside_at(calls: Collection[Account], moment: float) -> list[Account]:
    """Those whom the daemon held at that time, and had not just let go."""
    return [call for call in calls if (call.in_application or moment) < moment < (call.in_queue or 0.0) - SETTLING]


@pytest.mark.timeout(scaled(120, 400))
@pytest.mark.parametrize("site", scaled(["22"], ["22", "16"]), indirect=True)
def test_f1_killed_every_few_moments_it_loses_no_call(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """F1: kill -9 after every 0.5 to 2.5 s of life at 12 calls/s: 0 lost, 0 twice, no wait above guard + 0.1 s."""
    dice, delays = random.Random(1), itertools.cycle(DELAYS)
    daemon = new_daemon(site)
    daemon.start()
    site.place(callers(CALLS), rate=RATE)

    kills = 0
    while len(site.accounts.calls()) < CALLS:
        crm.delay = next(delays)
        time.sleep(dice.uniform(*BETWEEN_KILLS))
        daemon.kill()
        daemon.start()
        kills += 1

    site.accounts.settled(CALLS)
    calls = judge(site, note)
    assert_within_the_guard(site, calls)
    assert {call.queue for call in calls} <= {"gold", "standard"}
    assert kills >= scaled(1, 8)


@pytest.mark.parametrize("site", scaled(["22"], ["22", "16"]), indirect=True)
def test_f0_a_kill_loses_calls_without_the_guard_and_none_with_it(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """F0: one kill, calls with and without the guard side by side: of those without it more than 10 % are lost."""
    crm.delay = 0.6
    guarded, unguarded = callers(scaled(60, 100)), callers(scaled(30, 50), "silver", dialled="unguarded")
    daemon = new_daemon(site)
    daemon.start()
    site.place(guarded, rate=20)
    site.place(unguarded, rate=10)
    until(lambda: sum(bool(call.queues) for call in site.accounts.calls()) >= 3, "some calls decided")

    killed = time.time()
    daemon.kill()

    def control() -> list[Account]:
        return [call for call in site.accounts.calls() if call.caller.startswith("+46703")]

    def saved() -> list[Account]:
        return [call for call in site.accounts.calls() if call.caller.startswith("+46702")]

    until(lambda: len(saved()) == len(guarded) and all(call.queues for call in saved()), lambda: f"{saved()}")
    until(lambda: len(control()) == len(unguarded) and time.time() > killed + BOUND, "the control and the guard's time")

    census = site.accounts.census()
    lost = {call.uniqueid for call in control() if not call.queues}
    note(
        f"calls {len(guarded)}, lost {len(census.lost - lost)}; without the guard {len(lost)} of {len(unguarded)} lost"
    )
    assert len(lost) > len(unguarded) / 10
    assert lost == census.lost
    assert not census.twice

    calls = saved()
    assert_within_the_guard(site, calls)
    inside = inside_at(calls, killed)
    assert len(inside) >= 5
    assert {call.queue for call in inside} == {"standard"}
    assert all(call.wait > GUARD - 0.1 for call in inside)
    later = [call for call in calls if (call.in_application or 0.0) > killed + 0.5]
    assert len(later) >= 5
    assert {call.queue for call in later} == {"standard"}
    assert max(call.wait for call in later) < SETTLING + BUSY
    assert {call.queue for call in calls if (call.in_queue or 0.0) < killed} == {"gold"}


def test_started_again_in_time_it_routes_the_calls_inside_by_their_rule(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """F1: what a daemon finds in its application when it starts is routed as if it had just come."""
    crm.delay = 5.0  # until the kill nobody is decided on
    daemon = new_daemon(site)
    daemon.start()
    site.place(callers(10), rate=50)
    until(lambda: daemon.in_flight == 10, "ten calls in the daemon's hands")
    daemon.kill()
    for call in site.accounts.calls():
        site.write(call.uniqueid, "TIMEOUT(absolute)", "30")  # however long the start takes
    crm.delay = 0.0

    daemon.start()

    site.accounts.settled(10)
    assert {call.queue for call in judge(site, note)} == {"gold"}
    assert daemon.metric("ariroute_calls_total", found_by="sweep") == 10


@pytest.mark.parametrize("site", scaled(["16"], ["22", "16"]), indirect=True)
def test_killed_between_two_words_of_a_decision_it_does_not_mislead_the_next_one(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """F1, F2: the dead one had meant to refuse the call, to ring a phone, or to send it to a mailbox."""
    crm.delay = 5.0
    daemon = new_daemon(site)
    daemon.start()
    site.place(callers(3), rate=50)
    until(lambda: daemon.in_flight == 3, "three calls in the daemon's hands")
    daemon.kill()
    left = {"ARIROUTE_HANGUP": "17", "ARIROUTE_DIAL": "PJSIP/alice", "ARIROUTE_VOICEMAIL": "100"}
    for call, (name, value) in zip(site.accounts.calls(), left.items(), strict=True):
        site.write(call.uniqueid, "TIMEOUT(absolute)", "30")  # however long the start takes
        site.write(call.uniqueid, name, value)

    crm.delay = 0.0
    daemon.start()

    site.accounts.settled(3)
    assert {call.queue for call in judge(site, note)} == {"gold"}
