"""One real call through every example of docs/examples: real Asterisk, a real telephone, the installed daemon.

Where the call ended is read from Asterisk's own records.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from examples import Example, Expected, examples, secrets
from running_daemon import RunningDaemon, until

from ariroute.config.load import load_rules
from ariroute.lab import voices
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.contacts import Contacts, Desk
from ariroute.lab.crm import Salesforce
from ariroute.lab.customers import CustomerService
from ariroute.lab.debian import sipp_program
from ariroute.lab.phone import CallState, Phone
from ariroute.lab.ports import Ports
from ariroute.lab.records import CelEvent, CelRow, cel
from ariroute.lab.redis import RedisServer
from ariroute.lab.sip import Agent, Agents, Callers
from ariroute.lab.slapd import LdapServer, customer

from .conftest import Site
from .test_routing import priorities

ADMIN, ARI, AMI = "127.0.0.1:8067", "http://127.0.0.1:8088", "127.0.0.1:5038"
"""As examples have them; replaced by those of the private Asterisk."""

PHONES = {
    "idle": Agent("idle", rings=0.1, handles=2.0),
    "busy": Agent("busy", rings=0.1, answers=False),
    "silent": Agent.silent("silent"),
}
SAMPLE_QUEUES = {"platinum", "gold", "standard", "last"}

Service = Callable[[Example, ExitStack], dict[str, str]]
"""Starts a stand-in, to be ended with the stack; gives what to replace in the flow file."""


def customers(example: Example, things: ExitStack) -> dict[str, str]:
    service = things.enter_context(CustomerService(example.folder / "customers.csv"))
    return {"http://127.0.0.1:8000": service.url}


def contacts(example: Example, things: ExitStack) -> dict[str, str]:
    return {"http://127.0.0.1:8000": things.enter_context(Contacts()).url}


def desk(example: Example, things: ExitStack) -> dict[str, str]:
    service = things.enter_context(Desk())
    things.callback(lambda: until(lambda: bool(service.tickets), lambda: "no ticket came"))
    return {"http://127.0.0.1:8001": service.url}


def salesforce(example: Example, things: ExitStack) -> dict[str, str]:
    return {Salesforce.maker: things.enter_context(Salesforce()).url}


def flite(example: Example, things: ExitStack) -> dict[str, str]:
    folder = Path(things.enter_context(tempfile.TemporaryDirectory()))
    program = voices.install(folder / "bin", ["flite"]) / "flite"
    changes = {"[flite, ": f'["{program}", ', "/var/cache/ariroute/speech": str(folder / "speech")}
    return changes | {"timeout: 2s": "timeout: 20s"}  # a busy machine is no mistake of the example


def redis(example: Example, things: ExitStack) -> dict[str, str]:
    server = things.enter_context(RedisServer(_folder(things)))
    server.hash("customer:+46701234567", {"tier": "gold", "orders": "12"})
    return {"redis://127.0.0.1:6379/0": server.url}


def ldap(example: Example, things: ExitStack) -> dict[str, str]:
    server = LdapServer(_folder(things))
    things.callback(server.close)
    server.start([customer("Anna", telephoneNumber="+46701234567", employeeType="gold")])
    return {"ldap://127.0.0.1:389": server.url}


def _folder(things: ExitStack) -> Path:
    return Path(things.enter_context(tempfile.TemporaryDirectory()))


SERVICES: dict[str, Service] = {
    "customers": customers,
    "flite": flite,
    "contacts": contacts,
    "desk": desk,
    "salesforce": salesforce,
    "redis": redis,
    "ldap": ldap,
}


class Hall(Site):
    """An Asterisk with every queue and every telephone that the examples name."""

    def __init__(self, pbx: PrivateAsterisk, agents: Agents, callers: Callers) -> None:
        super().__init__(pbx, agents, callers)
        pbx.cli("dialplan set global ARIROUTE_APP ariroute")


@contextmanager
def hall(directory: Path) -> Iterator[Hall]:
    sipp = sipp_program()
    queues = {queue for example in examples() for queue in load_rules(example.folder / "ariroute.yaml").ruleset.queues}
    phones = {name: state for example in examples() for name, state in example.trial.agents.items()}
    agents = Agents(sipp, [named(PHONES[state], name) for name, state in phones.items()] or PHONES.values(), directory)
    extra = "".join(f"[{queue}](ariroute-tier)\n" for queue in sorted(queues - SAMPLE_QUEUES))
    with (
        agents,
        PrivateAsterisk(directory / "pbx", agents=dict.fromkeys(phones, agents.port), extra_queues=extra) as pbx,
    ):
        yield Hall(pbx, agents, Callers(sipp, ("127.0.0.1", pbx.sip_port), directory / "callers"))


def named(agent: Agent, name: str) -> Agent:
    return Agent(name, agent.rings, agent.handles, agent.answers)


@pytest.fixture(scope="module")
def the_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with hall(tmp_path_factory.mktemp("hall")) as open_hall:
        yield open_hall


@pytest.fixture
def things() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def started(example: Example, place: Hall, things: ExitStack, folder: Path) -> RunningDaemon:
    """The example's daemon, connected, with its services."""
    (admin,) = things.enter_context(Ports(1))
    changes = {ARI: place.pbx.ari_url, AMI: f"127.0.0.1:{place.pbx.ami_port}", ADMIN: f"127.0.0.1:{admin}"}
    for name in example.trial.services:
        changes |= SERVICES[name](example, things)
    file = example.copied(folder, changes)
    if "\ndaemon:" not in example.text:
        with file.open("a", encoding="utf-8") as text:
            text.write(f'\ndaemon: {{admin: "127.0.0.1:{admin}"}}\n')
    daemon = RunningDaemon(file, admin)
    things.callback(daemon.close)
    daemon.start()
    return daemon


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_one_call(
    example: Example, the_hall: Hall, things: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx, call = the_hall.pbx, example.trial.call
    given = {"ARI_SECRET": pbx.ari_password, "AMI_SECRET": pbx.ami_password, **example.trial.env}
    assert secrets(example.text) <= given.keys(), "try.yaml must give these under env"
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    daemon = started(example, the_hall, things, tmp_path)
    records = cel(pbx.cel_log)
    before = {row.uniqueid for row in records.rows()}
    phone = things.enter_context(Phone(("127.0.0.1", pbx.sip_port), call.caller, call.name))
    things.callback(the_hall.clear)

    phone.call(call.to)
    if call.press:
        phone.wait_for(CallState.ANSWERED)
        until(lambda: phone.loud() > 0.1, "a prompt to be heard")
        phone.press(call.press)

    until(
        lambda: ended(call.expect, [row for row in records.rows() if row.uniqueid not in before]),
        lambda: f"{call.expect}: {[row for row in records.rows() if row.uniqueid not in before]}\n{daemon.text()}",
    )
    if call.expect.priority is not None:
        until(lambda: priorities(the_hall), "a call in a queue")
        assert list(priorities(the_hall).values()) == [call.expect.priority]
    assert daemon.complaints() == []


def ended(expected: Expected, rows: list[CelRow]) -> bool:
    """Whether the call has come where it must end."""
    if expected.hangup is not None:
        return any(
            row.event is CelEvent.HANGUP
            and not row.hung_up_by_itself
            and row.extra.get("hangupcause") == expected.hangup
            for row in rows
        )
    application, wanted = next(
        (name, value)
        for name, value in (("Queue", expected.queue), ("VoiceMail", expected.voicemail), ("Dial", expected.dial))
        if value
    )
    names = [wanted] if isinstance(wanted, str) else wanted
    return any(
        row.event is CelEvent.APP_START
        and row.application == application
        and row.application_data.partition(",")[0] in names
        for row in rows
    )
