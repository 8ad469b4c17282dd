"""Alerts and dashboard ask for figures that there are; the dashboard is one that Grafana can place."""

from __future__ import annotations

import itertools

from monitoring import FOLDER, NAMES, alerts, dashboard, expressions
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from ariroute.config.model import DaemonSettings
from ariroute.daemon.metrics import Metrics
from ariroute.journal.retention import Limits
from ariroute.journal.store import Store
from ariroute.journal.writer import Journal


def known() -> set[str]:
    """The names of all samples of a daemon with lookups and a journal."""
    metrics = Metrics()
    metrics.watch_lookups(dict)
    metrics.watch_journal(Journal(_never, 1, Limits(1.0, 1)))
    families = text_string_to_metric_families(metrics.render().decode())
    ends = ("", "_total", "_bucket", "_sum", "_count")
    return {f"{family.name}{end}" for family in families for end in ends}


def _never() -> Store:
    raise AssertionError("this journal is not started")


def test_alerts_and_dashboard_ask_for_figures_that_there_are() -> None:
    texts = [rule["expr"] for rule in alerts()] + [text for _, text in expressions()]
    asked = {name for text in texts for name in NAMES.findall(text)}
    assert len(asked) > 20
    assert asked - known() == set()


def test_the_dashboard_leaves_out_no_figure() -> None:
    told = {name for _, text in expressions() for name in NAMES.findall(text)}
    metrics = {name.removesuffix("_bucket").removesuffix("_total") for name in told}
    families = text_string_to_metric_families(Metrics().render().decode())
    left_out = {family.name for family in families if family.name not in metrics and f"{family.name}_sum" not in told}
    assert left_out == {"ariroute_calls"}  # each is decided, or ends otherwise; both are shown


def test_each_alert_is_tested_firing_and_silent_and_says_what_to_do() -> None:
    tests = YAML(typ="safe").load((FOLDER / "alerts.test.yml").read_text(encoding="utf-8"))["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in alerts()}
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == names
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == names
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_the_panels_of_the_dashboard_do_not_overlap_and_have_numbers_of_their_own() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [
        (x, y)
        for panel in panels
        for at in [panel["gridPos"]]
        for x, y in itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24
    variables = {each["name"] for each in dashboard()["templating"]["list"]}
    assert variables == {"datasource", "pbx", "flow", "queue"}
    assert all(
        target["datasource"]["uid"] == "${datasource}" for panel in panels for target in panel.get("targets", ())
    )


def test_the_sample_scrapes_where_the_daemon_answers() -> None:
    sample = YAML(typ="safe").load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = sample["scrape_configs"]
    assert job["static_configs"][0]["targets"] == [DaemonSettings().admin]
    assert job["job_name"] == "ariroute"
