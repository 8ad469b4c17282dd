"""Callers whose name and number are weapons."""

from __future__ import annotations

import re
from pathlib import Path

from running_daemon import until

from ariroute.lab.sip import AgentEvent, Caller

from .conftest import NewDaemon, Site, number

LONG = "x" * 200
LOOPBACK = "127.0.0.1"
ONE_ADDRESS = re.compile(r'("(?:[^"\\]|\\.)*" )?<sip:[^<>\s]+>;tag=[\w-]+')
"""A From header as SIP has it: a quoted name or none, one address, the tag, and nothing smuggled in between."""
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What a telephone may obey instead of showing it."""


def hostile(touched: Path) -> dict[str, Caller]:
    """From headers as they go over the wire, by what is wicked in them."""
    shell = f"${{SHELL(touch {touched})}}"
    headers = {
        "quotes": f'"\\"Ann\\" \\\\ \'; DROP TABLE" <sip:+46709000001@{LOOPBACK}>',
        "an expression": f'"{shell}$[1+1]{{{{7*7}}}}" <sip:+46709000002@{LOOPBACK}>',
        "an expression as number": f"<sip:%24%7BSHELL(touch%20{touched})%7D@{LOOPBACK}>",
        "line breaks in the number": f"<sip:%0d%0aAction:%20Hangup%0d%0a@{LOOPBACK}>",
        "a line of queue_log": f"<sip:1%0a1700000000%7cforged%7cgold%7cNONE%7cENTERQUEUE%7c%7c1%7c1@{LOOPBACK}>",
        "separators": f'"a,b|c&d;e" <sip:1%2c2%26PJSIP%2falice%7c3@{LOOPBACK}>',
        "long": f'"{LONG}" <sip:{"4" * 200}@{LOOPBACK}>',
        "a path": f"<sip:..%2f..%2fadmin@{LOOPBACK}>",
        "anonymous": '"Anonymous" <sip:anonymous@anonymous.invalid>',
        "none": f"<sip:{LOOPBACK}>",
        "right to left": f'"\u202eמשה\u202c \U0001f600 é" <sip:+46709000003@{LOOPBACK}>',
        "control characters": f'"a\u0007b\u001b[31mc" <sip:+46709000004@{LOOPBACK}>',
        "no UTF-8": f'"\udcff\udcfe" <sip:+46709000005@{LOOPBACK}>',
        "a formula": f'"=HYPERLINK(1)" <sip:+46709000006@{LOOPBACK}>',
    }
    return {what: Caller("", raw_from=header) for what, header in headers.items()}


def test_whatever_a_caller_is_called_the_call_is_in_a_queue_and_nothing_of_it_becomes_syntax(
    site: Site, new_daemon: NewDaemon, tmp_path: Path
) -> None:
    touched = tmp_path / "touched"
    callers = hostile(touched)
    daemon = new_daemon(site, ordinary="gold")
    daemon.start()
    seen = len(site.agents.records())

    for caller in callers.values():
        site.place([caller])
    calls = site.accounts.settled(len(callers))

    # Gold is where the flow's last step sends whom it knows nothing about.
    assert {call.queue for call in calls} == {"gold"}
    assert daemon.metric("ariroute_calls_ended_total", how="handed over") == len(callers)
    assert daemon.complaints() == []
    for agent in ("alice", "bob"):
        site.agents.log_in(site.pbx, "gold", agent)
    try:
        until(lambda: all(call.answered_by for call in site.accounts.calls()), "each call answered")
    finally:
        for agent in ("alice", "bob"):
            site.agents.log_out(site.pbx, "gold", agent)
    shown = [record.from_header for record in site.agents.records()[seen:] if record.event is AgentEvent.RUNG]
    assert len(shown) == len(callers)
    assert [header for header in shown if not ONE_ADDRESS.fullmatch(header) or OBEYED.search(header)] == []
    census = site.accounts.census()
    assert (census.lost, census.twice) == (frozenset(), frozenset())
    assert not touched.exists()
    assert "forged|" not in site.pbx.queue_log.read_text(encoding="utf-8")


def test_a_line_break_in_the_name_cannot_add_a_header_or_a_call(site: Site, new_daemon: NewDaemon) -> None:
    """Asterisk drops what it cannot parse, or takes the line break for the header's end: no more than one call."""
    daemon = new_daemon(site)
    daemon.start()

    site.place([Caller("", raw_from=f'"Ann\r\nX-Evil: 1" <sip:{number("gold", 1)}@{LOOPBACK}>')])
    site.place([Caller(number("gold", 2))])

    until(lambda: any(call.caller == number("gold", 2) for call in site.accounts.settled(1)), "the honest caller")
    assert len(site.accounts.calls()) <= 2
    assert not site.accounts.census().lost
    assert daemon.complaints() == []
