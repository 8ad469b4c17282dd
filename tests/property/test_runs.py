"""Whatever the flows, the answers and the caller: a run ends, in a declared destination, the same one each time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flow_builders import LANGUAGE, LOOKUPS, MONDAY, OFFICE, QUEUES
from hypothesis import given
from hypothesis import strategies as st

from ariroute.flow.contact import Contact, party
from ariroute.flow.decision import HangUpDestination, QueueDestination
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.run import STEP_LIMIT, Run
from ariroute.flow.steps import Branch, Case, Goto, HangUp, Lookup, Set, Step, ToQueue
from ariroute.flow.trace import TraceEntry
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import Fetch

CONDITIONS = [
    LANGUAGE.condition(text)
    for text in (
        "true",
        "false",
        "crm.vip",
        'crm.loyalty == "gold"',
        'crm.loyalty in ["gold", "platinum"] || vip_list.visits > 3',
        "crm.orders > 10 && !crm.vip",
        'outcome.crm == "failed"',
        'outcome.vip_list != "found"',
        'coalesce(vip_list.tier, crm.loyalty, "none") == "gold"',
        'open("office")',
        'prefix(caller.e164, ["+46", "+47"])',
        'caller.name.contains("\\"")',
        'vars.level == "gold" || vars.count > 1',
        "arguments.exists(each, each == caller.name)",
    )
]

VALUES = [
    LANGUAGE.expression(text)
    for text in ('"a"', "crm.loyalty", "crm.orders", "crm.vip", "caller.name", "1.5", "null", "coalesce(crm.vip, true)")
]

QUEUE_NAMES = st.sampled_from(sorted(QUEUES))
FLOW_NAMES = ("first", "second", "third")
PATHS = st.integers(0, 9).map(lambda number: f"flows.x.steps[{number}]")


def steps(onward: tuple[str, ...]) -> st.SearchStrategy[tuple[Step, ...]]:
    """Lists of steps, with branches in branches; a goto leads only to the flows of ``onward``."""
    simple: list[st.SearchStrategy[Any]] = [
        st.builds(Lookup, PATHS, st.lists(st.sampled_from(sorted(LOOKUPS)), max_size=3).map(tuple)),
        st.builds(
            Set, PATHS, st.dictionaries(st.sampled_from(["level", "count"]), st.sampled_from(VALUES), max_size=2)
        ),
        st.builds(ToQueue, PATHS, QUEUE_NAMES, st.none() | st.integers(-10, 100)),
        st.builds(HangUp, PATHS, st.integers(1, 127)),
    ]
    if onward:
        simple.append(st.builds(Goto, PATHS, st.sampled_from(onward)))
    leaves = st.lists(st.one_of(simple), max_size=3).map(tuple)

    def branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        cases = st.lists(st.builds(Case, PATHS, st.sampled_from(CONDITIONS), inner), min_size=1, max_size=3).map(tuple)
        branch = st.builds(Branch, PATHS, cases, inner)
        return st.lists(st.one_of(*simple, branch), max_size=4).map(tuple)

    return st.recursive(leaves, branches, max_leaves=8)


def flows(circles: bool) -> st.SearchStrategy[dict[str, Flow]]:
    onward = {name: FLOW_NAMES if circles else FLOW_NAMES[place + 1 :] for place, name in enumerate(FLOW_NAMES)}
    return st.fixed_dictionaries(
        {name: st.builds(Flow, st.just(name), QUEUE_NAMES, st.none(), steps(onward[name])) for name in FLOW_NAMES}
    )


TEXTS = st.text(max_size=20) | st.sampled_from(["gold", "${SHELL(id)}", '"\r\n', "\ud800", "\u202e"])
FIELDS = st.sampled_from(["loyalty", "orders", "vip", "tier", "visits", "unheard_of"])
SCALARS = st.none() | st.booleans() | st.floats() | st.integers(-100, 100) | TEXTS | st.just([1])

ANSWERS = st.builds(
    Answer,
    st.sampled_from([*sorted(LOOKUPS), "stranger"]),
    st.sampled_from(Outcome),
    st.dictionaries(FIELDS, SCALARS, max_size=4),
    st.none() | st.sampled_from(Failure),
    st.text(max_size=5),
    st.floats(0, 10),
)

CONTACTS = st.builds(
    Contact,
    id=st.text(max_size=10),
    arrived=st.just(MONDAY),
    caller=st.builds(party, TEXTS | st.sampled_from(["0701234567", "+46701234567"]), TEXTS, st.just("SE")),
    arguments=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=2).map(tuple),
)

TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def walk(made: dict[str, Flow], contact: Contact, answers: list[list[Answer]], now: datetime) -> tuple[Any, int]:
    """The decision, and how often the run asked for something."""
    rules = Ruleset(made, QUEUES, {"office": OFFICE}, "SE", "Europe/Stockholm", "digest")
    run = Run(rules, made["first"], contact)
    wanted, asked = run.start(now), 0
    while isinstance(wanted, Fetch):
        asked += 1
        assert asked <= len(LOOKUPS), "a lookup was asked for twice"
        wanted = run.receive(answers[asked % len(answers)] if answers else [], now)
    return wanted, asked


@given(flows(circles=False), CONTACTS, st.lists(st.lists(ANSWERS, max_size=3), max_size=3), TIMES)
def test_a_run_ends_in_a_declared_destination_the_same_each_time(
    made: dict[str, Flow], contact: Contact, answers: list[list[Answer]], now: datetime
) -> None:
    decision, _ = walk(made, contact, answers, now)
    match decision.destination:
        case QueueDestination(queue, _):
            assert queue in QUEUES
        case HangUpDestination(cause):
            assert 1 <= cause <= 127
    assert not decision.by_default or decision.destination.queue == made[decision.flow].default
    assert "Error" not in decision.reason, "something broke inside"
    again, _ = walk(made, contact, answers, now)
    assert again.to_plain() == decision.to_plain()
    json.dumps(decision.to_plain(), allow_nan=False)


@given(flows(circles=True), st.lists(st.lists(ANSWERS, max_size=3), max_size=3))
def test_even_flows_in_a_circle_end_within_the_bound(made: dict[str, Flow], answers: list[list[Answer]]) -> None:
    decision, _ = walk(made, Contact("1", MONDAY), answers, MONDAY)
    visited = [entry for entry in decision.trace if entry.what in ("goto", "queue", "hangup")]
    assert len(visited) <= STEP_LIMIT
    assert isinstance(decision.destination, (QueueDestination, HangUpDestination))


@given(flows(circles=False), st.text(max_size=30))
def test_giving_up_at_any_moment_gives_the_default(made: dict[str, Flow], reason: str) -> None:
    run = Run(Ruleset(made, QUEUES, {}, "SE", "UTC"), made["first"], Contact("1", MONDAY))
    wanted = run.start(MONDAY)
    decision = run.give_up(reason)
    if isinstance(wanted, Fetch):
        assert decision.by_default
        assert reason in decision.reason
        assert decision.destination == QueueDestination(
            made[decision.flow].default, QUEUES[made[decision.flow].default].priority
        )
    else:
        assert decision is wanted


@given(flows(circles=False), st.lists(st.lists(ANSWERS, max_size=3), max_size=3))
def test_the_trace_begins_with_the_flow_and_ends_with_the_destination(
    made: dict[str, Flow], answers: list[list[Answer]]
) -> None:
    decision, _ = walk(made, Contact("1", MONDAY), answers, MONDAY)
    first, last = decision.trace[0], decision.trace[-1]
    assert first == TraceEntry("flows.first", "flow", "first")
    assert last.what == ("default" if decision.by_default else last.what)
    assert last.what in ("queue", "hangup", "default")
    ends = [entry for entry in decision.trace if entry.what in ("queue", "hangup", "default")]
    assert ends == [last]
