"""Calls routed by what Asterisk itself knows, and by what is left when its AMI is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
import requests
from running_daemon import RunningDaemon, ariroute, until

from ariroute.lab.accounts import by_caller
from ariroute.lab.ports import Ports
from ariroute.lab.sip import Caller

from .conftest import Site, number

FLOW = """
version: 1
region: SE
asterisk:
  pbx1:
    ari: {{url: "{ari}", user: ariroute, password: "${{file:{folder}/ari}}", app: {app}}}
    ami: {{address: "127.0.0.1:{ami}", user: {user}, password: "${{file:{folder}/ami}}", timeout: 1s}}
lookups:
  gold_now:
    queue: {{name: gold}}
    cache: {{for: 50ms}}
  vip: {{astdb: {{family: vip, key: "{{caller.e164}}"}}}}
  blocked: {{astdb: {{family: blocked, key: "{{caller.e164}}", exists: true}}}}
  call: {{channel: {{variables: {{to: ARIROUTE_TO, did: "CALLERID(dnid)", plan: NOT_SET}}}}}}
queues: {{platinum: {{priority: 30}}, gold: {{priority: 20}}, standard: {{}}, last: {{}}}}
flows:
  support:
    trigger: {{call: {{to: support}}}}
    default: last
    steps:
      - lookup: [gold_now, vip, blocked, call]
      - branch:
          - match: {{blocked.exists: true}}
            hangup: 21
          - match: {{vip.value: platinum, call.to: support, call.did: support}}
            queue: platinum
          - when: gold_now.waiting == 0.0 && call.plan == null
            queue: gold
          - else:
            queue: standard
  plain:
    trigger: {{call: {{to: plain}}}}
    default: last
    steps: [queue: gold]
daemon: {{admin: "127.0.0.1:{admin}", mask_numbers: false}}
"""
MANAGER = "\n[lookups]\nsecret = not-secret\nwrite = reporting\n"


def let_in(site: Site) -> None:
    """Give Asterisk's AMI the user of :data:`FLOW`."""
    manager = site.pbx.directory / "etc" / "manager.conf"
    if MANAGER not in manager.read_text():
        manager.write_text(manager.read_text() + MANAGER)
        site.pbx.cli("manager reload")


class Daemon(Protocol):
    """A daemon of this file's flow for a site; its AMI is at this port."""

    def __call__(self, site: Site, ami: int, secret: str = "not-secret", user: str = "lookups") -> RunningDaemon: ...


@pytest.fixture
def daemon_of(tmp_path: Path) -> Iterator[Daemon]:
    with ExitStack() as made:

        def make(site: Site, ami: int, secret: str = "not-secret", user: str = "lookups") -> RunningDaemon:
            let_in(site)
            for name, text in (("ari", site.pbx.ari_password), ("ami", secret)):
                (tmp_path / name).touch(mode=0o600)
                (tmp_path / name).write_text(text)
            (admin,) = made.enter_context(Ports(1))
            file = tmp_path / "ariroute.yaml"
            file.write_text(
                FLOW.format(ari=site.pbx.ari_url, app=site.app, ami=ami, user=user, folder=tmp_path, admin=admin)
            )
            daemon = RunningDaemon(file, admin)
            made.callback(daemon.close)
            return daemon

        yield make


def status(daemon: RunningDaemon) -> dict[str, dict[str, dict[str, object]]]:
    answer: dict[str, dict[str, dict[str, object]]] = requests.get(f"http://{daemon.admin}/status", timeout=10).json()
    return answer


def has_ami(daemon: RunningDaemon) -> bool:
    return daemon.metric("ariroute_ami_up", pbx="pbx1") == 1.0


def fill(site: Site, platinum: str, blocked: str) -> None:
    site.pbx.cli(f"database put vip {platinum} platinum")
    site.pbx.cli(f"database put blocked {blocked} x")


@pytest.mark.parametrize("site", ["22", "16"], indirect=True)
def test_each_call_goes_where_the_pbx_says(site: Site, daemon_of: Daemon) -> None:
    daemon = daemon_of(site, site.pbx.ami_port)
    daemon.start()
    until(lambda: has_ami(daemon), "AMI is connected")
    vip, blocked, first, second = (number("silver", count) for count in range(1, 5))
    fill(site, vip, blocked)

    for count, caller in enumerate((first, second, vip), start=1):  # one after the other: the first is to wait there
        site.place([Caller(caller)])
        calls = by_caller(site.accounts.settled(count))
    refused = site.place([Caller(blocked)]).wait(30)

    assert {caller: call.queue for caller, call in calls.items()} == {
        first: "gold",
        second: "standard",
        vip: "platinum",
    }
    assert [result.answered for result in refused] == [False]
    assert daemon.complaints() == []
    lookups = status(daemon)["lookups"]
    assert {name: state["breaker"] for name, state in lookups.items()} == dict.fromkeys(lookups, "closed")
    shown = [line.split() for line in ariroute("status", "--admin", daemon.admin).stdout.splitlines()]
    assert [line[-2:] for line in shown if line and line[0] == "pbx1"] == [["up", "-"]]
    assert ["vip", "closed", "0", "-", "0", "0"] in shown
    assert daemon.metric("ariroute_lookup_cached", lookup="gold_now") == 1.0
    assert daemon.metric("ariroute_lookup_breaker", lookup="vip", state="closed") == 1.0


def test_an_asterisk_that_is_killed_and_started_again_is_asked_again(own_site: Site, daemon_of: Daemon) -> None:
    pbx = own_site.pbx
    daemon = daemon_of(own_site, pbx.ami_port, pbx.ami_password, pbx.ami_user)  # who is there from the first moment
    daemon.start()
    until(lambda: has_ami(daemon), "AMI is connected")

    pbx.kill()
    until(lambda: not has_ami(daemon), "AMI is lost")
    pbx.start()
    pbx.cli(f"dialplan set global ARIROUTE_APP {own_site.app}")
    until(lambda: has_ami(daemon) and daemon.is_ready, "all is connected again")

    own_site.place([Caller(number("silver", 1))])
    assert own_site.accounts.settled(1)[0].queue == "gold"
