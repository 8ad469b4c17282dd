"""Planned calls against what Asterisk saw."""

from __future__ import annotations

from scripts.demonstration.cast import Planned
from scripts.demonstration.judgement import complaints, judge, summary, tiers

from .calls import call, routed

ANN = Planned("+1", "Ann", "gold")
BO = Planned("+2", "Bo", "standard")


def test_when_all_is_right_then_nothing_is_complained_of() -> None:
    judged = judge([ANN, BO], [call("+2", "standard", wait=7, took=0.03), call("+1", "gold", took=0.02)])

    gold, standard, total = tiers(judged, ["platinum", "gold", "standard"])

    assert (gold.name, gold.placed, gold.right, gold.answered, gold.wait) == ("gold", 1, 1, 1, 0)
    assert (standard.name, standard.wait, standard.longest) == ("standard", 7, 7)
    assert (total.name, total.placed, total.wait) == ("all", 2, 3.5)
    assert total.to_queue is not None
    assert round(total.to_queue) == 25
    assert complaints(judged) == []
    assert summary(judged) == "2 of 2 calls in the right queue, none lost"


def test_when_one_is_in_another_queue_then_it_is_named() -> None:
    judged = judge([ANN], [call("+1", "standard", decision=routed())])

    assert complaints(judged) == ["+1 (Ann) belongs in gold, but entered standard by a decision of the flow"]
    assert summary(judged) == "0 of 1 calls in the right queue, none lost"


def test_when_it_overflowed_from_its_queue_then_it_is_not_right() -> None:
    judged = judge([ANN], [call("+1", "gold", "standard")])

    assert complaints(judged) == [
        "+1 (Ann) belongs in gold, but entered gold, then standard without a decision of the daemon"
    ]


def test_when_it_entered_its_queue_twice_then_it_is_not_right() -> None:
    assert not judge([ANN], [call("+1", "gold", twice=True)])[0].is_right


def test_when_no_queue_has_it_then_it_is_lost() -> None:
    judged = judge([ANN, BO], [call("+1")])

    assert complaints(judged) == ["+1 (Ann) is lost: no queue", "+2 (Bo) never reached Asterisk"]
    assert summary(judged) == "0 of 2 calls in the right queue, 2 lost, 2 not answered"


def test_when_nobody_answered_then_that_is_said() -> None:
    judged = judge([BO], [call("+2", "standard", agent=None)])

    assert complaints(judged) == ["+2 (Bo) waited in standard and was not answered"]


def test_when_one_calls_twice_then_each_call_counts_once() -> None:
    first, second = call("+1", "gold", uniqueid="1"), call("+1", "standard", uniqueid="2")

    judged = judge([ANN, ANN, ANN], [first, second])

    assert [one.call for one in judged] == [first, second, None]
