"""A real Prometheus loads our alerts, scrapes a real daemon, and answers each question of the dashboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from monitoring import FOLDER, alerts, expressions
from running_daemon import until

from ariroute.lab.prometheus import Prometheus, promtool
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, edit, number

STAFFED = """
agents:
  alice: {dial: PJSIP/alice, queues: [gold]}
  carol: {dial: PJSIP/carol, queues: [standard]}
staffing: {mode: dynamic}
"""
FIRST_WAIT = 0.6
"""Seconds of the caller who hangs up."""


def test_the_rules_do_what_their_tests_say() -> None:
    assert f"{len(alerts())} rules found" in promtool("check", "rules", "alerts.yml", folder=FOLDER)
    assert "SUCCESS" in promtool("test", "rules", "alerts.test.yml", folder=FOLDER)
    assert "SUCCESS" in promtool("check", "config", "--syntax-only", "prometheus.yml", folder=FOLDER)


def test_a_rule_that_is_wrong_fails_its_test(tmp_path: Path) -> None:
    for name in ("alerts.yml", "alerts.test.yml"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("> 0.2", "> 0.6"), encoding="utf-8")
    with pytest.raises(Exception, match="ArirouteAbandoned"):
        promtool("test", "rules", "alerts.test.yml", folder=tmp_path)


def configuration(admin: str) -> str:
    """Our sample for this daemon, with the rules where they lie, and scraped five times a second."""
    text = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    for old, new in {
        "/etc/prometheus/ariroute/alerts.yml": str(FOLDER / "alerts.yml"),
        "scrape_interval: 15s": "scrape_interval: 200ms",
        "127.0.0.1:8067": admin,
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return f"global: {{evaluation_interval: 200ms}}\n{text}"


def has_both(prometheus: Prometheus, one: str, other: str) -> bool:
    return bool(prometheus.query(one) and prometheus.query(other))


def test_prometheus_answers_each_question_of_the_dashboard(site: Site, new_daemon: NewDaemon, tmp_path: Path) -> None:
    daemon = new_daemon(site, ami=site.pbx, journal="sqlite:daemon1.db")
    edit(daemon, "standard: {priority: 0}", "standard: {priority: 0, agents_per_call: 0.5, min_agents: 1}")
    daemon.file.write_text(daemon.file.read_text(encoding="utf-8") + STAFFED, encoding="utf-8")
    daemon.start()
    until(lambda: daemon.metric("ariroute_ami_up") == 1, "AMI is up")
    with Prometheus(tmp_path / "prometheus", configuration(daemon.admin)) as prometheus:
        until(lambda: prometheus.query('up{job="ariroute"} == 1'), "the daemon is scraped")
        site.agents.log_in(site.pbx, "gold", "alice")
        site.agents.log_in(site.pbx, "standard", "carol")
        try:
            for count in (1, 2):  # twice: a figure that was not there before does not rise
                site.place([Caller(number("gold", count)), Caller(number("unknown", count), stay=FIRST_WAIT)])
                talked = f"ariroute_queue_talk_seconds_count == {count}"
                left = f'ariroute_queue_left_total{{how="abandoned"}} == {count}'
                until(partial(has_both, prometheus, talked, left), f"{talked} and {left}")
            site.place([Caller(number("unknown", 3))])
            until(lambda: prometheus.query('ariroute_queue_waiting{queue="standard"} == 1'), "one waits")
            empty = {title for title, text in expressions() if not prometheus.query(text)}
        finally:
            for queue, agent in (("gold", "alice"), ("standard", "carol")):
                site.agents.log_out(site.pbx, queue, agent)
        assert empty == {"Failures by cause", "Moves of agents", "Notices", "Rings that no agent answered"}, (
            "what has not happened here"
        )
        loaded = prometheus.rules()
        assert [rule["name"] for rule in loaded] == [rule["alert"] for rule in alerts()]
        until(
            lambda: {rule["health"] for rule in prometheus.rules()} == {"ok"},
            lambda: str([(rule["name"], rule.get("lastError")) for rule in prometheus.rules()]),
        )
