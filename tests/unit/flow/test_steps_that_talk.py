"""answer, play, say, menu, collect and consent in a run: what is wanted, and what the replies lead to."""

from __future__ import annotations

import pytest
from flow_builders import BO, CARRIER, LANGUAGE, MONDAY, assign, flow, lookup, question, ruleset, to, way

from ariroute.flow.decision import Decision, QueueDestination
from ariroute.flow.digits import Pattern
from ariroute.flow.facts import Answer, Failure
from ariroute.flow.prompts import SayNumber, SayText, Text
from ariroute.flow.run import STEP_LIMIT, Run
from ariroute.flow.steps import AnswerCall, Collect, Consent, Dial, Menu, Play, Step
from ariroute.flow.trace import TraceEntry
from ariroute.flow.wants import Gather, Gathered, Number, PickUp, Played, Rang, Reply, RingOutcome, Sound, Speech
from ariroute.flow.wants import Play as PlayWanted
from ariroute.testing import FakeCaller, Given, drive

MENU = Menu(
    "flows.support.steps[0]",
    question("menu", invalid=(Sound("wrong"),)),
    {"1": way(to("gold"), at="one"), "2": way(assign(level='"high"'), at="two")},
    on_no_input=way(to("platinum"), at="silent"),
    on_invalid=way(to("platinum", 1), at="wrong"),
)
COLLECT = Collect(
    "flows.support.steps[0]",
    question("number"),
    "number",
    4,
    6,
    pattern=None,
    on_no_input=way(to("platinum"), at="silent"),
    on_invalid=way(to("gold"), at="wrong"),
)
CONSENT = Consent("flows.support.steps[0]", question("may we"), "1", "2", "agreed", record=True)


def walk(
    *steps: Step, presses: tuple[str, ...] = (), given: dict[str, Given] | None = None
) -> tuple[Decision, FakeCaller]:
    caller, made = FakeCaller(presses), flow(*steps)
    return drive(Run(ruleset(made), made, BO), given or {}, MONDAY, caller), caller


def entries(decision: Decision, what: str) -> list[TraceEntry]:
    return [entry for entry in decision.trace if entry.what == what]


def test_answer_and_play_are_wanted_in_their_order_and_told_in_the_trace() -> None:
    decision, caller = walk(AnswerCall("a"), Play("b", (Sound("hello"),), 9.0, "sv"), to("gold"))
    assert caller.wanted == [PickUp(), PlayWanted((Sound("hello"),), 9.0, "sv")]
    assert [(entry.what, entry.result, entry.text) for entry in decision.trace[1:3]] == [
        ("answer", "answered", ""),
        ("play", "played", "hello"),
    ]


def test_a_prompt_that_cannot_be_played_is_told_and_the_flow_goes_on() -> None:
    made = flow(Play("b", (Sound("hello"),), 9.0), to("gold"))
    run = Run(ruleset(made), made, BO)
    run.start(MONDAY)
    decision = run.receive(Played("no such sound", 0.25), MONDAY)
    assert isinstance(decision, Decision)
    assert decision.destination == QueueDestination("gold", 20)
    assert entries(decision, "play") == [TraceEntry("b", "play", "failed", "hello", (), "no such sound", 0.25)]


def test_a_text_is_spoken_with_what_is_known_without_control_characters() -> None:
    text = Text(("Hello ", LANGUAGE.expression("crm.loyalty"), ", you have ", LANGUAGE.expression("crm.orders")))
    steps = (lookup("crm"), Play("b", (SayText(text),), 9.0, what="say"), to("gold"))
    decision, caller = walk(*steps, given={"crm": {"loyalty": "go\r\nld\u202e", "orders": None}})
    assert caller.wanted == [PlayWanted((Speech("Hello gold, you have"),), 9.0)]
    (said,) = entries(decision, "say")
    assert (said.result, said.text) == ("played", '"Hello gold, you have"')
    assert said.reason == "crm.orders left out: it is empty"


