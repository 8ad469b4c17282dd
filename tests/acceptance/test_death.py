"""The daemon killed, hung or stopped with calls inside: each is in a queue, once, within the guard."""

from __future__ import annotations

import signal
import time
from collections.abc import Collection

import pytest
from running_daemon import until

from ariroute.lab.accounts import ANSWERING_16, BOUND, GUARD, PROMISE, Account, by_caller
from ariroute.lab.customers import CustomerService
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, number

SETTLING = 1.0
"""Seconds in which a busy Asterisk does what was asked of it, Answer() of 16 included."""
CALLS = 70
RATE = 25.0


def callers(count: int = CALLS, dialled: str = "support") -> list[Caller]:
    return [Caller(number("gold", place), dialled=dialled) for place in range(count)]


def assert_each_is_in_a_queue_once(site: Site) -> None:
    census = site.accounts.census()
    assert (census.lost, census.twice, census.left_first) == (frozenset(), frozenset(), frozenset())
    assert all(len(call.queues) == 1 for call in site.accounts.calls())


def assert_within_the_guard(site: Site, calls: Collection[Account]) -> None:
    """No call waited longer than ``BOUND``, and half of those that had to wait for the guard kept the promise."""
    answering = ANSWERING_16 if site.pbx.version < (18,) else 0.0
    waits = sorted(call.wait - answering for call in calls)
    assert waits[-1] < BOUND, waits
    if rescued := [wait for wait in waits if wait > GUARD - answering - 0.1]:
        assert rescued[len(rescued) // 2] < PROMISE, rescued


def inside_at(calls: Collection[Account], moment: float) -> list[Account]:
    """Those whom the daemon held at that time, and had not just let go."""
    return [call for call in calls if (call.in_application or moment) < moment < (call.in_queue or 0.0) - SETTLING]


@pytest.mark.parametrize("site", ["22", "16"], indirect=True)
def test_when_killed_then_the_calls_inside_are_in_the_default_queue_at_the_guard_and_later_ones_at_once(
    site: Site, new_daemon: NewDaemon, crm: CustomerService
) -> None:
    crm.delay = 0.6
    daemon = new_daemon(site)
    daemon.start()
    site.place(callers(), rate=RATE)
    until(lambda: sum(bool(call.queues) for call in site.accounts.calls()) >= 3, "some calls decided")

    killed = time.time()
    daemon.kill()

    calls = site.accounts.settled(CALLS)
    assert_each_is_in_a_queue_once(site)
    assert_within_the_guard(site, calls)
    inside = inside_at(calls, killed)
    assert len(inside) >= 6
    assert {call.queue for call in inside} == {"standard"}
    assert all(call.wait > GUARD - 0.1 for call in inside)
    later = [call for call in calls if (call.in_application or 0.0) > killed + 0.5]
    assert len(later) >= 10
    assert {call.queue for call in later} == {"standard"}
    assert max(call.wait for call in later) < SETTLING
    earlier = [call for call in calls if (call.in_queue or 0.0) < killed]
    assert {call.queue for call in earlier} == {"gold"}


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.3])
def test_when_killed_again_and_again_and_started_each_time_then_no_call_is_lost(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, delay: float
) -> None:
    """With a fast customer service the kills fall into the hand-off, with a slow one into the lookup."""
    crm.delay = delay
    daemon = new_daemon(site)
    daemon.start()
    site.place(callers(80), rate=25)

    for count in (10, 30, 50):
        site.accounts.in_application(count)
        daemon.kill()
        daemon.launch()

    calls = site.accounts.settled(80)
    assert_each_is_in_a_queue_once(site)
    assert_within_the_guard(site, calls)
    assert {call.queue for call in calls} <= {"gold", "standard"}


