"""One call out of three records."""

from __future__ import annotations

import json

from ariroute.lab.records import parse_cel_row, parse_queue_row
from scripts.demonstration.board import Board, parse_log_line


def cel(event: str, time: float, application: str = "", context: str = "ariroute-demo", uniqueid: str = "9.1") -> str:
    cells = (event, f"{time:.6f}", uniqueid, uniqueid, "PJSIP/caller-1", "+46701000003")
    return ",".join(f'"{cell}"' for cell in (*cells, context, "support", application, "", ""))


LOG = {
    "message": "routed",
    "channel": "9.1",
    "queue": "gold",
    "priority": 20,
    "by_default": False,
    "reason": 'flows.support.steps[1].branch[1]: crm.loyalty == "gold": yes',
    "lookups": {"crm": "found"},
    "lookup_reasons": {},
    "facts": {"crm": {"orders": 58}},
}


def board(*, log: list[str], queue: tuple[str, ...] = (), rows: tuple[str, ...] = ()) -> Board:
    made = Board()
    made.take_cel(map(parse_cel_row, (cel("CHAN_START", 100.0), *rows)))
    made.take_queue_log(map(parse_queue_row, queue))
    made.take_log(map(parse_log_line, log))
    return made


def test_when_all_three_tell_of_a_channel_then_it_is_one_call() -> None:
    made = board(
        log=["not JSON", json.dumps(LOG)],
        queue=("100|9.1|gold|NONE|ENTERQUEUE||+46701000003|1", "101|9.1|gold|Eva|CONNECT|1|9.2|0"),
        rows=(cel("APP_START", 100.1, "Stasis"), cel("APP_START", 100.125, "Queue")),
    )

    (call,) = made.calls.values()
    assert (call.number, call.arrived) == ("+46701000003", 100.0)
    assert call.took is not None
    assert round(call.took, 3) == 0.025
    assert call.verdict is not None
    assert (call.verdict.queues, call.verdict.answered_by, call.verdict.wait) == (("gold",), "Eva", 1)
    assert call.routed is not None
    assert (call.routed.because, call.routed.facts) == ('crm.loyalty == "gold": yes', {"crm": {"orders": 58}})
    assert (call.is_settled, call.is_waiting, call.is_over) == (True, False, False)


def test_when_nobody_has_answered_then_it_waits() -> None:
    (call,) = board(log=[], queue=("100|9.1|gold|NONE|ENTERQUEUE||+46701000003|1",)).calls.values()

    assert (call.is_waiting, call.is_settled) == (True, False)


def test_when_the_channel_is_gone_without_a_queue_then_it_is_over() -> None:
    (call,) = board(log=[], rows=(cel("CHAN_END", 101.0),)).calls.values()

    assert (call.is_over, call.is_settled, call.verdict) == (True, True, None)


def test_when_a_second_queue_begins_then_the_time_to_the_first_stays() -> None:
    rows = (cel("APP_START", 100.1, "Stasis"), cel("APP_START", 100.2, "Queue"), cel("APP_START", 109.0, "Queue"))

    (call,) = board(log=[], rows=rows).calls.values()

    assert call.queued == 100.2


def test_when_the_channel_is_an_agents_then_it_is_no_call() -> None:
    made = board(log=[], rows=(cel("CHAN_START", 100.0, context="ariroute-demo-agents", uniqueid="9.2"),))

    assert list(made.calls) == ["9.1"]


def test_when_the_daemon_passed_it_on_then_the_reason_is_kept() -> None:
    line = {"message": "passed on without a decision: no flow answers to '800'", "channel": "9.1"}

    (call,) = board(log=[json.dumps(line)]).calls.values()

    assert (call.routed, call.passed_on) == (None, "no flow answers to '800'")
