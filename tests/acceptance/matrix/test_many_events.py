"""More events than the daemon reads: a flood while it stands still, and one that it keeps up with.

A daemon that reads too slowly loses its websocket (``websocket_write_timeout`` of ari.conf): it connects again, and a
sweep finds who is inside. With 1,000 events a second decisions stay as fast as before.
"""

from __future__ import annotations

import http.client
import json
import signal
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from running_daemon import until

from ariroute.lab.customers import CustomerService

from ..conftest import NewDaemon, Site
from .load import Note, assert_within_the_guard, callers, judge, quantile
from .scale import FULL, scaled

LARGE = "x" * 30_000
"""About what one request to ARI may hold (its HTTP server takes 40 kB)."""
RATE = 1000.0
SECONDS = scaled(2.0, 20.0)


class Flood:
    """Sends events of a user into the site's application, over connections of its own."""

    def __init__(self, site: Site, rate: float = float("inf"), text: str = "x") -> None:
        self.sent = 0
        token = b64encode(f"{site.pbx.ari_user}:{site.pbx.ari_password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        self._body = json.dumps({"variables": {"text": text}})
        self._path = f"/ari/events/user/flood?application={site.app}"
        self._port = site.pbx.http_port
        self._pause = 1 / rate
        self._ending = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._send)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            thread.join(30)

    def _send(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        due = time.monotonic()
        while not self._ending.is_set():
            line.request("POST", self._path, self._body, self._headers)
            answer = line.getresponse()
            answer.read()
            self.sent += answer.status == http.client.NO_CONTENT
            due += self._pause
            time.sleep(max(0.0, due - time.monotonic()))
        line.close()


def drops(site: Site) -> int:
    """How often Asterisk has dropped a websocket, or found it gone."""
    return site.pbx.log.read_text(errors="replace").count("WebSocket read error")


def test_slow_reader_is_dropped_and_finds_back(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    daemon = new_daemon(site)
    daemon.start()
    crm.delay = 0.3
    site.place(callers(5), rate=50)
    site.accounts.in_application(5)

    daemon.signal(signal.SIGSTOP)
    flood = Flood(site, text=LARGE)
    before = drops(site)
    with flood.running():
        until(lambda: drops(site) > before, "Asterisk drops the websocket")
    site.place(callers(5, start=5), rate=50)
    site.accounts.in_application(10)
    daemon.signal(signal.SIGCONT)
    until(lambda: len(daemon.logs("pbx1: connected to Asterisk")) == 2 and daemon.is_ready, daemon.text)
    crm.delay = 0.0
    site.place(callers(5, start=10), rate=50)
    calls = site.accounts.settled(15)

    note(f"{flood.sent} events of 30 kB before the websocket was dropped")
    assert_within_the_guard(site, judge(site, note))
    assert {call.queue for call in calls[10:]} == {"gold"}
    assert "Traceback" not in daemon.text()


def test_event_flood_does_not_slow_decisions_down(site: Site, new_daemon: NewDaemon, note: Note) -> None:
    daemon = new_daemon(site)
    daemon.start()
    flood = Flood(site, RATE)
    count = int(SECONDS * 20)
    with flood.running():
        site.place(callers(count), rate=20)
        calls = site.accounts.settled(count)

    took = [line["ms"] for line in daemon.logs("routed")]
    note(f"{flood.sent} events; decisions p50 {quantile(took, 0.5):.1f} p99 {quantile(took, 0.99):.1f} ms")
    judge(site, note)
    assert flood.sent > 100 * SECONDS
    assert daemon.metric("ariroute_ari_counts", kind="unknown_events") > 0.9 * flood.sent - 100
    assert {call.queue for call in calls} == {"gold"}
    assert quantile(took, 0.99) < (100 if FULL else 1000)
