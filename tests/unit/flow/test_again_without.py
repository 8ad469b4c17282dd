"""A contact walked again without what was not kept of it: where it stood, what it keyed in, what a calendar said."""

from __future__ import annotations

from datetime import timedelta

from flow_builders import BO, LOOKUPS, MONDAY, OFFICE, branch, flow, question, ruleset, to, way

from ariroute.flow.again import Past, Untold, walk_again
from ariroute.flow.conditions import Language
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.flow.gaps import Gaps
from ariroute.flow.history import History, Told
from ariroute.flow.hours import Agenda, Event, Hours, Stretch
from ariroute.flow.run import Run
from ariroute.flow.steps import Arm, AskHours, Branch, Case, Collect, Consent, Lookup, Split, Way
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import Fetch, Gather, Gathered
from ariroute.testing import FakeCaller, FakeLookups, drive

HOUR = timedelta(hours=1)
PARTY = Event(MONDAY - HOUR, MONDAY + HOUR, "the firm's party")


def destination(decided: Decision | Untold) -> str:
    assert isinstance(decided, Decision), decided
    assert isinstance(decided.destination, QueueDestination)
    return decided.destination.queue


# Splits.


def split(*percents: float) -> Flow:
    arms = tuple(
        Arm(percent, Way(f"arm{place}", (to(name),)))
        for place, (percent, name) in enumerate(zip(percents, ("gold", "platinum"), strict=False))
    )
    return flow(Split("s", "trial", arms), to("standard"))


def stood(made: Flow, low: float, high: float) -> Decision | Untold:
    gaps = Gaps(frozenset({"caller.e164", "caller.number"}), arms={"trial": (low, high)})
    return walk_again(ruleset(made), made, Past(BO, History(MONDAY), gaps))


def test_who_stood_within_one_arm_takes_it_again() -> None:
    made = split(20, 30)
    assert [destination(stood(made, *between)) for between in ((0, 20), (20, 50), (50, 100))] == [
        "gold",
        "platinum",
        "standard",
    ]


def test_by_other_percents_it_is_told_of_those_for_whom_it_is_certain_alone() -> None:
    wider = split(30, 30)
    assert destination(stood(wider, 0, 20)) == "gold"
    assert stood(wider, 20, 50) == Untold("where the caller stands in split trial was not recorded")
    assert stood(wider, 50, 100) == Untold("where the caller stands in split trial was not recorded")


# Keys.


def collect(least: int = 4, most: int = 4) -> Flow:
    asked = Collect("c", question("pin"), "number", least, most, "#", 3.0, None, None, way(to("standard")))
    return flow(asked, to("gold"))


def keyed(made: Flow, *keys: str) -> tuple[Decision, History]:
    run = Run(ruleset(made), made, BO)
    return drive(run, FakeLookups({}), MONDAY, FakeCaller(keys)), run.history


def forgotten(history: History, word: str, rule: str) -> Past:
    told = [
        Told(want, Gathered(word=word, rule=rule) if isinstance(want, Gather) else reply, at)
        for want, reply, at in history.told
    ]
    return Past(BO, History(history.began, told))


def test_what_the_keys_meant_leads_on_without_them() -> None:
    made = collect()
    for keys, word, queue in (("1234", "collected", "gold"), ("12", "invalid", "standard")):
        _, history = keyed(made, keys)
        assert destination(walk_again(ruleset(made), made, forgotten(history, word, "4 to 4"))) == queue


def test_a_variable_of_forgotten_keys_is_not_known_any_more() -> None:
    made = flow(*collect().steps[:1], branch(("vars.number == '1234'", to("platinum"))), to("gold"))
    _, history = keyed(made, "1234")
    again = walk_again(ruleset(made), made, forgotten(history, "collected", "4 to 4"))
    assert again == Untold("vars.number was not recorded")


def test_by_another_rule_nobody_knows_what_the_keys_mean() -> None:
    _, history = keyed(collect(), "1234")
    other = collect(least=2)
    again = walk_again(ruleset(other), other, forgotten(history, "collected", "4 to 4"))
    assert again == Untold("what was keyed in at c was not recorded")


def test_a_forgotten_consent_is_an_answer_without_its_value() -> None:
    made = flow(Consent("c", question("yes"), "1", "2", "agreed"), to("gold"))
    _, history = keyed(made, "1")
    again = walk_again(ruleset(made), made, forgotten(history, "answered", "keys 12"))
    assert destination(again) == "gold"


# Calendars.


