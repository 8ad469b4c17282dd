"""Calls that go elsewhere than to a queue: to a phone, a trunk or a mailbox; with a label; and nobody is lost."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from running_daemon import RunningDaemon, until

from ariroute.lab.accounts import Account
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.debian import sipp_program
from ariroute.lab.phone import CallState, Phone
from ariroute.lab.ports import Ports
from ariroute.lab.sip import Agent, AgentEvent, AgentRecord, Agents, Caller, Callers, Stream

from .conftest import Site, number

PHONES = [
    Agent("anna", rings=0.3, handles=3.0),
    Agent("bo", rings=0.1, answers=False),
    Agent.silent("cilla"),
    Agent("dora", rings=1.5, handles=1.0),
    Agent("gert", rings=0.1, handles=3.0),
]

FLOW = """
version: 1
region: SE
timezone: Europe/Stockholm
asterisk:
  pbx1: {{ari: {{url: "{ari}", user: ariroute, password: "${{file:{secret}}}", app: {app}}}}}
lookups:
  crm: {{csv: {{path: customers.csv, key: phone}}, fields: {{manager: string}}}}
queues: {{platinum: {{priority: 30}}, gold: {{priority: 20}}, standard: {{}}}}
endpoints:
  anna: PJSIP/anna
  bo: PJSIP/bo
  cilla: PJSIP/cilla
  dora: PJSIP/dora
  partner: "PJSIP/gert/sip:anna@127.0.0.1:{phones}"
  nowhere: "PJSIP/gert/sip:anna@127.0.0.1:9"
  unplugged: PJSIP/nosuch
agents:
  anna: {{dial: PJSIP/anna, also: [Anna Ek]}}
flows:
  answered:
    trigger: {{call: {{to: answered}}}}
    default: standard
    steps: [{{dial: {{endpoint: anna, timeout: 5s}}}}, {{queue: gold}}]
  busy:
    trigger: {{call: {{to: busy}}}}
    default: standard
    steps: [{{dial: {{endpoint: bo, timeout: 5s, on_busy: {{queue: gold}}, on_no_answer: {{queue: platinum}}}}}}]
  silent:
    trigger: {{call: {{to: silent}}}}
    default: platinum
    steps:
      - dial: {{endpoint: cilla, timeout: 3s, on_busy: {{queue: platinum}}, on_no_answer: {{queue: gold}}}}
  patient:
    trigger: {{call: {{to: patient}}}}
    default: platinum
    steps: [{{dial: {{endpoint: cilla, timeout: 8s}}}}, {{queue: gold}}]
  prompted:
    trigger: {{call: {{to: prompted}}}}
    default: standard
    steps: [{{answer: true}}, {{dial: {{endpoint: cilla, timeout: 12s}}}}]
  recorded:
    trigger: {{call: {{to: recorded}}}}
    default: standard
    steps:
      - consent: {{prompt: beep, yes: "1", no: "2", into: agreed, record: true}}
      - dial: {{endpoint: bo}}
      - dial: {{endpoint: anna}}
  unplugged:
    trigger: {{call: {{to: unplugged}}}}
    default: standard
    steps: [{{dial: {{endpoint: unplugged, on_failed: {{queue: gold}}}}}}]
  partner:
    trigger: {{call: {{to: partner}}}}
    default: standard
    steps: [{{dial: {{endpoint: partner, timeout: 5s}}}}, {{queue: gold}}]
  nowhere:
    trigger: {{call: {{to: nowhere}}}}
    default: standard
    steps: [{{dial: {{endpoint: nowhere, timeout: 1s, on_no_answer: {{queue: gold}}}}}}]
  hunt:
    trigger: {{call: {{to: hunt}}}}
    default: standard
    steps: [{{dial: {{endpoint: bo}}}}, {{dial: {{endpoint: cilla, timeout: 1s}}}}, {{dial: dora}}]
  manager:
    trigger: {{call: {{to: manager}}}}
    default: standard
    steps:
      - lookup: crm
      - agent: {{name: {{cel: crm.manager}}, timeout: 5s, on_busy: {{queue: gold}}, on_unknown: {{queue: platinum}}}}
  mailbox: {{trigger: {{call: {{to: mailbox}}}}, default: standard, steps: [{{voicemail: "100"}}]}}
  nobox:
    trigger: {{call: {{to: nobox}}}}
    default: standard
    steps: [{{voicemail: {{box: "999", greeting: none}}}}]
  labelled:
    trigger: {{call: {{to: labelled}}}}
    default: standard
    steps:
      - label:
          name_prefix: GOLD
          headers: {{X-Tier: gold, X-Caller: {{cel: caller.name}}}}
          variables: {{CUSTOMER_ID: "4711"}}
      - dial: {{endpoint: bo}}
      - queue: gold
