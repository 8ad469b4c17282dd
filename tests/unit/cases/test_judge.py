"""Each thing that can be expected is told when it is not so, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ariroute.cases.case import Expected
from ariroute.cases.ending import Ending
from ariroute.cases.judge import judged
from ariroute.cases.path import Stop, is_in_order, stops
from ariroute.flow.decision import Decision, HangUpDestination, Label, Notice, QueueDestination, VoicemailDestination
from ariroute.flow.trace import TraceEntry

TRACE = (
    TraceEntry("flows.a", "flow", "a"),
    TraceEntry("flows.a.steps[0]", "lookup", "failed", "crm", reason="timeout: no answer within 800 ms"),
    TraceEntry("flows.a.steps[1].branch[0]", "case", "false", "crm.vip"),
    TraceEntry("flows.a.steps[1].branch[1]", "otherwise", "taken", "else"),
    TraceEntry("flows.a.steps[2]", "set", "set", '"gold"', (("tier", "gold"),)),
    TraceEntry("flows.a.steps[3]", "lookup", "failed", "crm", reason="asked before in this run"),
    TraceEntry("flows.a.steps[4]", "queue", "gold"),
)
DECISION = Decision(
    "test",
    "a",
    QueueDestination("gold", 20),
    "flows.a.steps[1].branch[1]: else, no case is true",
    variables={"tier": "gold"},
    trace=TRACE,
    label=Label("GOLD", {"X-Tier": "gold"}, {"CUSTOMER": "1"}),
    record=True,
    notices=(Notice("ticket", {}), Notice("chat", {})),
)
MAILBOX = replace(DECISION, destination=VoicemailDestination("100", "busy"))


def told(expected: Expected, decision: Decision = DECISION, after: float = 0.5) -> list[str]:
    return [str(each) for each in judged(expected, decision, after)]


def test_what_is_so_is_not_told() -> None:
    everything = Expected(
        ending=Ending("queue", "gold", 20),
        path=("crm.timeout", "else", "set tier"),
        path_has=("crm", "flows.a.steps[2]"),
        variables={"tier": "gold", "other": ""},
        name_prefix="GOLD",
        headers={"X-Tier": "gold"},
        channel_variables={"CUSTOMER": "1"},
        reason="no case is true",
        within=0.5,
        by_default=False,
        flow="a",
        notices=("chat", "ticket"),
        record=True,
    )

    assert told(everything) == []
    assert told(Expected(ending=Ending("voicemail", "100@default"), greeting="busy"), MAILBOX) == []


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (Expected(ending=Ending("queue", "gold", 10)), "priority: expected 10, got 20"),
        (Expected(ending=Ending("queue", "", 10)), "priority: expected 10, got 20"),
        (
            Expected(ending=Ending("queue", "silver", 20)),
            "end: expected queue silver, priority 20, got queue gold, priority 20",
        ),
        (Expected(ending=Ending("hangup", "", 21)), "end: expected hang up, cause 21, got queue gold, priority 20"),
        (Expected(path=("crm.failed", "else")), "path: expected crm.failed, else, got crm.failed, else, set tier"),
        (Expected(path=()), "path: expected nothing, got crm.failed, else, set tier"),
        (Expected(path_has=("else", "crm")), "path_has: expected else, crm, got crm.failed, else, set tier"),
        (Expected(path_has=("crm.found",)), "path_has: expected crm.found, got crm.failed, else, set tier"),
        (Expected(variables={"tier": "none"}), "vars.tier: expected none, got gold"),
        (Expected(variables={"other": "x"}), "vars.other: expected x, got nothing"),
        (Expected(name_prefix=""), "label.name_prefix: expected nothing, got GOLD"),
        (Expected(headers={"X-Tier": "none"}), "label.headers.X-Tier: expected none, got gold"),
        (Expected(channel_variables={"CUSTOMER": "2"}), "label.variables.CUSTOMER: expected 2, got 1"),
        (
            Expected(reason="vip"),
            "reason: expected a text with 'vip', got 'flows.a.steps[1].branch[1]: else, no case is true'",
        ),
        (Expected(within=0.4), "within: expected 400ms, got 500ms"),
        (Expected(by_default=True), "by_default: expected true, got false"),
        (Expected(flow="b"), "flow: expected b, got a"),
        (Expected(notices=()), "notify: expected nothing, got ticket, chat"),
        (Expected(notices=("ticket",)), "notify: expected ticket, got ticket, chat"),
        (Expected(record=False), "record: expected false, got true"),
    ],
    ids=lambda value: value.partition(":")[0] if isinstance(value, str) else "",
)
def test_what_is_not_so_is_told_alone(expected: Expected, words: str) -> None:
    assert told(expected) == [words]


def test_a_greeting_is_looked_at_where_there_is_one() -> None:
    wanted = Expected(ending=Ending("voicemail", "100"), greeting="none")

    assert told(wanted, MAILBOX) == ["greeting: expected none, got busy"]
    assert told(wanted) == ["end: expected voicemail 100, got queue gold, priority 20"]


def test_hung_up_with_any_cause_is_hung_up() -> None:
    ended = replace(DECISION, destination=HangUpDestination(17))

    assert told(Expected(ending=Ending("hangup")), ended) == []
    assert told(Expected(ending=Ending("hangup", "", 16)), ended) == [
        "end: expected hang up, cause 16, got hang up, cause 17"
    ]


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        (TraceEntry("p", "hours", "open", "office"), ("office.open", "office")),
        (TraceEntry("p", "split", "20 percent", "trial"), ("trial.20 percent", "trial")),
        (TraceEntry("p", "agent", "busy", "maja"), ("maja.busy", "maja")),
        (TraceEntry("p", "menu", "no_input", "custom/menu"), ("menu.no_input", "menu")),
        (TraceEntry("p", "play", "failed", "beep"), ("play.failed", "play", "play beep")),
        (TraceEntry("p", "case", "true", "crm.vip"), ("when crm.vip",)),
        (TraceEntry("p", "notify", "planned", "ticket"), ("notify ticket",)),
        (TraceEntry("p", "goto", "sales"), ("goto sales",)),
        (TraceEntry("p", "lookup", "missing", "crm"), ("crm.missing", "crm")),
    ],
    ids=lambda value: value.what if isinstance(value, TraceEntry) else "",
)
def test_a_step_has_its_names(entry: TraceEntry, names: tuple[str, ...]) -> None:
    assert stops([entry]) == [Stop(names, "p")]


@pytest.mark.parametrize("what", ["case", "cases", "otherwise", "queue", "hangup", "voicemail", "default", "flow"])
def test_what_is_looked_at_only_and_the_end_are_no_steps(what: str) -> None:
    assert stops([TraceEntry("p", what, "false")]) == []  # type: ignore[arg-type]


def test_a_step_that_is_expected_twice_is_taken_twice() -> None:
    menu = Stop(("menu.invalid", "menu"), "p")

    assert is_in_order(["menu", "menu"], [menu, menu])
    assert not is_in_order(["menu", "menu"], [menu])
