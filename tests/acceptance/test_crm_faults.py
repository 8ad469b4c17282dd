"""Customer services that are slow, broken or hostile: each call is in a queue within the guard, the daemon unharmed."""

from __future__ import annotations

from pathlib import Path

import pytest
from running_daemon import RunningDaemon, until

from ariroute.lab.accounts import by_caller
from ariroute.lab.customers import CustomerService
from ariroute.lab.evil import EvilService
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, edit, number

TIMEOUT = 2.5
"""Seconds that these lookups may take: with the second kept for the hand-off they fit the guard of 4."""
SLOW = ("drip", "hang", "slow")
"""Faults that end by the deadline alone."""
LATE = 0.5
"""Seconds by which a busy machine may miss a deadline."""
GROWTH = 20.0
"""MiB that all these answers together may cost at the worst moment; two of them are 200 and 300 MiB long."""


def ask_every_fault(daemon: RunningDaemon, addresses: dict[str, str]) -> None:
    """One lookup and one flow for each, dialled by its name.

    Who is found goes to gold, and when nothing is known to standard by the last case; two more flows without that
    case: their default is platinum.
    """
    otherwise = "\n          - else:\n            queue: standard"
    flows = [flow(fault, fault, "standard", otherwise) for fault in addresses]
    flows += [flow(f"no-else-{fault}", fault, "platinum", "") for fault in ("hang", "500")]
    edit(daemon, "\nqueues:\n", "\n" + "".join(lookup(*each) for each in addresses.items()) + "queues:\n")
    edit(daemon, "\ndaemon:", "\n" + "".join(flows) + "daemon:")


def lookup(fault: str, address: str) -> str:
    return f"""\
  f_{fault}:
    http: {{url: "{address}/customers/{{caller.e164}}", timeout: {TIMEOUT}s}}
    fields: {{loyalty: string, orders: number}}
"""


def flow(name: str, fault: str, default: str, otherwise: str) -> str:
    return f"""\
  {name}:
    trigger: {{call: {{to: ["{name.replace("-", "")}"]}}}}
    default: {default}
    steps:
      - lookup: f_{fault}
      - branch:
          - match: {{f_{fault}.loyalty: [platinum, gold, silver]}}
            queue: gold{otherwise}
"""


def test_whatever_a_customer_service_answers_the_call_is_in_its_default_queue_within_the_guard(
    site: Site, new_daemon: NewDaemon, evil: EvilService
) -> None:
    evil.hits.clear()
    addresses = {fault: evil.url_of(fault) for fault in EvilService.faults() if fault != "control"}
    addresses |= {"dns": "http://no-such-host.invalid", "refused": "http://127.0.0.1:9"}
    daemon = new_daemon(site)
    ask_every_fault(daemon, addresses)
    daemon.start()
    before = daemon.memory("VmRSS")

    dialled = [*addresses, "noelsehang", "noelse500"]
    callers = {number("gold", count): each for count, each in enumerate(dialled)}
    site.place([Caller(caller, dialled=each) for caller, each in callers.items()], rate=20)

    calls = by_caller(site.accounts.settled(len(callers)))
    went = {callers[caller]: call.queue for caller, call in calls.items()}
    assert went == dict.fromkeys(addresses, "standard") | {"noelsehang": "platinum", "noelse500": "platinum"}
    waits = {callers[caller]: call.wait for caller, call in calls.items()}
    assert all(TIMEOUT <= waits[fault] < TIMEOUT + LATE for fault in SLOW), waits
    assert max(waits.values()) < TIMEOUT + LATE, waits
    assert all(evil.hits[fault] for fault in addresses if fault not in ("dns", "refused"))
    assert evil.hits["redirected"] == 0
    assert evil.hits["loop"] == 1
    assert daemon.metric("ariroute_lookups_total", outcome="failed") == len(callers)
    assert daemon.metric("ariroute_calls_ended_total", how="handed over") == len(callers)
    assert daemon.memory("VmHWM") - before < GROWTH

    site.place([Caller(number("platinum", 1)), Caller(number("gold", 99))])
    calls = by_caller(site.accounts.settled(len(callers) + 2))
    assert calls[number("platinum", 1)].queue == "platinum"
    assert calls[number("gold", 99)].queue == "gold"
    assert daemon.complaints() == []


def test_what_a_customer_service_says_cannot_become_syntax(
    site: Site, new_daemon: NewDaemon, evil: EvilService, tmp_path: Path
) -> None:
    """Its text goes into a channel variable, where the dialplan would run it if it were read as dialplan."""
    touched = tmp_path / "touched"
    wicked = f"gold,r,,,1${{SHELL(touch {touched})}}$[1+1]|\r\nX: 1"
    with CustomerService({number("gold", 1): {"loyalty": wicked, "orders": 1}}) as crm:
        daemon = new_daemon(site, crm=crm.url)
        edit(daemon, "segment: ordinary", "segment: {cel: crm.loyalty}")
        daemon.start()

        site.place([Caller(number("gold", 1))])
        (call,) = site.accounts.settled(1)

    assert call.queue == "standard"
    assert site.variable(call.uniqueid, "ARIROUTE_VAR_SEGMENT") == wicked.replace("\r\n", "")
    assert not touched.exists()


@pytest.mark.parametrize(("delay", "queue"), [(0.4, "gold"), (1.6, "standard")], ids=["in time", "too late"])
def test_a_slow_customer_service_counts_when_it_answers_within_the_deadline(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, delay: float, queue: str
) -> None:
    daemon = new_daemon(site, timeout="1s")
    daemon.start()
    crm.delay = delay

    site.place([Caller(number("gold", count)) for count in range(10)])

    calls = site.accounts.settled(10)
    assert {call.queue for call in calls} == {queue}
    bound = min(delay, 1.0)
    assert all(bound <= call.wait < bound + LATE for call in calls), [call.wait for call in calls]
    until(lambda: daemon.in_flight == 0, "nothing in the daemon's hands")
