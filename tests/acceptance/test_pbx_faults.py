"""Asterisk that refuses, is not there yet, or is stopped; two daemons for one application.

Where it dies, or the link to it breaks: see the matrix.
"""

from __future__ import annotations

import pytest
from running_daemon import until

from ariroute.lab.accounts import by_caller
from ariroute.lab.customers import CustomerService
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, number

SOON = 2.0
"""Seconds until a daemon is back after its Asterisk: it tries each second at least."""


def assert_routes(site: Site, count: int) -> None:
    """A platinum caller, placed now as the ``count``-th, is in the platinum queue."""
    site.place([Caller(number("platinum", count))])
    calls = site.accounts.settled(count)
    assert by_caller(calls)[number("platinum", count)].queue == "platinum"


def restart(site: Site) -> None:
    """Start its Asterisk again; globals are lost with the process."""
    site.pbx.start()
    site.pbx.cli(f"dialplan set global ARIROUTE_APP {site.app}")


def test_when_a_second_daemon_takes_the_application_then_the_first_finishes_and_ends_and_no_call_is_lost(
    site: Site, new_daemon: NewDaemon, crm: CustomerService
) -> None:
    crm.delay = 0.5
    first, second = new_daemon(site), new_daemon(site)
    first.start()
    callers = [number("gold", count) for count in range(40)]
    site.place([Caller(caller) for caller in callers], rate=8)  # a daemon that starts needs a core of its own
    site.accounts.in_application(10)

    second.start()

    assert first.wait() == 4
    assert first.said() == ["pbx1: another program has registered the same Stasis application; stop one of the two"]
    site.place([Caller(number("gold", count)) for count in range(60, 70)], rate=8)
    calls = site.accounts.settled(50)
    assert {call.queue for call in calls} == {"gold"}
    census = site.accounts.census()
    assert (census.lost, census.twice) == (frozenset(), frozenset())
    until(lambda: first.logs("routed"), "the first daemon routed some")
    assert second.metric("ariroute_calls_ended_total", how="handed over") > 0
    assert second.is_ready


@pytest.mark.parametrize("changes", [{"password": "not this one"}, {"user": "nobody"}], ids=["password", "user"])
def test_when_asterisk_refuses_the_user_then_3_and_one_sentence(
    site: Site, new_daemon: NewDaemon, changes: dict[str, str]
) -> None:
    daemon = new_daemon(site, **changes)
    daemon.launch()

    assert daemon.wait() == 3
    (said,) = daemon.said()
    assert said.startswith(
        f"pbx1: Asterisk at {site.pbx.ari_url} refuses the ARI user '{changes.get('user', 'ariroute')}'"
    )
    assert "compare user and password with the section" in said
    assert [line for line in daemon.logs() if "traceback" in line] == []
    assert "not this one" not in daemon.text()


def test_when_asterisk_is_not_there_yet_then_the_daemon_waits_and_routes_once_it_is(
    own_site: Site, new_daemon: NewDaemon
) -> None:
    own_site.pbx.stop()
    daemon = new_daemon(own_site)
    daemon.launch()
    until(lambda: daemon.complaints() or daemon.has_ended, daemon.text)
    assert "cannot be reached: Connection refused; connecting again" in daemon.complaints()[0]
    assert not daemon.is_ready

    restart(own_site)

    until(lambda: daemon.is_ready, daemon.text, within=SOON)
    assert_routes(own_site, 1)


def test_when_asterisk_is_stopped_then_the_daemon_lives_and_ends_when_told(
    own_site: Site, new_daemon: NewDaemon
) -> None:
    daemon = new_daemon(own_site)
    daemon.start()

    own_site.pbx.stop()

    until(lambda: not daemon.is_ready, daemon.text)
    until(lambda: any("connecting again" in text for text in daemon.complaints()), daemon.text)
    assert not daemon.has_ended
    assert daemon.stop() == 0
    assert daemon.said() == []
