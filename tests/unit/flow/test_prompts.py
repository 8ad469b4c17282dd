"""Numbers, digits and texts of prompts: what is said of a value, and what never is."""

from __future__ import annotations

import pytest
from flow_builders import LANGUAGE, scope
from hypothesis import given
from hypothesis import strategies as st

from ariroute.flow.prompts import SPEECH_LIMIT, SayDigits, SayText, Text, described, digits_of, filled, number_of
from ariroute.flow.wants import Digits, Number, Sound, Speech, Tone


@pytest.mark.parametrize(
    ("value", "said"),
    [(12.0, 12), (-3.0, -3), (2.5, 3), (0.4, 0), ("12", 12), ("007", 7), (999_999_999.0, 999_999_999)],
)
def test_a_number_is_said_to_the_nearest_whole_one(value: str | float, said: int) -> None:
    assert number_of(value) == Number(said)


@pytest.mark.parametrize("value", [None, "", "twelve", "1e3", "1.5", True, float("nan"), float("inf"), 1e9, "1" * 10])
def test_what_is_no_number_is_never_said_as_one(value: str | float | None) -> None:
    assert number_of(value) is None


@pytest.mark.parametrize(
    ("value", "said"), [("0701-23 45 67", "0701234567"), ("+46701", "46701"), ("*9#", "*9#"), (12.0, "12")]
)
def test_digits_are_said_without_what_separates_them(value: str | float, said: str) -> None:
    assert digits_of(value) == Digits(said)


@pytest.mark.parametrize("value", [None, "", "A1", 1.5, True, -3.0])
def test_what_is_no_row_of_digits_is_not_said(value: str | float | None) -> None:
    assert digits_of(value) is None


def test_an_empty_fact_leaves_a_gap_that_is_told() -> None:
    template = (SayDigits(LANGUAGE.expression("crm.loyalty")), Sound("beep"))
    said = filled(template, scope({"crm": {"loyalty": None}}))
    assert said.prompt == (Sound("beep"),)
    assert said.left_out == "digits crm.loyalty left out: it is empty"
    odd = filled(template, scope({"crm": {"loyalty": "A1"}}))
    assert odd.left_out == "digits crm.loyalty left out: it cannot be said so"


@given(st.text(max_size=2000))
def test_what_is_spoken_is_printable_and_bounded_whatever_a_crm_says(text: str) -> None:
    (part,) = (SayText(Text(("Hi ", LANGUAGE.expression("crm.loyalty")))),)
    (spoken,) = filled((part,), scope({"crm": {"loyalty": text}})).prompt
    assert isinstance(spoken, Speech)
    assert len(spoken.text) <= SPEECH_LIMIT
    assert not any(c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in spoken.text)


def test_a_prompt_reads_as_what_is_heard() -> None:
    prompt = (Sound("custom/hi"), Tone("busy"), Number(3), Digits("12"), Speech("Hello"))
    assert described(prompt) == 'custom/hi, tone busy, number 3, digits 12, "Hello"'
