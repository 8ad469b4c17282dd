"""``ariroute replay``: recorded contacts by changed rules."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from recorded_calls import Placed, record

from .conftest import FLOW_FILE, Ariroute

JOURNAL = 'journal: {url: "sqlite:journal.db"}\n'

CUSTOMERS = [("gold", 2.0)] * 3 + [("silver", 4.0), ("silver", 6.0), ("silver", 12.0), ("platinum", 0.0)]
CALLS = [
    Placed({"crm": {"loyalty": loyalty, "orders": orders, "blocked": False}}, caller=f"+467012345{number:02}")
    for number, (loyalty, orders) in enumerate(CUSTOMERS)
]


@pytest.fixture
def recorded(flow_file: Path, tmp_path: Path) -> Path:
    """The flow file, with seven calls in its journal."""
    flow_file.write_text(JOURNAL + FLOW_FILE, encoding="utf-8")
    record(tmp_path / "journal.db", flow_file, CALLS)
    return flow_file


def changed(recorded: Path, old: str, new: str) -> str:
    """The name of a flow file beside ``recorded`` in which ``new`` stands for ``old``."""
    text = recorded.read_text(encoding="utf-8")
    assert old in text
    (recorded.parent / "new.yaml").write_text(text.replace(old, new), encoding="utf-8")
    return "new.yaml"


def test_by_the_same_rules_nothing_goes_elsewhere(ariroute: Ariroute, recorded: Path) -> None:
    found = ariroute("replay", "--format", "json").json

    assert (found["read"], found["told"], found["changed"], found["differs_otherwise"]) == (7, 7, 0, 0)
    assert (found["moves"], found["causes"], found["examples"]) == ([], [], [])


def test_contacts_that_go_elsewhere_are_counted_and_shown_with_both_traces(ariroute: Ariroute, recorded: Path) -> None:
    ended = ariroute("replay", "-c", changed(recorded, "orders >= 10.0", "orders >= 5.0"))

    assert (ended.code, ended.err) == (0, "")
    assert "1 go elsewhere than they did (14.3 % of the 7 of which it can be said)" in ended.out
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "queue standard, priority 0 queue gold, priority 20 1" in lines
    assert "queue standard, priority 0 2 1 -1" in lines
    assert any(line.startswith("call.4: +46******504 to support, 2026-11-02 09:04:00") for line in lines)
    both = next(line for line in lines if "crm.orders >= 10.0: false" in line)
    assert "crm.orders >= 5.0: true" in both


def test_what_was_not_recorded_is_counted_by_its_cause(ariroute: Ariroute, recorded: Path) -> None:
    new = changed(
        recorded, "- lookup: [crm]", "- lookup: [crm]\n      - lookup: {vip_list: {on_missing: {queue: gold}}}"
    )
    found = ariroute("replay", "-c", new, "--format", "json").json

    assert found["causes"] == [{"cause": "lookup vip_list was not asked then", "contacts": 7, "example": "call.0"}]
    assert (found["told"], found["untold"], found["changed"]) == (0, 7, 0)


def test_a_field_that_is_not_kept_matters_only_to_whom_it_is_asked_for(ariroute: Ariroute, recorded: Path) -> None:
    text = recorded.read_text(encoding="utf-8")
    declared = text.replace("blocked: bool}", "blocked: bool, city: string}")
    other = declared.replace('crm.loyalty == "gold" || crm.orders >= 10.0', 'crm.city == "Lund"')
    ended = ariroute("replay", "-c", changed(recorded, text, other))

    assert "6 cannot be told, as something was not recorded" in ended.out
    assert "crm.city was not recorded" in ended.out


@pytest.mark.parametrize(
    ("most", "code", "said"),
    [
        ("15%", 0, ""),
        ("1", 0, ""),
        ("14%", 1, "1 of 7 contacts go elsewhere (14.3 %); at most 14 % may\n"),
        ("0", 1, "1 of 7 contacts go elsewhere (14.3 %); at most 0 may\n"),
    ],
)
def test_more_changes_than_allowed_are_exit_code_1(
    ariroute: Ariroute, recorded: Path, most: str, code: int, said: str
) -> None:
    new = changed(recorded, "orders >= 10.0", "orders >= 5.0")
    ended = ariroute("replay", "-c", new, "--max-changed", most, "--format", "json")

    assert (ended.code, ended.err) == (code, said)


def test_nothing_to_replay_is_not_taken_for_no_change(ariroute: Ariroute, recorded: Path) -> None:
    ended = ariroute("replay", "--since", "1h", "--max-changed", "5%")

    assert (ended.code, ended.out) == (1, "No contact is recorded for this time.\n")
    assert "no contact could be replayed" in ended.err


def test_another_file_may_take_the_place_of_the_record(ariroute: Ariroute, recorded: Path) -> None:
    new = changed(recorded, "orders >= 10.0", "orders >= 5.0")
    found = ariroute("replay", "-c", new, "--against", new, "--format", "json").json
    assert (found["told"], found["changed"]) == (7, 0)

    found = ariroute("replay", "-c", "ariroute.yaml", "--against", new, "--format", "json").json
    assert found["moves"] == [
        {"from": "queue gold, priority 20", "to": "queue standard, priority 0", "contacts": 1},
    ]
    (example,) = found["examples"]
    assert (example["before"]["contact"], example["after"]["contact"]) == ("call.4", "call.4")


def test_a_span_of_time_a_flow_and_a_number_limit_what_is_taken(ariroute: Ariroute, recorded: Path) -> None:
    def read(*options: str) -> int:
        found: int = ariroute("replay", "--format", "json", *options).json["read"]
        return found

    assert read("--since", "2026-11-02T09:02", "--until", "2026-11-02T09:05") == 3
    assert read("--limit", "2") == 2
    assert (read("--flow", "support"), read("--flow", "sales")) == (7, 0)


def test_a_journal_is_read_where_it_is_said_to_be(ariroute: Ariroute, recorded: Path) -> None:
    new = changed(recorded, JOURNAL, "")
    told = ariroute("replay", "-c", new)
    assert told.code == 2
    assert told.err.startswith("new.yaml: ")
    assert "journal" in told.err

    for journal in ("ariroute.yaml", "journal.db"):
        assert ariroute("replay", "-c", new, "--journal", journal, "--format", "json").json["told"] == 7


def test_what_goes_with_the_call_counts_apart(ariroute: Ariroute, recorded: Path) -> None:
    new = changed(recorded, "- lookup: [crm]", '- lookup: [crm]\n      - label: {name_prefix: "VIP"}')
    found = ariroute("replay", "-c", new, "--format", "json").json

    assert (found["changed"], found["differs_otherwise"], found["differs"]) == (0, 7, {"label": 7})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--max-changed", "five"], "--max-changed five: write a share such as 5%, or a number of contacts"),
        (["--since", "someday"], "--since someday: not a moment"),
        (["--since", "2026-11-03", "--until", "2026-11-02"], "--until 2026-11-02 is not after --since 2026-11-03"),
        (["--against", "nowhere.yaml"], "nowhere.yaml"),
        (["--journal", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_options_that_cannot_be_used_are_told(
    ariroute: Ariroute, recorded: Path, options: list[str], said: str
) -> None:
    ended = ariroute("replay", *options)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_the_page_has_the_figures_and_both_traces_and_no_script(ariroute: Ariroute, recorded: Path) -> None:
    new = changed(recorded, "orders >= 10.0", "orders >= 5.0")
    page = ariroute("replay", "-c", new, "--format", "html").out

    assert "<h1>1 contact of 7 would go elsewhere</h1>" in page
    assert "crm.orders &gt;= 10.0: <i>false</i>" in page
    assert "crm.orders &gt;= 5.0: <i>true</i>" in page
    assert "default-src &#x27;none&#x27;" in page
    assert "<script" not in page


def test_a_field_of_another_type_is_not_taken_for_a_failed_lookup(ariroute: Ariroute, recorded: Path) -> None:
    text = recorded.read_text(encoding="utf-8").replace("blocked: bool", "blocked: string")
    (recorded.parent / "new.yaml").write_text(text.replace("crm.blocked", 'crm.blocked == "yes"'), encoding="utf-8")
    found = ariroute("replay", "-c", "new.yaml", "--format", "json").json

    assert found["causes"] == [
        {"cause": "crm.blocked was recorded as another type", "contacts": 7, "example": "call.0"}
    ]
    assert (found["told"], found["changed"]) == (0, 0)


@pytest.mark.parametrize(("numbers", "untold"), [("full", 1), ("masked", 2)])
def test_a_number_that_another_region_reads_otherwise_cannot_be_told(
    ariroute: Ariroute, flow_file: Path, numbers: str, untold: int
) -> None:
    kept = JOURNAL.replace("}", f", numbers: {numbers}}}")
    flow_file.write_text(kept + FLOW_FILE, encoding="utf-8")
    calls = [Placed(CALLS[0].answers, caller=number) for number in ("0701234567", "+46701234567", "")]
    record(flow_file.parent / "journal.db", flow_file, calls)
    new = changed(flow_file, "region: SE", "region: DE")

    for arguments in (("-c", new), ("-c", "ariroute.yaml", "--against", new)):
        found = ariroute("replay", *arguments, "--format", "json").json
        assert found["causes"] == [
            {"cause": "numbers were read in region SE, and are in DE", "contacts": untold, "example": "call.0"}
        ]
        assert (found["told"], found["changed"]) == (3 - untold, 0)


@pytest.mark.parametrize("change", ["'$.began', 'x'", "'$.decision', 'x'"])
def test_a_damaged_record_is_counted_and_spoils_no_other(ariroute: Ariroute, flow_file: Path, change: str) -> None:
    flow_file.write_text(JOURNAL + FLOW_FILE.replace('!open("office")', "false"), encoding="utf-8")
    record(flow_file.parent / "journal.db", flow_file, [CALLS[5]] * 3)
    journal = sqlite3.connect(flow_file.parent / "journal.db")
    with journal:
        journal.execute(f"UPDATE contacts SET detail = json_set(detail, {change}) WHERE contact = 'call.0'")
    journal.close()
    found = ariroute(
        "replay", "-c", changed(flow_file, "orders >= 10.0", "orders >= 90.0"), "--format", "json", "--show", "3"
    ).json

    assert found["causes"] == [
        {"cause": "the record cannot be read by this version", "contacts": 1, "example": "call.0"}
    ]
    assert (found["told"], found["changed"]) == (2, 2)
