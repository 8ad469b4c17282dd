"""What is printed as JSON: answers, trace entries, destinations."""

from __future__ import annotations

import json

import pytest

from ariroute.flow.decision import (
    Decision,
    Destination,
    EndpointDestination,
    HangUpDestination,
    Label,
    Notice,
    QueueDestination,
    VoicemailDestination,
)
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.scope import as_text
from ariroute.flow.trace import TraceEntry


def test_a_found_answer() -> None:
    answer = Answer("crm", Outcome.FOUND, {"loyalty": "gold"}, took=0.0015, origin="cache")
    assert answer.to_plain() == {
        "lookup": "crm",
        "outcome": "found",
        "fields": {"loyalty": "gold"},
        "ms": 1.5,
        "origin": "cache",
    }


def test_a_failed_answer_says_why() -> None:
    plain = Answer("crm", Outcome.FAILED, failure=Failure.STATUS, detail="500").to_plain()
    assert (plain["failure"], plain["detail"], plain["fields"]) == ("status", "500", {})


def test_a_trace_entry_leaves_out_what_is_empty() -> None:
    assert TraceEntry("flows.a", "flow", "a").to_plain() == {"path": "flows.a", "what": "flow", "result": "a"}
    whole = TraceEntry("p", "case", "unknown", "crm.vip", (("crm.vip", None),), "why", 0.25, "stale")
    assert whole.to_plain() == {
        "path": "p",
        "what": "case",
        "result": "unknown",
        "text": "crm.vip",
        "values": {"crm.vip": None},
        "reason": "why",
        "ms": 250.0,
        "origin": "stale",
    }


TRACE = (
    TraceEntry("flows.a", "flow", "a"),
    TraceEntry("p", "lookup", "found", "crm", (("loyalty", "gold"), ("orders", 3.0)), took=0.0125, origin="cache"),
    TraceEntry("p", "lookup", "failed", "vip", reason="timeout", took=0.8, began=0.0125),
    TraceEntry("q", "case", "unknown", "crm.vip", (("crm.vip", None),), "crm.vip is empty"),
    TraceEntry("r", "answer", "answered", took=0.0),
)


@pytest.mark.parametrize(
    "to",
    [
        QueueDestination("gold", 20),
        HangUpDestination(17),
        VoicemailDestination("100@default", "busy"),
        EndpointDestination("overflow", "PJSIP/overflow"),
    ],
    ids=str,
)
def test_a_decision_comes_back_from_json(to: Destination) -> None:
    label = Label("gold", {"X-Tier": "gold"}, {"tier": "gold"})
    notices = (Notice("wall", {"caller.number": "+46701234567"}),)
    decision = Decision("1.1", "a", to, "q: crm.vip", True, {"tier": "gold"}, TRACE, "0123", label, True, notices)
    plain = json.loads(json.dumps(decision.to_plain()))

    again = Decision.of_plain(plain)

    assert again.to_plain() == plain
    assert (again.destination, again.trace, again.label) == (to, TRACE, label)
    assert "notices" not in Decision.of_plain(Decision("1.1", "a", to, "q").to_plain()).to_plain()


def test_destinations_read_as_sentences() -> None:
    assert str(QueueDestination("gold", 20)) == "queue gold, priority 20"
    assert str(HangUpDestination(17)) == "hang up, cause 17"


def test_values_as_text() -> None:
    values = (None, True, False, 12.0, 12.5, -3.0, 2.0**60, "a", 5)
    texts = ("", "true", "false", "12", "12.5", "-3", "1.152921504606847e+18", "a", "5")
    assert tuple(map(as_text, values)) == texts
