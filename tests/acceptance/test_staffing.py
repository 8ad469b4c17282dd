"""``ariroute staffing`` on a real Asterisk: agents are moved, shown, let go of, taken over; also without a daemon."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from typing import Any

import pytest
import requests
from running_daemon import COMMAND, RunningDaemon, ariroute, environment, until

from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, number

STAFFED = """
agents:
  alice: {dial: PJSIP/alice, queues: [standard, platinum]}
  bob: {dial: PJSIP/bob, queues: [standard, platinum]}
staffing: {mode: dynamic, min_stay: 0s, look_back: 10s}
"""
TIERS = {
    "platinum: {priority: 30}": "platinum: {priority: 30, agents_per_call: 1.0, min_agents: 1}",
    "standard: {priority: 0}": "standard: {priority: 0, agents_per_call: 0.5}",
}
DEADLINE = 20.0


@pytest.fixture
def staffed(site: Site, new_daemon: NewDaemon) -> Any:
    """A daemon with staffing before two agents who are logged in to standard."""
    daemon = new_daemon(site, ami=site.pbx, journal="sqlite:journal.db")
    text = daemon.file.read_text(encoding="utf-8")
    for old, new in TIERS.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    daemon.file.write_text(text + STAFFED, encoding="utf-8")
    for agent in ("alice", "bob"):
        site.agents.log_in(site.pbx, "standard", agent)
    yield daemon
    log_out(site)


def log_out(site: Site) -> None:
    for agent in ("alice", "bob"):
        for queue in ("standard", "platinum"):
            site.agents.log_out(site.pbx, queue, agent)


def members(site: Site, queue: str) -> set[str]:
    return set(re.findall(r"\(PJSIP/(\w+)\)", site.pbx.cli(f"queue show {queue}")))


def status(daemon: RunningDaemon) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"http://{daemon.admin}/staffing", timeout=DEADLINE).json()["pbxs"]["pbx1"]
    return found


def serves(daemon: RunningDaemon) -> dict[str, str]:
    return {agent["agent"]: agent["queue"] for agent in status(daemon)["agents"]}


def test_the_staffing_is_shown_let_go_of_and_taken_over_again(site: Site, staffed: RunningDaemon) -> None:
    daemon = staffed
    daemon.start()
    until(lambda: sorted(serves(daemon).values()) == ["platinum", "standard"], lambda: str(status(daemon)))
    (moved,) = members(site, "platinum")
    assert members(site, "standard") == {"alice", "bob"} - {moved}

    # It is told in all ways alike.
    shown = ariroute("staffing", "--admin", daemon.admin).stdout
    assert shown.startswith("pbx1: dynamic: it moves agents; the agents on duty suffice\n")
    (line,) = (line for line in shown.splitlines() if "platinum has no agents" in line)
    assert line.split()[1:5] == [moved, "standard", "platinum", "floor"]
    until(lambda: moves(daemon), "the move is in the journal")
    (move,) = moves(daemon)
    assert (move["agent"], move["from"], move["to"], move["why"]) == (moved, ["standard"], "platinum", "floor")
    assert (move["mode"], move["done"], move["reason"]) == ("dynamic", True, status(daemon)["moves"][0]["reason"])
    assert daemon.metric("ariroute_staffing_moves_total", queue="platinum", why="floor", result="done") == 1
    assert daemon.metric("ariroute_staffing_agents", queue="platinum") == 1
    assert daemon.metric("ariroute_staffing_state", state="acting") == 1

    # A second call to platinum has the second agent moved too.
    site.place([Caller(number("platinum", 1)), Caller(number("platinum", 2))])
    until(lambda: daemon.metric("ariroute_staffing_moves_total", why="target") == 1, lambda: str(status(daemon)))
    until(lambda: daemon.metric("ariroute_staffing_held_ratio", queue="platinum") > 0, "seconds with calls are counted")

    # Let go of: as it was, until it is taken over again.
    released = ariroute("staffing", "release", "--admin", daemon.admin)
    assert released.returncode == 0, released.stderr
    until(lambda: members(site, "standard") == {"alice", "bob"}, lambda: site.pbx.cli("queue show standard"))
    assert members(site, "platinum") == set()
    assert (status(daemon)["acting"], status(daemon)["why"]) == (False, "released by hand")
    assert daemon.metric("ariroute_staffing_state", state="released") == 1
    assert ariroute("staffing", "resume", "--admin", daemon.admin).returncode == 0
    until(lambda: members(site, "platinum"), lambda: site.pbx.cli("queue show platinum"))

    # And without a daemon.
    daemon.kill()
    alone = ariroute("staffing", "release", "-c", str(daemon.file))
    assert alone.returncode == 0, alone.stderr
    assert alone.stderr == "released without a daemon: nobody is moved until 'ariroute staffing resume'\n"
    assert "added to standard" in alone.stdout
    assert (members(site, "standard"), members(site, "platinum")) == ({"alice", "bob"}, set())
    daemon.start()
    until(lambda: status(daemon)["why"] == "released by hand", lambda: str(status(daemon)))


def moves(daemon: RunningDaemon, *options: str) -> list[dict[str, Any]]:
    ended = ariroute("staffing", "moves", "--json", "-c", str(daemon.file), *options)
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    return found


def test_it_is_watched_live_on_a_terminal(site: Site, staffed: RunningDaemon) -> None:
    daemon = staffed
    daemon.start()
    until(lambda: len(members(site, "platinum")) == 1, lambda: str(status(daemon)))
    ours, theirs = pty.openpty()
    environ = environment() | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    command = [COMMAND, "staffing", "--watch", "--agents", "--admin", daemon.admin]
    watching = subprocess.Popen(command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    screen = Screen(ours)
    try:
        screen.until("pbx1: dynamic: it moves agents; the agents on duty suffice")
        log_out(site)
        screen.until("the agents on duty do not suffice")
        daemon.kill()
        screen.until("this is as it was: no ariroute daemon answers")
        watching.send_signal(signal.SIGINT)
        screen.until("Agent")
        assert watching.wait(DEADLINE) == 130
    finally:
        watching.kill()
        watching.wait()
        os.close(ours)


class Screen:
    """What was written to a terminal since it was last asked for, without colours and movements."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._text = ""

    def until(self, words: str) -> None:
        end = time.monotonic() + DEADLINE
        while words not in self._text:
            ready, _, _ = select.select([self._descriptor], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{words!r} was never shown: {self._text[-2000:]}"
            self._text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(self._descriptor, 65536).decode())
        self._text = self._text.partition(words)[2]