daemon: {{admin: "127.0.0.1:{admin}", drain: 1s, mask_numbers: false}}
"""


class Office(Site):
    """A site with phones of its own, and a daemon whose flows ring them."""

    def __init__(self, pbx: PrivateAsterisk, agents: Agents, callers: Callers, directory: Path, admin: int) -> None:
        super().__init__(pbx, agents, callers)
        self.directory = directory
        secret = directory / "ari.secret"
        secret.touch(mode=0o600)
        secret.write_text(pbx.ari_password)
        (directory / "customers.csv").write_text(
            f"phone,manager\n{number('gold', 1)},Anna Ek\n{number('gold', 2)},anna\n{number('gold', 3)},Sven Svensson\n"
        )
        file = directory / "ariroute.yaml"
        file.write_text(FLOW.format(ari=pbx.ari_url, secret=secret, app=self.app, phones=agents.port, admin=admin))
        self.daemon = RunningDaemon(file, admin)
        self._before = len(agents.records())

    def call(self, dialled: str, count: int = 1, name: str = "Ann", stay: float = 60.0) -> Stream:
        return self.place([Caller(number("gold", count), name, dialled, stay=stay)])

    @property
    def rung(self) -> list[AgentRecord]:
        """What happened at the phones since this was made."""
        return self.agents.records()[self._before :]

    def events(self, agent: str) -> list[AgentEvent]:
        return [record.event for record in self.rung if record.agent == agent]

    def watched(self) -> list[str]:
        """Channels that Asterisk still tells this application of."""
        where = f"{self.pbx.ari_url}/ari/applications/{self.app}"
        answer = requests.get(where, auth=(self.pbx.ari_user, self.pbx.ari_password), timeout=10)
        return list(answer.json()["channel_ids"]) if answer.ok else []

    def account(self) -> Account:
        """Of the only call."""
        (account,) = self.accounts.calls()
        return account

    def in_queue(self, queue: str) -> None:
        """Wait until the only call is in this queue, and see that it has been in no other."""
        (call,) = self.accounts.settled(1)
        assert call.queues == (queue,)

    def routed(self, **fields: object) -> None:
        """Wait for the log's line about the only call, and see that it says so."""
        until(lambda: self.daemon.logs("routed"), self.daemon.text)
        (line,) = self.daemon.logs("routed")
        assert {name: line[name] for name in fields} == fields

    def rings(self) -> None:
        """Wait until a phone rings."""
        until(lambda: any(record.event is AgentEvent.RUNG for record in self.rung), "a phone rings")


class Phones:
    """One Asterisk of a release, with phones."""

    def __init__(self, directory: Path, release: str) -> None:
        self.directory = directory
        self.sipp = sipp_program()
        self.agents = Agents(self.sipp, PHONES, directory / "agents")
        self.pbx = PrivateAsterisk(
            directory / "pbx", release=release, agents=dict.fromkeys(self.agents.agents, self.agents.port)
        )


@pytest.fixture(scope="session", params=["22", "16"])
def phones(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phones]:
    phones = Phones(tmp_path_factory.mktemp(f"phones{request.param}"), request.param)
    with phones.agents, phones.pbx:
        yield phones


@pytest.fixture
def office(phones: Phones, tmp_path: Path) -> Iterator[Office]:
    """With its daemon running."""
    callers = Callers(phones.sipp, ("127.0.0.1", phones.pbx.sip_port), phones.directory / "callers")
    with Ports(1) as (admin,):
        office = Office(phones.pbx, phones.agents, callers, tmp_path, admin)
        try:
            office.daemon.start()
            yield office
        finally:
            office.daemon.close()
            office.clear()
    assert office.watched() == []


# Ringing


@pytest.mark.parametrize("dialled", ["answered", "partner"])
def test_when_the_phone_answers_then_caller_and_phone_talk_and_no_queue_sees_the_call(
    office: Office, dialled: str
) -> None:
    """Directly, and by a SIP URI behind a trunk."""
    stream = office.call(dialled)

    office.routed(queue=None, answered_by="anna" if dialled == "answered" else "partner", by_default=False)
    until(lambda: AgentEvent.HUNG_UP in office.events("anna"), "anna has talked and hung up")
    (result,) = stream.wait(10)
    assert (result.answered, str(result.outcome)) == (True, "Outcome.HUNG_UP_BY_PBX")
    assert office.account().queues == ()
    assert office.daemon.complaints() == []


@pytest.mark.parametrize(
    ("dialled", "phone"), [("busy", "bo"), ("silent", "cilla"), ("unplugged", ""), ("nowhere", "")]
)
def test_when_nobody_answers_then_the_call_goes_the_way_for_that(office: Office, dialled: str, phone: str) -> None:
    office.call(dialled)

    office.in_queue("gold")
    office.routed(queue="gold", priority=20, by_default=False)
    assert AgentEvent.RUNG in office.events(phone) or not phone
    assert office.daemon.in_flight == 0