def test_a_number_that_is_not_known_is_left_out_and_nothing_is_played_for_it_alone() -> None:
    number = SayNumber(LANGUAGE.expression("crm.orders"))
    steps = (lookup("crm"), Play("b", (Sound("place"), number), 9.0), Play("c", (number,), 9.0), to("gold"))
    decision, caller = walk(*steps, given={"crm": Failure.TIMEOUT})
    assert caller.wanted == [PlayWanted((Sound("place"),), 9.0)]
    played, skipped = entries(decision, "play")
    assert played.reason == "number crm.orders left out: crm failed: timeout"
    assert (skipped.result, skipped.reason) == ("skipped", played.reason)


def test_a_known_number_is_said() -> None:
    steps = (lookup("crm"), Play("b", (SayNumber(LANGUAGE.expression("crm.orders")),), 9.0), to("gold"))
    _, caller = walk(*steps, given={"crm": {"orders": 11.6}})
    assert caller.wanted == [PlayWanted((Number(12),), 9.0)]


def test_a_key_of_the_menu_leads_its_way_and_gives_the_reason() -> None:
    decision, caller = walk(MENU, presses=("1",))
    assert decision.destination == QueueDestination("gold", 20)
    assert decision.reason == "flows.support.one: menu 1"
    assert caller.wanted == [Gather((Sound("menu"),), 30.0, 1, 5.0, 0.0)]


def test_a_way_without_a_destination_goes_on_behind_the_menu() -> None:
    decision, _ = walk(MENU, to("gold", 7), presses=("2",))
    assert decision.destination == QueueDestination("gold", 7)
    assert decision.variables == {"level": "high"}


def test_after_a_wrong_key_the_menu_says_so_and_is_asked_again() -> None:
    decision, caller = walk(MENU, presses=("9", "1"))
    first, second = caller.wanted
    assert isinstance(first, Gather)
    assert isinstance(second, Gather)
    assert (first.prompt, second.prompt) == ((Sound("menu"),), (Sound("wrong"), Sound("menu")))
    assert [(entry.result, entry.text, entry.values) for entry in entries(decision, "menu")] == [
        ("invalid", "menu", (("digits", "9"),)),
        ("1", "wrong, menu", (("digits", "1"),)),
    ]


def test_the_last_try_says_whether_it_was_silence_or_a_wrong_key() -> None:
    assert walk(MENU)[0].destination == QueueDestination("platinum", 30)
    assert walk(MENU, presses=("9", ""))[0].destination == QueueDestination("platinum", 30)
    assert walk(MENU, presses=("", "9"))[0].destination == QueueDestination("platinum", 1)
    assert len(walk(MENU)[1].wanted) == 2


def test_what_could_not_be_played_is_not_asked_again_but_its_keys_count() -> None:
    made = flow(MENU)
    for reply, expected in (
        (Gathered(failure="no such sound"), QueueDestination("platinum", 30)),
        (Gathered("1", "the playback broke off"), QueueDestination("gold", 20)),
    ):
        run = Run(ruleset(made), made, BO)
        run.start(MONDAY)
        decision = run.receive(reply, MONDAY)
        assert isinstance(decision, Decision)
        assert decision.destination == expected
        assert decision.trace[1].reason == reply.failure


def test_digits_that_fit_go_into_the_variable() -> None:
    decision, caller = walk(COLLECT, to("standard"), presses=("123456789",))
    assert decision.variables == {"number": "123456"}
    assert decision.destination == QueueDestination("standard", 0)
    assert caller.wanted == [Gather((Sound("number"),), 30.0, 6, 5.0, 3.0, "#")]
    (entry,) = entries(decision, "collect")
    assert (entry.result, entry.values) == ("collected", (("digits", "123456"),))


