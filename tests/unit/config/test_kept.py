"""The rules that the journal keeps: they decide the same, and nothing secret is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.config.kept import rules_of, rules_text
from ariroute.config.load import Config, load_rules, load_text
from ariroute.flow.tree import Ruleset

ROOT = Path(__file__).parents[3]
FILES = sorted(
    path
    for folder in (ROOT / "docs" / "examples", ROOT / "tests" / "fixtures" / "good")
    for path in folder.rglob("*.yaml")
    if (path.name == "ariroute.yaml" or folder.name == "good") and "plugin" not in path.parts
)
MARKER = "hunter2"
SECRETS = f"""
version: 1
timezone: Europe/Stockholm
asterisk: {{pbx1: {{ari: {{url: "http://127.0.0.1:8088", user: {MARKER}, password: "${{env:{MARKER}}}"}}}}}}
lookups:
  crm:
    http:
      url: "https://crm.example/{MARKER}/{{caller.e164}}?key={MARKER}"
      headers: {{X-Api-Key: {MARKER}, Authorization: "Bearer ${{env:{MARKER}}}"}}
      json: {{token: {MARKER}, number: "{{caller.e164}}"}}
    fields: {{id: string}}
    cache: {{for: 5m}}
  orders:
    http: {{url: "https://erp.example/{{crm.id}}", form: {{password: {MARKER}}}, timeout: 500ms}}
    fields: {{count: number}}
  base:
    sql: {{url: "postgresql://{MARKER}@db.example/{MARKER}", query: "SELECT {MARKER} AS tier", password: "${{env:X}}"}}
    fields: {{tier: string}}
  tree:
    ldap:
      url: "ldaps://ldap.example"
      user: "cn={MARKER},dc=example"
      password: "${{file:/{MARKER}}}"
      base: "dc={MARKER}"
      filter: "(telephoneNumber={{caller.e164|digits}})"
    fields: {{cn: string}}
notify:
  ticket: {{url: "https://desk.example/{MARKER}?key={MARKER}", headers: {{X-Api-Key: {MARKER}}}, json: {{t: {MARKER}}}}}
speech: {{command: [flite, --key={MARKER}, "{{file}}"], cache: /var/{MARKER}}}
hours:
  office: {{mon-fri: "08:00-17:00", calendar: "https://calendar.example/{MARKER}/basic.ics"}}
queues: {{gold: {{priority: 20}}, standard: {{}}}}
journal: {{url: "sqlite:{MARKER}.db", key: "${{env:{MARKER}}}", omit: [crm.id]}}
daemon: {{guard: 20s}}
tests: []
flows:
  support:
    trigger: {{call: {{}}}}
    default: standard
    steps:
      - lookup: [crm, orders, base, tree]
      - notify: ticket
      - say: "You have {{orders.count}} orders"
      - hours: {{calendar: office, closed: {{voicemail: "100"}}}}
      - branch:
          - {{when: 'crm.id == "1" && open("office")', queue: gold}}
"""


@pytest.fixture
def config() -> Config:
    return load_text(SECRETS)


def test_nothing_is_kept_of_whom_is_asked_and_how(config: Config) -> None:
    text = rules_text(config)
    assert MARKER not in text
    assert "example" not in text
    for section in ("asterisk", "daemon", "journal", "tests"):
        assert f'"{section}"' not in text


def test_which_question_is_made_of_which_answer_is_kept(config: Config) -> None:
    lookup = rules_of(rules_text(config), config.digest).flows["support"].steps[0]
    assert lookup == config.ruleset.flows["support"].steps[0]
    assert getattr(lookup, "needs", None) == {"orders": frozenset({"crm"})}


def test_the_digest_is_that_of_the_whole_file(config: Config) -> None:
    assert rules_of(rules_text(config), config.digest).digest == config.digest


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_rules_of_every_example_are_the_same_when_they_are_read_again(path: Path) -> None:
    config = load_rules(path)
    again = rules_of(rules_text(config), config.digest)
    assert _comparable(again) == _comparable(config.ruleset)


def _comparable(ruleset: Ruleset) -> tuple[object, ...]:
    hours = {
        name: (each.weekly, each.holidays, each.dates, each.timezone, bool(each.calendar))
        for name, each in ruleset.hours.items()
    }
    return ruleset.flows, ruleset.queues, hours, ruleset.region, ruleset.timezone, ruleset.agents, ruleset.endpoints
