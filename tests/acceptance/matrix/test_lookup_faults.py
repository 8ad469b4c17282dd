"""F9: stores that misbehave under real calls: each takes the branch that the flow's author gave it, by the deadline.

What each fault is called, and what it leaves behind, is tested without calls: ``tests/integration/test_lookup_faults``,
``test_store_faults``, ``test_sql_dead_servers``; every answer of a customer service with calls: ``test_crm_faults``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hostile_server import HostileServer
from running_daemon import until

from ariroute.lab.sip import Caller

from ..conftest import NewDaemon, Site, edit, number
from .load import BUSY, Note, judge, quantile
from .scale import FULL, scaled

TIMEOUT = 0.8
OVERRUN = 0.05
CALLS = scaled(1, 4)
"""Of each source: below the five failures after which it is not asked any more."""

SOURCES = {
    "http": 'http: {{url: "http://127.0.0.1:{port}/{{caller.e164}}", timeout: {timeout}s}}',
    "redis": 'redis: {{url: "redis://127.0.0.1:{port}", key: "c:{{caller.e164}}", timeout: {timeout}s}}',
    "ldap": 'ldap: {{url: "ldap://127.0.0.1:{port}", base: "dc=x", filter: "(telephoneNumber={{caller.e164}})", '
    "attributes: {{tier: employeeType}}, timeout: {timeout}s}}",
    "postgresql": 'sql: {{url: "postgresql://a@127.0.0.1:{port}/c", '
    'query: "SELECT tier FROM c WHERE p = :caller.e164", timeout: {timeout}s}}',
    "mariadb": 'sql: {{url: "mariadb://a@127.0.0.1:{port}/c", '
    'query: "SELECT tier FROM c WHERE p = :caller.e164", timeout: {timeout}s}}',
}
BRANCHES = {"hang": {"gold"}, "close": {"platinum"}, "reset": {"platinum"}, "refused": {"platinum"}}
"""Gold is the way of what is too late, platinum that of what has failed; other faults are the one to some clients and
the other to others, and never an answer."""
LOOKUP = "  {}:\n    {}\n    fields: {{tier: string}}\n"
FLOW = """  {name}:
    trigger: {{call: {{to: {name}}}}}
    default: standard
    steps:
      - lookup: {{{name}: {{on_error: {{queue: platinum}}, on_timeout: {{queue: gold}}}}}}
      - queue: standard
"""


@pytest.fixture
def ports() -> Iterator[dict[str, int]]:
    """A port of each fault; at the last one nobody listens."""
    with ExitStack() as running:
        servers = {fault: running.enter_context(HostileServer(fault)) for fault in HostileServer.FAULTS}
        yield {fault: int(server.url.rpartition(":")[2]) for fault, server in servers.items()} | {"refused": 9}


def test_f9_each_fault_of_each_store_takes_its_branch_by_the_deadline(
    site: Site, new_daemon: NewDaemon, note: Note, ports: dict[str, int]
) -> None:
    """F9: 7 kinds of faults x 5 kinds of sources: 100 % in the right branch, 50 ms over the deadline at p99."""

    def source(kind: str, fault: str) -> str:
        return SOURCES[kind].format(port=ports[fault], timeout=TIMEOUT)

    daemon = new_daemon(site)
    sources = {f"{kind}-{fault}": (kind, fault) for kind, fault in itertools.product(SOURCES, ports)}
    names = {name: name.replace("-", "_") for name in sources}
    lookups = "".join(LOOKUP.format(names[name], source(*which)) for name, which in sources.items())
    edit(daemon, "\nqueues:\n", f"\n{lookups}queues:\n")
    edit(daemon, "\ndaemon: ", "\n" + "".join(FLOW.format(name=name) for name in names.values()) + "daemon: ")
    daemon.start()
    placed = {
        number("gold", count): name for count, name in enumerate(name for name in names.values() for _ in range(CALLS))
    }
    site.place([Caller(caller, dialled=name) for caller, name in placed.items()], rate=25)

    site.accounts.settled(len(placed))
    calls = judge(site, note)
    fault_of = {names[name]: fault for name, (_, fault) in sources.items()}
    wrong = {
        placed[call.caller]: call.queue
        for call in calls
        if call.queue not in BRANCHES.get(fault_of[placed[call.caller]], {"gold", "platinum"})
    }
    assert wrong == {}
    late = [call.wait - TIMEOUT for call in calls]
    assert quantile(late, 0.99 if FULL else 0.5) < OVERRUN, sorted(late)
    assert max(late) < OVERRUN + BUSY, sorted(late)
    until(lambda: daemon.in_flight == 0, "nothing in the daemon's hands")
    assert daemon.metric("ariroute_calls_ended_total", how="handed over") == len(placed)
    assert [line for line in daemon.logs() if "traceback" in line] == []
