"""``ariroute calls`` and ``ariroute explain UNIQUEID``: the calls of a journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from recorded_calls import BEGIN, Placed, record

from ariroute.cli.calls import table
from ariroute.journal.reader import ANY, Reader
from ariroute.journal.record import Happened, Undecided
from ariroute.journal.sqlite import SqliteStore

from .conftest import FLOW_FILE, Ariroute

JOURNAL = 'journal: {{url: "sqlite:journal.db", {more}}}\n'
AT = BEGIN.timestamp()


def customer(loyalty: str = "", orders: float = 0.0) -> dict[str, dict[str, Any]]:
    return {"crm": {"loyalty": loyalty, "orders": orders, "blocked": False}}


CALLS = [
    Placed(customer("platinum"), caller="+46701234567"),
    Placed(customer("gold"), caller="+46701234568"),
    Placed(caller="anonymous"),
    Placed(customer(), caller="0701234567"),
]
Keep = Callable[..., None]


@pytest.fixture
def keep(flow_file: Path, tmp_path: Path) -> Keep:
    """Puts calls into the journal of the flow file, whose section has ``more``."""

    def write(*calls: Placed, more: str = "") -> None:
        flow_file.write_text(JOURNAL.format(more=more) + FLOW_FILE, encoding="utf-8")
        record(tmp_path / "journal.db", flow_file, calls)

    return write


@pytest.fixture
def journal(keep: Keep) -> None:
    keep(*CALLS)


@pytest.fixture
def happened(tmp_path: Path) -> Callable[..., None]:
    """Something that Asterisk does with a call, so many seconds after the first one came."""

    def write(contact: str, after: float, what: str, columns: dict[str, Any], **more: Any) -> None:
        store = SqliteStore(tmp_path / "journal.db")
        event = {"what": what, "at": AT + after, **more}
        store.write(list(Happened(contact, "pbx1", event, columns).statements()))
        store.close()

    return write


def rows(out: str) -> list[list[str]]:
    """The cells of a table, two blanks or more between them."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()]


@pytest.mark.usefixtures("journal")
def test_the_latest_call_comes_first_with_where_it_went(ariroute: Ariroute) -> None:
    ended = ariroute("calls")

    assert (ended.code, ended.err) == (0, "")
    table = rows(ended.out)
    assert table[0] == ["Time", "Caller", "Dialled", "Flow", "To", "Decided in", "Then", "Uniqueid"]
    assert table[1:] == [
        ["2026-11-02 09:03:00", "+46******567", "support", "support", "standard 0 (default)", "100 ms", "call.3"],
        ["2026-11-02 09:02:00", "unknown", "support", "support", "standard 0 (default)", "100 ms", "call.2"],
        ["2026-11-02 09:01:00", "+46******568", "support", "support", "gold 20", "100 ms", "call.1"],
        ["2026-11-02 09:00:00", "+46******567", "support", "support", "platinum 30", "100 ms", "call.0"],
    ]


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--since", "2026-11-02T09:02"], ["call.3", "call.2"]),
        (["--until", "2026-11-02T09:01"], ["call.0"]),
        (["--since", "2026-11-02T08:01Z", "--until", "2026-11-02T09:02"], ["call.1"]),
        (["--queue", "gold"], ["call.1"]),
        (["--flow", "sales"], []),
        (["--caller", "+46701234567"], ["call.3", "call.0"]),
        (["--caller", "070-123 45 67"], ["call.3", "call.0"]),
        (["--caller", "unknown"], ["call.2"]),
        (["--default"], ["call.3", "call.2"]),
        (["--slow", "101ms"], []),
        (["--slow", "100ms", "--pbx", "pbx1", "--limit", "1"], ["call.3"]),
        (["--outcome", "handed-over", "--queue", "gold"], ["call.1"]),
        (["--outcome", "abandoned"], []),
    ],
    ids=str,
)
def test_the_options_choose(ariroute: Ariroute, options: list[str], found: list[str]) -> None:
    ended = ariroute("calls", "--json", *options)

    assert [call["contact"] for call in ended.json] == found
    assert ("no such call is in the journal" in ended.err) == (not found)


def test_calls_of_several_pbxs_say_of_which(ariroute: Ariroute, keep: Keep, tmp_path: Path) -> None:
    keep(*CALLS)
    with sqlite3.connect(tmp_path / "journal.db") as base:
        base.execute("UPDATE contacts SET pbx = 'pbx2' WHERE contact = 'call.0'")
    base.close()

    table = rows(ariroute("calls").out)

    assert table[0][:2] == ["PBX", "Time"]
    assert [row[0] for row in table[1:]] == ["pbx1", "pbx1", "pbx1", "pbx2"]


