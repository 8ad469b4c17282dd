"""F15: whatever a caller puts on the wire, the daemon goes on, and each call that Asterisk takes is in a queue, once.

200 INVITEs, nearly all hostile, while the flow uses what callers say wherever it can: in lookups over HTTP, SQL, the
Asterisk database and channel variables, in headers and names for the agent, in variables, in notices.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hostile_texts import SIGNS, SYNTAX
from raw_sip import Invite, RawCallers
from running_daemon import RunningDaemon, until

from ariroute.lab.contacts import Desk
from ariroute.lab.customers import CustomerService
from ariroute.lab.ports import Ports
from ariroute.lab.sip import AgentEvent

from ..conftest import Site
from .scale import scaled

FLOW = """
version: 1
region: SE
asterisk:
  pbx1: {{ari: {{url: "{ari}", user: ariroute, password: "${{file:{secret}}}", app: {app}}}}}
lookups:
  crm:
    http: {{url: "{crm}/customers/{{caller.number}}", timeout: 2s}}
    fields: {{loyalty: string}}
  names:
    http:
      url: "{crm}/names/{{caller.name}}?dialled={{dialled.number}}"
      headers: {{X-Name: "{{caller.name}}"}}
      timeout: 2s
    fields: {{tier: string}}
  vips:
    sql: {{url: "sqlite:vips.db", query: "SELECT tier FROM vip WHERE name = :caller.name", timeout: 2s}}
    fields: {{tier: string}}
  blocked: {{astdb: {{family: blocked, key: "{{caller.name}}", exists: true, timeout: 2s}}}}
  call:
    channel:
      variables: {{plan: "PJSIP_HEADER(read,X-Plan)", sent_by: "REDIRECTING(from-num)", number: "CALLERID(num)"}}
      timeout: 2s
notify:
  desk:
    url: "{desk}/api/tickets"
    auth: {{bearer: "${{file:{token}}}"}}
    headers: {{X-Name: "{{caller.name}}"}}
    json: {{name: "{{caller.name}}", number: "{{caller.number}}", dialled: "{{dialled.number}}", plan: "{{call.plan}}"}}
queues: {{gold: {{priority: 20}}, standard: {{}}}}
flows:
  everything:
    trigger: {{call: {{}}}}
    default: standard
    steps:
      - lookup: [crm, names, vips, blocked, call]
      - set: {{name: {{cel: caller.name}}, plan: {{cel: 'coalesce(call.plan, "none")'}}}}
      - label:
          name_prefix: {{cel: 'coalesce(call.plan, "STRANGER")'}}
          headers: {{X-Name: {{cel: caller.name}}, X-Plan: {{cel: 'coalesce(call.plan, "none")'}}}}
          variables: {{CUSTOMER_NAME: {{cel: caller.name}}}}
      - notify: desk
      - queue: gold
