"""``ariroute test --record`` and ``--coverage``."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_calls import Placed, record

from .conftest import FLOW_FILE, Ariroute

JOURNAL = 'journal: {url: "sqlite:journal.db"}\n'
CALLS = [
    Placed({"crm": {"loyalty": "gold", "orders": 2.0, "blocked": False}}, caller="+46701234501"),
    Placed({"crm": {"loyalty": "silver", "orders": 6.0, "blocked": False}}, caller="+46701234502"),
]


@pytest.fixture
def recorded(flow_file: Path, tmp_path: Path) -> Path:
    """The flow file, with two calls in its journal."""
    flow_file.write_text(JOURNAL + FLOW_FILE, encoding="utf-8")
    record(tmp_path / "journal.db", flow_file, CALLS)
    return flow_file


def test_the_last_call_is_printed_as_a_case_with_what_came_of_it(ariroute: Ariroute, recorded: Path) -> None:
    ended = ariroute("test", "--record", "last")

    assert ended.code == 0
    name, *_ = [line for line in ended.out.splitlines() if "name:" in line]
    assert name == '  - name: "call call.1 on 2026-11-02 at 09:01:00"'
    assert "crm: {found: {loyalty: silver, orders: 6, blocked: false}}" in ended.out.replace(
        "blocked: false, loyalty: silver, orders: 6", "loyalty: silver, orders: 6, blocked: false"
    )
    assert "    expect: {queue: standard, priority: 0}\n" in ended.out
    assert "it goes to queue standard, priority 0, as the case expects" in ended.err
    assert "the caller's number was kept as +46******502 only: +46" in ended.err
    assert "+46701234502" not in ended.out + ended.err


def test_it_is_added_to_a_file_and_holds_for_the_rules_that_decided(ariroute: Ariroute, recorded: Path) -> None:
    file = recorded.parent / "tests.yaml"
    assert ariroute("test", "--record", "call.0", "-f", str(file)).code == 0
    added = ariroute("test", "--record", "call.1", "-f", str(file))
    assert (added.code, added.out) == (0, "")
    assert f"added to {file}: call call.1 on" in added.err

    run = ariroute("test", "-f", str(file), "-v")
    assert (run.code, run.err.splitlines()[-1]) == (0, "2 cases passed")


def test_another_end_may_be_expected_and_it_says_that_the_rules_do_not_lead_there(
    ariroute: Ariroute, recorded: Path
) -> None:
    file = recorded.parent / "tests.yaml"
    ended = ariroute("test", "--record", "last", "--expect", "gold", "-f", str(file))
    assert ended.code == 0
    assert "it goes to queue standard, priority 0; the case expects queue gold" in ended.err
    assert ariroute("test", "-f", str(file)).code == 1

    new = recorded.read_text(encoding="utf-8").replace("crm.orders >= 10.0", "crm.orders >= 5.0")
    (recorded.parent / "new.yaml").write_text(new, encoding="utf-8")
    assert ariroute("test", "-f", str(file), "-c", "new.yaml").code == 0


def test_a_flow_file_with_tests_takes_it_too(ariroute: Ariroute, recorded: Path) -> None:
    case = "call: {to: sales}\n    clock: 2026-11-22T09:00\n"
    case += "    lookups: {vip_list: missing, crm: missing}\n    expect: {queue: standard}\n"
    text = f"{recorded.read_text(encoding='utf-8')}tests:\n  - name: mine\n    {case}"
    recorded.write_text(text, encoding="utf-8")
    recorded.chmod(0o640)
    assert ariroute("test", "--record", "last", "-f", str(recorded)).code == 0
    assert recorded.read_text(encoding="utf-8").startswith(text)
    assert recorded.stat().st_mode & 0o777 == 0o640
    assert ariroute("test", "-f", str(recorded)).code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--record", "nobody"], "--record nobody: the journal has no such call; `ariroute calls` lists them"),
        (["--record", "last", "--set", "crm.loyalty=gold"], "--set does not go with --record"),
        (["--record", "last", "--coverage"], "--coverage does not go with --record"),
        (["--record", "last", "--expect", "golf"], "golf"),
        (
            ["--record", "last", "-f", "a.yaml", "-f", "b.yaml"],
            "--record adds to one file, and not to 2: a.yaml, b.yaml",
        ),
        (["--record", "last", "-f", "no/such/folder/a.yaml"], "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_recorded_is_told(arguments: list[str], says: str, ariroute: Ariroute, recorded: Path) -> None:
    ended = ariroute("test", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


def test_without_a_journal_or_a_call_it_says_what_to_do(ariroute: Ariroute, flow_file: Path, tmp_path: Path) -> None:
    assert "add `journal: {}`" in ariroute("test", "--record", "last").err
    flow_file.write_text(JOURNAL + FLOW_FILE, encoding="utf-8")
    record(tmp_path / "journal.db", flow_file, [])
    assert "the journal is empty: place a call first" in ariroute("test", "--record", "last").err


def test_a_file_that_has_mistakes_stays_as_it_is(ariroute: Ariroute, recorded: Path) -> None:
    file = recorded.parent / "tests.yaml"
    file.write_text("tests:\n  - name: wrong\n    expect: {queue: golf}\n", encoding="utf-8")
    ended = ariroute("test", "--record", "last", "-f", str(file))
    assert ended.code == 2
    assert f"{file}:3:" in ended.err
    assert file.read_text(encoding="utf-8").count("name:") == 1
    assert sorted(path.name for path in file.parent.glob(".*")) == []


TESTS = """\
call: {from: "+46701234567"}
clock: 2026-11-23T09:00
flow: support
tests:
  - name: gold
    lookups: {crm: {found: {loyalty: gold, blocked: false}}}
    expect: {queue: gold}
  - name: nobody
    lookups: {crm: missing}
    expect: {queue: standard}
