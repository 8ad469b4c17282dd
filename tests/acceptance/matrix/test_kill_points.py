"""F2: the daemon killed (SIGKILL) with every call at one named point, eight points, started again or not.

No call is lost, none is in a queue twice, and nobody waits longer for one than the guard and a tenth of a second. A
relay before Asterisk and one before the customer service hold each call at the point, until all of them are there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from running_daemon import RunningDaemon, until

from ariroute.lab.accounts import GUARD, by_caller
from ariroute.lab.ari_relay import AriRelay, AriRequest, Verdict, drop, forward
from ariroute.lab.customers import CustomerService

from ..conftest import NewDaemon, Site
from .load import Note, assert_within_the_guard, callers, judge
from .scale import scaled

CALLS = scaled(2, 10)
RATE = 50.0


class At(Enum):
    """Where a message is when the daemon dies."""

    EVENT_PASSED = "StasisStart passed"
    LOOKUP_ARRIVED = "the lookup's request reached the customer service"
    LOOKUP_ANSWERED = "its answer passed"
    ARRIVED = "the request arrived, not forwarded"
    FORWARDED = "the request was forwarded, its answer not"
    ANSWERED = "the answer passed"


@dataclass(frozen=True)
class Point:
    """One point of a call. ``without`` is the queue where it ends when no daemon comes back."""

    at: At
    without: str
    request: str = ""
    """The last part of the request's path."""
    writes: str = ""
    """What its body holds."""

    def is_of(self, request: AriRequest) -> bool:
        """Whether ``request`` is the one of this point."""
        return request.does("POST", self.request) and self.writes in request.body


POINTS = [
    Point(At.EVENT_PASSED, "standard"),
    Point(At.LOOKUP_ARRIVED, "standard"),
    Point(At.LOOKUP_ANSWERED, "standard"),
    Point(At.ARRIVED, "standard", "variables"),
    Point(At.FORWARDED, "gold", "variables"),
    Point(At.ANSWERED, "gold", "variables"),
    Point(At.ARRIVED, "gold", "continue"),
    Point(At.FORWARDED, "gold", "continue"),
]
ONE_BY_ONE = [  # where each variable travels alone, as in Asterisk 16
    Point(At.ARRIVED, "standard", "variable", "ARIROUTE_FLOW"),
    Point(At.ANSWERED, "gold", "variable", "ARIROUTE_DECIDED"),
]


class Ambush:
    """Holds calls at a point, and kills the daemon when :data:`CALLS` of them are there."""

    def __init__(self, ari: AriRelay, crm: AriRelay) -> None:
        self._ari, self._crm = ari, crm
        self._point: Point | None = None
        self._daemon: RunningDaemon | None = None
        self._there: set[str] = set()
        self._killed = threading.Event()
        ari.on_event, ari.on_request, ari.on_answer = self._event, self._request, self._answer
        crm.on_request, crm.on_answer = self._asked, self._told

    def lay(self, point: Point, daemon: RunningDaemon) -> None:
        """From now on calls are held at ``point``."""
        self._daemon, self._there = daemon, set()
        self._killed.clear()
        self._point = point

    def wait(self) -> None:
        """Wait for the kill; then everything passes again."""
        assert self._point is not None
        assert self._killed.wait(30), f"{self._point}: only {len(self._there)} calls came there"
        until(lambda: not (self._ari.connections or self._crm.connections), "the connections of the dead daemon ended")
        self._point = None

    def _holds(self, at: At) -> bool:
        return self._point is not None and self._point.at is at

    def _reached(self, which: str, otherwise: Verdict) -> Verdict:
        """A call is at the point; of the last one, the message passes as ``otherwise`` would, and then comes the kill.

        A swallowed one comes after it.
        """
        self._there.add(which)
        if len(self._there) < CALLS or self._killed.is_set():
            return otherwise
        return Verdict(otherwise.what, then=self._kill)

    def _kill(self) -> None:
        assert self._daemon is not None
        self._daemon.kill()
        self._killed.set()

    def _event(self, kind: str, event: dict[str, Any]) -> Verdict:
        if kind == "StasisStart" and self._holds(At.EVENT_PASSED):
            return self._reached(event["channel"]["id"], forward())
        return forward()

    def _asked(self, request: AriRequest) -> Verdict:
        if self._holds(At.LOOKUP_ARRIVED):
            return self._reached(request.path, drop())
        return drop() if self._holds(At.EVENT_PASSED) else forward()

    def _told(self, request: AriRequest, status: int) -> Verdict:
        return self._reached(request.path, forward()) if self._holds(At.LOOKUP_ANSWERED) else forward()

    def _request(self, request: AriRequest) -> Verdict:
        point = self._point
        if point is None or request.method != "POST" or request.channel in ("", "ariroute-probe"):
            return forward()
        follows = request.does("POST", "continue") and point.request != "continue"
        if not point.request or follows or request.channel in self._there:
            return drop()
        if not point.is_of(request) or point.at is At.ANSWERED:
            return forward()
        return self._reached(request.channel, drop() if point.at is At.ARRIVED else forward())

    def _answer(self, request: AriRequest, status: int) -> Verdict:
        point = self._point
        if point is None or not point.is_of(request) or request.channel == "ariroute-probe":
            return forward()
        return self._reached(request.channel, forward()) if point.at is At.ANSWERED else drop()


