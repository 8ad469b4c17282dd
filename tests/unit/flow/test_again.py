"""A contact walked again: the same decision by the same rules, others by others, and never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flow_builders import (
    BO,
    CARRIER,
    LANGUAGE,
    MONDAY,
    OFFICE,
    assign,
    branch,
    flow,
    lookup,
    question,
    ruleset,
    to,
    way,
)

from ariroute.flow.again import Past, Untold, walk_again
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.flow.gaps import Gaps
from ariroute.flow.history import History
from ariroute.flow.run import Run
from ariroute.flow.steps import Arm, AskHours, Dial, Lookup, LookupWays, Menu, Note, Play, Split, Step, Way
from ariroute.flow.tree import Flow
from ariroute.flow.wants import Fetch, RingOutcome, Sound
from ariroute.testing import FakeCaller, FakeLookups, Given, ManualClock, drive

GOLD = branch(("crm.loyalty == 'gold'", to("gold")))
MENU = Menu("flows.support.steps[0]", question("menu"), {"1": way(to("gold")), "2": way(to("platinum"))}, None, None)


def record(
    made: Flow, given: Mapping[str, Given] | None = None, caller: FakeCaller | None = None
) -> tuple[Decision, History]:
    run = Run(ruleset(made), made, BO)
    decision = drive(run, FakeLookups(given or {}, took=0.25), MONDAY, caller)
    return decision, run.history


def again(made: Flow, history: History, gaps: Gaps = Gaps()) -> Decision | Untold:  # noqa: B008  # it is frozen
    return walk_again(ruleset(made), made, Past(BO, history, gaps))


def queue(decided: Decision | Untold) -> str:
    assert isinstance(decided, Decision)
    assert isinstance(decided.destination, QueueDestination)
    return decided.destination.queue


def test_the_same_rules_decide_the_same_with_the_same_trace() -> None:
    made = flow(lookup("crm"), GOLD, to("standard"))
    decision, history = record(made, {"crm": {"loyalty": "gold"}})
    assert again(made, history) == decision
    assert again(made, history) == decision  # and once more: nothing of the record was used up


def test_other_rules_decide_by_what_was_answered_then() -> None:
    _, history = record(flow(lookup("crm"), GOLD, to("standard")), {"crm": {"loyalty": "gold", "orders": 3.0}})
    stricter = branch(("crm.loyalty == 'gold' && crm.orders > 5", to("gold")))
    assert queue(again(flow(lookup("crm"), stricter, to("standard")), history)) == "standard"


def test_a_lookup_that_was_not_asked_is_not_made_up() -> None:
    _, history = record(flow(lookup("crm"), to("standard")), {"crm": {"loyalty": "gold"}})
    found = again(flow(lookup("crm", "vip_list"), to("standard")), history)
    assert found == Untold("lookup vip_list was not asked then")


def test_a_field_that_was_not_kept_matters_only_where_it_is_asked_for() -> None:
    _, history = record(flow(lookup("crm"), to("standard")), {"crm": {"loyalty": "gold"}})
    gaps = Gaps(frozenset({"crm.orders"}))
    asks = branch(("crm.orders > 5", to("platinum")))
    assert again(flow(lookup("crm"), asks, to("standard")), history, gaps) == Untold("crm.orders was not recorded")
    assert queue(again(flow(lookup("crm"), GOLD, asks, to("standard")), history, gaps)) == "gold"


def test_what_is_only_told_is_no_reason_not_to_decide() -> None:
    gaps = Gaps(frozenset({"caller.e164"}))
    steps: tuple[Step, ...] = (Note("n", LANGUAGE.expression("caller.e164")), assign(number="caller.e164"), to("gold"))
    _, history = record(flow(*steps))
    assert queue(again(flow(*steps), history, gaps)) == "gold"


def test_a_variable_made_of_a_gap_is_one() -> None:
    gaps = Gaps(frozenset({"caller.e164"}))
    made = flow(assign(number="caller.e164"), branch(("vars.number == '+4670'", to("gold"))), to("standard"))
    _, history = record(made)
    assert again(made, history, gaps) == Untold("vars.number was not recorded")


def test_the_times_are_those_of_then() -> None:
    late = branch(("now > timestamp('2026-11-23T09:00:00.1Z')", to("gold")))
    made = flow(lookup("crm"), late, to("standard"))
    clock = ManualClock(MONDAY)
    run = Run(ruleset(made), made, BO)
    wanted = run.start(clock.now())
    assert isinstance(wanted, Fetch)
    clock.advance(0.25)
    decision = run.receive(FakeLookups({}).answer(wanted), clock.now())
    assert isinstance(decision, Decision)
    assert queue(decision) == "gold"
    assert again(made, run.history) == decision
    assert run.history.told[0].at - MONDAY == timedelta(seconds=0.25)


def test_keys_and_rings_are_those_of_then() -> None:
    ring = Dial("flows.support.steps[1]", "mobile", CARRIER, 20.0)
    made = flow(Play("p", (Sound("hello"),), 9.0), MENU, to("standard"))
    decision, history = record(made, caller=FakeCaller(["2"]))
    assert queue(decision) == "platinum"
    assert again(made, history) == decision
    assert queue(again(flow(MENU, to("standard")), history)) == "platinum"  # what is not played any more is not missed
    rung, told = record(flow(ring, to("gold")), caller=FakeCaller(rings=[RingOutcome.BUSY]))
    assert again(flow(ring, to("gold")), told) == rung
    assert again(flow(ring, to("gold")), history) == Untold("mobile was not rung then")
    answered, told = record(flow(ring, to("gold")), caller=FakeCaller(rings=[None]))
    assert again(flow(ring, to("gold")), told) == answered


def test_a_question_that_was_not_asked_has_no_answer() -> None:
    _, history = record(flow(to("gold")))
    assert again(flow(MENU, to("standard")), history) == Untold("the caller was not asked then: menu")


def test_a_run_that_was_given_up_is_given_up_again_where_it_waited() -> None:
    made = flow(lookup("crm"), GOLD, to("platinum"))
    run = Run(ruleset(made), made, BO)
    run.start(MONDAY)
    decision = run.give_up("no decision in time")
    assert decision.by_default
    assert again(made, run.history) == decision
    hopeless = Run(ruleset(made), made, BO)
    overloaded = hopeless.give_up("overload")
    assert again(made, hopeless.history) == overloaded


def test_a_lookup_that_was_left_out_of_the_answers_has_failed_again() -> None:
    ways = {"crm": LookupWays(error=Way("error", (to("gold"),)))}
    made = flow(Lookup("flows.support.steps[0]", ("crm",), ways), to("standard"))
    run = Run(ruleset(made), made, BO)
    run.start(MONDAY)
    decision = run.receive([], MONDAY)
    assert again(made, run.history) == decision


def test_a_split_goes_by_where_the_caller_stood_when_the_number_is_not_kept() -> None:
    made = flow(Split("s", "trial", (Arm(50, Way("in", (to("gold"),))),)), to("standard"))
    decision, history = record(made)
    drawn = dict(decision.trace[1].values)["drawn"]
    gaps = frozenset({"caller.e164", "caller.number"})
    assert again(made, history, Gaps(gaps, {"trial": drawn})) == decision
    assert again(made, history, Gaps(gaps)) == Untold("caller.e164 was not recorded")


def test_hours_whose_calendar_is_not_known_any_more_are_a_gap() -> None:
    made = flow(AskHours("h", "office", way(to("gold")), way(to("platinum")), None), to("standard"))
    decision, history = record(made)
    assert again(made, history) == decision
    assert OFFICE.name == "office"
    assert again(made, history, Gaps(frozenset({"hours.office"}))) == Untold("hours.office was not recorded")