def test_digits_that_do_not_fit_leave_the_variable_empty() -> None:
    decision, _ = walk(COLLECT, presses=("12#", "123#"))
    assert decision.variables == {"number": ""}
    assert decision.destination == QueueDestination("gold", 20)
    assert [entry.result for entry in entries(decision, "collect")] == ["invalid", "invalid"]
    assert walk(COLLECT)[0].destination == QueueDestination("platinum", 30)


def test_a_pattern_is_asked_too() -> None:
    step = Collect("a", question("number", tries=1), "number", 4, 4, pattern=Pattern("4XXX"))
    assert walk(step, to("gold"), presses=("4123",))[0].variables == {"number": "4123"}
    assert walk(step, to("gold"), presses=("5123",))[0].variables == {"number": ""}


def test_a_star_is_no_digit() -> None:
    assert walk(COLLECT, presses=("12*4", "1234"))[0].variables == {"number": "1234"}


def test_an_empty_collected_variable_is_null_to_conditions() -> None:
    made = flow(COLLECT)
    run = Run(ruleset(made), made, BO)
    run.start(MONDAY)
    run.receive(Gathered(), MONDAY)
    decision = run.receive(Gathered(), MONDAY)
    assert isinstance(decision, Decision)
    assert LANGUAGE.condition("vars.number == null").holds(run._walk.scope) is True


def test_consent_is_true_false_or_empty_and_only_yes_records() -> None:
    for presses, value, record in ((("1",), "true", True), (("2",), "false", False), ((), "", False)):
        decision, _ = walk(CONSENT, to("gold"), presses=presses)
        assert (decision.variables, decision.record) == ({"agreed": value}, record)
    assert [entry.result for entry in entries(walk(CONSENT, presses=("9", "2"))[0], "consent")] == ["invalid", "no"]


def test_a_later_no_takes_the_consent_back() -> None:
    decision, _ = walk(CONSENT, CONSENT, to("gold"), presses=("1", "2"))
    assert not decision.record


def test_an_answer_without_record_records_nothing() -> None:
    step = Consent("a", question("may we"), "1", "2", "agreed")
    assert not walk(step, to("gold"), presses=("1",))[0].record


def test_a_reply_of_another_kind_ends_in_the_default_with_the_reason() -> None:
    made = flow(MENU)
    replies: list[Reply | list[Answer]] = [Played(), Rang(RingOutcome.BUSY), []]
    for reply in replies:
        run = Run(ruleset(made), made, BO)
        run.start(MONDAY)
        decision = run.receive(reply, MONDAY)
        assert isinstance(decision, Decision)
        assert decision.by_default
        assert "where the step wanted something else" in decision.reason


@pytest.mark.parametrize(
    ("step", "what", "text"),
    [
        (lookup("crm"), "lookup", "crm"),
        (AnswerCall("a"), "answer", ""),
        (Play("a", (Sound("hello"),), 9.0), "play", "hello"),
        (MENU, "menu", "menu"),
        (CONSENT, "consent", "may we"),
        (Dial("a", "overflow", CARRIER, 5.0), "dial", "overflow"),
    ],
)
def test_what_a_run_still_waited_for_is_told_when_it_is_given_up(step: Step, what: str, text: str) -> None:
    made = flow(step)
    run = Run(ruleset(made), made, BO)
    run.start(MONDAY)
    decision = run.give_up("no decision in time")
    assert [(entry.what, entry.result, entry.text) for entry in decision.trace[1:]] == [
        (what, "unfinished", text),
        ("default", "standard", ""),
    ]


def test_tries_count_as_steps_so_that_a_run_stays_bounded() -> None:
    endless = Menu("a", question("menu", tries=STEP_LIMIT * 2), {"1": way(to("gold"))})
    decision, caller = walk(endless)
    assert decision.by_default
    assert f"more than {STEP_LIMIT} steps" in decision.reason
    assert len(caller.wanted) == STEP_LIMIT
