"""F13: flow files are reloaded while calls come, broken ones and good ones: no call is dropped or misrouted."""

from __future__ import annotations

from pathlib import Path

import requests
from running_daemon import DEADLINE

from ariroute.lab.accounts import by_caller
from ariroute.lab.customers import CustomerService
from ariroute.lab.sip import Caller

from ..conftest import QUEUES, NewDaemon, Site, edit, number
from .load import Note, judge
from .scale import scaled

ALL = sorted((Path(__file__).parents[2] / "fixtures" / "bad").glob("*.yaml"))
BROKEN = ALL[:: scaled(len(ALL) // 30, 1)]


def callers(count: int) -> dict[str, str]:
    """Callers of all tiers and the queue of each."""
    return {number(loyalty, place): queue for place in range(count) for loyalty, queue in QUEUES.items()}


def test_f13_files_that_are_broken_and_files_that_are_good_misroute_nobody(
    site: Site, new_daemon: NewDaemon, crm: CustomerService, note: Note
) -> None:
    """F13: 30 broken files under load: each is refused with what is wrong, the exit code says so, 0 misrouted.

    Between them as many good ones, each of which changes something.
    """
    crm.delay = 0.1  # so that calls are in flight at each reload
    daemon = new_daemon(site, timeout="2500ms")
    daemon.start()
    wanted = callers(scaled(20, 90))
    site.place([Caller(caller, stay=5.0) for caller in wanted], rate=20)

    for count, file in enumerate(BROKEN):
        good = daemon.file.read_bytes()
        daemon.file.write_bytes(file.read_bytes())
        answer = requests.post(f"http://{daemon.admin}/reload", headers={"X-Ariroute": "1"}, timeout=DEADLINE)
        assert answer.status_code == 422, file.name
        assert len(answer.json()["problems"]) >= promised(file), file.name
        daemon.file.write_bytes(good)
        edit(daemon, f"gold: {{priority: {20 + count}}}", f"gold: {{priority: {21 + count}}}")
        answer = requests.post(f"http://{daemon.admin}/reload", headers={"X-Ariroute": "1"}, timeout=DEADLINE)
        assert answer.json()["changed"] == ["queue gold changed"]
    daemon.file.write_bytes(BROKEN[0].read_bytes())
    assert daemon.reload().returncode == 2

    site.accounts.settled(len(wanted))
    calls = by_caller(judge(site, note))
    assert {caller: call.queue for caller, call in calls.items()} == wanted
    assert daemon.metric("ariroute_reloads_total", result="refused") == len(BROKEN) + 1
    assert daemon.metric("ariroute_reloads_total", result="done") == len(BROKEN)
    assert daemon.metric("ariroute_calls_ended_total", how="handed over") == len(wanted)


def promised(file: Path) -> int:
    """How many mistakes a bad file's own first lines promise."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return sum(line.startswith("# expect: ") for line in lines)