def test_when_phones_are_rung_one_after_the_other_then_the_last_one_may_answer(office: Office) -> None:
    office.call("hunt")

    office.routed(answered_by="dora")
    assert office.events("bo") == [AgentEvent.RUNG, AgentEvent.REFUSED]
    assert office.events("cilla") == [AgentEvent.RUNG, AgentEvent.CANCELLED]
    assert office.account().queues == ()


def test_while_the_phone_rings_the_caller_is_not_answered_and_hears_it_ring(office: Office) -> None:
    with Phone(("127.0.0.1", office.pbx.sip_port), number("gold", 1), "Ann") as phone:
        phone.call("silent")
        phone.wait_for(CallState.PROGRESS)
        office.rings()

        channels = office.pbx.cli("core show channels concise")

        assert re.search(r"ariroute-ring!s!\d+!Ring(ing)?!Dial!", channels), channels
        assert phone.state is CallState.PROGRESS


def test_when_a_phone_is_rung_after_a_prompt_then_the_caller_hears_a_ringing_tone(office: Office) -> None:
    """The call is up then, and no 180 can tell."""
    with Phone(("127.0.0.1", office.pbx.sip_port), number("gold", 1), "Ann") as phone:
        phone.call("prompted")
        phone.wait_for(CallState.ANSWERED)
        phone.wait_to_hear(440)
        assert office.events("cilla") == [AgentEvent.RUNG]
    until(lambda: AgentEvent.CANCELLED in office.events("cilla"), "cilla's phone stops")


def test_when_the_caller_hangs_up_while_it_rings_then_the_phone_stops_and_nothing_is_left(office: Office) -> None:
    stream = office.place([Caller(number("gold", 1), "Ann", "silent", patience=1.0)])

    until(lambda: AgentEvent.CANCELLED in office.events("cilla"), "cilla's phone stops")
    (result,) = stream.wait(10)
    assert not result.answered
    until(lambda: office.daemon.metric("ariroute_calls_ended_total", how="hung up") == 1, office.daemon.text)
    assert office.daemon.in_flight == 0
    assert office.daemon.complaints() == []
    assert office.account().queues == ()


# Agents


def test_when_the_account_manager_is_free_then_their_phone_rings_by_any_of_their_names(office: Office) -> None:
    office.call("manager", 1)

    office.routed(answered_by="anna", queue=None)
    assert office.events("anna")[:2] == [AgentEvent.RUNG, AgentEvent.ANSWERED]


def test_when_the_account_manager_is_talking_then_their_phone_is_not_rung_a_second_time(office: Office) -> None:
    office.call("answered", 1)
    until(lambda: AgentEvent.ANSWERED in office.events("anna"), "anna talks")

    office.call("manager", 2)

    until(lambda: [line["queue"] for line in office.daemon.logs("routed")] == [None, "gold"], office.daemon.text)
    assert office.events("anna").count(AgentEvent.RUNG) == 1


@pytest.mark.parametrize("count", [3, 4])
def test_when_the_crm_names_nobody_that_we_have_then_the_way_for_that(office: Office, count: int) -> None:
    office.call("manager", count)

    office.in_queue("platinum")


# The daemon gone meanwhile


@pytest.mark.parametrize("number_of_signal", [signal.SIGKILL, signal.SIGSTOP])
def test_when_the_daemon_dies_while_it_rings_then_the_call_goes_to_the_default_queue_of_its_flow(
    office: Office, number_of_signal: signal.Signals
) -> None:
    office.call("silent")
    office.rings()

    office.daemon.signal(number_of_signal)

    office.in_queue("platinum")
    ringing = (office.account().in_queue or 0.0) - office.account().placed
    guard = 4.0 if number_of_signal is signal.SIGSTOP else 0.0
    assert 3.0 + guard - 0.5 < ringing < 3.0 + guard + 2.0


def test_when_the_daemon_dies_while_they_talk_then_they_talk_on(office: Office) -> None:
    stream = office.call("answered")
    until(lambda: AgentEvent.ANSWERED in office.events("anna"), "anna talks")

    office.daemon.kill()

    until(lambda: AgentEvent.HUNG_UP in office.events("anna"), "anna has hung up after her three seconds")
    (result,) = stream.wait(10)
    assert result.answered


