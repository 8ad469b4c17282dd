"""Staffing through the life of its daemon: reloads, a pair of daemons, and calls that are routed whatever happens."""

from __future__ import annotations

from pathlib import Path

from running_daemon import RunningDaemon, until

from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, edit, number
from .test_staffing import STAFFED, TIERS, log_out, members, serves, status
from .test_standby import Pair


def staffing(daemon: RunningDaemon, more: str = STAFFED) -> RunningDaemon:
    """``daemon`` with tiers and agents in its flow file."""
    for old, new in TIERS.items():
        edit(daemon, old, new)
    daemon.file.write_text(daemon.file.read_text(encoding="utf-8") + more, encoding="utf-8")
    return daemon


def test_of_a_pair_only_the_one_that_routes_moves_agents_and_the_other_goes_on(
    site: Site, new_daemon: NewDaemon, tmp_path: Path
) -> None:
    site.agents.log_in(site.pbx, "standard", "alice")
    first = staffing(new_daemon(site, ami=site.pbx))
    second = new_daemon(site, ami=site.pbx)
    second.file = first.file
    pair = Pair(first, second, tmp_path / "lock")
    try:
        pair.start()
        until(lambda: serves(first) == {"alice": "platinum"}, lambda: str(status(first)))
        assert status(second)["acting"] is False
        assert status(second)["agents"] == []
        first.kill()
        until(lambda: status(second)["acting"], lambda: str(status(second)))
        (alice,) = status(second)["agents"]
        assert (alice["queue"], alice["by_hand"]) == ("platinum", "")
        assert status(second)["moves"] == []
    finally:
        log_out(site)


def test_rules_come_and_go_with_reloads_and_calls_are_routed_all_the_same(site: Site, new_daemon: NewDaemon) -> None:
    site.agents.log_in(site.pbx, "standard", "alice")
    daemon = staffing(new_daemon(site, ami=site.pbx), "")
    before = daemon.file.read_text(encoding="utf-8")
    try:
        daemon.start()
        assert status(daemon)["why"] == "no staffing in the flow file"
        daemon.file.write_text(before + STAFFED, encoding="utf-8")
        assert daemon.reload().returncode == 0
        until(lambda: serves(daemon) == {"alice": "platinum"}, lambda: str(status(daemon)))

        daemon.file.write_text(before + STAFFED.replace("dynamic", "frantic"), encoding="utf-8")
        assert daemon.reload().returncode == 2
        assert status(daemon)["mode"] == "dynamic"  # what was in force stays

        daemon.file.write_text(before, encoding="utf-8")
        assert daemon.reload().returncode == 0
        until(lambda: status(daemon)["why"] == "no staffing in the flow file", lambda: str(status(daemon)))
        assert members(site, "platinum") == {"alice"}  # nobody is moved, not even back
        site.place([Caller(number("platinum", 1)), Caller(number("gold", 1))])
        until(lambda: daemon.metric("ariroute_calls_ended_total", how="handed over") == 2, "both are routed")
        until(lambda: daemon.metric("ariroute_queue_left_total", queue="platinum", how="answered") == 1, "alice talks")
        assert daemon.logs("pbx1: staffing failed") == []
    finally:
        log_out(site)
