"""``ariroute test --live`` where nothing can be played; real calls are in ``tests/integration/test_live_cases.py``."""

from __future__ import annotations

from pathlib import Path

from .conftest import Ariroute

CASES = """\
routes: ariroute.yaml
tests:
  - name: a dialplan of one's own
    call: {to: support, arguments: [blue]}
    expect: {queue: standard}
  - name: inside
    call: {to: support}
    lookups: {crm: overloaded}
    expect: {queue: standard}
"""


def test_cases_that_no_call_can_be_like_are_told_and_nothing_is_started(ariroute: Ariroute, flow_file: Path) -> None:
    (flow_file.parent / "tests.yaml").write_text(CASES, encoding="utf-8")

    ended = ariroute("test", "--live", "tests.yaml")

    assert (ended.code, ended.out) == (2, "")
    told = ended.err.splitlines()
    assert told[0] == "tests.yaml: 2 calls to a private Asterisk, by ariroute.yaml"
    assert told[1] == (
        "left out: tests.yaml:3:5: a dialplan of one's own: its arguments come from a dialplan of your own"
    )
    assert told[2].endswith("inside: crm fails by overloaded, which no answer of a source brings about")
    assert told[3] == "no case can be a real call, so nothing was tested"


def test_it_wants_a_file_and_calls_of_its_own(ariroute: Ariroute, flow_file: Path) -> None:
    assert "--live plays the cases of test files: name one" in ariroute("test", "--live").err
    assert "--caller describes one call" in ariroute("test", "--live", "tests.yaml", "--caller", "+46701234567").err
