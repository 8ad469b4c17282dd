"""The fields of the log line ``routed``."""

from __future__ import annotations

from datetime import UTC, datetime

from ariroute.daemon.report import report
from ariroute.flow.contact import Contact, Party
from ariroute.flow.decision import Decision, Destination, HangUpDestination, QueueDestination
from ariroute.flow.trace import TraceEntry

CONTACT = Contact("1.0", datetime(2026, 11, 21, tzinfo=UTC), Party("+46701000001", "+46701000001", "Ann"))
FOUND = TraceEntry("steps[0]", "lookup", "found", "crm", (("loyalty", "gold"),), took=0.01)
FAILED = TraceEntry("steps[0]", "lookup", "failed", "erp", reason="timeout: no answer in 800ms", took=0.8)
AGAIN = TraceEntry("steps[1]", "lookup", "found", "crm", reason="asked before in this run")


GOLD = QueueDestination("gold", 20)


def decided(*trace: TraceEntry, to: Destination = GOLD) -> Decision:
    return Decision("1.0", "support", to, "because", trace=trace)


def test_when_numbers_are_masked_then_no_fact_is_logged() -> None:
    line = report(CONTACT, decided(FOUND), 0.0123, mask=True)

    assert line["caller"] == "+46******001"
    assert (line["lookups"], line["queue"], line["priority"], line["ms"]) == ({"crm": "found"}, "gold", 20, 12.3)
    assert "facts" not in line


def test_when_numbers_are_not_masked_then_the_facts_are_logged_too() -> None:
    line = report(CONTACT, decided(FOUND), 0.01, mask=False)

    assert (line["caller"], line["facts"]) == ("+46701000001", {"crm": {"loyalty": "gold"}})


def test_when_a_lookup_failed_then_the_line_says_why() -> None:
    line = report(CONTACT, decided(FOUND, FAILED), 0.8, mask=True)

    assert line["lookup_failed"] is True
    assert line["lookup_reasons"] == {"erp": "timeout: no answer in 800ms"}


def test_when_a_lookup_was_asked_before_then_its_first_answer_stands() -> None:
    line = report(CONTACT, decided(FOUND, AGAIN), 0.01, mask=False)

    assert (line["lookups"], line["lookup_reasons"]) == ({"crm": "found"}, {})
    assert line["facts"] == {"crm": {"loyalty": "gold"}}


def test_when_the_caller_is_released_then_there_is_no_queue() -> None:
    line = report(CONTACT, decided(to=HangUpDestination(21)), 0.01, mask=True)

    assert (line["queue"], line["priority"], line["to"]) == (None, None, "hang up, cause 21")


SAID = TraceEntry("steps[2]", "say", "failed", "Welcome, Ann", reason="say Welcome, Ann: there is no program 'flite'")
NOTED = TraceEntry("steps[3]", "note", "noted", "asked for Ann")


def test_when_a_prompt_was_not_heard_then_the_line_says_which_and_no_word_of_it() -> None:
    line = report(CONTACT, decided(FOUND, SAID, NOTED), 0.01, mask=True)

    assert line["not_heard"] == ["steps[2]"]
    assert "Ann" not in str(line)


def test_when_numbers_are_not_masked_then_the_line_has_the_notes_and_what_was_not_heard() -> None:
    line = report(CONTACT, decided(FOUND, SAID, NOTED), 0.01, mask=False)

    assert line["not_heard_reasons"] == {"steps[2]": "say Welcome, Ann: there is no program 'flite'"}
    assert line["notes"] == ["asked for Ann"]
