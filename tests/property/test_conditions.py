"""Laws of the three values, and: no text, however hostile, breaks the compiler or a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from flow_builders import LANGUAGE, MONDAY, scope
from hypothesis import example, given
from hypothesis import strategies as st

from ariroute.errors import ExpressionError
from ariroute.flow.conditions import Language, Scope, Unknown
from ariroute.flow.contact import Contact, Party
from ariroute.flow.facts import Answer, Failure, Outcome, Scalar
from ariroute.testing import Given

GIVEN: dict[str, Given] = {
    "crm": {"loyalty": "gold", "orders": 12.0, "vip": True},
    "vip_list": Failure.TIMEOUT,
}

ATOMS = {
    "true": True,
    "false": False,
    "crm.vip": True,
    'crm.loyalty == "x"': False,
    'vip_list.tier == "a"': None,
    "vip_list.visits > 3": None,
}
"""Condition to its value; None for unknown."""

ATOM = st.sampled_from(sorted(ATOMS))
CONDITION = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        inner.map("!({})".format),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} && {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} || {pair[1]})"),
    ),
    max_leaves=6,
)


Made = TypeVar("Made")


def attempt(make: Callable[[], Made]) -> Made | ExpressionError:
    """What ``make`` makes, or its refusal; any other exception fails the test."""
    try:
        return make()
    except ExpressionError as error:
        return error


def truth(text: str) -> bool | None:
    held = LANGUAGE.condition(text).holds(scope(GIVEN))
    return None if isinstance(held, Unknown) else held


def both(left: bool | None, right: bool | None) -> bool | None:
    """Kleene's and."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def negate(value: bool | None) -> bool | None:
    return None if value is None else not value


def either(left: bool | None, right: bool | None) -> bool | None:
    return negate(both(negate(left), negate(right)))


@pytest.mark.parametrize("left", sorted(ATOMS))
@pytest.mark.parametrize("right", sorted(ATOMS))
@pytest.mark.parametrize(("sign", "rule"), [("&&", both), ("||", either)])
def test_and_and_or_follow_kleene_s_tables(
    left: str, right: str, sign: str, rule: Callable[[bool | None, bool | None], bool | None]
) -> None:
    assert truth(f"({left}) {sign} ({right})") == rule(ATOMS[left], ATOMS[right])


@given(CONDITION)
def test_not_not_is_the_same_unknown_included(text: str) -> None:
    assert truth(f"!(!({text}))") == truth(text)


@given(CONDITION, CONDITION)
def test_de_morgan_holds_for_three_values(left: str, right: str) -> None:
    assert truth(f"!({left} && {right})") == truth(f"!({left}) || !({right})")
    assert truth(f"{left} || {right}") == truth(f"{right} || {left}")


@given(CONDITION)
def test_what_is_unknown_says_why(text: str) -> None:
    held = LANGUAGE.condition(text).holds(scope(GIVEN))
    if isinstance(held, Unknown):
        assert held.reason == "vip_list failed: timeout"


WORDS = ["crm", "loyalty", ".", "==", '"gold"', "(", ")", "[", "]", "{", "}", "&&", "||", "!", "?", ":", "1", "0"]
WORDS += ["/", "+", "%", "1.5", "open", "coalesce", "has", "now", "outcome", "vars", "level", "orders", "exists"]
WORDS += ["x", ",", "in", "null", "\n", " ", "é", "@", "'", "\\", "map", "matches", "getHours", "dyn", "type"]


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=15).map(" ".join))
@example("\ud800")
@example("has(outcome.crm)")
@example("[1].exists(x, coalesce(x))")
@example("open()")
@example("coalesce()")
@example("-9223372036854775809")
@example('"' * 99)
def test_compiling_refuses_with_a_place_in_the_text_or_gives_what_never_raises(text: str) -> None:
    made = attempt(lambda: LANGUAGE.expression(text))
    if isinstance(made, ExpressionError):
        lines = made.text.split("\n")
        assert 1 <= made.line <= len(lines)
        assert 1 <= made.column <= len(lines[made.line - 1]) + 1
        assert made.message
        assert str(made).encode()
    else:
        value = made.evaluate(scope(GIVEN))
        assert value is None or isinstance(value, (str, float, bool, Unknown))


HOSTILE = st.text(max_size=40) | st.sampled_from(
    ['" || true || "', "${SHELL(id)}", "\r\nAction: Originate", "\x00", "\ud800", "\U0010ffff", "a" * 10_000, "%s{}"]
)

READERS = [
    LANGUAGE.condition(text)
    for text in (
        'caller.name == "gold"',
        'crm.loyalty.matches("^g.*d$")',
        'crm.loyalty.startsWith("g") || caller.name.size() > 3',
        'e164(crm.loyalty) != ""',
        'prefix(crm.loyalty, ["g", ""])',
        'coalesce(crm.loyalty, caller.name, "x") in ["x", "gold"]',
        "vars.level == crm.loyalty",
        "int(crm.loyalty) > 3",
        "timestamp(crm.loyalty) < now",
        'duration(crm.loyalty) < duration("1h")',
        "double(crm.loyalty) * 2.0 > 1.0",
        "now.getHours(crm.loyalty) == 3",
        "caller.name.matches(crm.loyalty)",
    )
]


@given(HOSTILE, HOSTILE)
def test_hostile_text_never_breaks_a_condition(name: str, loyalty: str) -> None:
    known = Scope(Contact("1", MONDAY, caller=Party(name=name)), MONDAY)
    known.learn(Answer("crm", Outcome.FOUND, {"loyalty": loyalty}))
    known.set("level", name)
    for condition in READERS:
        assert isinstance(condition.holds(known), (bool, Unknown))


@given(HOSTILE)
def test_a_text_written_as_a_literal_comes_back_unchanged(text: str) -> None:
    literal = attempt(lambda: LANGUAGE.literal(text))
    if isinstance(literal, ExpressionError):
        assert "not valid text" in literal.message or "longer than" in literal.message
    else:
        assert literal.names == frozenset()
        assert literal.evaluate(scope()) == text


@given(st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_as_a_literal_comes_back_unchanged(value: Scalar) -> None:
    assert LANGUAGE.literal(value).evaluate(scope()) == value


@given(HOSTILE, HOSTILE | st.lists(HOSTILE, max_size=3))
def test_the_no_code_form_compiles_or_is_refused(name: str, wanted: str | list[str]) -> None:
    for field in (name, "crm.loyalty"):
        made = attempt(lambda field=field: LANGUAGE.match({field: wanted}))  # type: ignore[misc, dict-item]
        if isinstance(made, ExpressionError):
            assert str(made).encode()
        else:
            assert isinstance(made.holds(scope(GIVEN)), (bool, Unknown))


NAMES = st.text(st.sampled_from("ab_1in"), max_size=4) | st.sampled_from(
    ["in", "null", "package", "type", "vars", "int"]
)


@given(
    st.dictionaries(
        NAMES, st.dictionaries(NAMES, st.sampled_from(["string", "number", "bool"]), max_size=3), max_size=2
    )
)
def test_a_language_is_made_or_refused_and_then_every_field_can_be_named(
    lookups: dict[str, dict[str, str]],
) -> None:
    language = attempt(lambda: Language(lookups, {}, (), "SE", "UTC"))  # type: ignore[arg-type]
    if isinstance(language, ExpressionError):
        return
    for name, fields in lookups.items():
        for field in fields:
            assert language.expression(f"{name}.{field}").names == {f"{name}.{field}"}
