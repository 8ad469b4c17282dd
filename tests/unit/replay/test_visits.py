"""A row of the journal as the agents saw it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ariroute.flow.again import Untold
from ariroute.flow.decision import Decision, Destination, HangUpDestination, QueueDestination
from ariroute.journal.reader import COLUMNS, Recorded
from ariroute.replay.visits import Place, Visit, visit_of

TEXTS: dict[str, Any] = dict.fromkeys(COLUMNS, "")
SENT: dict[str, Any] = {"handed": "handed over", "arrived": 1000.0, "took": 0.5, "queue": "gold", "priority": 20}
NOTHING_KNOWN = {"id": 1, "by_default": 0, "position": None, "wait": None, "talk": None}


def row(**columns: Any) -> Recorded:
    return Recorded(**(TEXTS | SENT | NOTHING_KNOWN | columns))


def decided(to: Destination) -> Decision:
    return Decision("c", "support", to, "because")


def test_a_contact_enters_when_it_was_handed_over_and_its_phone_rang_before_the_answer() -> None:
    answered = json.dumps({"what": "answered", "ring": 4}) + "\n"
    happened = json.dumps({"what": "entered"}) + "\n" + answered
    found = visit_of(
        row(outcome="answered", wait=9.5, talk=60.0, agent="Ann", happened=happened, outcome_queue="gold"),
        decided(QueueDestination("standard", 5)),
    )
    assert found == Visit(1000.5, Place("gold", 20), Place("standard", 5), "answered", 9.5, 60.0, "Ann", 4.0)


def test_a_ring_is_never_longer_than_the_wait() -> None:
    happened = json.dumps({"what": "answered", "ring": 400}) + "\n"
    found = visit_of(row(outcome="answered", wait=9.5, agent="Ann", happened=happened), None)
    assert found is not None
    assert found.ring == 9.5


def test_who_cannot_be_told_stays_and_who_gets_no_queue_leaves() -> None:
    stays, leaves, no_flow = (visit_of(row(), each) for each in (Untold("x"), decided(HangUpDestination()), None))
    assert stays == Visit(1000.5, Place("gold", 20), Place("gold", 20))
    assert leaves == no_flow == Visit(1000.5, Place("gold", 20), None)


def test_a_talk_whose_end_nobody_saw_was_answered_all_the_same() -> None:
    found = visit_of(row(outcome="unknown", wait=3.0, agent="Ann"), None)
    assert found is not None
    assert (found.outcome, found.wait, found.talk) == ("answered", 3.0, None)


def test_a_queue_that_the_dialplan_took_counts() -> None:
    found = visit_of(row(queue="", priority=0, outcome_queue="standard", outcome="abandoned", wait=8.0), Untold("x"))
    assert found == Visit(1000.5, Place("standard"), Place("standard"), "abandoned", 8.0)


@pytest.mark.parametrize("columns", [{"handed": "gone"}, {"queue": ""}])
def test_who_was_in_no_queue_and_comes_to_none_is_left_out(columns: dict[str, Any]) -> None:
    assert visit_of(row(**columns), decided(HangUpDestination())) is None
