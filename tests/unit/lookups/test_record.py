"""The check of declared fields: nothing is guessed, text is cleaned, the rest is dropped."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, FieldType
from ariroute.lookups.record import TEXT_LIMIT, checked

FIELDS: dict[str, FieldType] = {"loyalty": "string", "orders": "number", "blocked": "bool"}


def test_declared_fields_are_kept_and_others_dropped() -> None:
    raw = {"loyalty": "gold", "orders": 12, "blocked": False, "ssn": "1912"}
    assert checked(raw, FIELDS) == {"loyalty": "gold", "orders": 12.0, "blocked": False}


def test_whole_number_becomes_a_float() -> None:
    assert isinstance(checked({"orders": 12}, FIELDS)["orders"], float)


def test_null_and_absent_fields_are_empty() -> None:
    assert checked({"loyalty": None}, FIELDS) == {}


def test_false_zero_and_empty_text_are_values() -> None:
    raw = {"loyalty": "", "orders": 0, "blocked": False}
    assert checked(raw, FIELDS) == raw


@pytest.mark.parametrize(
    ("field", "value", "seen"),
    [
        ("loyalty", 7, "a number"),
        ("loyalty", True, "a bool"),
        ("loyalty", ["gold"], "a list"),
        ("loyalty", {"name": "gold"}, "an object"),
        ("orders", "12", "a string"),
        ("orders", True, "a bool"),
        ("blocked", 1, "a number"),
        ("blocked", "true", "a string"),
    ],
)
def test_other_type_is_refused_and_named_without_the_value(field: str, value: Any, seen: str) -> None:
    with pytest.raises(LookupFailed) as caught:
        checked({field: value}, FIELDS)
    assert caught.value.reason == Failure.WRONG_TYPE
    assert caught.value.detail == f"{field} is declared as {FIELDS[field]} and holds {seen}"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_number_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(LookupFailed, match="not finite"):
        checked({"orders": value}, FIELDS)


def test_control_bidi_and_surrogate_characters_are_taken_out() -> None:
    raw = {"loyalty": "go\r\nld\x00 \u202ex\ud800 Ärla\u00a0Ek"}
    assert checked(raw, FIELDS) == {"loyalty": "gold x Ärla\u00a0Ek"}


def test_long_text_is_cut() -> None:
    text = checked({"loyalty": "x" * 5000}, FIELDS)["loyalty"]
    assert text == "x" * TEXT_LIMIT