daemon: {{admin: "127.0.0.1:{admin}", log: {{level: debug}}}}
"""

LATE = "hand-off failed, the guard in the dialplan has the call"
LONG = "x" * 3000
LINE = re.compile(r"\d{10}\|[0-9.A-Z]+\|[a-z]+\|[\w/-]+\|[A-Z]+(\|[^|\x00-\x1f\x7f]*)*")
"""A line of queue_log: time, uniqueid, queue, agent, event, and what belongs to the event."""
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
ENTERED = re.compile(r"\d{10}\|[0-9.]+\|(?:gold|standard)\|NONE\|ENTERQUEUE\|\|[-+_*#.0-9A-Za-z]*\|\d+")
ONE_ADDRESS = re.compile(r'("(?:[^"\\]|\\.)*" )?<sip:[^<>\s]+>;tag=[\w-]+')


def wire(text: str) -> bytes:
    """``text`` as UTF-8, half characters as the bytes that they would be."""
    return text.encode("utf-8", "surrogatepass")


def in_quotes(text: str) -> bytes:
    return wire(text.replace("\\", "\\\\").replace('"', '\\"'))


def in_user(text: str) -> bytes:
    """``text`` as the part of an address before the @, percent-encoded as SIP has it."""
    return "".join(c if c.isascii() and c.isalnum() else "".join(f"%{b:02x}" for b in wire(c)) for c in text).encode()


def address(user: bytes = b"+46700000000", name: bytes | None = None) -> bytes:
    return (b'"' + name + b'" ' if name is not None else b"") + b"<sip:" + user + b"@127.0.0.1>"


def hostile_invites(count: int) -> list[Invite]:
    """``count`` of them: names, numbers, extensions, headers; encoded as SIP allows it, and as it does not."""
    texts = [text for pair in zip(SYNTAX * 2, SIGNS * 9, strict=False) for text in pair]
    odd = [
        Invite(from_header=b""),
        Invite(from_header=b"\xff\xfe"),
        Invite(from_header=b"tel:+46700000000"),
        Invite(from_header=b"sip:1@127.0.0.1, sip:2@127.0.0.1"),
        Invite(from_header=b'"Ann\r\nX-Evil: 1" <sip:1@127.0.0.1>'),
        Invite(from_header=b'"Ann\r\n folded" <sip:1@127.0.0.1>'),
        Invite(from_header=address(b"alice")),
        Invite(from_header=address(b"4" * 3000, wire(LONG))),
        Invite(from_header=b'"Anonymous" <sip:anonymous@anonymous.invalid>'),
        Invite(from_header=b"<sip:127.0.0.1>"),
        Invite(from_header=address(b"1%0d%0a1700000000%7cforged%7cgold%7cNONE%7cENTERQUEUE%7c%7c1%7c1")),
        Invite(user=b"s"),
        Invite(user=b"h"),
        Invite(user=b"T"),
        Invite(user=b"support;evil=1"),
        Invite(user=b"support?Subject=1"),
        Invite(user=b"%73upport"),
        Invite(user=wire("support" + LONG)),
        Invite(to=b"\x00"),
        Invite(to=address(b"x", wire("\u202e" + LONG))),
        Invite(headers=[b"X-Plan: " + wire(LONG)] * 10),
        Invite(headers=[b"Call-ID: again", b"CSeq: 2 INVITE"]),
        Invite(headers=[b"Content-Length: -1"]),
        Invite(headers=[b": nameless", b"nothing"]),
    ]
    ways: tuple[Callable[[str], Invite], ...] = (
        lambda text: Invite(from_header=address(name=in_quotes(text))),
        lambda text: Invite(from_header=address(in_user(text))),
        lambda text: Invite(user=b"support" + in_user(text)),
        lambda text: Invite(headers=[b"X-Plan: " + wire(text)]),
        lambda text: Invite(from_header=address(wire(text), wire(text))),
        lambda text: Invite(headers=[b"Diversion: " + address(in_user(text)), b"Privacy: " + wire(text)]),
        lambda text: Invite(to=address(in_user(text), in_quotes(text)), headers=[b"User-Agent: " + wire(text)]),
        lambda text: Invite(headers=[b"P-Asserted-Identity: " + address(in_user(text), in_quotes(text))]),
    )
    made = [*odd, *(ways[number % len(ways)](text) for number, text in enumerate(texts))]
    return made[:count]


@pytest.fixture
def daemon(site: Site, crm: CustomerService, desk: Desk, tmp_path: Path) -> Iterator[RunningDaemon]:
    for name, text in (("secret", site.pbx.ari_password), ("token", desk.token)):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(text)
    database = sqlite3.connect(tmp_path / "vips.db")
    database.execute("CREATE TABLE vip (name TEXT, tier TEXT)")
    database.commit()
    database.close()
    file = tmp_path / "ariroute.yaml"
    with Ports(1) as (admin,):
        file.write_text(
            FLOW.format(
                ari=site.pbx.ari_url,
                app=site.app,
                crm=crm.url,
                desk=desk.url,
                secret=tmp_path / "secret",
                token=tmp_path / "token",
                admin=admin,
            )
        )
        daemon = RunningDaemon(file, admin, ("--log-level", "debug"))
        daemon.start()
        yield daemon
        daemon.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as service:
        yield service


@pytest.fixture
def raw(site: Site) -> Iterator[RawCallers]:
    callers = RawCallers(site.pbx.sip_port)
    yield callers
    site.clear()
    callers.close()


@pytest.mark.parametrize("site", scaled(["22"], ["22", "16"]), indirect=True)
def test_200_hostile_invites(site: Site, daemon: RunningDaemon, desk: Desk, raw: RawCallers) -> None:
    before = len(site.pbx.queue_log.read_text(encoding="utf-8", errors="strict").splitlines())
    seen = len(site.agents.records())

    for invite in hostile_invites(200):
        raw.place(invite)
        # A datagram that a full buffer loses would be lost by the test, and by nobody else. And 16 takes a request for
        # each variable: 16 of them for each of these calls.
        time.sleep(0.1 if site.pbx.version < (20,) else 0.01)
    honest = raw.place(Invite())
    until(lambda: honest.final is not None, "an answer to the honest caller")
    until(lambda: all(placed.final for placed in raw.placed if placed.statuses), "each INVITE that was read answered")
    taken = [placed for placed in raw.placed if placed.final == 200]
    calls = site.accounts.settled(len(taken))

    # A line break within a header ends the headers, so that some INVITEs offer no media: Asterisk offers some, gets no
    # answer to that, and hangs up. On 16 it does so before the queue.
    queued = [call for call in calls if call.queues]
    assert 150 < len(taken) < len(raw.placed), "most of them are SIP, some are not"
    assert len(calls) == len(taken)
    assert sum(call.left for call in calls) <= 4
    # Gold is the flow's last step. Standard is the default: where Asterisk itself was too busy to answer the daemon.
    in_default = [call for call in queued if call.queue == "standard"]
    assert {call.queue for call in queued} <= {"gold", "standard"}
    assert len(in_default) <= 4
    assert [said for said in daemon.complaints() if not said.startswith(LATE)] == []
    assert daemon.metric("ariroute_calls_ended_total") == len(taken)
    until(lambda: len(desk.tickets) >= len(queued) - len(in_default), "a notice of each call that was decided")
    census = site.accounts.census()
    assert (len(census.placed), census.lost, census.twice) == (len(taken), frozenset(), frozenset())

    for agent in ("alice", "bob"):
        site.agents.log_in(site.pbx, "gold", agent)
    try:
        answered = scaled(20, sum(call.queue == "gold" and not call.left for call in queued))
        until(
            lambda: sum(call.answered_by is not None for call in site.accounts.calls()) >= answered,
            f"{answered} calls answered",
            within=180,
        )
    finally:
        for agent in ("alice", "bob"):
            site.agents.log_out(site.pbx, "gold", agent)
    shown = [record.from_header for record in site.agents.records()[seen:] if record.event is AgentEvent.RUNG]
    assert len(shown) >= answered
    assert [header for header in shown if not ONE_ADDRESS.fullmatch(header) or OBEYED.search(header)] == []

    lines = site.pbx.queue_log.read_text(encoding="utf-8").splitlines()[before:]
    entries = [line for line in lines if "|ENTERQUEUE|" in line]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert [line for line in entries if not ENTERED.fullmatch(line)] == []
    assert len(entries) == len(queued)

    assert all(ticket.keys() == {"name", "number", "dialled", "plan"} for ticket in desk.tickets)
    assert [ticket for ticket in desk.tickets if OBEYED.search(f"{ticket['name']}{ticket['plan']}")] == []
    assert [asked for asked in desk.asked if not asked.headers["x-name"].isprintable()] == []
    assert daemon.said() == []
    assert [line for line in daemon.text().split("\n") if not line.isprintable()] == []
    assert len(daemon.logs("routed")) >= len(queued) - len(in_default)
    assert not re.search(r"\+4670000000|\+?46701234567|0701234567", daemon.text()), "masked by default"
    assert daemon.is_ready