@pytest.mark.usefixtures("journal")
def test_on_a_narrow_terminal_the_columns_that_tell_least_are_left_out(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db", only_read=True)
    records = list(Reader(store).find(ANY))
    store.close()

    drawn = table(records, ZoneInfo("Europe/Stockholm"), BEGIN, width=80)

    assert [column.header for column in drawn.columns] == ["Time", "Caller", "To", "Then", "Uniqueid"]
    assert [list(column.cells)[-1] for column in drawn.columns] == [
        "09:00:00",
        "+46******567",
        "platinum 30",
        "",
        "call.0",
    ]


@pytest.mark.usefixtures("journal")
def test_when_there_are_more_then_it_is_said(ariroute: Ariroute) -> None:
    assert "there are more" in ariroute("calls", "--limit", "3").err
    assert ariroute("calls", "--limit", "4").err == ""


def test_callers_are_found_in_a_journal_that_keeps_numbers_in_full(ariroute: Ariroute, keep: Keep) -> None:
    keep(*CALLS, more="numbers: full")

    found = ariroute("calls", "--json", "--caller", "0701234567").json

    assert [call["caller"] for call in found] == ["+46701234567", "+46701234567"]


@pytest.mark.usefixtures("journal")
def test_what_asterisk_did_then_is_listed(ariroute: Ariroute, happened: Callable[..., None]) -> None:
    for number, columns in enumerate(
        [
            {"outcome": "answered", "outcome_queue": "platinum", "agent": "Eva", "wait": 72.4, "talk": 8.26},
            {"outcome": "abandoned", "outcome_queue": "standard", "wait": 12.0},
            {"outcome": "waiting", "outcome_queue": "standard", "position": 3},
            {"outcome": "unknown"},
        ]
    ):
        happened(f"call.{number}", 1.0, "x", columns)

    assert [row[-2] for row in rows(ariroute("calls").out)[1:]] == [
        "unknown",
        "waiting, position 3",
        "abandoned in standard after 12 s",
        "Eva after 1 min 12 s, talked 8.3 s",
    ]
    assert [call["contact"] for call in ariroute("calls", "--json", "--outcome", "Waiting").json] == ["call.2"]


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--since", "soon"], "--since soon: not a moment: write 1h (an hour ago), today, yesterday"),
        (["--until", "2026-03-29T02:30"], "--until 2026-03-29T02:30: Europe/Stockholm has no such time"),
        (["--slow", "500"], "--slow: '500' is not a duration: write a number and a unit"),
        (["--outcome", "abandond"], "there is no outcome 'abandond'; did you mean 'abandoned'?"),
        (["--caller", "Ann"], "--caller Ann: not a telephone number"),
        (["--caller", "+46******568"], "--caller +46******568: not a telephone number: write it in full"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(ariroute: Ariroute, options: list[str], why: str) -> None:
    ended = ariroute("calls", *options)

    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err


@pytest.mark.usefixtures("flow_file")
@pytest.mark.parametrize("command", [["calls"], ["explain", "last"], ["explain", "1795132793.12"]], ids=str)
def test_without_a_journal_it_is_said_how_to_have_one(ariroute: Ariroute, command: list[str]) -> None:
    ended = ariroute(*command)

    assert (ended.code, ended.out) == (2, "")
    assert "ariroute.yaml: no journal is kept" in ended.err
    assert "add 'journal: {}' to the file, and restart the daemon" in ended.err


def test_where_nothing_was_recorded_yet_it_is_said(ariroute: Ariroute, keep: Keep, tmp_path: Path) -> None:
    keep()
    assert ariroute("calls").err == "the journal has no calls yet\n"
    assert ariroute("explain", "last").err == "the journal has no call\n"
    (tmp_path / "journal.db").unlink()

    ended = ariroute("calls")

    assert (ended.code, ended.out) == (3, "")
    assert "journal.db is not there: nothing has been recorded yet" in ended.err


@pytest.mark.usefixtures("journal")
def test_a_mistake_elsewhere_in_the_file_does_not_matter(ariroute: Ariroute, flow_file: Path) -> None:
    text = flow_file.read_text(encoding="utf-8")
    flow_file.write_text(text.replace("queue: platinum", "quee: platinum"), encoding="utf-8")
    assert ariroute("check").code == 2

    assert ariroute("calls", "--queue", "platinum").code == 0
    assert "So the call goes to queue platinum" in ariroute("explain", "call.0").out


@pytest.mark.parametrize("section", ["{url: 5}", "{url: 'mysql://u@h/d'}", "{nothing: 1}", "[]"])
def test_a_mistake_in_the_section_is_told_at_its_place(ariroute: Ariroute, flow_file: Path, section: str) -> None:
    flow_file.write_text(f"{FLOW_FILE}journal: {section}\n", encoding="utf-8")

    ended = ariroute("calls")

    assert ended.code == 2
    assert "ariroute.yaml:47:" in ended.err


@pytest.mark.usefixtures("journal")
def test_the_key_is_wanted_only_to_find_a_caller(ariroute: Ariroute, tmp_path: Path, flow_file: Path) -> None:
    (tmp_path / "journal.db.key").unlink()

    assert ariroute("calls").code == 0
    ended = ariroute("calls", "--caller", "+46701234567")
    assert (ended.code, ended.out) == (3, "")
    assert "journal.db.key cannot be read" in ended.err

    text = flow_file.read_text(encoding="utf-8")
    flow_file.write_text(text.replace("journal: {", 'journal: {key: "${env:JOURNAL_KEY}", '), encoding="utf-8")
    assert ariroute("calls").code == 0
    ended = ariroute("calls", "--caller", "+46701234567")
    assert (ended.code, ended.out) == (2, "")
    assert "ariroute.yaml: journal.key: the environment variable JOURNAL_KEY is not set" in ended.err
    assert ariroute("calls", "--caller", "+46701234567", JOURNAL_KEY="k" * 32).code == 0


# explain


@pytest.mark.usefixtures("journal")
def test_a_past_call_is_told_as_a_rehearsal_is(ariroute: Ariroute) -> None:
    ended = ariroute("explain", "call.1")

    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("Call call.1 on pbx1, by the rules ")
    assert lines[1:] == [
        "+46******568 called support on Monday 2 November 2026 at 09:01:00 (Europe/Stockholm); flow support took it.",
        'The case when !open("office") (to queue standard) was not taken: it is false, '
        'as now is "2026-11-02T09:01:00+01:00".',
        "As no case of this branch was true, it went on to the next step.",
        'Lookup crm found a record: blocked is false, loyalty is "gold", orders is 0.',
        "The case when crm.blocked (to a hang-up) was not taken: it is false, as crm.blocked is false.",
        'The case when crm.loyalty == "platinum" (to queue platinum) was not taken: it is false, '
        'as crm.loyalty is "gold".',
        'The case when crm.loyalty == "gold" || crm.orders >= 10.0 (to queue gold) was taken: it is true, '
        'as crm.loyalty is "gold", crm.orders is 0.',
        "So the call goes to queue gold, priority 20, by flows.support.steps[2].branch[2]: "
        'crm.loyalty == "gold" || crm.orders >= 10.0.',
        "It was handed over to Asterisk 100 ms after it had come.",
        "Asterisk has told nothing of it since: that takes AMI (asterisk.NAME.ami in the flow file).",
    ]


@pytest.mark.usefixtures("journal")
def test_a_past_call_and_its_rehearsal_have_the_same_cases(ariroute: Ariroute) -> None:
    given = ("--set", "crm.loyalty=gold", "--set", "crm.orders=0", "--set", "crm.blocked=no")
    at = (BEGIN + timedelta(minutes=1)).isoformat()
    rehearsed = ariroute("explain", "support", "--caller", "+46701234568", "--at", at, *given, "--json").json

    past = ariroute("explain", "call.1", "--json").json

    assert past["cases"] == rehearsed["cases"]
    assert (past["queue"], past["priority"], past["reason"]) == ("gold", 20, rehearsed["reason"])


@pytest.mark.usefixtures("journal")
def test_what_asterisk_did_with_it_is_told_in_order(ariroute: Ariroute, happened: Callable[..., None]) -> None:
    queue = {"queue": "platinum"}
    happened("call.0", 1, "entered", {"outcome": "waiting"}, **queue, position=2, waiting=3)
    assert ariroute("explain", "call.0").out.count("It waits there still, as far as is known.") == 1
    happened("call.0", 20, "rang in vain", {}, **queue, agent="Eva", seconds=15.0)
    happened("call.0", 61, "answered", {"outcome": "answered"}, **queue, agent="Bo", wait=60.0)
    assert "They still talk, as far as is known." in ariroute("explain", "call.0").out
    happened("call.0", 64, "ended", {"talk": 3.0}, **queue, agent="Bo", talk=3.0, by="caller")

    ended = ariroute("explain", "call.0")

    told = ended.out.splitlines()
    begin = told.index("It was handed over to Asterisk 100 ms after it had come.")
    assert told[begin + 1 : begin + 6] == [
        "At 09:00:01 it entered queue platinum, at position 2 of 3.",
        "At 09:00:20 the phone of Eva had rung for 15 s, and nobody answered.",
        "At 09:01:01 Bo answered in queue platinum, after a wait of 1 min.",
        "At 09:01:04 the talk with Bo was over, after 3 s: the caller hung up.",
        "Not looked at:",
    ]


@pytest.mark.usefixtures("journal")
def test_who_left_a_queue_unserved_is_told(ariroute: Ariroute, happened: Callable[..., None]) -> None:
    happened("call.0", 9, "abandoned", {"outcome": "abandoned"}, queue="platinum", wait=8.0, position=1)
    happened("call.0", 9, "let go", {"outcome": "timeout"}, queue="platinum", status="timeout")
    happened("call.0", 10, "undecided", {}, queue="standard")
    happened("call.0", 11, "unwatched", {"outcome": "unknown"}, why="connection refused")
    happened("call.0", 12, "of another version", {})

    out = ariroute("explain", "call.0").out

    assert "At 09:00:09 it left queue platinum unserved, after a wait of 8 s, at position 1.\n" in out
    assert "At 09:00:09 queue platinum let it go: timeout.\n" in out
    assert "At 09:00:10 the dialplan had no decision, and took its default queue standard.\n" in out
    assert "At 09:00:11 it got out of sight (connection refused): what Asterisk did from then on is not known.\n" in out
    assert "At 09:00:12 of another version.\n" in out


@pytest.mark.usefixtures("journal")
def test_last_is_the_latest_call_of_all_or_of_one_caller(ariroute: Ariroute) -> None:
    assert ariroute("explain", "last", "--json").json["contact"] == "call.3"
    assert ariroute("explain", "last", "--caller", "+46701234568", "--json").json["contact"] == "call.1"
    assert ariroute("explain", "last", "--caller", "+46701234569").err == "the journal has no call of +46701234569\n"
    assert ariroute("explain", "last", "--pbx", "pbx9").err == "the journal has no call on pbx9\n"


@pytest.mark.usefixtures("journal")
def test_a_flow_that_is_called_last_comes_first(ariroute: Ariroute, flow_file: Path) -> None:
    text = flow_file.read_text(encoding="utf-8")
    flow_file.write_text(text.replace("  sales:", "  last:").replace('"sales"', '"last"'), encoding="utf-8")

    assert "flow last took it" in ariroute("explain", "last", "--missing", "vip_list", "--missing", "crm").out


@pytest.mark.usefixtures("journal")
def test_options_that_describe_a_rehearsal_are_refused_for_a_past_call(ariroute: Ariroute) -> None:
    for command in (["last", "--set", "crm.loyalty=gold"], ["call.1", "--caller", "+46701234568"]):
        ended = ariroute("explain", *command)
        assert (ended.code, ended.out) == (2, "")
        assert f"{command[1]} describes a call to rehearse, and '{command[0]}' is a past one" in ended.err


@pytest.mark.usefixtures("journal")
def test_when_the_journal_has_no_such_call_then_2_and_where_to_look(ariroute: Ariroute) -> None:
    ended = ariroute("explain", "1795132793.12")

    assert (ended.code, ended.out) == (2, "")
    assert "the journal has no call '1795132793.12': 'ariroute calls' lists those it has" in ended.err


@pytest.mark.usefixtures("journal")
def test_a_word_that_is_neither_flow_nor_channel_is_an_unknown_flow(ariroute: Ariroute) -> None:
    ended = ariroute("explain", "suport")

    assert (ended.code, ended.out) == (2, "")
    assert "did you mean 'support'? (a past call is named by its uniqueid, or last)" in ended.err
    ended = ariroute("explain", "support", "--set", "crn.loyalty=gold")
    assert ended.code == 2
    assert "past call" not in ended.err


def test_a_channel_with_an_id_of_its_own_is_found(ariroute: Ariroute, keep: Keep, tmp_path: Path) -> None:
    keep(*CALLS)
    with sqlite3.connect(tmp_path / "journal.db") as base:
        base.execute("UPDATE contacts SET contact = 'door-7' WHERE contact = 'call.0'")
    base.close()

    assert ariroute("explain", "door-7").out.startswith("Call door-7 on pbx1")


def test_a_call_is_told_by_the_rules_of_then(ariroute: Ariroute, keep: Keep, flow_file: Path, tmp_path: Path) -> None:
    keep(*CALLS)
    text = flow_file.read_text(encoding="utf-8").replace('"platinum"', '"diamond"')
    flow_file.write_text(text, encoding="utf-8")
    later = Placed(customer("diamond"))
    record(tmp_path / "later.db", flow_file, [later])
    with sqlite3.connect(tmp_path / "journal.db") as base:
        base.execute("ATTACH ? AS later", (str(tmp_path / "later.db"),))
        base.execute("INSERT INTO configs SELECT * FROM later.configs")
        base.execute("UPDATE later.contacts SET contact = 'later', arrived = arrived + 86400")
        base.execute("INSERT INTO contacts SELECT * FROM later.contacts")
    base.close()

    ended = ariroute("explain", "call.0")

    assert 'crm.loyalty == "platinum" (to queue platinum) was taken' in ended.out
    assert ended.err.startswith("note: the rules have changed since: now those of ")
    assert 'crm.loyalty == "diamond" (to queue platinum) was taken' in ariroute("explain", "last").out
    assert ariroute("explain", "last").err == ""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("DELETE FROM configs", "the journal does not have the rules"),
        ("UPDATE configs SET rules = '{\"version\": 2}'", "this version of ariroute cannot read the rules"),
    ],
)
def test_without_the_rules_of_then_what_it_came_to_is_told(
    ariroute: Ariroute, keep: Keep, tmp_path: Path, change: str, why: str
) -> None:
    keep(*CALLS)
    with sqlite3.connect(tmp_path / "journal.db") as base:
        base.execute(change)
    base.close()

    ended = ariroute("explain", "call.0")

    assert ended.code == 0
    assert 'The case when crm.loyalty == "platinum" was taken' in ended.out
    assert "So the call goes to queue platinum, priority 30" in ended.out
    assert "Not looked at" not in ended.out
    assert why in ended.err
    assert "only what the call came to is told, and not the ways that it passed by" in ended.err


