"""Two daemons as a pair: one routes, the other takes over when it dies, is stopped, or is replaced by a new version."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import requests
from running_daemon import RunningDaemon, ariroute, until

from ariroute.lab.accounts import Account
from ariroute.lab.customers import CustomerService
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, number
from .matrix.scale import scaled

RATE = 20.0
TAKEN_OVER = 1.0
"""Seconds after a death in which calls may miss the pair; measured: 0.02."""


class Pair:
    """Two daemons of one flow file, as the units ariroute@1 and ariroute@2 run them."""

    def __init__(self, first: RunningDaemon, second: RunningDaemon, lock: Path) -> None:
        self.daemons = (first, second)
        for daemon in self.daemons:
            daemon.more = ("--standby", str(lock), "--admin", daemon.admin)

    def start(self) -> RunningDaemon:
        """Start both; the one that routes."""
        first, second = self.daemons
        first.start()
        second.launch()
        self.until_one_stands_by()
        return first

    def until_one_stands_by(self) -> None:
        until(lambda: any(status(each).get("standing_by") for each in self.daemons), "a daemon that stands by")

    def restart(self, daemon: RunningDaemon) -> None:
        """What ``systemctl restart`` does: it returns when the new one is ready, or stands by."""
        assert daemon.stop() == 0
        daemon.launch()
        until(lambda: daemon.is_ready or status(daemon).get("standing_by"), daemon.text)


def status(daemon: RunningDaemon) -> dict[str, Any]:
    """What ``/status`` says; nothing while it does not answer."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer: dict[str, Any] = session.get(f"http://{daemon.admin}/status", timeout=10).json()
        except requests.ConnectionError:
            return {}
    return answer


@pytest.fixture
def pair(site: Site, new_daemon: NewDaemon, crm: CustomerService, tmp_path: Path) -> Pair:
    crm.delay = 0.3
    first, second = (
        new_daemon(site, timeout="2500ms") for _ in range(2)
    )  # a busy machine is no reason for the default
    return Pair(first, second, tmp_path / "lock")


def callers(first: int, count: int) -> list[Caller]:
    return [Caller(number("gold", place)) for place in range(first, first + count)]


def assert_each_is_in_a_queue_once(site: Site) -> None:
    census = site.accounts.census()
    assert (census.lost, census.twice, census.left_first) == (frozenset(), frozenset(), frozenset())
    assert all(len(call.queues) == 1 for call in site.accounts.calls())


def entered(call: Account) -> float:
    assert call.in_application is not None
    return call.in_application


def test_when_the_one_that_routes_is_killed_then_the_other_has_its_calls_within_a_second_and_routes_them_by_rule(
    site: Site, pair: Pair
) -> None:
    routing = pair.start()
    _, standing_by = pair.daemons
    assert ariroute("status", "--admin", standing_by.admin).stderr == "standing by: another daemon routes the calls\n"
    site.place(callers(0, 60), rate=RATE)
    site.accounts.in_application(25)

    killed = time.time()
    routing.kill()

    calls = site.accounts.settled(60)
    assert_each_is_in_a_queue_once(site)
    inside = [call for call in calls if entered(call) < killed < (call.in_queue or 0.0) - 0.2]
    assert len(inside) >= 2
    assert {call.queue for call in inside} == {"gold"}
    missed = [call for call in calls if call.queue != "gold"]
    assert all(killed - 0.1 < entered(call) < killed + TAKEN_OVER for call in missed), missed
    assert standing_by.is_ready
    assert standing_by.metric("ariroute_calls_total", found_by="sweep") >= 2


def test_an_upgrade_restarts_one_after_the_other_and_no_call_notices(site: Site, pair: Pair) -> None:
    """Over and over: each daemon is the new one, and has the calls, in its turn."""
    pair.start()
    for first_caller in range(0, scaled(48, 96), 48):
        site.place(callers(first_caller, 48), rate=RATE / 2)
        for daemon in reversed(pair.daemons):  # the one that stands by first, and the second time it routes
            site.accounts.in_application(first_caller + 6)
            pair.restart(daemon)
    assert len(site.accounts.calls()) > 12, "calls came all the time"

    calls = site.accounts.settled(scaled(48, 96))
    assert_each_is_in_a_queue_once(site)
    diverted = [call for call in calls if call.queue != "gold"]
    assert not diverted, [daemon.text() for daemon in pair.daemons]
    assert max(call.wait for call in calls) < 3.0
    succeeded = [len(daemon.logs("the daemon that stood by takes the calls over")) for daemon in pair.daemons]
    assert sum(succeeded) == scaled(1, 2)
    assert [daemon.said() for daemon in pair.daemons] == [[], []]
