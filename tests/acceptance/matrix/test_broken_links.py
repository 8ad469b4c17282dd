"""F7: the link to Asterisk is reset, blackholed, half-open or slow, for its websocket and its HTTP requests alike.

No call is lost; those inside meanwhile are in a queue within the guard; and 6 s after the link is well again at the
latest, every call is routed by its rule, at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pytest
from running_daemon import until

from ariroute.lab.accounts import GUARD, Account, by_caller
from ariroute.lab.customers import CustomerService
from ariroute.lab.relay import Relay, Way
from ariroute.lab.sip import Caller

from ..conftest import NewDaemon, Site, edit
from .load import BUSY, Note, assert_within_the_guard, callers, judge
from .scale import FULL, scaled

ROUNDS = scaled(1, 10)
LASTS = 1.2
"""Seconds of a fault: shorter than it takes to be found out, so that the dead connections outlive it."""
RECOVERED = 6.0
AT_ONCE = 0.5 + BUSY
DURING = 3
PACE = 0.1


class Fault(NamedTuple):
    """What becomes of the link."""

    name: str
    begin: Callable[[Relay], None]
    is_felt: bool = True
    """Whether calls inside may be left to the guard."""


FAULTS = [
    Fault("reset", lambda relay: relay.reset()),
    Fault("slow", lambda relay: relay.slow(delay=0.15), is_felt=False),
    Fault("stalled", lambda relay: relay.hold(), is_felt=False),
    Fault("half-open, requests lost", lambda relay: relay.lose(Way.OUT)),
    Fault("half-open, events and answers lost", lambda relay: relay.lose(Way.BACK)),
    Fault("blackholed", lambda relay: relay.lose()),
]


class Numbers:
    """Callers of the test, one after the other."""

    def __init__(self) -> None:
        self._next = 0

    def take(self, count: int) -> list[Caller]:
        start, self._next = self._next, self._next + count
        return callers(count, start=start)


def is_by_rule(call: Account) -> bool:
    return call.queues == ("gold",) and call.in_queue is not None and call.wait < AT_ONCE


def recovery(site: Site, numbers: Numbers, mended: float) -> float:
    """Seconds from then until calls are routed by their rule again, at once: three in a row."""
    good: list[float] = []
    while len(good) < 3:
        (caller,) = numbers.take(1)
        placed = time.time()
        site.place([caller])
        call = account_of(site, caller)
        while time.time() < placed + PACE or not (is_by_rule(call) or time.time() > call.placed + AT_ONCE):
            time.sleep(0.05)
            call = account_of(site, caller)
        good = [*good, call.placed] if is_by_rule(call) else []
        assert time.time() < mended + 2 * RECOVERED, "calls are not routed by their rule again"
    return max(0.0, good[0] - mended)


def account_of(site: Site, caller: Caller) -> Account:
    """The account of a call, once Asterisk has it."""
    until(lambda: caller.number in by_caller(site.accounts.calls()), "Asterisk has the call")
    return by_caller(site.accounts.calls())[caller.number]


@pytest.mark.timeout(scaled(120, 900))
@pytest.mark.parametrize("ping", ["5s", *(["1s"] if FULL else [])])
def test_f7_the_link_breaks_and_is_well_again(site: Site, new_daemon: NewDaemon, note: Note, ping: str) -> None:
    numbers = Numbers()
    with Relay(site.pbx.http_port) as relay:
        daemon = new_daemon(site, ari=relay.url)
        edit(daemon, "transport: auto", f"transport: auto, ping: {ping}")
        daemon.start()
        for fault in FAULTS * ROUNDS:
            before = numbers.take(2)
            site.place(before, rate=50)
            until(partial(all_by_rule, site, before), f"by rule before {fault.name}")
            during = numbers.take(DURING)

            fault.begin(relay)
            site.place(during, rate=10)
            time.sleep(LASTS)
            relay.mend()
            took = recovery(site, numbers, time.time())
            note(f"{fault.name}: by rule again {took:.2f} s after the link was")

            assert took <= RECOVERED + BUSY, fault.name
            if not fault.is_felt:
                settled = by_caller(site.accounts.settled(len(site.accounts.calls())))
                assert {settled[each.number].queue for each in during} == {"gold"}, fault.name
        site.accounts.settled(len(site.accounts.calls()))

    assert_within_the_guard(site, judge(site, note))
    assert "Traceback" not in daemon.text()


def all_by_rule(site: Site, placed: list[Caller]) -> bool:
    calls = by_caller(site.accounts.calls())
    return all(each.number in calls and calls[each.number].queues == ("gold",) for each in placed)


def was_held(call: Account, moment: float) -> bool:
    """Whether the daemon had the call then: not one that only entered, to find the application gone."""
    return (call.in_application or moment) < moment - 0.1 and moment < (call.in_queue or 0.0)


def test_f7_reset_again_and_again_then_what_was_inside_is_still_routed_by_its_rule(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """Calls that arrive while the daemon is not connected are in the default queue; nobody waits for the guard."""
    crm.delay = 0.25
    with Relay(site.pbx.http_port) as relay:
        daemon = new_daemon(site, ari=relay.url)
        daemon.start()
        site.place(callers(60), rate=20)
        breaks = []
        for count in (10, 25, 40):
            site.accounts.in_application(count)
            breaks.append(time.time())
            relay.reset()

        calls = site.accounts.settled(60)
        until(lambda: daemon.is_ready and daemon.in_flight == 0, daemon.text)

    judge(site, note)
    held = [call for call in calls if any(was_held(call, at) for at in breaks)]
    assert {call.queue for call in held} == {"gold"}
    assert max(call.wait for call in calls) < GUARD / 2
    assert daemon.metric("ariroute_calls_ended_total", how="left to the guard") == 0
