"""Real calls, planned for out of both records of them: the daemon's journal, and Asterisk's own queue_log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from running_daemon import ariroute, until

from ariroute.journal.opening import open_store
from ariroute.journal.reader import Reader
from ariroute.journal.settings import JournalSettings
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, number

AGENTS = ("alice", "bob", "carol")
WHOLE_SECONDS = 1.5
"""queue_log counts whole ones, from one to the next."""


def planned(*options: str) -> dict[str, Any]:
    done = ariroute("plan", "--format", "json", *options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("site", ["22", "16"], indirect=True)
def test_the_journal_and_queue_log_tell_the_same_of_real_calls(site: Site, new_daemon: NewDaemon) -> None:
    daemon = new_daemon(site, ami=site.pbx, journal="sqlite:daemon1.db")
    daemon.start()
    until(lambda: daemon.metric("ariroute_ami_up") == 1, "AMI is up")
    journal = daemon.file.with_suffix(".db")
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    impatient = [Caller(number("unknown", 100 + count), stay=1.2) for count in range(3)]
    patient = [Caller(number("unknown", 200 + count), stay=60.0) for count in range(3)]
    site.place([*impatient, *patient], rate=8)

    def outcomes() -> list[str]:
        store = open_store(JournalSettings(url=f"sqlite:{journal}"), journal.parent, only_read=True)
        try:
            return sorted(
                each.outcome for each in Reader(store).between(0, 1e12) if each.outcome != "answered" or each.talk
            )
        finally:
            store.close()

    until(lambda: outcomes() == ["abandoned"] * 3 + ["waiting"] * 3, lambda: f"{outcomes()}")
    for agent in AGENTS:
        site.agents.log_in(site.pbx, "standard", agent)
    until(lambda: outcomes() == ["abandoned"] * 3 + ["answered"] * 3, lambda: f"{outcomes()}")
    for agent in AGENTS:
        site.agents.log_out(site.pbx, "standard", agent)

    ours = planned("--journal", str(journal), "--since", begun)
    theirs = planned("--queue-log", str(site.pbx.queue_log), "--since", begun)
    for found in (ours, theirs):
        assert [tier["queue"] for tier in found["tiers"]] == ["standard"]
        patience = found["tiers"][0]["patience"]
        assert (patience["gave_up"], patience["waits"]) == (3, 6)
        assert sum(piece["calls"] for piece in found["pieces"]) == pytest.approx(6)
    one, other = (found["busiest"]["tiers"]["standard"] for found in (ours, theirs))
    assert one["handling"] == pytest.approx(other["handling"], abs=WHOLE_SECONDS)
    assert one["patience"] == pytest.approx(other["patience"], abs=6 * WHOLE_SECONDS / 3)
