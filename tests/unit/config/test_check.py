"""What only the whole file shows: ways through the flows, deadlines, circles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ariroute.flow.contact import Contact, Party
from ariroute.flow.decision import Decision
from ariroute.flow.run import STEP_LIMIT, Run
from unit.config.texts import QUEUES, flow_file, loaded, mistakes

SLOW = """\
lookups:
  a: {http: {url: "http://a.local/{caller.e164}", timeout: 1500ms}, fields: {x: string}}
  b: {http: {url: "http://b.local/{caller.e164}", timeout: 1500ms}, fields: {x: string}}
  c: {http: {url: "http://c.local/{caller.e164}", timeout: 1ms}, fields: {x: string}}
"""


def test_when_lookups_are_asked_together_then_the_slowest_counts() -> None:
    assert loaded(flow_file("- lookup: [a, b, c]\n- queue: gold", lookups=SLOW))


def test_when_the_deadlines_just_fit_the_guard_then_the_file_is_good() -> None:
    assert loaded(flow_file("- lookup: a\n- lookup: b\n- queue: gold", lookups=SLOW))


def test_when_the_longest_way_does_not_fit_the_guard_then_it_is_told_where() -> None:
    steps = "- lookup: a\n- branch:\n    - when: a.x == 'y'\n      then: [{lookup: b}]\n- lookup: c"
    assert mistakes(flow_file(steps, lookups=SLOW)) == [
        "f.yaml:16:9: flows.support.steps[2].lookup: lookups up to here can take 3.001s, but the guard of 4s leaves "
        "them 3s: shorten their timeouts, or ask several in one step"
    ]


def test_when_no_way_asks_all_then_their_sum_does_not_count() -> None:
    steps = """\
- branch:
    - match: {caller.name: x}
      then: [{lookup: a}, {lookup: c}]
    - else:
      then: [{lookup: b}]"""
    assert loaded(flow_file(steps, lookups=SLOW))


def test_when_a_lookup_is_asked_again_then_it_takes_no_time() -> None:
    assert loaded(flow_file("- lookup: a\n- lookup: b\n- lookup: [a, b]\n- lookup: a", lookups=SLOW))


def test_when_the_guard_is_longer_then_more_fits() -> None:
    assert loaded(flow_file("- lookup: a\n- lookup: b\n- lookup: c", lookups=SLOW) + "daemon: {guard: 5s}\n")


def test_deadlines_count_through_goto() -> None:
    text = flow_file("- lookup: a\n- goto: other", lookups=SLOW)
    text += "  other: {default: gold, steps: [{lookup: b}, {lookup: c}]}\n"
    assert ["flows.other.steps[1].lookup" in line for line in mistakes(text)] == [True]


def test_what_one_way_asked_is_known_behind_a_branch() -> None:
    steps = """\
- branch: [{match: {caller.name: x}, then: [{lookup: a}]}]
- branch: [{when: a.x == 'y', queue: gold}]"""
    assert loaded(flow_file(steps, lookups=SLOW))


def test_what_was_asked_before_a_goto_is_known_there() -> None:
    text = flow_file("- lookup: a\n- goto: other", lookups=SLOW)
    text += "  other: {default: gold, steps: [{branch: [{when: a.x == 'y', queue: gold}]}]}\n"
    assert loaded(text)


def test_an_outcome_of_a_lookup_that_was_not_asked_is_a_mistake() -> None:
    (line,) = mistakes(flow_file("- branch: [{match: {outcome.crm: failed}, queue: gold}]"))
    assert "'crm' has not been asked before: add the step '- lookup: crm' above" in line


def test_a_value_of_a_lookup_that_was_not_asked_is_a_mistake() -> None:
    (line,) = mistakes(flow_file("- set: {tier: {cel: crm.loyalty}}\n- queue: gold"))
    assert "'crm' has not been asked before" in line


def test_every_circle_is_told_once() -> None:
    flows = "".join(f"  {a}: {{default: gold, steps: [{{goto: {b}}}]}}\n" for a, b in ("ab", "bc", "ca", "de", "ed"))
    told = mistakes("version: 1\n" + QUEUES + "flows:\n" + flows)
    assert [line.partition("circle: ")[2].partition(";")[0] for line in told] == ["a -> b -> c -> a", "d -> e -> d"]


def chain(length: int) -> str:
    """Flows that lead to each other, then to a queue: ``length`` steps in all."""
    flows = "".join(f"  f{n}: {{default: standard, steps: [{{goto: f{n + 1}}}]}}\n" for n in range(length - 1))
    return (
        "version: 1\n"
        + QUEUES
        + "flows:\n"
        + flows
        + f"  f{length - 1}: {{default: standard, steps: [{{queue: gold}}]}}\n"
    )


def straight(length: int) -> str:
    """Branches one after the other that nobody leaves, then a queue: ``length`` steps in all."""
    case = "- branch: [{match: {caller.name: x}, hangup: 16}]\n"
    return flow_file(case * (length - 1) + "- queue: gold")


def nested(length: int) -> str:
    """A branch in whose first way steps lie, and a queue behind it: ``length`` steps in all."""
    inner = ", ".join("{set: {a: 1}}" for _ in range(length - 2))
    return flow_file(f"- branch: [{{match: {{caller.name: Bo}}, then: [{inner}]}}]\n- queue: gold")


@pytest.mark.parametrize("text", [chain, straight, nested])
def test_the_longest_way_that_is_accepted_is_walked_to_its_end_and_one_step_more_is_refused(
    text: Callable[[int], str],
) -> None:
    config = loaded(text(STEP_LIMIT))
    flow = next(iter(config.ruleset.flows.values()))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    decision = Run(config.ruleset, flow, Contact("1", now, Party(name="Bo"))).start(now)
    assert isinstance(decision, Decision)
    assert (str(decision.destination), decision.by_default) == ("queue gold, priority 20", False)

    (line,) = mistakes(text(STEP_LIMIT + 1))
    assert "is step number 1001 on the longest way here, and a contact takes 1000 at most" in line


def test_a_branch_in_which_one_way_goes_on_does_not_end_the_flow() -> None:
    steps = """\
- lookup: crm
- branch:
    - when: crm.orders > 1
      queue: gold
    - else:
      then: []
- queue: standard"""
    assert loaded(flow_file(steps))


def test_a_step_behind_a_nested_end_is_never_reached() -> None:
    steps = "- branch:\n    - match: {caller.name: x}\n      then: [{queue: gold}, {hangup: 16}]"
    (line,) = mistakes(flow_file(steps))
    assert "flows.support.steps[0].branch[0].then[1]: is never reached" in line


def test_a_hundred_branches_with_lookups_are_walked_at_once() -> None:
    names = [f"l{n}" for n in range(30)]
    lookups = "lookups:\n" + "".join(
        f'  {n}: {{http: {{url: "http://a.local/{{caller.e164}}", timeout: 10ms}}, fields: {{x: string}}}}\n'
        for n in names
    )
    steps = "\n".join(f"- branch: [{{match: {{caller.name: x}}, then: [{{lookup: {n}}}]}}]" for n in names)
    assert loaded(flow_file(steps, lookups=lookups))