def test_when_started_again_then_the_calls_inside_are_routed_by_their_rule(
    site: Site, new_daemon: NewDaemon, crm: CustomerService
) -> None:
    daemon = new_daemon(site)
    daemon.start()
    for attempt in range(5):
        crm.delay = 5.0  # until the kill nobody is decided on
        seen, begun = len(site.accounts.calls()), time.monotonic()
        site.place(callers(10), rate=50)
        until(lambda: daemon.in_flight == 10, "ten calls in the daemon's hands")

        daemon.kill()
        crm.delay = 0.0
        daemon.start()
        took = time.monotonic() - begun

        calls = site.accounts.settled(10 * (attempt + 1))[seen:]
        assert_each_is_in_a_queue_once(site)
        if took < GUARD - 1:  # on a busy machine the start alone may take longer than the guard
            break
        site.clear()
    assert {call.queue for call in calls} == {"gold"}
    assert max(call.wait for call in calls) < GUARD
    assert daemon.metric("ariroute_calls_total", found_by="sweep") == 10


@pytest.mark.parametrize("site", ["22", "16"], indirect=True)
def test_when_killed_between_two_words_of_a_decision_then_the_next_daemon_is_not_misled_by_what_is_left(
    site: Site, new_daemon: NewDaemon, crm: CustomerService
) -> None:
    """The dead one had meant to refuse the call, to ring a phone, or to send it to a mailbox."""
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

    calls = site.accounts.settled(3)
    assert_each_is_in_a_queue_once(site)
    assert {call.queue for call in calls} == {"gold"}


def test_when_hung_then_the_guard_has_every_call_and_once_awake_the_daemon_routes_on(
    site: Site, new_daemon: NewDaemon, crm: CustomerService
) -> None:
    crm.delay = 0.3  # so that lookups are under way when it stands still: their source is not to blame
    daemon = new_daemon(site)
    daemon.start()
    site.place(callers(), rate=RATE)
    site.accounts.in_application(10)

    hung = time.time()
    daemon.signal(signal.SIGSTOP)
    calls = site.accounts.settled(CALLS)

    assert_within_the_guard(site, calls)
    later = [call for call in calls if (call.in_application or 0.0) > hung + 0.2]
    assert len(later) >= 10
    assert {call.queue for call in later} == {"standard"}
    assert all(call.wait > GUARD - 0.1 for call in later)

    daemon.signal(signal.SIGCONT)
    until(lambda: daemon.is_ready and daemon.in_flight == 0, daemon.text)
    site.place([Caller(number("platinum", 1))])
    calls = site.accounts.settled(CALLS + 1)
    assert by_caller(calls)[number("platinum", 1)].queue == "platinum"
    assert_each_is_in_a_queue_once(site)


@pytest.mark.parametrize("transport", ["auto", "http"])
def test_when_told_to_end_then_what_it_has_gets_its_decision_and_what_comes_goes_to_the_default_queue_at_once(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, transport: str
) -> None:
    crm.delay = 0.5
    daemon = new_daemon(site, transport=transport)
    daemon.start()
    site.place(callers(), rate=RATE)
    site.accounts.in_application(16)

    told = time.time()
    assert daemon.stop() == 0
    ended = time.time()

    calls = site.accounts.settled(CALLS)
    assert_each_is_in_a_queue_once(site)
    had = [call for call in calls if (call.in_application or 0.0) < told - 0.1]
    assert len(had) >= 10
    assert {call.queue for call in had} == {"gold"}
    after = [call for call in calls if (call.in_application or 0.0) > told + 0.5]
    assert len(after) >= 10
    assert {call.queue for call in after} == {"standard"}
    assert max(call.wait for call in after) < SETTLING
    assert max(call.wait for call in calls) < 2.0
    assert ended - told < 5.0
    assert daemon.said() == []


def test_without_the_guard_the_same_death_loses_calls_so_that_the_meter_is_not_blind(
    site: Site, new_daemon: NewDaemon, crm: CustomerService
) -> None:
    crm.delay = 0.6
    daemon = new_daemon(site)
    daemon.start()
    site.place(callers(30, dialled="unguarded"), rate=RATE)
    site.accounts.in_application(14)

    killed = time.time()
    daemon.kill()
    until(lambda: len(site.accounts.calls()) == 30 and time.time() > killed + BOUND, "all calls and the guard's time")

    lost = site.accounts.census().lost
    assert len(lost) >= 4
    assert lost == {call.uniqueid for call in site.accounts.calls() if not call.queues}
