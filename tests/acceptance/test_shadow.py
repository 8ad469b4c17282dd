"""A shadow beside the daemon that routes: it tells what would go elsewhere, and no call knows of it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from running_daemon import COMMAND, RunningDaemon, ariroute, environment, until

from ariroute.journal.opening import open_store
from ariroute.journal.settings import JournalSettings
from ariroute.lab.leash import Leashed, spawn
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, edit, number

AGENTS = {"platinum": "alice", "gold": "alice", "standard": "bob"}


class ShadowProcess:
    """``ariroute shadow`` of other rules beside a daemon's flow file."""

    def __init__(self, daemon: RunningDaemon, name: str, *more: str) -> None:
        self._log = daemon.file.with_name(f"{name}.log")
        command = [COMMAND, "shadow", "-c", "new.yaml", "--journal", daemon.file.name, "--json", *more]
        with self._log.open("wb") as log:
            self.process: Leashed = spawn(command, output=log, cwd=daemon.file.parent, environ=environment())
        until(lambda: "following" in self.text(), lambda: f"a shadow that follows: {self.text()}")

    def text(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]

    def differing(self) -> list[str]:
        """The callers of whom it said that they would go elsewhere."""
        return [each["caller"] for each in self.said() if "contact" in each]

    def summary(self) -> dict[str, Any]:
        """End it as Ctrl-C does; what it says last."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0, self.text()
        summary: dict[str, Any] = self.said()[-1]["summary"]
        return summary


@pytest.fixture
def daemon(site: Site, new_daemon: NewDaemon) -> Iterator[RunningDaemon]:
    """A daemon with a journal and AMI; ``new.yaml`` beside its file sends who has ordered five times to gold."""
    daemon = new_daemon(site, ami=site.pbx, journal="sqlite:daemon1.db")
    edit(daemon, "\njournal: {", "\njournal: {numbers: full, ")
    old = daemon.file.read_text(encoding="utf-8")
    more = "          - {when: crm.orders >= 5.0, queue: gold}\n      - set:"
    (daemon.file.parent / "new.yaml").write_text(old.replace("      - set:", more), encoding="utf-8")
    for queue, agent in AGENTS.items():
        site.agents.log_in(site.pbx, queue, agent)
    daemon.start()
    until(lambda: daemon.metric("ariroute_ami_up") == 1, "AMI is up")
    yield daemon
    for queue, agent in AGENTS.items():
        site.agents.log_out(site.pbx, queue, agent)


class NewShadow(Protocol):
    """Makes a shadow that follows; it is gone at the end of the test."""

    def __call__(self, name: str, *more: str) -> ShadowProcess: ...


@pytest.fixture
def new_shadow(daemon: RunningDaemon) -> Iterator[NewShadow]:
    with ExitStack() as made:

        def make(name: str, *more: str) -> ShadowProcess:
            shadow = ShadowProcess(daemon, name, *more)
            made.callback(shadow.process.stop)
            return shadow

        yield make


def rows(daemon: RunningDaemon, sql: str) -> list[tuple[Any, ...]]:
    store = open_store(JournalSettings(url=f"sqlite:{daemon.file.with_suffix('.db')}"), Path("/"), only_read=True)
    try:
        return store.read(sql)
    finally:
        store.close()


def served(daemon: RunningDaemon) -> int:
    return int(rows(daemon, "SELECT count(*) FROM contacts WHERE talk IS NOT NULL")[0][0])


def test_a_shadow_tells_what_would_go_elsewhere_and_may_die_at_any_time(
    site: Site, daemon: RunningDaemon, new_shadow: NewShadow
) -> None:
    asking, silent = new_shadow("asking", "--ask"), new_shadow("silent")
    site.place([Caller(number("silver", count), stay=20) for count in (3, 7)])
    moves = [number("silver", 7)]
    until(lambda: asking.differing() == moves, lambda: asking.text())
    until(lambda: served(daemon) == 2, lambda: f"{rows(daemon, 'SELECT outcome, talk FROM contacts')}")
    assert rows(
        daemon, "SELECT c.caller, s.queue, s.differs FROM shadows s JOIN contacts c ON c.id = s.contact_id"
    ) == [(*moves, "gold", "destination,variables")]
    ((late,),) = rows(daemon, "SELECT decided - arrived - took FROM shadows s JOIN contacts c ON c.id = s.contact_id")
    assert late < 2.0  # a second, and what a busy machine adds
    assert asking.summary()["asked"] == 2  # of the customer service, whose field orders the old rules did not use

    silent.process.kill()
    site.place([Caller(number("gold", 1), stay=20), Caller(number("silver", 8), stay=20)])
    until(lambda: served(daemon) == 4, lambda: f"{rows(daemon, 'SELECT outcome, talk FROM contacts')}")
    ended = rows(daemon, "SELECT caller, queue, outcome_queue, outcome, handed FROM contacts ORDER BY id")
    wanted = {number("silver", 3): "standard", number("silver", 7): "standard", number("silver", 8): "standard"}
    for caller, queue, where, outcome, handed in ended:
        assert (queue, where) == (wanted.get(caller, "gold"),) * 2
        assert (outcome, handed) == ("answered", "handed over")
    assert silent.differing() == []

    again = new_shadow("again")
    site.place([Caller(number("silver", 9), stay=20)])
    until(lambda: served(daemon) == 5, "the fifth call is over")
    causes = again.summary()["causes"]
    assert [(each["cause"], each["contacts"]) for each in causes] == [("crm.orders was not recorded", 1)]
    assert_simulated(daemon)


def assert_simulated(daemon: RunningDaemon) -> None:
    """The same five calls, by rules that send all of them to gold, whose agent takes platinum's calls, too."""
    text = daemon.file.read_text(encoding="utf-8")
    new = daemon.file.with_name("gold.yaml")
    new.write_text(text.replace("      - queue: standard\n", "      - queue: gold\n"), encoding="utf-8")
    done = ariroute("replay", "-c", str(new), "--simulate", "--format", "json")
    assert done.returncode == 0, done.stderr
    tiers = {tier["queue"]: tier for tier in json.loads(done.stdout)["simulation"]["tiers"]}
    assert {queue: tier["recorded"]["contacts"] for queue, tier in tiers.items()} == {"gold": 1, "standard": 4}
    assert tiers["gold"]["after"]["contacts"]["mean"] == 5
    assert tiers["standard"]["after"] is None
    waits = [wait for (wait,) in rows(daemon, "SELECT wait FROM contacts WHERE queue = 'standard'")]
    assert tiers["standard"]["recorded"]["wait"] == pytest.approx(sum(waits) / len(waits))
