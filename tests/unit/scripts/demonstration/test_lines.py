"""A call in words."""

from __future__ import annotations

import pytest

from ariroute.lab.records import QueueEvent
from scripts.demonstration.board import Routed
from scripts.demonstration.lines import COLUMNS, NARROWEST, WIDEST, cells, heading, line, lookup, widths

from .calls import ARRIVED, call, routed


def test_when_a_call_is_answered_then_each_column_has_its_words() -> None:
    one = call("+46701000003", "gold", decision=routed(loyalty="gold", orders=58.0, name="Cecilia Ek"))

    time, *words = cells(one, {}, ARRIVED)

    assert len(time) == len("20:00:53")
    assert words == [
        *("Cecilia Ek", "+46701000003", "gold, 58", 'crm.loyalty == "gold"'),
        *("gold 20", "  0 s", "Eva"),
    ]


def test_when_nobody_has_answered_yet_then_the_wait_runs() -> None:
    one = call("+46701000003", "gold", agent=None, wait=None, decision=routed())

    assert cells(one, {}, ARRIVED + 7)[-2:] == ("  7 s", "")


def test_when_the_caller_left_then_the_agent_column_says_so() -> None:
    one = call("+46701000003", "gold", agent=None, wait=4, decision=routed(), ending=QueueEvent.ABANDON)

    assert cells(one, {}, ARRIVED + 9)[-2:] == ("  4 s", "left")


def test_when_there_is_no_decision_then_the_default_queue_has_no_priority() -> None:
    one = call("+46701000003", "standard", agent="Hal")

    assert cells(one, {"+46701000003": "Cecilia"}, ARRIVED)[1:6] == (
        *("Cecilia", "+46701000003", "-", "no decision: default", "standard"),
    )


def test_when_the_number_is_withheld_then_it_says_so() -> None:
    assert cells(call("anonymous", "standard"), {}, ARRIVED)[1:3] == ("-", "withheld")


def test_when_a_name_moves_the_cursor_then_only_what_prints_is_left() -> None:
    one = call("+46701000003", "gold", decision=routed(name="A\x1b[2Jnn\u202e\r\n"))

    assert cells(one, {}, ARRIVED)[1] == "A[2Jnn"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (routed(loyalty="silver", orders=3), "silver, 3"),
        (routed(orders=0.0), "no loyalty, 0"),
        (routed(loyalty="gold"), "gold"),
        (routed("missing"), "not a customer"),
        (routed("missing", reason="caller.e164 is empty"), "no number"),
        (routed("failed", reason="timeout: no answer in 800ms"), "failed timeout"),
        (routed("failed"), "failed"),
        (Routed({}, {}, {}, "", False, "gold", 20), "not asked"),
        (None, "-"),
    ],
)
def test_what_the_lookup_said_in_words(said: Routed | None, words: str) -> None:
    assert lookup(said) == words


@pytest.mark.parametrize("total", [NARROWEST, NARROWEST + 1, 120, WIDEST, 300])
def test_when_the_screen_is_wide_enough_then_a_line_fits_and_columns_align(total: int) -> None:
    full = tuple("x" * 200 for _ in COLUMNS)

    assert len(line(full, total)) <= total
    assert sum(widths(total)) + len(COLUMNS) - 1 <= max(total, NARROWEST)
    assert heading(total).index("queue") == sum(widths(total)[:5]) + 5


def test_the_narrowest_screen_has_100_columns() -> None:
    assert NARROWEST == 100
