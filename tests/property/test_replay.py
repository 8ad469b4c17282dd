"""Whatever was recorded, by the same rules the same decision and the same trace come out of the journal again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import pytest
from flow_builders import LOOKUPS
from flow_strategies import ANSWERS, CONTACTS, STORIES, TIMES, driven, flows, rules_of
from hypothesis import given, settings
from hypothesis import strategies as st

from ariroute.flow.again import Untold, walk_again
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Outcome
from ariroute.flow.run import Run
from ariroute.flow.tree import Flow
from ariroute.flow.wants import Reply
from ariroute.journal.keeping import CALLER, Keeping
from ariroute.journal.origins import origins, read_by
from ariroute.journal.reader import COLUMNS, Recorded
from ariroute.journal.record import COLUMNS as WRITTEN
from ariroute.journal.record import Decided
from ariroute.journal.settings import Numbers

FIELDS = {name: frozenset(fields) for name, fields in LOOKUPS.items()}
TYPED = st.builds(
    Answer,
    st.sampled_from(sorted(LOOKUPS)),
    st.sampled_from(Outcome),
    st.fixed_dictionaries(
        {},
        optional={
            "loyalty": st.none() | st.sampled_from(["gold", "platinum", "+46701234567", ""]),
            "orders": st.none() | st.floats(-10, 100),
            "vip": st.none() | st.booleans(),
        },
    ),
    st.none(),
    st.text(max_size=5),
    st.floats(0, 10),
)
"""Answers as lookups give them: of the declared types."""
SECONDS = st.lists(st.floats(0, 30), min_size=1, max_size=8)


def kept_in(made: dict[str, Flow], numbers: Numbers, omit: Collection[str], fields: dict[str, Any]) -> Keeping:
    secret = {*omit, *(CALLER if numbers == "masked" else ())}
    kept = {name: frozenset(f for f in each if f"{name}.{f}" not in secret) for name, each in fields.items()}
    return Keeping(numbers, lambda: b"key", kept, origins(rules_of(made), secret))


def recorded(keeping: Keeping, contact: Contact, run: Run, decision: Decision) -> Recorded:
    """What is read again of the row that is written."""
    (statement,) = Decided(contact, "first", run.history, decision, "handed over", 0.1, keeping).statements()
    row = dict(zip(WRITTEN, statement.values, strict=True))
    usual: dict[str, Any] = {"position": None, "wait": None, "talk": None}
    return Recorded(*(row.get(name, usual.get(name, "")) for name in COLUMNS))


def decided(
    made: dict[str, Flow],
    contact: Contact,
    answers: list[list[Answer]],
    now: datetime,
    seconds: list[float],
    story: list[Reply | None],
    patience: int,
) -> tuple[Run, Decision]:
    """A run, given up after ``patience`` wants."""
    run = Run(rules_of(made), made["first"], contact)
    times = [now]
    for each in seconds:
        times.append(times[-1] + timedelta(seconds=each))
    for number, wanted in enumerate(driven(run, answers, times, story)):
        if isinstance(wanted, Decision):
            return run, wanted
        if number == patience:
            break
    return run, run.give_up("no decision in time")


CALLS = st.tuples(
    flows(circles=False),
    CONTACTS,
    st.lists(st.lists(ANSWERS, max_size=3), max_size=3),
    TIMES,
    SECONDS,
    STORIES,
    st.integers(0, 12),
)


@settings(max_examples=70)
@given(CALLS)
def test_what_is_recorded_in_full_is_decided_again_with_the_same_trace(call: tuple[Any, ...]) -> None:
    made, contact, *_ = call
    run, decision = decided(*call)
    keeping = kept_in(made, "full", (), FIELDS)
    row = recorded(keeping, contact, run, decision)
    again = walk_again(rules_of(made), made["first"], row.past(LOOKUPS))
    assert isinstance(again, Decision)
    assert again.to_plain() == decision_of(keeping, contact, run, decision).to_plain()
    assert row.plain()["decision"] == again.to_plain()


@settings(max_examples=50)
@given(flows(circles=False), CONTACTS, st.lists(st.lists(TYPED, max_size=2), min_size=1, max_size=2), TIMES, STORIES)
def test_the_fields_that_the_rules_read_are_enough(
    made: dict[str, Flow], contact: Contact, answers: list[list[Answer]], now: datetime, story: list[Reply | None]
) -> None:
    run, decision = decided(made, contact, answers, now, [1.0], story, 100)
    used = read_by(rules_of(made))
    fields = {name: frozenset(f for f in each if f"{name}.{f}" in used) for name, each in FIELDS.items()}
    keeping = kept_in(made, "full", (), fields)
    row = recorded(keeping, contact, run, decision)
    again = walk_again(rules_of(made), made["first"], row.past(LOOKUPS))
    assert isinstance(again, Decision)
    assert row.plain()["decision"] == again.to_plain()


@settings(max_examples=50)
@given(st.sets(st.sampled_from(["crm.loyalty", "crm.orders", "vars.number", "vars.level", "caller.name"])), CALLS)
def test_what_was_not_kept_is_missed_and_never_made_up(omit: set[str], call: tuple[Any, ...]) -> None:
    """By what is left of a masked record the same is decided, or it is said what is lacking."""
    made, contact, *_ = call
    run, decision = decided(*call)
    row = recorded(kept_in(made, "masked", omit, FIELDS), contact, run, decision)
    again = walk_again(rules_of(made), made["first"], row.past(LOOKUPS))
    if isinstance(again, Untold):
        assert again.fact
        return
    assert (again.flow, again.destination, again.by_default) == (
        decision.flow,
        decision.destination,
        decision.by_default,
    )
    assert [(entry.path, entry.what) for entry in again.trace] == [(e.path, e.what) for e in decision.trace]


def decision_of(keeping: Keeping, contact: Contact, run: Run, decision: Decision) -> Decision:
    kept = keeping.kept(contact, run.history, decision.trace, decision).decision
    assert kept is not None
    return kept


@pytest.mark.parametrize("numbers", ["masked", "full"])
def test_a_record_of_half_a_character_is_written_all_the_same(numbers: Numbers) -> None:
    contact = Contact("1", datetime.fromisoformat("2026-11-20T09:00:00+00:00"), arguments=("\ud800",))
    made = {"first": Flow("first", "gold", None, ())}
    run = Run(rules_of(made), made["first"], contact)
    decision = run.give_up("\ud800")
    row = recorded(kept_in(made, numbers, (), FIELDS), contact, run, decision)
    assert row.plain()["contact"]["arguments"] == ["?"]
