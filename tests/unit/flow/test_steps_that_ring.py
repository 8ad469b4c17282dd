"""dial and agent in a run, and voicemail: who is rung, where it leads, and how an answer ends it."""

from __future__ import annotations

import pytest
from flow_builders import ANNA, BO, CARRIER, LANGUAGE, MONDAY, assign, flow, lookup, ruleset, to, way

from ariroute.flow.decision import Decision, EndpointDestination, Label, QueueDestination, VoicemailDestination
from ariroute.flow.facts import Failure
from ariroute.flow.run import Run
from ariroute.flow.steps import Dial, NobodyThere, RingAgent, SetLabel, Step, Voicemail
from ariroute.flow.wants import Rang, Ring, RingOutcome
from ariroute.testing import FakeCaller, Given, drive

OTHERWISE = NobodyThere(way(to("gold", 1)), way(to("gold", 2)), way(to("gold", 3)))
DIAL = Dial("flows.support.steps[0]", "overflow", CARRIER, 20.0, OTHERWISE)


def agent(name: str) -> RingAgent:
    return RingAgent("flows.support.steps[0]", LANGUAGE.expression(name), 15.0, OTHERWISE, way(to("platinum")))


def walk(
    *steps: Step, rings: tuple[RingOutcome | None, ...] = (), given: dict[str, Given] | None = None
) -> tuple[Decision, FakeCaller]:
    caller, made = FakeCaller(rings=rings), flow(*steps)
    return drive(Run(ruleset(made), made, BO), given or {}, MONDAY, caller), caller


def test_when_somebody_answers_then_that_is_the_end() -> None:
    decision, caller = walk(DIAL, rings=(None,))
    assert caller.wanted == [Ring("overflow", CARRIER, 20.0)]
    assert decision.destination == EndpointDestination("overflow", "PJSIP/support@carrier")
    assert decision.reason == "flows.support.steps[0]"
    assert (decision.trace[-1].what, decision.trace[-1].result) == ("dial", "answered")
    assert {"dial": "overflow", "endpoint": "PJSIP/support@carrier"}.items() <= decision.to_plain().items()


@pytest.mark.parametrize(
    ("outcome", "priority"), [(RingOutcome.BUSY, 1), (RingOutcome.NO_ANSWER, 2), (RingOutcome.FAILED, 3)]
)
def test_when_nobody_answers_then_the_way_of_that_outcome_is_taken(outcome: RingOutcome, priority: int) -> None:
    for step, word in ((DIAL, "dial overflow"), (agent('"anna"'), "agent anna")):
        decision, _ = walk(step, rings=(outcome,))
        assert decision.destination == QueueDestination("gold", priority)
        assert decision.reason == f"flows.support.way: {word} {outcome}"


def test_without_a_way_the_flow_goes_on_behind_the_ring() -> None:
    step = Dial("flows.support.steps[0]", "overflow", CARRIER, 20.0)
    assert walk(step, to("gold"))[0].destination == QueueDestination("gold", 20)


def test_the_detail_of_a_ring_is_in_the_trace() -> None:
    made = flow(DIAL)
    run = Run(ruleset(made), made, BO)
    run.start(MONDAY)
    decision = run.receive(Rang(RingOutcome.FAILED, "CHANUNAVAIL", 1.5), MONDAY)
    assert isinstance(decision, Decision)
    ring = decision.trace[1]
    assert (ring.text, ring.result, ring.reason, ring.took) == ("overflow", "failed", "CHANUNAVAIL", 1.5)


@pytest.mark.parametrize("name", ["anna", "Anna  EK", "anna.ek@EXAMPLE.com"])
def test_an_agent_is_found_by_every_name_and_rung_only_when_idle(name: str) -> None:
    decision, caller = walk(lookup("crm"), agent("crm.loyalty"), rings=(None,), given={"crm": {"loyalty": name}})
    assert caller.wanted == [Ring("anna", ANNA.endpoint, 15.0, only_idle=True)]
    assert decision.destination == EndpointDestination("anna", "PJSIP/anna")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"loyalty": "PJSIP/boss&Local/0900@out"}, "no agent of the file is called so"),
        ({"loyalty": None}, "crm.loyalty is empty"),
        ({"loyalty": ""}, "crm.loyalty is empty"),
        (Failure.TIMEOUT, "crm failed: timeout"),
    ],
)
def test_when_the_name_is_nobodys_then_nobody_is_rung(given: Given, reason: str) -> None:
    decision, caller = walk(lookup("crm"), agent("crm.loyalty"), given={"crm": given})
    assert caller.wanted == []
    assert decision.destination == QueueDestination("platinum", 30)
    told = next(entry for entry in decision.trace if entry.what == "agent")
    assert (told.result, told.reason) == ("unknown", reason)


def test_before_a_ring_the_driver_can_see_what_goes_along_without_deciding() -> None:
    label = SetLabel("flows.support.steps[0]", LANGUAGE.expression('"GOLD"'))
    made = flow(assign(level='"high"'), label, DIAL)
    run = Run(ruleset(made), made, BO)
    assert isinstance(run.start(MONDAY), Ring)
    seen = run.if_answered()
    assert (seen.variables, seen.label) == ({"level": "high"}, Label("GOLD"))
    decision = run.receive(Rang(RingOutcome.BUSY), MONDAY)
    assert isinstance(decision, Decision)
    assert decision.destination == QueueDestination("gold", 1)


def test_an_answer_is_final_and_one_that_nobody_rang_for_is_the_default() -> None:
    made = flow(DIAL)
    run = Run(ruleset(made), made, BO)
    run.start(MONDAY)
    decision = run.answered(MONDAY)
    assert run.answered(MONDAY) is decision
    assert run.receive(Rang(RingOutcome.BUSY), MONDAY) is decision
    assert run.give_up("too late") is decision
    unrung = flow(lookup("crm"))
    run = Run(ruleset(unrung), unrung, BO)
    run.start(MONDAY)
    assert run.answered(MONDAY).by_default


def test_voicemail_is_an_end() -> None:
    decision, _ = walk(Voicemail("flows.support.steps[0]", "100@default", "busy"), to("gold"))
    assert decision.destination == VoicemailDestination("100@default", "busy")
    assert {"voicemail": "100@default", "greeting": "busy"}.items() <= decision.to_plain().items()
    assert str(decision.destination) == "voicemail 100@default"
