"""lookup with ways, split, hours, label, notify and note in a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flow_builders import BO, LANGUAGE, MONDAY, assign, flow, lookup, ruleset, to, way

from ariroute.flow.contact import Contact, Party
from ariroute.flow.decision import Decision, Label, QueueDestination
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.hours import Hours, Span
from ariroute.flow.run import Run
from ariroute.flow.split import drawn
from ariroute.flow.steps import Arm, AskHours, Lookup, LookupWays, Note, Notify, SetLabel, Split, Step
from ariroute.flow.wants import Fetch
from ariroute.testing import FakeLookups, Given, drive

WAYS = LookupWays(way(to("gold", 1)), way(to("gold", 2)), way(to("gold", 3)))
NEEDS = {"vip_list": frozenset({"crm"})}


def decide(*steps: Step, given: dict[str, Given] | None = None, contact: Contact = BO, at: Any = MONDAY) -> Decision:
    made = flow(*steps)
    return drive(Run(ruleset(made), made, contact), given or {}, at)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Outcome.MISSING, QueueDestination("gold", 1)),
        (Failure.STATUS, QueueDestination("gold", 2)),
        (Failure.TIMEOUT, QueueDestination("gold", 3)),
        ({"loyalty": "gold"}, QueueDestination("standard", 0)),
    ],
)
def test_a_lookup_leads_where_its_answer_says(answer: Given, expected: QueueDestination) -> None:
    step = Lookup("flows.support.steps[0]", ("crm",), {"crm": WAYS})
    assert decide(step, to("standard"), given={"crm": answer}).destination == expected


def test_a_timeout_without_a_way_of_its_own_is_an_error() -> None:
    step = Lookup("a", ("crm",), {"crm": LookupWays(error=way(to("gold")))})
    decision = decide(step, given={"crm": Failure.TIMEOUT})
    assert decision.reason == "flows.support.way: crm timeout"


def test_of_two_ways_the_one_that_stands_first_is_taken_after_all_have_answered() -> None:
    ways = {"vip_list": LookupWays(missing=way(to("platinum"))), "crm": LookupWays(error=way(to("gold")))}
    decision = decide(Lookup("a", ("crm", "vip_list"), ways), given={"crm": Failure.ERROR})
    assert decision.destination == QueueDestination("platinum", 30)
    assert [entry.text for entry in decision.trace if entry.what == "lookup"] == ["crm", "vip_list"]


def test_a_lookup_asked_before_still_leads_its_way() -> None:
    step = Lookup("b", ("crm",), {"crm": LookupWays(missing=way(to("gold")))})
    decision = decide(lookup("crm"), step, given={"crm": Outcome.MISSING})
    assert decision.destination == QueueDestination("gold", 20)


def test_a_lookup_made_of_another_s_answer_waits_for_that_one_alone() -> None:
    lookups = FakeLookups({"crm": {"loyalty": "gold"}})
    made = flow(Lookup("a", ("vip_list", "crm"), needs=NEEDS), to("gold"))
    drive(Run(ruleset(made), made, BO), lookups, MONDAY)
    (fetch,) = lookups.asked
    assert (fetch.lookups, fetch.after) == (("vip_list", "crm"), {"vip_list": frozenset({"crm"})})


def test_when_the_other_has_answered_before_then_nothing_is_waited_for() -> None:
    lookups = FakeLookups({"crm": {"loyalty": "gold"}})
    made = flow(lookup("crm"), Lookup("a", ("vip_list",), needs=NEEDS), to("gold"))
    drive(Run(ruleset(made), made, BO), lookups, MONDAY)
    assert lookups.asked[1].after == {}
    assert lookups.asked[1].inputs["crm.loyalty"] == "gold"


def test_when_the_other_has_failed_then_it_is_not_asked_and_has_failed_too() -> None:
    lookups = FakeLookups({"crm": Failure.TIMEOUT})
    ways = {"vip_list": LookupWays(error=way(to("gold")))}
    made = flow(lookup("crm"), Lookup("a", ("vip_list",), ways, NEEDS), to("standard"))
    decision = drive(Run(ruleset(made), made, BO), lookups, MONDAY)
    assert [fetch.lookups for fetch in lookups.asked] == [("crm",)]
    assert decision.destination == QueueDestination("gold", 20)
    entry = [entry for entry in decision.trace if entry.what == "lookup"][1]
    assert (entry.result, entry.reason) == ("failed", "error: not asked, as it needs what crm says")
    assert entry.origin == ""


def test_inputs_hold_the_variables_and_the_channel() -> None:
    made = flow(assign(level='"high"', count="crm.orders"), lookup("crm"))
    fetch = Run(ruleset(made), made, BO).start(MONDAY)
    assert isinstance(fetch, Fetch)
    assert {"vars.level": "high", "contact.id": BO.id, "contact.pbx": "pbx1"}.items() <= fetch.inputs.items()
    assert "vars.count" not in fetch.inputs, "what cannot be told is not an empty text"


def test_the_trace_says_when_a_lookup_began() -> None:
    answer = Answer("crm", Outcome.FOUND, took=0.01, began=0.2)
    decision = decide(lookup("crm"), given={"crm": answer})
    assert decision.trace[1].to_plain()["began_ms"] == 200.0
    assert answer.to_plain()["began_ms"] == 200.0


def caller(number: int) -> Contact:
    text = f"+4670{number:07d}"
    return replace(BO, caller=Party(text, text))


def split(name: str = "trial") -> Split:
    return Split("a", name, (Arm(20, way(to("gold"), at="arm")), Arm(30, way(to("platinum")))))


def test_the_arms_of_a_split_get_their_share_and_the_rest_goes_on() -> None:
    shares = Counter(str(decide(split(), to("standard"), contact=caller(n)).destination) for n in range(3000))
    assert abs(shares["queue gold, priority 20"] - 600) < 75
    assert abs(shares["queue platinum, priority 30"] - 900) < 85
    assert abs(shares["queue standard, priority 0"] - 1500) < 90


def test_a_caller_stays_in_an_arm_and_another_name_divides_anew() -> None:
    first = [decide(split(), to("standard"), contact=caller(n)).destination for n in range(60)]
    again = [decide(split(), to("standard"), contact=replace(caller(n), id="other")).destination for n in range(60)]
    other = [decide(split("other"), to("standard"), contact=caller(n)).destination for n in range(60)]
    assert first == again
    assert first != other


def test_a_withheld_number_is_divided_by_the_call() -> None:
    withheld = replace(BO, caller=Party())
    places = {drawn(split(), replace(withheld, id=str(number))) for number in range(20)}
    assert len(places) == 20
    assert all(0 <= place < 100 for place in places)


def test_the_trace_of_a_split_says_what_was_drawn() -> None:
    decision = decide(split(), to("standard"), contact=caller(1))
    entry = decision.trace[1]
    assert (entry.what, entry.text) == ("split", "trial")
    assert entry.values == (("drawn", round(drawn(split(), caller(1)), 2)),)


def test_arms_of_a_hundred_percent_leave_nobody_behind() -> None:
    thirds = Split("a", "thirds", tuple(Arm(100 / 3, way(to("gold"))) for _ in range(3)))
    assert all(decide(thirds, contact=caller(n)).destination == QueueDestination("gold", 20) for n in range(200))


HOURS = AskHours("a", "office", way(to("gold")), way(to("platinum", 1)), way(to("platinum", 2)))


def test_hours_lead_by_the_moment_and_the_reason_is_told() -> None:
    assert decide(HOURS).destination == QueueDestination("gold", 20)
    evening = decide(HOURS, at=MONDAY + timedelta(hours=12))
    assert evening.destination == QueueDestination("platinum", 1)
    assert evening.reason == "flows.support.way: office closed"
    assert (evening.trace[1].what, evening.trace[1].result, evening.trace[1].text) == ("hours", "closed", "office")


def test_a_holiday_leads_its_way_or_that_of_closed() -> None:
    made = flow(HOURS)
    holidays = Hours("office", {0: (Span(*_day()),)}, {MONDAY.date(): "Feast"}, "UTC")
    rules = replace(ruleset(made), hours={"office": holidays})
    decision = drive(Run(rules, made, BO), {}, MONDAY)
    assert decision.destination == QueueDestination("platinum", 2)
    assert decision.trace[1].reason == "Feast"
    without = flow(replace(HOURS, holiday=None))
    assert drive(Run(rules, without, BO), {}, MONDAY).destination == QueueDestination("platinum", 1)


def _day() -> tuple[Any, Any]:
    from datetime import time

    return time(0), time(0)


def test_labels_add_up_and_hold_clean_text_only() -> None:
    one = SetLabel("a", LANGUAGE.expression("crm.loyalty"), {"X-Tier": LANGUAGE.expression("crm.loyalty")})
    two = SetLabel("b", None, {"X-Orders": LANGUAGE.expression("crm.orders")}, {"ID": LANGUAGE.expression('"7"')})
    steps = (lookup("crm"), one, two, to("gold"))
    decision = decide(*steps, given={"crm": {"loyalty": "GO\r\nLD" + "x" * 300, "orders": 3.0}})
    assert decision.label == Label("GOLD" + "x" * 28, {"X-Tier": "GOLD" + "x" * 196, "X-Orders": "3"}, {"ID": "7"})
    assert decision.to_plain()["label"]["headers"]["X-Orders"] == "3"


def test_what_is_not_known_is_left_out_of_the_label_and_told() -> None:
    step = SetLabel("a", LANGUAGE.expression("crm.loyalty"), {"X-Tier": LANGUAGE.expression("crm.loyalty")})
    decision = decide(lookup("crm"), step, to("gold"), given={"crm": Failure.TIMEOUT})
    assert decision.label == Label()
    entry = next(entry for entry in decision.trace if entry.what == "label")
    assert entry.reason == "crm.loyalty left out: crm failed: timeout; crm.loyalty left out: crm failed: timeout"


def test_notices_are_planned_once_with_all_that_is_known_at_the_end() -> None:
    steps = (
        Notify("a", ("ticket", "wall")),
        lookup("crm"),
        assign(level='"high"'),
        Notify("b", ("ticket",)),
        to("gold"),
    )
    decision = decide(*steps, given={"crm": {"loyalty": "gold"}})
    assert [notice.name for notice in decision.notices] == ["ticket", "wall"]
    known = {"crm.loyalty": "gold", "vars.level": "high", "caller.e164": "+46701234567"}
    assert known.items() <= decision.notices[0].inputs.items()
    assert decision.to_plain()["notices"] == ["ticket", "wall"]


def test_a_decision_by_default_sends_its_notices_too() -> None:
    decision = decide(Notify("a", ("ticket",)))
    assert decision.by_default
    assert [notice.name for notice in decision.notices] == ["ticket"]


def test_a_note_stands_in_the_trace() -> None:
    decision = decide(
        lookup("crm"), Note("a", LANGUAGE.expression('"is " + crm.loyalty')), given={"crm": {"loyalty": "x"}}
    )
    assert decision.trace[2].to_plain() == {"path": "a", "what": "note", "result": "noted", "text": "is x"}
    unknown = decide(Note("a", LANGUAGE.expression("crm.loyalty"))).trace[1]
    assert (unknown.result, unknown.reason) == ("unknown", "crm has not been asked")
