"""The stage of the acceptance tests: real Asterisks with SIP callers and agents, customers, and the installed daemon.

One Asterisk of each release serves the whole session; each test has a Stasis application, records and a daemon of its
own. A test that stops or changes its Asterisk makes one for itself.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
from daemon_files import write_flow
from running_daemon import RunningDaemon, until

from ariroute.lab.accounts import Accounts
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.customers import CustomerService
from ariroute.lab.debian import sipp_program
from ariroute.lab.evil import EvilService
from ariroute.lab.ports import Ports
from ariroute.lab.sip import Agent, Agents, Caller, Callers, Identity, Stream
from ariroute.proof import dialplan

LOYALTIES = {"1": "platinum", "2": "gold", "3": "silver"}
"""By the digit after +4670: see :func:`number`."""
QUEUES = {"platinum": "platinum", "gold": "gold", "silver": "standard", "unknown": "standard"}
"""Where the flow of ``daemon_files`` sends a customer of that loyalty."""
AGENTS = [
    *(Agent("alice", rings=0.05, handles=0.3), Agent("bob", rings=0.05, handles=0.3)),
    Agent.silent("carol"),
]


def number(loyalty: str, count: int) -> str:
    """The ``count``-th customer of that loyalty; nobody knows one of loyalty "unknown"."""
    digit = next((digit for digit, known in LOYALTIES.items() if known == loyalty), "9")
    return f"+4670{digit}{count:06d}"


def unguarded() -> str:
    """A copy of our dialplan without its guard, dialled as ``unguarded``, and a place where SIP messages may go."""
    return f"""{dialplan.unguarded(dialplan.sample())}
[ariroute-demo](+)
exten => unguarded,1,Set(ARIROUTE_TO=support)
 same => n,Goto(unguarded,s,1)

[ariroute-no-messages]
exten => support,1,Stasis(${{ARIROUTE_APP}},support)
 same => n,Hangup()
"""


REFUSING = """
[m-strict](ariroute-tier)
joinempty = strict
[m-paused](ariroute-tier)
joinempty = strict
[m-full](ariroute-tier)
maxlen = 1
[m-leaving](ariroute-tier)
leavewhenempty = invalid
[m-ringing](ariroute-tier)
timeout = 1
autopause = no
"""
"""Queues that take nobody, or nobody any more; see ``matrix/test_queue_refusals.py``. ``m-leaving`` is not empty to
Asterisk while it has a member at all, one who has paused too. In ``m-ringing`` each phone rings for a second."""


class Site:
    """One Asterisk with its agents, and callers that reach one test's Stasis application."""

    def __init__(self, pbx: PrivateAsterisk, agents: Agents, callers: Callers) -> None:
        self.pbx = pbx
        self.agents = agents
        self.app = f"app-{uuid.uuid4().hex[:8]}"
        self.accounts = Accounts(pbx)
        self._callers = callers
        pbx.cli(f"dialplan set global ARIROUTE_APP {self.app}")

    def place(self, callers: list[Caller], rate: float = 20.0, identity: Identity = Identity.FROM) -> Stream:
        """Start to place these calls, ``rate`` a second."""
        return self._callers.place(callers, rate=rate, identity=identity)

    def variable(self, uniqueid: str, name: str) -> str | None:
        """A variable of a channel; None where it has no such variable."""
        answer = requests.get(
            f"{self.pbx.ari_url}/ari/channels/{uniqueid}/variable",
            params={"variable": name},
            auth=(self.pbx.ari_user, self.pbx.ari_password),
            timeout=10,
        )
        return str(answer.json()["value"]) if answer.ok else None

    def write(self, uniqueid: str, name: str, value: str) -> None:
        """Write a variable of a channel in the application."""
        requests.post(
            f"{self.pbx.ari_url}/ari/channels/{uniqueid}/variable",
            params={"variable": name, "value": value},
            auth=(self.pbx.ari_user, self.pbx.ari_password),
            timeout=10,
        ).raise_for_status()

    def clear(self) -> None:
        """End every call and every caller."""
        self._callers.stop()
        self.pbx.cli("channel request hangup all")
        until(lambda: "0 active channels" in self.pbx.cli("core show channels count"), "no channel left")


class Exchange:
    """One Asterisk for several tests; :meth:`site` for each of them."""

    def __init__(self, directory: Path, release: str) -> None:
        self._directory = directory
        self._sipp = sipp_program()
        self._agents = Agents(self._sipp, AGENTS, directory / "agents")
        self.pbx = PrivateAsterisk(
            directory / "pbx",
            release=release,
            agents=dict.fromkeys(self._agents.agents, self._agents.port),
            extra_dialplan=unguarded(),
            extra_queues=REFUSING,
        )

    def __enter__(self) -> Exchange:
        self._agents.start()
        self.pbx.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.pbx.close()
        self._agents.stop()

    @contextmanager
    def site(self) -> Iterator[Site]:
        """Nobody is logged in, no call is there, and so it is again afterwards."""
        callers = Callers(self._sipp, ("127.0.0.1", self.pbx.sip_port), self._directory / "callers")
        site = Site(self.pbx, self._agents, callers)
        try:
            yield site
        finally:
            if self.pbx.is_running:
                site.clear()


@pytest.fixture(scope="session")
def exchange22(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("exchange22"), "22") as exchange:
        yield exchange


@pytest.fixture(scope="session")
def exchange16(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("exchange16"), "16") as exchange:
        yield exchange


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """On the newest Asterisk, or on that of the release that a test names by ``indirect`` parameters."""
    exchange: Exchange = request.getfixturevalue(f"exchange{getattr(request, 'param', '22')}")
    with exchange.site() as site:
        yield site


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """An Asterisk of the test's own, to be killed and started again."""
    with Exchange(tmp_path, "22") as exchange, exchange.site() as site:
        yield site


@pytest.fixture(scope="session")
def customers() -> Iterator[CustomerService]:
    known = {
        number(loyalty, count): {"loyalty": loyalty, "orders": count}
        for loyalty in LOYALTIES.values()
        for count in range(1000)
    }
    with CustomerService(known) as service:
        yield service


@pytest.fixture
def crm(customers: CustomerService) -> Iterator[CustomerService]:
    """A customer service that answers at once unless the test makes it slow."""
    customers.delay = 0.0
    yield customers
    customers.delay = 0.0


@pytest.fixture(scope="session")
def evil() -> Iterator[EvilService]:
    with EvilService() as service:
        yield service


def edit(daemon: RunningDaemon, old: str, new: str) -> None:
    """Replace one place in a daemon's flow file."""
    text = daemon.file.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    daemon.file.write_text(text.replace(old, new), encoding="utf-8")


class NewDaemon(Protocol):
    """Makes a daemon for a site, not started; what is given goes into its flow file (:mod:`daemon_files`)."""

    def __call__(self, site: Site, **changes: Any) -> RunningDaemon: ...


@pytest.fixture
def new_daemon(tmp_path: Path, crm: CustomerService) -> Iterator[NewDaemon]:
    counter = itertools.count(1)
    with ExitStack() as made:

        def make(site: Site, **changes: Any) -> RunningDaemon:
            (admin,) = made.enter_context(Ports(1))
            usual = {"ari": site.pbx.ari_url, "password": site.pbx.ari_password, "crm": crm.url, "app": site.app}
            file = write_flow(tmp_path / f"daemon{next(counter)}.yaml", **(usual | {"admin": admin} | changes))
            daemon = RunningDaemon(file, admin)
            made.callback(daemon.close)
            return daemon

        yield make
