"""F14: Asterisk is killed and started again, or told to stop when its calls have ended.

Calls inside an Asterisk that dies are lost, and nobody can keep them. The daemon routes again a second after ARI
answers at the latest, and knows nothing of the calls before. An Asterisk that stops gracefully keeps those it has.
"""

from __future__ import annotations

import contextlib
import http.client
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from running_daemon import RunningDaemon, until

from ariroute.lab.accounts import Accounts, by_caller
from ariroute.lab.customers import CustomerService
from ariroute.lab.debian import LabError
from ariroute.lab.sip import Caller

from ..conftest import NewDaemon, Site
from .load import BUSY, Note, assert_within_the_guard, callers, judge
from .scale import scaled

READY = 1.0
RESTARTS = scaled(1, 10)


class FirstAnswer(threading.Thread):
    """Asks ARI again and again; ``at`` is when it answered first."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self._url = f"{site.pbx.ari_url}/ari/asterisk/info"
        self._auth = (site.pbx.ari_user, site.pbx.ari_password)
        self.at = 0.0

    def run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self.at:
                try:
                    if session.get(self._url, auth=self._auth, timeout=5).ok:
                        self.at = time.monotonic()
                except requests.RequestException:
                    pass
                time.sleep(0.01)


def restart(site: Site, daemon: RunningDaemon) -> float:
    """Start its Asterisk again; seconds from ARI's first answer until the daemon is ready."""
    answers = FirstAnswer(site)
    answers.start()
    starting = threading.Thread(target=site.pbx.start)
    starting.start()
    until(lambda: daemon.is_ready, daemon.text)
    ready = time.monotonic()
    answers.join(30)
    starting.join(30)
    site.pbx.cli(f"dialplan set global ARIROUTE_APP {site.app}")  # globals are lost with the process
    return ready - answers.at


def test_f14_killed_and_started_again_then_the_daemon_routes_again(
    own_site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    daemon = new_daemon(own_site)
    daemon.start()
    for _ in range(RESTARTS):
        own_site.accounts = Accounts(own_site.pbx)
        crm.delay = 0.5
        own_site.place(callers(5))
        until(lambda: daemon.in_flight == 5, "five calls in the daemon's hands")

        own_site.pbx.kill()
        until(lambda: not daemon.is_ready and daemon.in_flight == 0, daemon.text)
        assert not daemon.has_ended
        crm.delay = 0.0
        took = restart(own_site, daemon)
        note(f"ready {took:.2f} s after ARI's first answer")

        assert took <= READY + 2 * BUSY
        own_site.accounts = Accounts(own_site.pbx)
        own_site.place(callers(3, start=10))
        calls = own_site.accounts.settled(3)
        assert {call.queue for call in calls} == {"gold"}
        assert daemon.in_flight == 0
        judge(own_site, note)
    assert "Traceback" not in daemon.text()


@contextmanager
def stopping(site: Site) -> Iterator[None]:
    """Asterisk takes no call any more, and ends when those it has have ended; meanwhile they wait in their queues."""

    def stop() -> None:
        with contextlib.suppress(LabError):  # the console is told nothing before the end, or the abort
            site.pbx.cli("core stop gracefully", 60)

    telling = threading.Thread(target=stop)
    telling.start()
    try:
        yield
    finally:
        site.pbx.cli("core abort shutdown")
        telling.join(60)


def code_of(site: Site, caller: Caller) -> int | None:
    """The status that refused a call placed now; None when it was taken."""
    taken = len(site.accounts.calls())
    placed = site.place([caller])
    until(lambda: placed.results()[0].code or len(site.accounts.calls()) > taken, "the call is taken or refused")
    return placed.results()[0].code


def take_until_refused(site: Site) -> int:
    """Place calls, one after the other, until one is refused with 503; how many were taken before."""
    for count in range(50):
        if code := code_of(site, *callers(1, start=10 + count)):
            assert code == http.client.SERVICE_UNAVAILABLE
            return count
    raise AssertionError("calls are never refused")


def test_f14_told_to_stop_gracefully_then_new_calls_get_503_and_those_inside_a_queue(
    own_site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """By their rule, and where the daemon hangs at the guard."""
    crm.delay = 0.6
    daemon = new_daemon(own_site)
    daemon.start()

    own_site.place(callers(3), rate=50)
    own_site.accounts.in_application(3)
    with stopping(own_site):
        late = take_until_refused(own_site)
        calls = own_site.accounts.settled(3 + late)
    assert {call.queue for call in calls} == {"gold"}

    own_site.place(callers(3, start=3), rate=50)
    own_site.accounts.in_application(6 + late)
    daemon.signal(signal.SIGSTOP)
    with stopping(own_site):
        calls = own_site.accounts.settled(6 + late)
    daemon.signal(signal.SIGCONT)
    found = by_caller(calls)
    assert {found[each.number].queue for each in callers(3, start=3)} == {"standard"}
    assert_within_the_guard(own_site, judge(own_site, note))
    until(lambda: daemon.is_ready and daemon.in_flight == 0, daemon.text)
