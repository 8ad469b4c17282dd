"""Verdicts on calls, from samples of Asterisk 16.28 and 22.10 and from cases that these do not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.lab.records import QueueEvent, cel, parse_queue_row, queue_log
from ariroute.lab.verdict import CallVerdict, census, verdicts

SAMPLES = Path(__file__).parents[2] / "fixtures" / "records"
RELEASES = ["asterisk-16", "asterisk-22"]


def told(*lines: str) -> CallVerdict:
    """The verdict on call 1.0 by lines of queue_log, each without time and call."""
    calls = verdicts(parse_queue_row(f"1|1.0|{line}") for line in lines)
    assert list(calls) == ["1.0"]
    return calls["1.0"]


@pytest.mark.parametrize("release", RELEASES)
def test_when_real_calls_are_judged_then_each_has_its_queues_agent_and_ending(release: str) -> None:
    calls = verdicts(queue_log(SAMPLES / release / "queue_log").rows())

    assert {
        call.caller: (call.queues, call.answered_by, call.ending, call.entered_twice) for call in calls.values()
    } == {
        "+46701000001": (("gold",), "agent1", QueueEvent.COMPLETEAGENT, False),
        "+46701000002": (("gold",), "agent1", QueueEvent.COMPLETECALLER, False),
        "+46701000003": (("lonely",), None, QueueEvent.ABANDON, False),
        "+46701000004": (("lonely", "gold"), "agent1", QueueEvent.COMPLETEAGENT, False),
        "a|b": (("lonely",), None, QueueEvent.ABANDON, False),
        "+46701000006": (("leaver", "gold"), "agent1", QueueEvent.COMPLETEAGENT, False),
        "+46701000009": (("gold",), None, QueueEvent.ABANDON, False),
    }


@pytest.mark.parametrize("release", RELEASES)
def test_when_real_calls_are_counted_then_only_the_one_that_met_no_queue_is_lost(release: str) -> None:
    rows = cel(SAMPLES / release / "Master.csv").rows()
    caller = {row.uniqueid: row.caller for row in rows if row.name == "CHAN_START"}

    count = census(rows, queue_log(SAMPLES / release / "queue_log").rows(), {"ariroute-demo"})

    assert len(count.placed) == 9
    assert len(count.queued) == 7
    assert [caller[one] for one in count.left_first] == ["+46701000007"]
    assert [caller[one] for one in count.lost] == ["+46701000008"]
    assert count.twice == frozenset()


@pytest.mark.parametrize("release", RELEASES)
def test_when_another_context_is_counted_then_callers_are_not_in_it(release: str) -> None:
    rows = cel(SAMPLES / release / "Master.csv").rows()

    assert census(rows, [], {"elsewhere"}).placed == frozenset()


def test_when_a_call_waits_then_it_has_no_ending_yet() -> None:
    call = told("gold|NONE|ENTERQUEUE||+46701|1")

    assert (call.ending, call.wait, call.answered_by) == (None, None, None)


def test_when_a_call_was_answered_then_wait_and_talk_are_known() -> None:
    call = told("gold|NONE|ENTERQUEUE||1|1", "gold|agent1|CONNECT|7|1.1|2", "gold|agent1|COMPLETECALLER|7|60|1")

    assert (call.wait, call.talk, call.answered_by) == (7, 60, "agent1")


def test_when_a_call_enters_again_without_overflow_then_it_entered_twice() -> None:
    assert told("gold|NONE|ENTERQUEUE||1|1", "silver|NONE|ENTERQUEUE||1|1").entered_twice
    assert told("gold|NONE|ENTERQUEUE||1|1", "gold|NONE|ABANDON|1|1|0", "gold|NONE|ENTERQUEUE||1|1").entered_twice


@pytest.mark.parametrize("exit_", ["EXITEMPTY|1|1|0", "EXITWITHTIMEOUT|1|1|0", "EXITWITHKEY|9|1|1|0"])
def test_when_a_call_overflows_then_it_did_not_enter_twice(exit_: str) -> None:
    call = told("gold|NONE|ENTERQUEUE||1|1", f"gold|NONE|{exit_}", "last|NONE|ENTERQUEUE||1|1")

    assert call.queues == ("gold", "last")
    assert not call.entered_twice
    assert call.ending is None


def test_when_a_call_entered_twice_and_then_overflows_then_it_still_did() -> None:
    call = told(
        "gold|NONE|ENTERQUEUE||1|1",
        "gold|NONE|ENTERQUEUE||1|1",
        "gold|NONE|EXITEMPTY|1|1|0",
        "last|NONE|ENTERQUEUE||1|1",
    )

    assert call.entered_twice


@pytest.mark.parametrize("event", ["BLINDTRANSFER|100|sales|5|9|1", "ATTENDEDTRANSFER|BRIDGE|x|5|9|1"])
def test_when_an_agent_transfers_the_call_then_that_is_its_ending(event: str) -> None:
    call = told("gold|NONE|ENTERQUEUE||1|1", "gold|agent1|CONNECT|5|1.1|2", f"gold|agent1|{event}")

    assert (call.answered_by, call.ending) == ("agent1", QueueEvent[event.partition("|")[0]])


def test_when_rows_are_not_about_a_queued_call_then_there_is_no_verdict() -> None:
    assert verdicts([parse_queue_row("1|NONE|NONE|NONE|QUEUESTART|"), parse_queue_row("1|CLI|gold|a|ADDMEMBER|")]) == {}