def test_when_the_daemon_is_started_again_meanwhile_then_the_default_queue_at_once(office: Office) -> None:
    office.call("patient")
    office.rings()
    office.daemon.kill()
    office.daemon.start()
    assert office.account().queues == ()

    office.in_queue("platinum")

    office.routed(queue="platinum", by_default=True)
    assert "was it restarted?" in office.daemon.logs("routed")[0]["reason"]
    assert office.account().in_queue == pytest.approx(office.account().placed + 8, abs=1.0)
    assert not office.daemon.logs("gone before")


def test_when_the_daemon_is_told_to_end_while_it_rings_then_it_does_not_wait_and_the_call_is_not_lost(
    office: Office,
) -> None:
    office.call("silent")
    office.rings()
    began = time.monotonic()

    assert office.daemon.stop() == 0

    assert time.monotonic() - began < 2.5
    office.in_queue("platinum")


def test_when_the_rules_change_while_it_rings_then_the_call_keeps_its_own(office: Office) -> None:
    office.call("silent")
    office.rings()
    file = office.daemon.file
    file.write_text(file.read_text().replace("on_no_answer: {queue: gold}}", "on_no_answer: {queue: standard}}"))

    assert office.daemon.reload().returncode == 0

    office.in_queue("gold")


def test_when_the_hung_daemon_awakes_then_it_routes_on(office: Office) -> None:
    office.call("silent")
    office.rings()
    office.daemon.signal(signal.SIGSTOP)
    office.in_queue("platinum")

    office.daemon.signal(signal.SIGCONT)

    until(lambda: office.daemon.is_ready and office.daemon.in_flight == 0, office.daemon.text)
    office.call("busy", 2)
    until(lambda: office.daemon.logs("routed")[-1:] and office.daemon.logs("routed")[-1]["queue"] == "gold", "routed")


# Voicemail


def test_a_mailbox_takes_a_message(office: Office) -> None:
    box = office.pbx.directory / "spool/voicemail/default/100"
    inbox = box / "INBOX"
    before = set(inbox.glob("*.txt"))

    with Phone(("127.0.0.1", office.pbx.sip_port), number("gold", 1), "Ann") as phone:
        phone.call("mailbox")
        office.routed(voicemail="100", queue=None)
        until(lambda: phone.loud() > 2.0, "two seconds of the greeting")
        phone.press("#")  # which has heard enough of it
        until(lambda: any(file.stat().st_size > 16000 for file in box.glob("tmp/*.wav")), "a second of a message")
    until(lambda: set(inbox.glob("*.txt")) - before, "a message in the box")
    (message,) = set(inbox.glob("*.txt")) - before
    assert number("gold", 1) in message.read_text()
    assert office.account().queues == ()


def test_when_there_is_no_such_box_then_the_default_queue_of_the_dialplan(office: Office) -> None:
    office.call("nobox")

    office.in_queue("standard")


# Recording


@pytest.mark.parametrize("key", ["1", "2"])
def test_a_talk_is_recorded_when_the_caller_agreed_and_never_else(office: Office, key: str) -> None:
    """After a first phone that is busy; the recording is that of the talk."""
    recordings = office.pbx.directory / "spool/monitor"
    with Phone(("127.0.0.1", office.pbx.sip_port), number("gold", 1), "Ann") as phone:
        phone.call("recorded")
        phone.wait_for(CallState.ANSWERED)
        phone.press(key)
        until(lambda: AgentEvent.HUNG_UP in office.events("anna"), "anna has talked and hung up")

    file = recordings / f"{office.account().uniqueid}.wav"
    if key == "1":
        until(lambda: file.exists() and file.stat().st_size > 16000, "a second of a recording")
    else:
        assert not file.exists()


# Label


def test_the_agents_phone_shows_the_label_and_the_invite_has_the_headers(office: Office) -> None:
    """Rung by a dial step first, then by the queue: the name is never labelled twice."""
    invites = len(office.agents.invites())
    office.agents.log_in(office.pbx, "gold", "gert")
    try:
        office.call("labelled", name="Ann Ö")
        until(lambda: AgentEvent.ANSWERED in office.events("gert"), "gert has answered")
        (talking,) = re.findall(r"^PJSIP/gert-.*!(\S+)$", office.pbx.cli("core show channels concise"), re.MULTILINE)
        variable = office.variable(talking, "CUSTOMER_ID")
    finally:
        office.agents.log_out(office.pbx, "gold", "gert")

    shown = office.agents.invites()[invites:]
    assert {re.search(r"INVITE sip:(\w+)@", invite)[1] for invite in shown} == {"bo", "gert"}  # type: ignore[index]
    for invite in shown:
        assert f'From: "GOLD Ann Ö" <sip:{number("gold", 1)}@' in invite
        assert re.search(r"^X-Tier: gold\r?$", invite, re.MULTILINE), invite
        assert re.search(r"^X-Caller: Ann Ö\r?$", invite, re.MULTILINE), invite
    assert variable == "4711"
