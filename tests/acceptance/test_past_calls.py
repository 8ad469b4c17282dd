"""Real calls as they come, in a list, one by one with what became of them, and planned for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from running_daemon import RunningDaemon, ariroute, until

from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, edit, number

WHOLE_SECONDS = 2.0
"""queue_log has whole ones, from one to the next: of the ring and of the talk."""
ANN, BO = number("platinum", 1), number("unknown", 1)


@contextmanager
def trace(daemon: RunningDaemon, *options: str) -> Iterator[subprocess.Popen[str]]:
    """``ariroute trace`` that watches already."""
    command = [str(Path(sys.executable).with_name("ariroute")), "trace", "-c", str(daemon.file), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("the calls")
            yield process
        finally:
            process.kill()


def listed(daemon: RunningDaemon, *options: str) -> list[dict[str, Any]]:
    done = ariroute("calls", "-c", str(daemon.file), "--json", *options)
    assert done.returncode == 0, done.stderr
    calls: list[dict[str, Any]] = json.loads(done.stdout)
    return calls


def explained(daemon: RunningDaemon, *options: str) -> str:
    done = ariroute("explain", "-c", str(daemon.file), *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def planned(*options: str) -> float:
    """The handling time of the call in platinum, when each tier is planned for with one call, one of which gave up."""
    done = ariroute("plan", "--format", "json", "--tiers", "platinum,standard", *options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found = json.loads(done.stdout)
    assert {tier["patience"]["gave_up"] for tier in found["tiers"]} == {1}
    pieces = [piece["tiers"] for piece in found["pieces"]]
    called = [(queue, tier) for tiers in pieces for queue, tier in tiers.items() if tier["calls_per_hour"]]
    assert sorted((queue, tier["calls_per_hour"]) for queue, tier in called) == [("platinum", 2.0), ("standard", 2.0)]
    handling: float = dict(called)["platinum"]["handling"]
    return handling


def test_real_calls_are_watched_listed_explained_and_planned_for(site: Site, new_daemon: NewDaemon) -> None:
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    daemon = new_daemon(site, ami=site.pbx, journal="sqlite:daemon1.db")
    edit(daemon, "mask_numbers: false", "mask_numbers: true")
    daemon.start()
    until(lambda: daemon.metric("ariroute_ami_up") == 1, "AMI is up")
    site.agents.log_in(site.pbx, "platinum", "alice")
    with trace(daemon, "--count", "2") as everybody, trace(daemon, ANN, "--json", "--count", "1") as hers:
        site.place([Caller(BO, stay=0.8), Caller(ANN, stay=60.0)], rate=4)
        lines, _ = everybody.communicate(timeout=20)
        line, _ = hers.communicate(timeout=20)
    site.agents.log_out(site.pbx, "platinum", "alice")

    (his, ann) = sorted(lines.splitlines(), key=lambda line: "platinum" in line)
    masked = f"{ANN[:3]}******{ANN[-3:]}"
    assert f"{masked}   support -> platinum 30" in ann
    assert "crm found" in ann
    assert "-> standard 0" in his
    assert "crm missing" in his
    assert ANN not in lines + line
    seen = json.loads(line)
    assert ann.endswith(seen["contact"])
    assert not any("values" in entry for entry in seen["trace"])

    def settled() -> list[dict[str, Any]]:
        return [call for call in listed(daemon, "--since", "1h") if call["talk"] or call["outcome"] == "abandoned"]

    until(lambda: len(settled()) == 2, "both calls are over")
    (call,) = listed(daemon, "--caller", ANN, "--queue", "platinum", "--outcome", "answered")
    assert (call["contact"], call["caller"], call["agent"]) == (seen["contact"], masked, "alice")
    assert (call["rules"], call["reason"]) == (seen["rules"], seen["reason"])
    assert [each["queue"] for each in listed(daemon, "--outcome", "abandoned")] == ["standard"]

    out = explained(daemon, call["contact"])
    assert f"{masked} called support on " in out
    assert "Lookup crm found a record after " in out
    assert 'crm.loyalty == "platinum" (to queue platinum) was taken: it is true, as crm.loyalty is "platinum".' in out
    assert "So the call goes to queue platinum, priority 30" in out
    assert "it entered queue platinum, at position 1 of 1." in out
    assert "alice answered in queue platinum, after a wait of " in out
    assert "the talk with alice was over, after " in out
    assert 'when crm.loyalty == "gold" (to queue gold): an earlier case of this branch was taken' in out
    assert "it left queue standard unserved" in explained(daemon, "last", "--caller", BO)
    assert explained(daemon, "last", "--caller", ANN) == out

    ours = planned("-c", str(daemon.file), "--since", begun)
    theirs = planned("-c", str(daemon.file), "--since", begun, "--queue-log", str(site.pbx.queue_log))
    assert ours == pytest.approx(theirs, abs=WHOLE_SECONDS)
