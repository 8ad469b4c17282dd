"""Test files as real calls: `ariroute test --live` on a private Asterisk, with its telephone, daemon and witness."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from ariroute.cases.case import Case, Verdict
from ariroute.cases.live import LeftOut, play
from ariroute.cases.read import Reader
from ariroute.config.load import Config
from ariroute.lab.daemon import COMMAND, environment

FLOWS = """
version: 1
region: SE
timezone: Europe/Stockholm
asterisk:
  here: {ari: {url: "http://127.0.0.1:8088", user: ariroute, password: "${env:NO_SUCH}"}}
lookups:
  crm:
    http: {url: "http://127.0.0.1:9/customers/{caller.e164}", timeout: 700ms}
    fields: {loyalty: string, orders: number, vip: bool}
hours: {office: {mon-fri: "08:00-17:00"}}
queues: {gold: {priority: 20}, standard: {}}
endpoints: {partner: PJSIP/partner@carrier}
agents: {maja: PJSIP/maja}
notify: {chat: {url: "http://127.0.0.1:9/chat", json: {who: "{caller.e164}"}}}
journal: {url: "sqlite:must-stay-empty.db"}
flows:
  support:
    trigger: {call: {to: ["+46850000000", support]}}
    default: standard
    steps:
      - hours: {calendar: office, closed: {voicemail: "100"}}
      - lookup:
          crm: {on_missing: {hangup: 21}, on_timeout: {goto: talk}, on_error: {queue: {name: standard, priority: 3}}}
      - notify: chat
      - branch:
          - match: {crm.loyalty: gold}
            queue: gold
          - when: crm.orders > 10
            then: [{agent: {name: maja, timeout: 10s, on_busy: {queue: {name: gold, priority: 7}}}}]
      - queue: standard
  talk:
    trigger: {call: {to: talk}}
    default: standard
    steps:
      - play: custom/welcome
      - menu: {prompt: custom/menu, keys: {"1": {queue: gold}, "2": {then: [{note: two}]}}, tries: 2, timeout: 1s}
      - collect: {prompt: custom/ask, digits: 4, into: pin, tries: 1, timeout: 1s}
      - dial: {endpoint: partner, timeout: 2s, on_failed: {queue: {name: gold, priority: 9}}}
      - queue: standard
  early:
    trigger: {call: {to: early}}
    default: standard
    steps:
      - play: hello-world
      - menu: {prompt: hello-world, keys: {"1": {queue: gold}}, tries: 1, timeout: 1s}
      - queue: standard
  night: {default: standard, steps: [{queue: gold}]}
"""
CASES = """
clock: 2026-11-23T09:00
call: {to: support, from: "+46701234567", name: Ann}
tests:
  - name: gold
    lookups: {crm: {found: {loyalty: gold, orders: 3}}}
    expect:
      queue: gold
      priority: 20
      path: [office.open, crm.found, notify chat, 'when crm.loyalty == "gold"']
      notify: chat
  - name: shut
    clock: 2026-11-22T09:00
    expect: {voicemail: "100", path: [office.closed]}
  - name: nobody
    lookups: {crm: missing}
    expect: {hangup: 21}
  - name: withheld, so nobody can be asked for
    call: {from: ""}
    lookups: {crm: {found: {loyalty: gold}}}
    expect: {hangup: 21, path_has: [crm.missing]}
  - name: broken
    each: [{how: refused}, {how: not_json}, {how: wrong_type}, {how: too_large}, {how: bad_json}, {how: status}]
    lookups: {crm: "{{ how }}"}
    expect: {queue: standard, priority: 3, path_has: [crm.failed]}
  # six failures in a row: the daemon is started anew before its breaker opens, else the next would not time out
  - name: too slow, then a wrong key, a right one, digits, and a line that is dead
    lookups: {crm: {takes: 5s}}
    press: ["9", "2", "1234"]
    ring: failed
    expect:
      queue: gold
      priority: 9
      path_has: [crm.timeout, goto talk, menu.2, collect.collected, partner.failed]
      vars: {pin: "1234"}
  - name: no key at all
    call: {to: talk}
    expect: {queue: standard, path_has: [menu.no_input, collect.no_input, partner.no_answer]}
    ring: no_answer
  - name: by the clock
    call: {to: talk}
    timeline: [{at: 1s, press: "1"}]
    expect: {queue: gold, priority: 20}
  - name: a key in a prompt before anybody has answered
    call: {to: early}
    sounds: {hello-world: 1s}
    timeline: [{at: 500ms, press: "1"}]
    expect: {queue: gold}
  - name: the agent answers, or does not
    each: [{ring: answered, to: {dial: maja}}, {ring: busy, to: {queue: gold, priority: 7}}]
    lookups: {crm: {found: {orders: 11}}}
    ring: "{{ ring }}"
    expect: "{{ to }}"
  - name: no call comes here
    flow: night
    expect: {queue: gold}
  - name: the breaker is the daemon's own
    lookups: {crm: breaker_open}
    expect: {queue: standard}