"""


@pytest.fixture
def tests_file(flow_file: Path) -> str:
    file = flow_file.parent / "tests.yaml"
    file.write_text(TESTS, encoding="utf-8")
    return str(file)


def test_coverage_names_the_ways_that_no_case_takes(ariroute: Ariroute, tests_file: str, flow_file: Path) -> None:
    ended = ariroute("test", "-f", tests_file, "--coverage")

    first, *rest = ended.out.splitlines()
    assert first.startswith("coverage of ")
    assert "% , " not in first
    told = [line.strip().partition(": ")[2] for line in rest]
    assert "lookup crm is never failed" in told
    assert 'when crm.loyalty == "platinum": never true' in told
    place = next(line for line in rest if "lookup crm is never failed" in line).strip().partition(": ")[0]
    _, line, column = place.rsplit(":", 2)
    assert flow_file.read_text(encoding="utf-8").splitlines()[int(line) - 1][int(column) - 1 :] == "lookup: [crm]"
    assert ended.code == 0


def test_a_floor_makes_the_exit_code_and_may_be_met(ariroute: Ariroute, tests_file: str) -> None:
    low, high = (ariroute("test", "-f", tests_file, "--fail-under", floor) for floor in ("20", "90"))
    assert (low.code, high.code) == (0, 1)
    assert "and --fail-under 90 is wanted" in high.err


def test_coverage_goes_with_every_format(ariroute: Ariroute, tests_file: str) -> None:
    (found,) = ariroute("test", "-f", tests_file, "--coverage", "--json").json["coverage"]
    assert found["taken"] + len(found["untaken"]) == found["ways"]
    assert found["untaken"][0].keys() == {"place", "path", "way"}
    tap = ariroute("test", "-f", tests_file, "--coverage", "--format", "tap").out
    assert "# coverage of " in tap
    junit = ariroute("test", "-f", tests_file, "--coverage", "--format", "junit")
    assert junit.out.startswith("<?xml")
    assert "coverage of " in junit.err
    assert "coverage" not in ariroute("test", "-f", tests_file, "--json").json


def test_coverage_belongs_to_files(ariroute: Ariroute, flow_file: Path) -> None:
    assert "belongs to test files: name one with -f" in ariroute("test", "support", "--coverage").err