def test_a_call_that_left_without_a_decision_is_told(ariroute: Ariroute, keep: Keep, tmp_path: Path) -> None:
    from ariroute.config.load import load_rules
    from ariroute.daemon.recording import keeping_of
    from ariroute.flow.contact import Contact, dialled_party, party
    from ariroute.flow.history import History

    keep(*CALLS)
    config = load_rules(tmp_path / "ariroute.yaml")
    assert config.journal is not None
    contact = Contact("lost.1", BEGIN, party("+46701234567", "", "SE"), dialled_party("900", "SE"), pbx="pbx1")
    why = "no flow answers to '900'"
    left = Undecided(
        contact, "", History(), (), "passed on", why, 0.002, config.digest, keeping_of(config, config.journal)
    )
    store = SqliteStore(tmp_path / "journal.db")
    store.write(list(left.statements()))
    store.close()

    out = ariroute("explain", "lost.1").out

    assert "+46******567 called 900 on Monday 2 November 2026 at 09:00:00 (Europe/Stockholm); no flow took it." in out
    assert f"It left ariroute 2 ms after it had come, without a decision: passed on ({why})." in out
    assert "So the call" not in out
    (row,) = [row for row in rows(ariroute("calls").out) if row[-1] == "lost.1"]
    assert row[3:] == ["(passed on)", "2 ms", "lost.1"]
    assert [call["contact"] for call in ariroute("calls", "--json", "--outcome", "passed-on").json] == ["lost.1"]
    assert ariroute("explain", "lost.1", "--json").json["to"] is None


@pytest.mark.usefixtures("journal")
def test_nothing_in_a_record_reaches_the_terminal_as_syntax(
    ariroute: Ariroute, happened: Callable[..., None], tmp_path: Path
) -> None:
    happened(
        "call.0", 1, "answered", {"outcome": "answered", "agent": "E\x1b[2Jva"}, queue="q\x1b[2J", agent="[red]", wait=1
    )
    with sqlite3.connect(tmp_path / "journal.db") as base:
        base.execute("UPDATE contacts SET flow = 'a\x1b[2Jb', reason = '\x1b[2J'")
    base.close()

    for ended in (ariroute("calls"), ariroute("explain", "call.0"), ariroute("calls", "--json")):
        assert ended.code == 0
        assert "\x1b" not in ended.out