"""


def read(folder: Path, cases: str) -> tuple[Config, list[Case]]:
    flows, tests = folder / "ariroute.yaml", folder / "tests.yaml"
    flows.write_text(FLOWS, encoding="utf-8")
    tests.write_text(cases, encoding="utf-8")
    (suite,) = Reader(flows, lambda: flows).suites([tests])
    return suite.config, list(suite.cases)


def test_cases_are_real_calls_that_go_where_they_are_expected(tmp_path: Path) -> None:
    config, cases = read(tmp_path, CASES)
    (run := tmp_path / "run").mkdir()

    played = list(play(config, cases, run))

    wrong = [
        (each.case.name, list(map(str, each.mismatches)), each.notes) for each in verdicts(played) if not each.passed
    ]
    assert wrong == []
    left_out = {each.case.name: each.why for each in played if isinstance(each, LeftOut)}
    assert left_out == {
        "no call comes here": "no call starts flow night with what is dialled here",
        "the breaker is the daemon's own": "crm fails by breaker_open, which no answer of a source brings about",
    }
    assert len(verdicts(played)) == len(cases) - 2
    assert not (tmp_path / "must-stay-empty.db").exists()


def verdicts(played: list[Verdict | LeftOut]) -> list[Verdict]:
    return [each for each in played if isinstance(each, Verdict)]


WRONG = """
clock: 2026-11-23T09:00
call: {to: support, from: "+46701234567"}
tests:
  - name: not gold
    lookups: {crm: {found: {loyalty: gold}}}
    expect: {queue: standard}
  - name: gold
    lookups: {crm: {found: {loyalty: gold}}}
    expect: {queue: gold}
  - name: not gold, by the clock
    lookups: {crm: {found: {loyalty: gold}}}
    timeline: [{at: 1s, expect: {queue: standard}}]
  - name: only while it waits
    lookups: {crm: {found: {loyalty: gold}, takes: 200ms}}
    timeline: [{at: 100ms, expect: {waits_for: crm}}]
"""


def test_the_command_tells_what_failed_with_the_trace_of_the_daemon(tmp_path: Path) -> None:
    read(tmp_path, WRONG)

    ended = subprocess.run(
        [COMMAND, "test", "--live", "tests.yaml", "-c", "ariroute.yaml", "--json"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 1, ended.stderr
    assert "2 of 3 cases failed" in ended.stderr
    assert "only while it waits: it expects only what goes on at a moment" in ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    failed, passed, late = found["cases"]
    assert late["mismatches"] == [
        {"what": "at 1s: end", "expected": "queue standard", "got": "queue gold, priority 20"}
    ]
    assert failed["mismatches"] == [{"what": "end", "expected": "queue standard", "got": "queue gold, priority 20"}]
    assert passed["passed"]
    lookup = next(entry for entry in passed["decision"]["trace"] if entry["what"] == "lookup")
    assert lookup["origin"] == "source"  # it was asked for real, of the stand-in
