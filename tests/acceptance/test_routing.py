"""Calls that go as they should: the right queue, the right queue priority, the right agent."""

from __future__ import annotations

import re
import socket

import pytest
from running_daemon import until

from ariroute.lab.accounts import by_caller
from ariroute.lab.sip import AgentEvent, Caller

from .conftest import QUEUES, NewDaemon, Site, edit, number

PRIORITIES = {"platinum": 30, "gold": 20, "standard": 0}
AT_ONCE = 0.5
"""Seconds for what takes Asterisk a millisecond (STASISSTATUS=FAILED): how late a busy machine may be."""


def priorities(site: Site) -> dict[str, int]:
    """Channels that wait in any queue, with their queue priority: from ``queue show``."""
    shown = re.findall(r"^ +\d+\. (\S+) \(wait: \S+, prio: (\d+)\)", site.pbx.cli("queue show"), re.MULTILINE)
    return {channel: int(priority) for channel, priority in shown}


@pytest.mark.parametrize(
    ("site", "transport", "travels"),
    [("22", "auto", "websocket"), ("22", "http", "http"), ("16", "auto", "http")],
    indirect=["site"],
)
def test_each_tier_is_in_its_queue_with_its_priority_and_is_answered_there(
    site: Site, new_daemon: NewDaemon, transport: str, travels: str
) -> None:
    daemon = new_daemon(site, transport=transport)
    daemon.start()
    until(lambda: daemon.logs("pbx1: connected"), "the daemon says how it is connected")
    assert daemon.logs("pbx1: connected")[0]["message"].endswith(f"requests over {travels}")
    wanted = {number(loyalty, 1): queue for loyalty, queue in QUEUES.items()}
    wanted[number("platinum", 2).replace("+46", "0")] = "platinum"  # as a Swedish carrier may write it

    site.place([Caller(caller, "Ann") for caller in wanted])
    calls = by_caller(site.accounts.settled(len(wanted)))

    assert {caller: call.queue for caller, call in calls.items()} == wanted
    shown = priorities(site)
    assert {call.channel: PRIORITIES[call.queue] for call in calls.values()} == shown
    silver = calls[number("silver", 1)].uniqueid
    variables = {
        name: site.variable(silver, f"ARIROUTE_{name}") for name in ("QUEUE", "FLOW", "DECIDED", "VAR_SEGMENT")
    }
    assert variables == {"QUEUE": "standard", "FLOW": "support", "DECIDED": "1", "VAR_SEGMENT": "ordinary"}
    assert "flows.support" in (site.variable(silver, "ARIROUTE_REASON") or "")

    site.agents.log_in(site.pbx, "platinum", "alice")
    try:
        until(lambda: sum(call.answered_by == "alice" for call in site.accounts.calls()) == 2, "two calls answered")
    finally:
        site.agents.log_out(site.pbx, "platinum", "alice")
    assert {call.queue for call in site.accounts.calls() if call.answered_by} == {"platinum"}
    assert not site.accounts.census().twice
    assert daemon.complaints() == []
    assert daemon.stop() == 0


def test_when_the_decided_queue_is_not_in_asterisk_then_the_default_queue_of_the_dialplan(
    site: Site, new_daemon: NewDaemon
) -> None:
    daemon = new_daemon(site, ordinary="nowhere")
    edit(daemon, "\nqueues:\n", "\nqueues:\n  nowhere: {priority: 7}\n")
    daemon.start()

    site.place([Caller(number("silver", 1)), Caller(number("gold", 1))])

    calls = by_caller(site.accounts.settled(2))
    assert calls[number("silver", 1)].queue == "standard"
    assert calls[number("gold", 1)].queue == "gold"
    assert priorities(site)[calls[number("silver", 1)].channel] == 0


def test_when_no_daemon_runs_then_calls_are_in_the_default_queue_at_once(site: Site) -> None:
    site.place([Caller(number("gold", count)) for count in range(5)])

    calls = site.accounts.settled(5)

    assert {call.queue for call in calls} == {"standard"}
    assert max(call.wait for call in calls) < AT_ONCE


def test_a_hundred_calls_in_four_seconds_are_all_where_they_belong(site: Site, new_daemon: NewDaemon) -> None:
    daemon = new_daemon(site)
    daemon.start()
    wanted = {number(loyalty, count): queue for count in range(25) for loyalty, queue in QUEUES.items()}

    site.place([Caller(caller) for caller in wanted], rate=25)

    calls = by_caller(site.accounts.settled(100))
    assert {caller: call.queue for caller, call in calls.items()} == wanted
    census = site.accounts.census()
    assert (census.lost, census.twice) == (frozenset(), frozenset())
    assert daemon.metric("ariroute_calls_ended_total", how="handed over") == 100
    assert daemon.in_flight == 0
    assert daemon.complaints() == []


def message(site: Site, count: int) -> bytes:
    """Send a SIP MESSAGE to the extension ``support`` and give the answer's first line."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(10)
        port, text = phone.getsockname()[1], b"hello"
        head = (
            f"MESSAGE sip:support@127.0.0.1:{site.pbx.sip_port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-{site.app}-{count}\r\n"
            f"From: <sip:{number('gold', 9)}@127.0.0.1>;tag={count}\r\nTo: <sip:support@127.0.0.1>\r\n"
            f"Call-ID: {site.app}-{count}\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n"
            f"Content-Type: text/plain\r\nContent-Length: {len(text)}\r\n\r\n"
        )
        phone.sendto(head.encode() + text, ("127.0.0.1", site.pbx.sip_port))
        return phone.recv(4096).partition(b"\r\n")[0]


def test_sip_messages_that_run_into_the_application_leave_it_at_once_and_disturb_no_call(
    site: Site, new_daemon: NewDaemon
) -> None:
    daemon = new_daemon(site)
    daemon.start()

    for count in range(3):
        assert message(site, count) == b"SIP/2.0 202 Accepted"
    site.place([Caller(number("gold", 1))])

    (call,) = site.accounts.settled(1)
    assert call.queue == "gold"
    passed_on = "passed on without a decision: not a call"
    until(lambda: len(daemon.logs(passed_on)) == 3, lambda: f"each message let go: {daemon.text()}")
    until(lambda: daemon.in_flight == 0, "nothing in the daemon's hands")
    assert daemon.metric("ariroute_lookups_total") == 1


def test_the_agents_phone_shows_who_calls(site: Site, new_daemon: NewDaemon) -> None:
    new_daemon(site).start()
    before = len(site.agents.records())

    site.agents.log_in(site.pbx, "gold", "bob")
    try:
        site.place([Caller(number("gold", 1), "Ann Öberg")])
        until(lambda: [call.answered_by for call in site.accounts.calls()] == ["bob"], "the call answered")
    finally:
        site.agents.log_out(site.pbx, "gold", "bob")

    rung = [record for record in site.agents.records()[before:] if record.event is AgentEvent.RUNG]
    assert [record.from_header.partition(">")[0] for record in rung] == [
        f'"Ann Öberg" <sip:{number("gold", 1)}@127.0.0.1'
    ]
