"""F8: Asterisk's ARI fails at one request of a call: 500, 404, 422, no answer, a closed connection; once, or always.

A request that may work when it is made again is made once more, and else the guard has the call: none is lost. The
figures count each call by what became of it, and the log says so in one line of each call, without a traceback.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import pytest
from running_daemon import RunningDaemon, until

from ariroute.lab.accounts import Account, by_caller
from ariroute.lab.ari_relay import AriRelay, AriRequest, Verdict, answer, close, drop, forward
from ariroute.lab.customers import CustomerService

from ..conftest import NewDaemon, Site, number
from .load import Note, assert_within_the_guard, callers, judge
from .scale import scaled

Fault = Literal["500", "404", "422", "no answer", "closed"]
Step = Literal["variables", "continue", "channel"]
"""What fails: writing the decision, handing over, or looking at a channel that a sweep has found."""

ROUNDS = scaled(1, 4)
REFUSALS: dict[Fault, Verdict] = {
    "500": answer(500, '{"message": "Allocation failed"}'),
    "404": answer(404, '{"message": "Resource not found"}'),
    "422": answer(422, '{"message": "Unprocessable"}'),
}


NOT_TRIED_AGAIN: tuple[Fault, ...] = ("404", "422")


class Case(NamedTuple):
    """One call, and what Asterisk does to it."""

    fault: Fault
    step: Step
    lasts: bool
    """Always, or at the first request alone."""


STEPS: tuple[Step, ...] = ("variables", "continue", "channel")
CASES = [
    *(Case("500", step, lasts) for step in STEPS for lasts in (False, True)),
    *(Case(fault, step, True) for fault in NOT_TRIED_AGAIN for step in STEPS),
    Case("no answer", "variables", False),
    *(Case("no answer", "continue", lasts) for lasts in (False, True)),
]
"""Those that touch nobody else. What is not tried again is the same once and always."""
CLOSING = [
    *(Case("closed", step, lasts) for step in STEPS[:2] for lasts in (False, True)),
    Case("closed", "channel", False),
]
"""Over the websocket each of them breaks everybody's connection."""


def expected(case: Case, transport: str) -> tuple[str, str]:
    """The queue, and how the daemon counts the call; over the websocket ``continue`` travels with the variables."""
    tried_again = case.fault in ("500", "closed") and not case.lasts
    match case.step:
        case "variables" if case.fault == "no answer":
            return "gold", "handed over"
        case "variables":
            alone = transport == "http" or case.fault == "closed"
            return ("gold", "handed over") if tried_again and alone else ("standard", "left to the guard")
        case "continue":
            return "gold", "handed over" if tried_again or case.fault == "no answer" else "left to the guard"
        case "channel":
            return ("standard", "") if case.lasts else ("gold", "handed over")


class Faulty:
    """Treats each call as its case says, known by the caller's number."""

    def __init__(self, relay: AriRelay) -> None:
        self.cases: dict[str, Case] = {}
        """By the caller's number."""
        self._of: dict[str, Case] = {}
        self._had: set[str] = set()
        """Channels whose fault has been."""
        relay.on_event, relay.on_request, relay.on_answer = self._event, self._request, self._answer

    def _event(self, kind: str, event: dict[str, Any]) -> Verdict:
        if kind != "StasisStart":
            return forward()
        case = self._of[event["channel"]["id"]] = self.cases[event["channel"]["caller"]["number"]]
        return drop() if case.step == "channel" else forward()

    def _fault_of(self, request: AriRequest) -> Fault | None:
        case = self._of.get(request.channel)
        if case is None or (not case.lasts and request.channel in self._had):
            return None
        step = "channel" if request.does("GET", request.channel) else request.path.rpartition("/")[2]
        return case.fault if step == case.step else None

    def _request(self, request: AriRequest) -> Verdict:
        fault = self._fault_of(request)
        if fault is None or fault == "no answer":
            return forward()
        self._had.add(request.channel)
        return close() if fault == "closed" else REFUSALS[fault]

    def _answer(self, request: AriRequest, status: int) -> Verdict:
        if self._fault_of(request) != "no answer":
            return forward()
        self._had.add(request.channel)
        return drop()


@pytest.fixture
def faulty(site: Site) -> Iterator[tuple[Faulty, str]]:
    """The faults, and the address of the relay."""
    with AriRelay(site.pbx.http_port) as relay:
        yield Faulty(relay), relay.url


def ended(daemon: RunningDaemon, how: str) -> float:
    return daemon.metric("ariroute_calls_ended_total", how=how)


@pytest.mark.parametrize("transport", ["websocket", "http"])
def test_f8_each_call_ends_as_the_fault_allows_and_is_counted_and_said_so(
    site: Site,
    new_daemon: NewDaemon,
    crm: CustomerService,
    note: Note,
    faulty: tuple[Faulty, str],
    transport: str,
) -> None:
    faults, url = faulty
    daemon = new_daemon(site, ari=url, transport=transport)
    daemon.start()
    cases = CASES * ROUNDS + CLOSING * ROUNDS
    faults.cases = {number("gold", place): case for place, case in enumerate(cases)}
    first = len(CASES) * ROUNDS

    site.place(callers(first), rate=20)
    site.accounts.in_application(first)
    crm.delay = 0.4  # so that all of them are there when the first connection breaks
    site.place(callers(len(cases) - first, start=first), rate=50)
    calls = site.accounts.settled(len(cases))
    until(lambda: daemon.in_flight == 0, daemon.text)

    judge(site, note)
    assert_within_the_guard(site, calls)
    found = by_caller(calls)
    wanted = {each: expected(case, transport) for each, case in faults.cases.items()}
    assert {each: (faults.cases[each], found[each].queue) for each in found} == {
        each: (faults.cases[each], queue) for each, (queue, _) in wanted.items()
    }
    assert ended(daemon, "handed over") == sum(counted == "handed over" for _, counted in wanted.values())
    assert (ended(daemon, "gone"), ended(daemon, "passed on")) == (0, 0)
    assert daemon.metric("ariroute_calls_total") == daemon.metric("ariroute_calls_ended_total")
    left = {each for each, (_, counted) in wanted.items() if counted == "left to the guard"}
    assert said_of(daemon, calls) == {
        each: {"hand-off failed, the guard in the dialplan has the call"} if each in left else set() for each in wanted
    }
    # One that is still there 3 s later is taken once more.
    assert len(left) <= ended(daemon, "left to the guard") <= 2 * len(left)
    assert "Traceback" not in daemon.text()


def said_of(daemon: RunningDaemon, calls: list[Account]) -> dict[str, set[str]]:
    """What the log complains of, by caller: the beginnings of its lines."""
    said: dict[str, set[str]] = {call.caller: set() for call in calls}
    callers_of = {call.uniqueid: call.caller for call in calls}
    for line in daemon.logs():
        if line["level"] not in ("info", "debug") and "channel" in line:
            said[callers_of[line["channel"]]].add(line["message"].partition(":")[0])
    return said
