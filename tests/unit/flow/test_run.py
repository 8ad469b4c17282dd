"""The run: order of steps, what it asks for, where it ends, and what its trace says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flow_builders import (
    BO,
    LANGUAGE,
    MONDAY,
    QUEUES,
    assign,
    branch,
    flow,
    goto,
    hang_up,
    lookup,
    ruleset,
    to,
)

from ariroute.flow.conditions import Expression
from ariroute.flow.decision import Decision, HangUpDestination, QueueDestination
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.run import STEP_LIMIT, Run
from ariroute.flow.steps import Branch, Case, Step
from ariroute.flow.tree import Flow
from ariroute.flow.wants import Fetch
from ariroute.testing import FakeLookups, Given, drive

LOYALTY = branch(
    ('crm.loyalty == "platinum"', to("platinum")),
    ('crm.loyalty == "gold" && open("office")', to("gold")),
)


def decide(first: Flow, given: dict[str, Given] | None = None, *others: Flow) -> Decision:
    return drive(Run(ruleset(first, *others), first, BO), given or {}, MONDAY)


def walked(decision: Decision) -> list[tuple[str, str, str]]:
    return [(entry.path.removeprefix("flows."), entry.what, entry.result) for entry in decision.trace]


def test_the_first_true_case_is_taken_and_gives_the_reason() -> None:
    decision = decide(flow(lookup("crm"), LOYALTY), {"crm": {"loyalty": "gold"}})
    assert decision.destination == QueueDestination("gold", 20)
    assert decision.reason == 'flows.support.steps[1].branch[1]: crm.loyalty == "gold" && open("office")'
    assert not decision.by_default
    assert decision.ruleset == "digest"


def test_the_trace_holds_what_was_visited_and_nothing_else() -> None:
    decision = decide(flow(lookup("crm"), LOYALTY), {"crm": {"loyalty": "platinum"}})
    assert walked(decision) == [
        ("support", "flow", "support"),
        ("support.steps[0]", "lookup", "found"),
        ("support.steps[1].branch[0]", "case", "true"),
        ("support.steps[9]", "queue", "platinum"),
    ]


def test_the_trace_says_what_was_compared_with_what() -> None:
    decision = decide(flow(lookup("crm"), LOYALTY), {"crm": {"loyalty": "gold"}})
    first, second = (entry for entry in decision.trace if entry.what == "case")
    assert (first.text, first.values) == ('crm.loyalty == "platinum"', (("crm.loyalty", "gold"),))
    assert second.values == (("crm.loyalty", "gold"), ("now", "2026-11-23T09:00:00+00:00"))


def test_the_trace_of_a_lookup_says_outcome_time_and_origin() -> None:
    answer = Answer("crm", Outcome.FOUND, {"loyalty": "gold"}, took=0.0123, origin="stale")
    decision = decide(flow(lookup("crm", "vip_list"), to("gold")), {"crm": answer, "vip_list": Failure.TIMEOUT})
    crm, vip = (entry.to_plain() for entry in decision.trace if entry.what == "lookup")
    assert crm == {
        "path": "flows.support.steps[0]",
        "what": "lookup",
        "result": "found",
        "text": "crm",
        "values": {"loyalty": "gold"},
        "ms": 12.3,
        "origin": "stale",
    }
    assert (vip["result"], vip["reason"], vip["origin"]) == ("failed", "timeout", "given")


def test_when_the_crm_times_out_then_the_default_queue_with_the_reason_in_the_trace() -> None:
    decision = decide(flow(lookup("crm"), LOYALTY), {"crm": Failure.TIMEOUT})
    assert decision.destination == QueueDestination("standard", 0)
    assert decision.by_default
    assert decision.reason == "flows.support.default: the steps ended without a destination"
    cases = [entry for entry in decision.trace if entry.what == "case"]
    assert {(entry.result, entry.reason) for entry in cases} == {("unknown", "crm failed: timeout")}


def test_an_unknown_case_is_passed_over_for_a_later_true_one() -> None:
    steps = branch(("crm.vip", to("platinum")), ('outcome.crm == "failed"', to("gold")))
    assert decide(flow(lookup("crm"), steps), {"crm": Failure.STATUS}).destination == QueueDestination("gold", 20)


def test_an_empty_truth_value_is_not_true() -> None:
    decision = decide(flow(lookup("crm"), branch(("crm.vip", to("gold")))), {"crm": {"vip": None}})
    case = next(entry for entry in decision.trace if entry.what == "case")
    assert (case.result, case.reason) == ("unknown", "crm.vip is empty")


def test_otherwise_is_taken_when_no_case_is_true() -> None:
    steps = branch(("crm.vip", to("gold")), otherwise=(to("platinum"),))
    decision = decide(flow(steps))
    assert decision.destination == QueueDestination("platinum", 30)
    assert decision.reason == "flows.support.steps[1].branch[1]: else, no case is true"


def test_a_case_without_a_destination_goes_on_after_the_branch() -> None:
    steps = branch(("true", assign(level='"high"')), ("true", hang_up()))
    decision = decide(flow(steps, to("gold")))
    assert decision.destination == QueueDestination("gold", 20)
    assert decision.reason == "flows.support.steps[9]"
    assert decision.variables == {"level": "high"}


def test_a_branch_without_a_true_case_goes_on_after_it() -> None:
    decision = decide(flow(branch(("false", hang_up())), to("gold")))
    assert decision.destination == QueueDestination("gold", 20)
    assert ("support.steps[1]", "otherwise", "none") in walked(decision)


def test_branches_may_be_nested() -> None:
    inner = branch(("true", to("gold")), at="steps[1].branch[0].steps[0]")
    decision = decide(flow(branch(("true", inner))))
    assert decision.reason == "flows.support.steps[1].branch[0].steps[0].branch[0]: true"


def test_a_queue_step_may_give_its_own_priority() -> None:
    assert decide(flow(to("gold", 99))).destination == QueueDestination("gold", 99)
    assert decide(flow(to("gold", 0))).destination == QueueDestination("gold", 0)


def test_hanging_up_is_an_end() -> None:
    assert decide(flow(hang_up(21), to("gold"))).destination == HangUpDestination(21)


def test_goto_goes_on_in_the_other_flow_with_its_default() -> None:
    decision = decide(flow(goto("night"), to("gold")), {}, flow(name="night", default="platinum"))
    assert decision.flow == "night"
    assert decision.destination == QueueDestination("platinum", 30)
    assert walked(decision) == [
        ("support", "flow", "support"),
        ("support.steps[3]", "goto", "night"),
        ("night", "flow", "night"),
        ("night.default", "default", "platinum"),
    ]


def test_facts_and_variables_live_on_in_the_other_flow() -> None:
    other = flow(branch(('crm.vip && vars.level == "a"', to("gold"))), name="night")
    decision = decide(flow(lookup("crm"), assign(level='"a"'), goto("night")), {"crm": {"vip": True}}, other)
    assert decision.destination == QueueDestination("gold", 20)


def test_flows_that_go_round_in_a_circle_end_in_the_default_queue() -> None:
    decision = decide(flow(goto("night")), {}, flow(goto("support"), name="night"))
    assert decision.by_default
    assert f"more than {STEP_LIMIT} steps" in decision.reason


def test_variables_are_handed_over_as_text() -> None:
    steps = assign(level="crm.orders", count="1.5")
    assert decide(flow(lookup("crm"), steps), {"crm": {"orders": 12.0}}).variables == {"level": "12", "count": "1.5"}


@pytest.mark.parametrize(
    ("given", "expected", "result"),
    [({"crm": {"vip": True}}, "true", "set"), ({"crm": {}}, "", "set"), ({"crm": Failure.TIMEOUT}, "", "unknown")],
)
def test_a_variable_that_cannot_be_told_is_empty_for_asterisk_and_unknown_in_the_trace(
    given: dict[str, Given], expected: str, result: str
) -> None:
    decision = decide(flow(lookup("crm"), assign(level="crm.vip")), given)
    assert decision.variables == {"level": expected}
    assert ("support.steps[2]", "set", result) in walked(decision)


def test_it_asks_for_all_lookups_of_a_step_at_once_with_what_is_known() -> None:
    lookups = FakeLookups({"crm": {"loyalty": "gold", "orders": 3.0}})
    steps = flow(lookup("crm"), lookup("vip_list"), to("gold"))
    drive(Run(ruleset(steps), steps, BO), lookups, MONDAY)
    first, second = lookups.asked
    assert (first.lookups, second.lookups) == (("crm",), ("vip_list",))
    assert first.inputs == BO.facts()
    assert second.inputs == {**BO.facts(), "crm.loyalty": "gold", "crm.orders": "3"}


def test_a_failed_lookup_gives_no_inputs() -> None:
    odd = Answer("crm", Outcome.FAILED, {"loyalty": "gold"}, failure=Failure.STATUS)
    lookups = FakeLookups({"crm": odd})
    steps = flow(lookup("crm"), lookup("vip_list"))
    drive(Run(ruleset(steps), steps, BO), lookups, MONDAY)
    assert lookups.asked[1].inputs == BO.facts()


def test_a_lookup_is_asked_once_in_a_run() -> None:
    lookups = FakeLookups({})
    steps = flow(lookup("crm", "crm"), lookup("crm"), lookup("crm", "vip_list"), to("gold"))
    decision = drive(Run(ruleset(steps), steps, BO), lookups, MONDAY)
    assert [fetch.lookups for fetch in lookups.asked] == [("crm",), ("vip_list",)]
    again = [entry for entry in decision.trace if entry.reason == "asked before in this run"]
    assert [entry.text for entry in again] == ["crm", "crm"]


def test_a_lookup_that_nobody_answered_counts_as_failed() -> None:
    steps = flow(lookup("crm", "vip_list"), branch(('outcome.vip_list == "failed"', to("gold"))))
    run = Run(ruleset(steps), steps, BO)
    run.start(MONDAY)
    decision = run.receive([Answer("crm", Outcome.MISSING), Answer("stranger", Outcome.MISSING)], MONDAY)
    assert isinstance(decision, Decision)
    assert decision.destination == QueueDestination("gold", 20)
    assert decision.trace[2].reason == "error: no answer came"


def test_of_two_answers_the_first_counts() -> None:
    steps = flow(lookup("crm"), LOYALTY)
    run = Run(ruleset(steps), steps, BO)
    run.start(MONDAY)
    answers = [Answer("crm", Outcome.FOUND, {"loyalty": name}) for name in ("platinum", "gold")]
    decision = run.receive(answers, MONDAY)
    assert isinstance(decision, Decision)
    assert decision.destination == QueueDestination("platinum", 30)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], {"a": 1}, b"x"])
def test_an_answer_with_what_is_no_plain_value_counts_as_failed(value: Any) -> None:
    decision = decide(flow(lookup("crm")), {"crm": Answer("crm", Outcome.FOUND, {"loyalty": value})})
    entry = decision.trace[1]
    assert (entry.result, entry.values) == ("failed", ())
    assert entry.reason == "wrong_type: loyalty is not text, a finite number, true or false"


def test_now_is_the_time_of_the_last_answer() -> None:
    steps = flow(lookup("crm"), branch(('open("office")', to("gold"))))
    run = Run(ruleset(steps), steps, BO)
    assert isinstance(run.start(MONDAY), Fetch)
    decision = run.receive([], MONDAY + timedelta(hours=9))
    assert isinstance(decision, Decision)
    assert decision.by_default


def test_giving_up_keeps_the_trace_and_takes_the_default() -> None:
    steps = flow(lookup("crm"), LOYALTY)
    run = Run(ruleset(steps), steps, BO)
    run.start(MONDAY)
    decision = run.give_up("Asterisk went away")
    assert decision.destination == QueueDestination("standard", 0)
    assert decision.reason == "flows.support.default: Asterisk went away"
    assert [(entry.what, entry.result) for entry in decision.trace[1:2]] == [("lookup", "unfinished")]
    assert [entry.what for entry in decision.trace] == ["flow", "lookup", "default"]


def test_a_decision_stays_whatever_comes_after() -> None:
    steps = flow(to("gold"))
    run = Run(ruleset(steps), steps, BO)
    decision = run.start(MONDAY)
    assert run.start(MONDAY) is decision
    assert run.receive([], MONDAY) is decision
    assert run.give_up("late") is decision


def test_answers_before_the_start_end_in_the_default_queue() -> None:
    steps = flow(lookup("crm"), to("gold"))
    decision = Run(ruleset(steps), steps, BO).receive([], MONDAY)
    assert isinstance(decision, Decision)
    assert decision.reason == "flows.support.default: a reply came that was not asked for"


class Exploding:
    """Stands where a step, a condition or an answer should be."""

    def __getattr__(self, name: str) -> Any:
        raise ZeroDivisionError("out of order")


def with_condition(condition: Any) -> Branch:
    return Branch("flows.support.steps[0]", (Case("flows.support.steps[0].branch[0]", condition, (to("gold"),)),))


@pytest.mark.parametrize("broken", [with_condition(Exploding()), goto("nowhere"), to("nowhere"), None])
def test_whatever_breaks_inside_ends_in_the_default_queue(broken: Any) -> None:
    steps: tuple[Step, ...] = (broken,) if broken is not None else Exploding()  # type: ignore[assignment]
    decision = decide(Flow("support", "standard", None, steps))
    assert decision.by_default
    assert decision.destination == QueueDestination("standard", 0)


def test_the_reason_of_a_break_has_the_exception_s_type() -> None:
    decision = decide(flow(with_condition(Exploding())))
    assert decision.reason == "flows.support.default: ZeroDivisionError: out of order"


def test_a_broken_answer_ends_in_the_default_queue() -> None:
    steps = flow(lookup("crm"), LOYALTY)
    run = Run(ruleset(steps), steps, BO)
    run.start(MONDAY)
    decision = run.receive([Exploding()], MONDAY)  # type: ignore[list-item]
    assert isinstance(decision, Decision)
    assert decision.reason == "flows.support.default: ZeroDivisionError: out of order"


def test_a_compiled_program_that_breaks_leaves_the_condition_unknown() -> None:
    condition = Expression("crm.vip", "bool", frozenset(), LANGUAGE.condition("crm.vip").program)
    broken = replace(BO, caller=replace(BO.caller, name="\ud800"))  # never made by party(): no text for protobuf
    steps = flow(with_condition(condition))
    decision = drive(Run(ruleset(steps), steps, broken), {}, MONDAY)
    assert next(entry for entry in decision.trace if entry.what == "case").result == "unknown"
    assert decision.destination == QueueDestination("standard", 0)


def test_a_default_queue_that_is_not_listed_still_takes_the_caller() -> None:
    assert decide(flow(default="elsewhere")).destination == QueueDestination("elsewhere", 0)


def test_a_decision_is_json() -> None:
    decision = decide(
        flow(lookup("crm", "vip_list"), assign(level="crm.loyalty"), LOYALTY), {"crm": {"loyalty": "gold"}}
    )
    plain = json.loads(json.dumps(decision.to_plain(), allow_nan=False))
    assert (plain["queue"], plain["priority"], plain["flow"]) == ("gold", QUEUES["gold"].priority, "support")
    hung_up = decide(flow(hang_up(17))).to_plain()
    assert hung_up["hangup"] == 17
    assert "queue" not in hung_up