def office(*events: Event, calendar: str = "firm.ics") -> Hours:
    return Hours("office", OFFICE.weekly, timezone=OFFICE.timezone, calendar=calendar, agenda=Agenda(events))


def rules(made: Flow, hours: Hours) -> Ruleset:
    return Ruleset({made.name: made}, ruleset(made).queues, {"office": hours}, "SE", "UTC")


ASKS = flow(Lookup("l", ("crm",)), AskHours("h", "office", way(to("gold")), way(to("platinum")), None), to("standard"))


def run_of(hours: Hours, made: Flow = ASKS) -> History:
    run = Run(rules(made, hours), made, BO)
    drive(run, FakeLookups({}), MONDAY)
    return run.history


def again(history: History, hours: Hours, made: Flow = ASKS) -> Decision | Untold:
    return walk_again(rules(made, hours), made, Past(BO, history, Gaps(calendars=history.calendars)))


def test_a_calendar_says_again_what_it_said_then_though_it_cannot_be_had_any_more() -> None:
    closed, opened = run_of(office(PARTY)), run_of(office())
    assert destination(again(closed, office())) == "platinum"
    assert destination(again(opened, office())) == "gold"


def test_what_a_calendar_said_then_holds_before_what_it_says_now() -> None:
    assert destination(again(run_of(office(PARTY)), office(Event(MONDAY + 5 * HOUR, MONDAY + 6 * HOUR, "late")))) == (
        "platinum"
    )


def test_another_calendar_is_asked_itself() -> None:
    history = run_of(office(PARTY))
    other = Event(MONDAY + 5 * HOUR, MONDAY + 6 * HOUR, "late")
    assert destination(again(history, office(other, calendar="new.ics"))) == "gold"


def test_a_stretch_is_from_the_last_beginning_or_end_to_the_next() -> None:
    later = Event(MONDAY + 2 * HOUR, MONDAY + 3 * HOUR, "later")
    hours = office(PARTY, later)
    assert run_of(hours).calendars == {
        "office": [Stretch("firm.ics", PARTY, MONDAY - HOUR, MONDAY + HOUR)],
    }
    assert hours.agenda.around(MONDAY + 1.5 * HOUR, "") == Stretch("", None, PARTY.ends, later.begins)
    assert hours.agenda.around(MONDAY - 2 * HOUR, "") == Stretch("", None, None, PARTY.begins)
    assert hours.agenda.around(MONDAY + 4 * HOUR, "") == Stretch("", None, later.ends, None)


def test_a_time_of_which_the_calendar_was_not_asked_is_not_made_up() -> None:
    tomorrow = Language(LOOKUPS, {"office": office()}, [], "SE", "UTC").condition(
        'open("office", now + duration("24h"))'
    )
    made = flow(Branch("b", (Case("b0", tomorrow, (to("gold"),)),)), to("standard"))
    history = run_of(office(PARTY), flow(to("gold")))
    assert again(history, office(), made) == Untold("hours.office was not recorded")


def test_other_rules_may_ask_the_hours_that_nobody_asked_then() -> None:
    history = run_of(office(PARTY), flow(Lookup("l", ("crm",)), to("gold")))
    assert destination(again(history, office())) == "platinum"


def test_conditions_read_the_calendar_of_then_as_well() -> None:
    for hours, queue in ((office(PARTY), "standard"), (office(), "gold")):
        condition = Language(LOOKUPS, {"office": hours}, [], "SE", "UTC").condition('open("office")')
        made = flow(Branch("b", (Case("b0", condition, (to("gold"),)),)), to("standard"))
        history = run_of(hours, made)
        bare = Language(LOOKUPS, {"office": office()}, [], "SE", "UTC").condition('open("office")')
        kept = flow(Branch("b", (Case("b0", bare, (to("gold"),)),)), to("standard"))
        assert destination(again(history, office(), kept)) == queue


def test_a_calendar_that_is_read_anew_meanwhile_does_not_change_a_run() -> None:
    hours = office(PARTY)
    run = Run(rules(ASKS, hours), ASKS, BO)
    wanted = run.start(MONDAY)
    assert isinstance(wanted, Fetch)
    hours.agenda.replace(())
    decision = run.receive(FakeLookups({}).answer(wanted), MONDAY + timedelta(seconds=1))
    assert isinstance(decision, Decision)
    assert destination(decision) == "platinum"
    assert destination(again(run.history, office())) == "platinum"


def test_hours_without_a_calendar_need_no_record() -> None:
    history = run_of(OFFICE)
    assert history.calendars == {}
    assert destination(again(history, OFFICE)) == "gold"
