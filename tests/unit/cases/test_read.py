"""Test files become cases: what they have in common, tables, the flow files they name, cases within a flow file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ariroute.cases.case import Press, RingEnd, Suite
from ariroute.cases.read import Reader
from ariroute.cases.run import run_case
from ariroute.cases.schema import file_schema, with_cases
from ariroute.config.load import json_schema, load_rules
from ariroute.errors import ConfigError, UnusableInput
from ariroute.flow.facts import Failure, Outcome
from ariroute.flow.wants import RingOutcome

from .conftest import FLOW_FILE

MORE = """\
lookups:
  crm:
    http: {url: "http://127.0.0.1:9/c/{caller.e164}", record: data.customer, pick: {loyalty: card.tier}}
    fields: {loyalty: string, orders: number}
  wait:
    queue: {name: gold, handle_time: 3m}
queues: {gold: {priority: 20}, standard: {}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ariroute.yaml").write_text(FLOW_FILE, encoding="utf-8")
    return tmp_path


def read(folder: Path, text: str, name: str = "tests.yaml") -> Suite:
    (folder / name).write_text(text, encoding="utf-8")
    flow_file = folder / "ariroute.yaml"
    suites = Reader(None, lambda: flow_file).suites([folder / name])
    assert len(suites) == 1
    return suites[0]


def failures(suite: Suite) -> dict[str, list[str]]:
    verdicts = [run_case(suite.config, case) for case in suite.cases]
    return {verdict.case.name: [str(each) for each in verdict.mismatches] for verdict in verdicts}


def test_a_case_knows_its_place_and_what_the_file_says_of_all(folder: Path) -> None:
    suite = read(
        folder,
        """\
clock: 2026-11-23T09:00
call: {to: support, from: "+46701234567"}
lookups: {crm: {found: {loyalty: gold, account: A1}}, invoices: {found: {due: 0}}}
sounds: {custom/welcome: 4s}
tests:
  - name: gold
    expect: {queue: gold, priority: 20}
  - name: its own answer and caller
    call: {from: "", name: Ann}
    clock: 2026-12-24T10:00+02:00
    lookups: {crm: missing}
    expect: {queue: standard}
""",
    )
    first, second = suite.cases

    assert first.place == f"{folder / 'tests.yaml'}:6:5"
    assert first.given.contact.arrived.isoformat() == "2026-11-23T09:00:00+01:00"
    assert first.given.sounds == {"custom/welcome": 4.0}
    assert (second.given.contact.caller.name, second.given.contact.dialled.number) == ("Ann", "support")
    assert second.given.contact.arrived.isoformat() == "2026-12-24T09:00:00+01:00"
    assert [second.given.mocks[name].answer.outcome for name in ("crm", "invoices")] == [Outcome.MISSING, Outcome.FOUND]
    assert failures(suite) == {"gold": [], "its own answer and caller": []}


def test_a_table_makes_a_case_of_each_row_and_keeps_the_types_of_its_values(folder: Path) -> None:
    suite = read(
        folder,
        """\
call: {to: support, from: "+46701234567"}
tests:
  - name: by loyalty and debt
    each:
      - {loyalty: gold, due: 0, queue: gold, priority: 20}
      - {loyalty: null, due: 2, queue: invoices, priority: 10}
      - {loyalty: none, due: 0, queue: standard, priority: 0}
    lookups: {crm: {found: {loyalty: "{{ loyalty }}", account: A1}}, invoices: {found: {due: "{{due}}"}}}
    expect: {queue: "{{ queue }}", priority: "{{ priority }}", within: 1s}
  - name: "a customer who is {{ l }} goes to gold"
    each: [{l: gold}]
    lookups: {crm: {found: {loyalty: "{{ l }}"}}, invoices: missing}
    expect: {queue: gold}
""",
    )

    assert failures(suite) == {
        "by loyalty and debt (loyalty=gold, due=0, queue=gold, priority=20)": [],
        "by loyalty and debt (loyalty=, due=2, queue=invoices, priority=10)": [],
        "by loyalty and debt (loyalty=none, due=0, queue=standard, priority=0)": [],
        "a customer who is gold goes to gold": [],
    }


def test_a_body_and_a_status_are_read_as_the_lookup_reads_them(folder: Path) -> None:
    (folder / "ariroute.yaml").write_text(
        f"version: 1\n{MORE}flows:\n  a: {{default: standard, steps: [lookup: crm, queue: gold]}}\n", encoding="utf-8"
    )
    answers: dict[str, Any] = {
        "{body: {data: {customer: {card: {tier: gold}, orders: 3}}}}": (Outcome.FOUND, None),
        "{body: {data: {customer: null}}}": (Outcome.MISSING, None),
        "{body: {data: {customer: {card: {tier: 7}}}}}": (Outcome.FAILED, Failure.WRONG_TYPE),
        "{body: {data: [1, 2]}}": (Outcome.FAILED, Failure.NOT_JSON),
        "{status: 404}": (Outcome.MISSING, None),
        "{status: 503}": (Outcome.FAILED, Failure.STATUS),
        "bad_json": (Outcome.FAILED, Failure.NOT_JSON),
        "{takes: 5s}": (Outcome.FAILED, Failure.TIMEOUT),
        "refused": (Outcome.FAILED, Failure.REFUSED),
    }
    cases = "".join(f"  - {{name: a, lookups: {{crm: {mock}}}, expect: {{queue: gold}}}}\n" for mock in answers)

    suite = read(folder, f"tests:\n{cases}")

    given = [case.given.mocks["crm"].answer for case in suite.cases]
    assert [(answer.outcome, answer.failure) for answer in given] == list(answers.values())
    assert given[0].fields == {"loyalty": "gold", "orders": 3.0}


def test_figures_of_queues_answer_the_lookups_that_ask_for_them(folder: Path) -> None:
    (folder / "ariroute.yaml").write_text(
        f"version: 1\n{MORE}flows:\n  a:\n    default: standard\n    steps:\n      - lookup: wait\n      - branch:\n"
        "          - when: wait.estimated_wait < 60\n            queue: gold\n",
        encoding="utf-8",
    )
    suite = read(
        folder,
        """\
queues: {gold: {agents: 4, agents_ready: 2}}
tests:
  - {name: free agents, expect: {queue: gold}}
  - {name: a long line, queues: {gold: {agents: 2, waiting: 5, longest_wait: 4m}}, expect: {queue: standard}}
""",
    )

    assert suite.cases[1].given.mocks["wait"].answer.fields["estimated_wait"] == 540.0
    assert failures(suite) == {"free agents": [], "a long line": []}


def test_what_the_caller_does_stands_in_turn_or_by_the_clock(folder: Path) -> None:
    suite = read(
        folder,
        """\
tests:
  - {name: in turn, flow: talk, press: [1, "", "12#"], ring: [busy, answered], expect: {queue: gold}}
  - name: by the clock
    flow: talk
    timeline:
      - {at: 0s, expect: {waits_for: keys}}
      - {at: 2s, press: "1"}
      - {at: 2s, expect: {queue: gold}}
      - {at: 3s, ring: no_answer}
""",
    )
    in_turn, timed = (case.given for case in suite.cases)

    assert in_turn.presses == (Press("1"), Press(""), Press("12#"))
    assert in_turn.rings == (RingEnd(RingOutcome.BUSY), RingEnd(None))
    assert timed.presses == (Press("1", 2.0),)
    assert timed.rings == (RingEnd(RingOutcome.NO_ANSWER, 3.0),)
    assert failures(suite)["by the clock"] == []


def test_the_flow_is_named_or_triggered_and_a_call_without_a_number_gets_the_first_of_its_trigger(folder: Path) -> None:
    suite = read(
        folder,
        """\
tests:
  - {name: dialled, call: {to: 08-50 00 00 00}, lookups: {crm: missing, invoices: missing}, expect: {flow: support}}
  - {name: named, flow: support, lookups: {crm: missing, invoices: missing}, expect: {flow: support}}
""",
    )

    assert [case.given.contact.dialled.e164 for case in suite.cases] == ["+46850000000", "+46850000000"]
    assert failures(suite) == {"dialled": [], "named": []}


def test_a_test_file_names_its_flow_files_and_each_of_them_is_tested(folder: Path) -> None:
    (folder / "other.yaml").write_text(FLOW_FILE.replace("priority: 20", "priority: 7"), encoding="utf-8")
    path = folder / "sub" / "tests.yaml"
    path.parent.mkdir()
    path.write_text(
        "routes: [../ariroute.yaml, ../other.yaml]\nclock: 2026-11-23T09:00\n"
        "tests:\n  - {name: open, flow: opening, expect: {queue: gold, priority: 20}}\n",
        encoding="utf-8",
    )

    def unused() -> Path:
        raise AssertionError("the file names its flow file")

    named = Reader(None, unused).suites([path])
    told = Reader(folder / "other.yaml", unused).suites([path])

    assert [Path(suite.config.file).name for suite in named] == ["ariroute.yaml", "other.yaml"]
    assert [failures(suite)["open"] for suite in named] == [[], ["priority: expected 20, got 7"]]
    assert [Path(suite.config.file).name for suite in told] == ["other.yaml"]


def test_a_folder_stands_for_its_test_files(folder: Path) -> None:
    for name in ("tests.yaml", "sub/tests.yaml", "sub/sales.tests.yaml", "sub/other.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("tests:\n  - {name: a, flow: ring, expect: {queue: invoices}}\n", encoding="utf-8")

    suites = Reader(folder / "ariroute.yaml", Path).suites([folder])

    assert [Path(suite.file).relative_to(folder).as_posix() for suite in suites] == [
        "sub/sales.tests.yaml",
        "sub/tests.yaml",
        "tests.yaml",
    ]


def test_a_flow_file_is_one_by_whatever_way_it_is_named_and_a_test_file_runs_once(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "tests.yaml").write_text(
            "routes: ../ariroute.yaml\ntests:\n  - {name: a, flow: ring, expect: {queue: invoices}}\n", encoding="utf-8"
        )

    suites = Reader(None, Path).suites([folder / "a" / "tests.yaml", folder, folder / "b" / ".." / "a" / "tests.yaml"])

    assert len(suites) == 2
    assert suites[0].config is suites[1].config


def test_a_folder_without_test_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"no tests\.yaml and no \*\.tests\.yaml"):
        Reader(None, Path).suites([tmp_path])


IN_A_FLOW_FILE = """\
tests:
  - name: a busy reception
    each: [{ring: busy, queue: gold}, {ring: no_answer, queue: invoices}]
    flow: ring
    ring: "{{ ring }}"
    expect: {queue: "{{ queue }}"}
"""


def test_a_flow_file_has_cases_of_its_own_that_decide_nothing(folder: Path) -> None:
    plain = load_rules(folder / "ariroute.yaml")
    (folder / "ariroute.yaml").write_text(FLOW_FILE + IN_A_FLOW_FILE, encoding="utf-8")

    suites = Reader(None, Path).suites([folder / "ariroute.yaml"])

    assert [list(failures(suite).values()) for suite in suites] == [[[], []]]
    assert suites[0].config.digest == plain.digest
    assert suites[0].cases[0].place == f"{folder / 'ariroute.yaml'}:{FLOW_FILE.count(chr(10)) + 2}:5"


def test_a_wrong_case_in_a_flow_file_is_a_mistake_of_the_test_and_not_of_the_daemon(folder: Path) -> None:
    text = FLOW_FILE + IN_A_FLOW_FILE.replace("flow: ring", "flow: rnig")
    (folder / "ariroute.yaml").write_text(text, encoding="utf-8")

    assert load_rules(folder / "ariroute.yaml").ruleset.flows
    with pytest.raises(ConfigError, match=r"ariroute\.yaml:\d+:11: tests\[0\]\.flow: there is no flow 'rnig'"):
        Reader(None, Path).suites([folder / "ariroute.yaml"])


def test_a_flow_file_without_cases_is_no_test_file(folder: Path) -> None:
    with pytest.raises(ConfigError, match="this flow file has no 'tests:'"):
        Reader(None, Path).suites([folder / "ariroute.yaml"])


def validated(schema: dict[str, Any], folder: Path, *files: Path) -> set[str]:
    """The files that a validator which knows nothing of ariroute refuses."""
    path = folder / "schema.json"
    path.write_text(json.dumps(schema), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--output-format", "json", "--schemafile", path, *files]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, check=False)
    return {Path(error["filename"]).name for error in json.loads(done.stdout)["errors"]}


def test_the_schema_takes_good_files_and_refuses_wrong_ones(folder: Path, tmp_path: Path) -> None:
    good = folder / "good.yaml"
    good.write_text('clock: "2026-11-23T09:00"\nlookups: {crm: timeout}\n' + IN_A_FLOW_FILE, encoding="utf-8")
    bad = Path(__file__).parents[2] / "fixtures" / "bad_tests"
    shown = ["unknown-key", "no-tests", "keys", "durations", "tests-of-another-shape"]
    flow_file = folder / "flow.yaml"
    flow_file.write_text(FLOW_FILE + IN_A_FLOW_FILE, encoding="utf-8")
    wrong = folder / "wrong.yaml"
    wrong.write_text(FLOW_FILE + IN_A_FLOW_FILE.replace("flow:", "flwo:"), encoding="utf-8")

    files = [bad / f"{name}.yaml" for name in shown]

    assert validated(file_schema(), tmp_path, good, *files) == {file.name for file in files}
    assert validated(with_cases(json_schema()), tmp_path, flow_file, wrong) == {"wrong.yaml"}
    assert not file_schema()["$defs"].keys() & json_schema()["$defs"].keys() - {"JsonValue"}


def test_every_key_of_a_test_file_has_a_description() -> None:
    schema = file_schema()
    holders = {"file": schema, **{name: each for name, each in schema["$defs"].items() if "properties" in each}}

    assert [
        f"{name}.{key}"
        for name, holder in holders.items()
        for key, value in holder["properties"].items()
        if "description" not in value
    ] == []
