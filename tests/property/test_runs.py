"""Whatever the flows, the answers and the caller: a run ends, in a declared destination, the same one each time."""

from __future__ import annotations

import json
from datetime import datetime

from flow_builders import AGENTS, MONDAY, OFFICE, QUEUES
from flow_strategies import ANSWERS, CONTACTS, REPLIES, STORIES, TIMES, flows, walk
from hypothesis import given
from hypothesis import strategies as st

from ariroute.flow.contact import Contact, party
from ariroute.flow.decision import (
    Decision,
    EndpointDestination,
    HangUpDestination,
    QueueDestination,
    VoicemailDestination,
)
from ariroute.flow.facts import Answer
from ariroute.flow.run import STEP_LIMIT, Run
from ariroute.flow.steps import Arm, Goto, HangUp, Split, ToQueue, Voicemail, Way, ways_of
from ariroute.flow.trace import TraceEntry
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import Reply


@given(flows(circles=False), CONTACTS, st.lists(st.lists(ANSWERS, max_size=3), max_size=3), TIMES, STORIES)
def test_a_run_ends_in_a_declared_destination_the_same_each_time(
    made: dict[str, Flow],
    contact: Contact,
    answers: list[list[Answer]],
    now: datetime,
    story: list[Reply | None],
) -> None:
    decision, wants = walk(made, contact, answers, now, story)
    match decision.destination:
        case QueueDestination(queue, _):
            assert queue in QUEUES
            assert not decision.by_default or queue == made[decision.flow].default
        case HangUpDestination(cause):
            assert 1 <= cause <= 127
        case VoicemailDestination(box):
            assert box.startswith("100")
        case EndpointDestination(_, endpoint):
            assert endpoint == wants[-1].endpoint
    assert "Error" not in decision.reason, "something broke inside"
    again, _ = walk(made, contact, answers, now, story)
    assert again.to_plain() == decision.to_plain()
    json.dumps(decision.to_plain(), allow_nan=False)


@given(flows(circles=True), st.lists(st.lists(ANSWERS, max_size=3), max_size=3), STORIES)
def test_even_flows_in_a_circle_end_within_the_bound(
    made: dict[str, Flow], answers: list[list[Answer]], story: list[Reply | None]
) -> None:
    decision, wants = walk(made, Contact("1", MONDAY), answers, MONDAY, story)
    visited = [entry for entry in decision.trace if entry.what in ("goto", "queue", "hangup", "voicemail")]
    assert len(visited) <= STEP_LIMIT
    assert len(wants) <= STEP_LIMIT


@given(flows(circles=False), CONTACTS, st.lists(REPLIES, max_size=4))
def test_replies_that_fit_nothing_end_in_a_decision_all_the_same(
    made: dict[str, Flow], contact: Contact, replies: list[Reply | None]
) -> None:
    run = Run(Ruleset(made, QUEUES, {"office": OFFICE}, "SE", "UTC", "", AGENTS), made["first"], contact)
    run.start(MONDAY)
    for reply in replies:
        _ = run.answered(MONDAY) if reply is None else run.receive(reply, MONDAY)
    decision = run.give_up("the driver has gone")
    assert isinstance(decision, Decision)
    assert "Error" not in decision.reason


@given(st.lists(st.text(max_size=12), min_size=50, max_size=50, unique=True), st.floats(5, 95))
def test_nobody_changes_sides_in_a_split(names: list[str], percent: float) -> None:
    split = Split("a", "trial", (Arm(percent, Way("in", (ToQueue("in", "gold"),))),))
    made = {"first": Flow("first", "standard", None, (split,))}
    for name in names:
        first, again = (
            walk(made, Contact(call, MONDAY, caller=party(name, "", "SE")), [], MONDAY, [])[0]
            for call in (("1", "1") if not party(name, "", "SE").number else ("1", "2"))
        )
        assert first.destination == again.destination


@given(flows(circles=False))
def test_every_way_out_of_a_step_is_known_to_those_who_walk_the_tree(made: dict[str, Flow]) -> None:
    for flow in made.values():
        for step in flow.walk():
            ends = isinstance(step, (ToQueue, Goto, HangUp, Voicemail))
            assert (not list(ways_of(step))) == ends


@given(flows(circles=False), st.text(max_size=30))
def test_giving_up_at_any_moment_gives_the_default(made: dict[str, Flow], reason: str) -> None:
    run = Run(Ruleset(made, QUEUES, {}, "SE", "UTC"), made["first"], Contact("1", MONDAY))
    wanted = run.start(MONDAY)
    decision = run.give_up(reason)
    if not isinstance(wanted, Decision):
        assert decision.by_default
        assert reason in decision.reason
        assert decision.destination == QueueDestination(
            made[decision.flow].default, QUEUES[made[decision.flow].default].priority
        )
    else:
        assert decision is wanted


@given(flows(circles=False), st.lists(st.lists(ANSWERS, max_size=3), max_size=3), STORIES)
def test_the_trace_begins_with_the_flow_and_ends_with_the_destination(
    made: dict[str, Flow], answers: list[list[Answer]], story: list[Reply | None]
) -> None:
    decision, _ = walk(made, Contact("1", MONDAY), answers, MONDAY, story)
    first, last = decision.trace[0], decision.trace[-1]
    assert first == TraceEntry("flows.first", "flow", "first")
    assert last.what == ("default" if decision.by_default else last.what)
    ends = [entry for entry in decision.trace if entry.what in ENDS or (entry.result == "answered" and entry.text)]
    assert ends == [last]


ENDS = ("queue", "hangup", "voicemail", "default")
