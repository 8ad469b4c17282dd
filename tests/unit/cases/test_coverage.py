"""Coverage: which ways of the flows are taken, and the words for those that are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from ariroute.cases.coverage import Coverage, coverage
from ariroute.config.load import load_text
from ariroute.flow.contact import Contact, dialled_party, party
from ariroute.flow.facts import Failure, Outcome
from ariroute.flow.run import Run
from ariroute.flow.trace import TraceEntry
from ariroute.flow.tree import Ruleset
from ariroute.flow.wants import RingOutcome
from ariroute.testing import FakeCaller, FakeLookups, Given, drive

HEAD = """
version: 1
region: SE
timezone: Europe/Stockholm
lookups:
  crm:
    csv: {path: x.csv, key: phone}
    fields: {loyalty: string, orders: number, manager: string}
queues: {gold: {priority: 20}, standard: {}}
hours: {office: {mon-fri: "08:00-17:00", holidays: ["2026-12-24"]}}
endpoints: {partner: PJSIP/partner}
agents: {maja: PJSIP/maja}
flows:
"""
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def rules(flows: str) -> Ruleset:
    return load_text(HEAD + flows).ruleset


def one(steps: str) -> Ruleset:
    """One flow with these steps."""
    lines = "".join(f"      {line}\n" for line in steps.strip("\n").splitlines())
    return rules(f"  main:\n    trigger: {{call: {{to: support}}}}\n    default: standard\n    steps:\n{lines}")


def walk(
    ruleset: Ruleset,
    given: Mapping[str, Given] | None = None,
    presses: Sequence[str] = (),
    rings: Sequence[RingOutcome | None] = (),
    at: datetime = NOON,
    number: str = "+46701234567",
) -> tuple[TraceEntry, ...]:
    contact = Contact("1.1", at, party(number, "", "SE"), dialled_party("support", "SE"))
    flow = ruleset.flow_for(contact)
    assert flow is not None
    return drive(Run(ruleset, flow, contact), FakeLookups(given or {}), at, FakeCaller(presses, rings)).trace


def untaken(found: Coverage) -> list[str]:
    return [way.words for way in found.untaken]


BRANCH = """
- lookup: crm
- branch:
    - match: {crm.loyalty: gold}
      queue: gold
    - when: crm.orders > 10
      queue: {name: standard, priority: 5}
    - else:
      queue: standard
"""


def test_without_a_test_nothing_is_covered_and_every_way_is_named() -> None:
    found = coverage(one(BRANCH), [])
    assert found.percent == 0
    assert untaken(found) == [
        "flow main is never walked",
        "lookup crm is never found",
        "lookup crm is never missing",
        "lookup crm is never failed",
        'when crm.loyalty == "gold": never true',
        'when crm.loyalty == "gold": never false',
        "when crm.orders > 10: never true",
        "when crm.orders > 10: never false",
        "else: never taken",
    ]


def test_a_call_covers_the_ways_that_it_takes_and_a_case_that_cannot_be_told_is_not_true() -> None:
    ruleset = one(BRANCH)
    gold = walk(ruleset, {"crm": {"loyalty": "gold"}})
    failed = walk(ruleset, {"crm": Failure.TIMEOUT})
    found = coverage(ruleset, [gold, failed])
    assert untaken(found) == ["lookup crm is never missing", "when crm.orders > 10: never true"]
    assert (found.percent, dict(found.by_flow())) == (77.7, {"main": (7, 9)})


def test_every_way_taken_is_a_hundred_percent() -> None:
    ruleset = one(BRANCH)
    given: list[Mapping[str, Given]] = [
        {"crm": {"loyalty": "gold"}},
        {"crm": {"loyalty": "none", "orders": 11.0}},
        {"crm": Outcome.MISSING},
        {"crm": Failure.REFUSED},
    ]
    found = coverage(ruleset, [walk(ruleset, each) for each in given])
    assert (found.percent, found.untaken) == (100.0, [])
    assert found.to_plain() == {
        "percent": 100.0,
        "taken": 9,
        "ways": 9,
        "flows": {"main": {"taken": 9, "ways": 9}},
        "untaken": [],
    }


def test_a_timeout_counts_as_failed_unless_it_has_a_way_of_its_own() -> None:
    ruleset = one("- lookup: {crm: {on_error: {queue: standard}, on_timeout: {queue: gold}}}\n- queue: standard")
    late = walk(ruleset, {"crm": Failure.TIMEOUT})
    refused = walk(ruleset, {"crm": Failure.REFUSED})
    assert "lookup crm is never failed" in untaken(coverage(ruleset, [late]))
    assert "lookup crm is never too slow (timeout)" in untaken(coverage(ruleset, [refused]))
    assert untaken(coverage(ruleset, [late, refused])) == [
        "lookup crm is never found",
        "lookup crm is never missing",
    ]


def test_a_branch_without_else_has_a_way_past_it() -> None:
    ruleset = one("- lookup: crm\n- branch:\n    - match: {crm.loyalty: gold}\n      queue: gold\n- queue: standard")
    gold = walk(ruleset, {"crm": {"loyalty": "gold"}})
    assert "no call goes past this branch" in untaken(coverage(ruleset, [gold]))
    missing = walk(ruleset)
    assert "no call goes past this branch" not in untaken(coverage(ruleset, [gold, missing]))


def test_of_a_long_branch_the_cases_passed_over_count_as_not_true() -> None:
    names = [f"l{number}" for number in range(40)]
    cases = "".join(f"    - match: {{crm.loyalty: {name}}}\n      queue: gold\n" for name in names)
    ruleset = one(f"- lookup: crm\n- branch:\n{cases}    - else:\n      queue: standard")
    trace = walk(ruleset, {"crm": {"loyalty": "l30"}})
    assert any(entry.what == "cases" for entry in trace)
    found = coverage(ruleset, [trace])
    never_false = [words for words in untaken(found) if words.endswith("never false")]
    assert len(never_false) == 10  # l30, which was true, and those behind it
    assert 'when crm.loyalty == "l30": never true' not in untaken(found)


TALK = """
- menu:
    prompt: welcome
    keys:
      "1": {queue: gold}
      "2": {then: [{note: "'two'"}]}
    on_no_input: {queue: standard}
    tries: 2
