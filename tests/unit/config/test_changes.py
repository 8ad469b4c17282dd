"""A reload tells everything that it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.config.changes import changes
from ariroute.config.load import load
from unit.config.texts import flow_file, loaded

MORE = """\
region: SE
timezone: Europe/Stockholm
daemon: {guard: 4s, log: {level: info}}
endpoints: {overflow: "PJSIP/overflow"}
agents: {anna: "PJSIP/anna"}
journal: {url: "sqlite:journal.db", keep: 90d}
"""
TEXT = flow_file("- lookup: crm\n- queue: gold", more=MORE)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("http://crm.local", "http://crm2.local", "lookup crm changed"),
        ("{caller.e164}", "{caller.number}", "lookup crm changed"),
        ("orders: number", "orders: string", "lookup crm changed"),
        ("priority: 20", "priority: 21", "queue gold changed"),
        ("- queue: gold", "- queue: standard", "flow support changed"),
        ("guard: 4s", "guard: 5s", "daemon.guard changed"),
        ("guard: 4s", "mask_numbers: false", "daemon.mask_numbers changed"),
        ("guard: 4s", "max_in_flight: 7", "daemon.max_in_flight changed"),
        ("guard: 4s", "drain: 9s", "daemon.drain changed"),
        ("guard: 4s", 'admin: "127.0.0.1:9"', "daemon.admin changed (needs a restart)"),
        ("level: info", "level: debug", "daemon.log.level changed (needs a restart)"),
        ("level: info", "format: json", "daemon.log.format changed (needs a restart)"),
        ("region: SE", "region: NO", "region changed"),
        ("Europe/Stockholm", "UTC", "timezone changed"),
        ("PJSIP/overflow", "PJSIP/other", "endpoint overflow changed"),
        ("PJSIP/anna", "PJSIP/anna2", "agent anna changed"),
        ("keep: 90d", "keep: 30d", "journal.keep changed"),
        ("keep: 90d", "keep: 90d, largest: 1GiB", "journal.largest changed"),
        ("keep: 90d", "numbers: full", "journal.numbers changed"),
        ("keep: 90d", "omit: [crm.orders]", "journal.omit changed"),
        ("journal.db", "other.db", "journal.url changed (needs a restart)"),
        ("keep: 90d", "waiting: 500", "journal.waiting changed (needs a restart)"),
        ('journal: {url: "sqlite:journal.db", keep: 90d}', "", "journal removed"),
        ("gold: {priority: 20}, standard: {}", "standard: {}, gold: {priority: 20}", "the order of entries changed"),
    ],
)
def test_each_change_is_told(old: str, new: str, told: str) -> None:
    assert changes(loaded(TEXT), loaded(TEXT.replace(old, new))) == [told]


def test_a_journal_begins_with_a_restart() -> None:
    without = TEXT.replace('journal: {url: "sqlite:journal.db", keep: 90d}', "")
    assert changes(loaded(without), loaded(TEXT)) == ["journal added (needs a restart)"]


def test_the_same_file_changes_nothing() -> None:
    assert changes(loaded(TEXT), loaded("# a comment\n" + TEXT)) == []


def test_a_new_secret_of_a_lookup_is_a_change(tmp_path: Path) -> None:
    asterisk = 'asterisk: {pbx1: {ari: {url: "http://127.0.0.1:8088", user: a, password: "${env:ARI}"}}}\n'
    path = tmp_path / "f.yaml"
    path.write_text(asterisk + TEXT.replace('164}"}', '164}", auth: {bearer: "${env:CRM}"}}'))
    old = load(path, {"ARI": "a", "CRM": "b"})

    assert changes(old, load(path, {"ARI": "a", "CRM": "c"})) == ["lookup crm changed"]
    assert changes(old, load(path, {"ARI": "x", "CRM": "b"})) == ["asterisk pbx1 changed (needs a restart)"]