@contextmanager
def ambushes(site: Site, crm: CustomerService) -> Iterator[tuple[Ambush, AriRelay, AriRelay]]:
    with AriRelay(site.pbx.http_port) as ari, AriRelay(crm.port) as customers:
        yield Ambush(ari, customers), ari, customers


def wait_for(site: Site, numbers: list[str], daemon: RunningDaemon) -> None:
    """Wait until ``daemon`` is there and those callers are in a queue: by the sweep, or by the guard."""

    def are_in_queues() -> bool:
        calls = by_caller(site.accounts.calls())
        return all(calls[each].in_queue and calls[each].queues for each in numbers)

    until(lambda: daemon.is_ready and are_in_queues(), daemon.text)


@pytest.mark.parametrize(
    ("site", "points", "first"),
    [
        pytest.param("22", POINTS, 0, id="22"),
        *([pytest.param("22", POINTS, 1, id="22-other-half")] if scaled(False, True) else []),
        pytest.param("16", ONE_BY_ONE, 1, id="16"),
    ],
    indirect=["site"],
)
def test_f2_killed_with_every_call_at_one_point(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note, points: list[Point], first: int
) -> None:
    """Every second point is followed by a start of the daemon, which then meets the next one.

    After the others nobody comes back for these calls: the next daemon has an application of its own.
    """
    numbers: dict[Point, list[str]] = {}
    with ambushes(site, crm) as (ambush, ari, customers):
        daemon: RunningDaemon | None = None
        for place, point in enumerate(points):
            if daemon is None:
                app = f"{site.app}-{place}"
                daemon = new_daemon(site, ari=ari.url, crm=customers.url, app=app)
                site.pbx.cli(f"dialplan set global ARIROUTE_APP {app}")
                daemon.start()
            else:
                wait_for(site, numbers[points[place - 1]], daemon)
            placed = callers(CALLS, start=place * CALLS)
            numbers[point] = [caller.number for caller in placed]
            ambush.lay(point, daemon)
            site.place(placed, rate=RATE)
            ambush.wait()
            if place % 2 == first:
                daemon.launch()
            else:
                daemon = None
        calls = site.accounts.settled(len(points) * CALLS)

    judge(site, note)
    assert_within_the_guard(site, calls)
    found = by_caller(calls)
    for place, point in enumerate(points):
        queues = {found[each].queue for each in numbers[point]}
        if place % 2 == first:
            assert queues <= {"gold", "standard"}, point
        else:
            assert queues == {point.without}, point
            at_once = point == Point(At.FORWARDED, "gold", "continue")
            assert all(found[each].wait < GUARD - 1 for each in numbers[point]) is at_once, point
