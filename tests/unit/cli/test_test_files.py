"""``ariroute test -f``: which cases run, what is told of them in each format, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ruamel.yaml import YAML

from .conftest import Ariroute

pytestmark = pytest.mark.usefixtures("flow_file")

TESTS = """\
clock: 2026-11-24T09:00
call: {to: support, from: "070-123 45 67"}
tests:
  - name: gold customers go to gold
    lookups: {crm: {found: {loyalty: gold}}}
    expect: {queue: gold, priority: 20}
  - name: "who is blocked & \\"loud\\" # is hung up"
    lookups: {crm: {found: {blocked: true}}}
    press: "1"
    expect: {hangup: 21}
"""
WRONG = """\
  - name: platinum
    lookups: {crm: {found: {loyalty: silver}}}
    expect: {queue: platinum}
"""


@pytest.fixture
def good(tmp_path: Path) -> str:
    (tmp_path / "tests.yaml").write_text(TESTS, encoding="utf-8")
    return "tests.yaml"


@pytest.fixture
def failing(tmp_path: Path) -> str:
    (tmp_path / "failing.yaml").write_text(TESTS + WRONG, encoding="utf-8")
    return "failing.yaml"


def test_when_all_pass_then_0_and_one_line(ariroute: Ariroute, good: str) -> None:
    ended = ariroute("test", "-f", good)

    assert (ended.code, ended.out, ended.err) == (0, "", "2 cases passed\n")


def test_verbose_names_those_that_pass_and_what_was_not_needed(ariroute: Ariroute, good: str) -> None:
    lines = ariroute("test", "-f", good, "-v").out.splitlines()

    assert lines[0].startswith("pass  tests.yaml:4:5: gold customers go to gold  (")
    assert lines[2] == "      note: press '1' was not needed: the flow asked for keys so often only"


def test_when_one_fails_then_1_and_what_was_expected_what_came_and_the_tree(ariroute: Ariroute, failing: str) -> None:
    ended = ariroute("test", "-f", failing)

    assert (ended.code, ended.err) == (1, "1 of 3 cases failed\n")
    assert ended.out == (
        "FAIL  failing.yaml:11:5: platinum\n"
        "      end\n"
        "        expected: queue platinum\n"
        "        got:      queue standard, priority 0\n"
        "      +46701234567 called support on Tuesday 24 November 2026 at 09:00 (Europe/Stockholm)\n"
        "      ├── flow support\n"
        '      │   ├── when !open("office"): false  (now = "2026-11-24T09:00:00+01:00")\n'
        "      │   ├── else: none, so on to the next step  (no case is true)\n"
        '      │   ├── lookup crm: found  (loyalty = "silver"; given)\n'
        "      │   ├── when crm.blocked: unknown  (crm.blocked is empty)\n"
        '      │   ├── when crm.loyalty == "platinum": false  (crm.loyalty = "silver")\n'
        '      │   ├── when crm.loyalty == "gold" || crm.orders >= 10.0: unknown  '
        '(crm.loyalty = "silver"; crm.orders is empty)\n'
        "      │   ├── else: none, so on to the next step  (no case is true)\n"
        "      │   └── default standard  (the steps ended without a destination)\n"
        "      └── queue standard, priority 0  (by flows.support.default: the steps ended without a destination)\n"
    )


def test_when_a_file_has_a_mistake_then_2_and_nothing_runs(ariroute: Ariroute, good: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(TESTS.replace("queue: gold", "queue: glod"), encoding="utf-8")

    ended = ariroute("test", "-f", good, "-f", "wrong.yaml")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "wrong.yaml:6:21: tests[0].expect.queue: there is no queue 'glod', did you mean 'gold'?\n"


def test_when_a_file_is_not_there_then_2(ariroute: Ariroute) -> None:
    ended = ariroute("test", "-f", "nowhere.yaml")

    assert ended.code == 2
    assert "nowhere.yaml: cannot be read: No such file or directory" in ended.err


def test_run_chooses_cases_by_their_names(ariroute: Ariroute, failing: str) -> None:
    assert ariroute("test", "-f", failing, "--run", "^gold|blocked").err == "2 cases passed\n"
    assert ariroute("test", "-f", failing, "--run", "platinum").code == 1
    nothing = ariroute("test", "-f", failing, "--run", "silver")
    assert (nothing.code, nothing.err) == (2, "--run silver: no case has such a name\n")
    wrong = ariroute("test", "-f", failing, "--run", "(")
    assert (wrong.code, "not a regular expression" in wrong.err) == (2, True)


def test_several_files_stand_behind_one_f_as_a_shell_writes_them(ariroute: Ariroute, good: str, failing: str) -> None:
    assert ariroute("test", "-f", good, failing).err == "1 of 5 cases failed\n"


def test_json_has_every_case_with_its_decision(ariroute: Ariroute, failing: str) -> None:
    ended = ariroute("test", "-f", failing, "--json")

    assert (ended.code, ended.json["passed"], ended.json["failed"]) == (1, 2, 1)
    case = ended.json["cases"][2]
    assert (case["name"], case["place"], case["passed"]) == ("platinum", "failing.yaml:11:5", False)
    assert case["mismatches"] == [{"what": "end", "expected": "queue platinum", "got": "queue standard, priority 0"}]
    assert case["decision"]["queue"] == "standard"
    assert ended.json["cases"][0]["decision"]["trace"]
    assert ariroute("test", "-f", failing, "--format", "json").json == json.loads(ended.out)


def test_junit_is_xml_with_the_failure_and_the_trace(ariroute: Ariroute, failing: str) -> None:
    ended = ariroute("test", "-f", failing, "--format", "junit")

    root = ElementTree.fromstring(ended.out)
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "3", "1")
    cases = root.findall("testsuite/testcase")
    assert [case.get("name") for case in cases][1] == 'who is blocked & "loud" # is hung up'
    assert [(case.get("file"), case.get("line")) for case in cases] == [(failing, "4"), (failing, "7"), (failing, "11")]
    failure = cases[2].find("failure")
    assert failure is not None
    assert failure.get("message") == "end: expected queue platinum, got queue standard, priority 0"
    assert 'lookup crm: found  (loyalty = "silver"; given)' in (failure.text or "")


def test_junit_can_be_read_whatever_the_caller_is_called(ariroute: Ariroute, tmp_path: Path) -> None:
    name = '"\\u0007\\u202e\\uffff]]>"'
    text = TESTS.replace('070-123 45 67"}', f'070-123 45 67", name: {name}}}').replace("platinum", "x")
    text = text.replace("gold customers go to gold", "odd ]]> \\x07").replace("queue: gold", "queue: standard")
    (tmp_path / "odd.yaml").write_text(text, encoding="utf-8")

    ended = ariroute("test", "-f", "odd.yaml", "--format", "junit")

    failure = ElementTree.fromstring(ended.out).find("testsuite/testcase/failure")
    assert failure is not None
    assert "]]> (+46701234567) called support" in (failure.text or "")


def test_junit_is_right_in_a_locale_that_is_not_utf_8(ariroute: Ariroute, tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(TESTS.replace("gold customers", "Åsa \U0001f600"), encoding="utf-8")

    ended = ariroute("test", "-f", "odd.yaml", "--format", "junit")

    root = ElementTree.fromstring(ended.out.encode("latin-1"))
    assert root[0][0].get("name") == "Åsa \U0001f600 go to gold"


def test_tap_counts_and_tells_failures_as_yaml(ariroute: Ariroute, failing: str) -> None:
    lines = ariroute("test", "-f", failing, "--format", "tap").out.splitlines()

    assert lines[:5] == [
        "TAP version 14",
        "1..3",
        "ok 1 - gold customers go to gold",
        'ok 2 - who is blocked & "loud" \\# is hung up',
        "not ok 3 - platinum",
    ]
    assert (lines[5], lines[-1]) == ("  ---", "  ...")
    block = YAML(typ="safe").load("\n".join(lines[6:-1]))
    assert block["at"] == "failing.yaml:11:5"
    assert block["mismatches"] == [{"what": "end", "expected": "queue platinum", "got": "queue standard, priority 0"}]
    assert block["trace"][0].startswith("+46701234567 called support")


def test_the_flow_file_is_the_one_of_c_then_that_of_the_file_then_the_usual(
    ariroute: Ariroute, good: str, tmp_path: Path
) -> None:
    text = (tmp_path / "ariroute.yaml").read_text(encoding="utf-8")
    (tmp_path / "new.yaml").write_text(text.replace("gold: {priority: 20", "gold: {priority: 25"), encoding="utf-8")
    (tmp_path / "named.yaml").write_text("routes: new.yaml\n" + TESTS, encoding="utf-8")

    assert ariroute("test", "-f", good).code == 0
    assert ariroute("test", "-f", "named.yaml").code == 1
    assert ariroute("test", "-f", "named.yaml", ARIROUTE_CONFIG="ariroute.yaml").code == 1
    assert ariroute("test", "-f", "named.yaml", "-c", "ariroute.yaml").code == 0
    assert ariroute("test", "-f", good, ARIROUTE_CONFIG="new.yaml").code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-f", "tests.yaml", "--caller", "070"], "--caller describes one call, and -f has calls of its own"),
        (["-f", "tests.yaml", "--expect", "gold"], "--expect describes one call"),
        (["support", "--run", "gold"], "--run belongs to test files: name one with -f"),
        (["support", "--format", "tap"], "--format belongs to test files"),
        (["support", "sales"], "one flow is walked, and not 2: support, sales; name test files with -f"),
    ],
)
def test_options_of_one_call_and_of_files_are_not_mixed(
    ariroute: Ariroute, good: str, arguments: list[str], words: str
) -> None:
    ended = ariroute("test", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_check_tells_mistakes_of_the_cases_in_a_flow_file(ariroute: Ariroute, flow_file: Path) -> None:
    cases = "tests:\n  - {name: one, flow: suport, expect: {queue: gold}}\n"
    flow_file.write_text(flow_file.read_text(encoding="utf-8") + cases, encoding="utf-8")

    ended = ariroute("check")

    assert ended.code == 2
    assert "tests[0].flow: there is no flow 'suport', did you mean 'support'?" in ended.out


def test_the_schema_of_test_files_is_printed(ariroute: Ariroute) -> None:
    assert ariroute("schema", "--tests").json["title"] == "ariroute test file"
    assert "CaseSettings" in ariroute("schema").json["$defs"]
    assert ariroute("schema", "--tests", "--part").code == 2