- collect: {prompt: ask, digits: 4, into: pin, tries: 1}
- consent: {prompt: record, yes: "1", no: "2", into: agreed, tries: 1}
- queue: standard
"""


def test_of_a_question_asked_again_the_last_try_counts() -> None:
    ruleset = one(TALK)
    found = coverage(ruleset, [walk(ruleset, presses=["", "1"])])
    assert "menu: everybody presses something" in untaken(found)
    assert "menu: nobody presses 1" not in untaken(found)
    assert "menu: everybody presses something" not in untaken(coverage(ruleset, [walk(ruleset, presses=["", ""])]))


def test_keys_digits_and_consent_each_have_all_their_ways() -> None:
    ruleset = one(TALK)
    calls = (["1"], ["", ""], ["9", "9"], ["2", "1234", "1"], ["2", "12", "2"], ["2", "", ""], ["2", "1234", "9"])
    found = coverage(ruleset, [walk(ruleset, presses=keys) for keys in calls])
    assert untaken(found) == []
    assert "consent: nobody says no to agreed" in untaken(
        coverage(ruleset, [walk(ruleset, presses=keys) for keys in calls[:4]])
    )


@pytest.mark.parametrize(("at", "state"), [(NOON, "open"), (SUNDAY, "closed")])
def test_hours_are_open_closed_and_a_holiday_only_where_it_has_a_way(at: datetime, state: str) -> None:
    two = one("- hours: {calendar: office, open: {queue: gold}, closed: {queue: standard}}")
    found = coverage(two, [walk(two, at=at)])
    other = "closed" if state == "open" else "open"
    assert untaken(found) == [f"hours office are never {other}"]
    three = one("- hours: {calendar: office, open: {queue: gold}, closed: {queue: gold}, holiday: {hangup: 16}}")
    assert "hours office are never closed by a holiday" in untaken(coverage(three, [walk(three, at=at)]))


def test_arms_of_a_split_that_are_alike_are_told_apart() -> None:
    ruleset = one(
        "- split:\n    name: trial\n    ways:\n      - {percent: 40, queue: gold}\n"
        "      - {percent: 40, queue: standard}\n- queue: standard"
    )
    traces = [walk(ruleset, number=f"+4670123456{digit}") for digit in range(10)]
    first = [trace for trace in traces if dict(trace[1].values)["drawn"] < 40]
    assert 0 < len(first) < len(traces)
    words = [way.words for way in coverage(ruleset, first).untaken]
    assert words == ["split trial: nobody is among the 40 percent", "split trial: nobody is left over"]
    assert [way.found for way in coverage(ruleset, first).untaken] == ["arm 1", "the rest"]


def test_rings_have_each_end_and_an_agent_may_be_unknown() -> None:
    ruleset = one(
        "- lookup: crm\n- agent: {name: {cel: crm.manager}, timeout: 10s, on_no_answer: {queue: standard}}\n"
        "- dial: {endpoint: partner, timeout: 10s}\n- queue: standard"
    )
    maja: Mapping[str, Given] = {"crm": {"manager": "maja"}}
    rings: list[list[RingOutcome | None]] = [[None]]
    for end in RingOutcome:
        rings += [[end, None], [RingOutcome.BUSY, end]]
    traces = [walk(ruleset, maja, rings=each) for each in rings]
    assert untaken(coverage(ruleset, traces)) == [
        "lookup crm is never missing",
        "lookup crm is never failed",
        "agent crm.manager is never unknown",
    ]
    more = [walk(ruleset, {"crm": {"manager": "nobody"}}), walk(ruleset), walk(ruleset, {"crm": Failure.ERROR})]
    assert coverage(ruleset, traces + more).percent == 100.0


def test_each_flow_counts_and_one_behind_goto_is_walked_by_way_of_it() -> None:
    ruleset = rules(
        "  main:\n    trigger: {call: {to: support}}\n    default: standard\n    steps: [{goto: night}]\n"
        "  night: {default: standard, steps: [{queue: gold}]}\n"
        "  other: {trigger: {call: {to: other}}, default: standard, steps: [{queue: gold}]}\n"
    )
    found = coverage(ruleset, [walk(ruleset)])
    assert dict(found.by_flow()) == {"main": (1, 1), "night": (1, 1), "other": (0, 1)}
    assert found.percent == 66.6
