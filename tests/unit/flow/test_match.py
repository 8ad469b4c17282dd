"""The no-code form of a condition."""

from __future__ import annotations

import pytest
from flow_builders import LANGUAGE, scope

from ariroute.errors import ExpressionError
from ariroute.flow.facts import Scalar
from ariroute.flow.match import render, render_match


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"crm.loyalty": "gold"}, 'crm.loyalty == "gold"'),
        ({"crm.loyalty": ["gold", "platinum"]}, 'crm.loyalty in ["gold", "platinum"]'),
        ({"crm.loyalty": None}, "crm.loyalty == null"),
        ({"crm.loyalty": [None, "gold"]}, '(crm.loyalty in ["gold"] || crm.loyalty == null)'),
        ({"crm.loyalty": [None]}, "crm.loyalty == null"),
        ({"crm.loyalty": "!= gold"}, 'crm.loyalty != "gold"'),
        ({"crm.vip": True}, "crm.vip == true"),
        ({"crm.orders": 5.0}, "crm.orders == 5"),
        ({"crm.orders": ">= 10"}, "crm.orders >= 10"),
        ({"crm.orders": "< -1.5"}, "crm.orders < -1.5"),
        ({"crm.orders": "!=3"}, "crm.orders != 3"),
        ({"open": "office"}, 'open("office")'),
        ({"open": ["office", "office"]}, '(open("office") || open("office"))'),
        ({"crm.vip": True, "outcome.crm": "found"}, 'crm.vip == true && outcome.crm == "found"'),
    ],
)
def test_the_no_code_form_becomes_cel(fields: dict[str, Scalar | list[Scalar]], text: str) -> None:
    assert render_match(fields) == text
    assert LANGUAGE.match(fields).text == text


def test_every_line_must_hold() -> None:
    condition = LANGUAGE.match({"crm.loyalty": ["gold", "platinum"], "crm.orders": ">= 10", "open": "office"})
    assert condition.holds(scope({"crm": {"loyalty": "gold", "orders": 10.0}})) is True
    assert condition.holds(scope({"crm": {"loyalty": "gold", "orders": 9.0}})) is False


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "match names nothing to compare: write at least one field and its value"),
        ({"crm.loyalty": []}, "crm.loyalty: the list is empty, so nothing could match"),
        ({"crm.loyalty || true": "x"}, "'crm.loyalty || true' is not the name of a fact, such as crm.loyalty"),
        ({"crm.orders": float("nan")}, "nan cannot be used here: give text, a number, true or false"),
        ({"crm.loyalty": 5.0}, "== does not work on text and a whole number"),
        ({"crm.loyality": "gold"}, "crm has no field 'loyality'"),
        ({"open": "ofice"}, "there are no hours called 'ofice'"),
        (
            {"crm.orders": [">= 10"]},
            "crm.orders: '>=' has no place in a list: write it as the only value, or use 'when:'",
        ),
        (
            {"crm.loyalty": ["a", "!= b"]},
            "crm.loyalty: '!=' has no place in a list: write it as the only value, or use 'when:'",
        ),
        *(
            (
                {"crm.loyalty": wanted},
                "crm.loyalty: '!=' is followed by one text without quotes or brackets; for several use 'when:'",
            )
            for wanted in ("!= [gold, silver]", '!= "gold"', "!='gold'", "!=")
        ),
        (
            {"crm.loyalty": "== gold"},
            "crm.loyalty: '==' is followed by a number here; for 'is this text' write the text alone",
        ),
        (
            {"crm.loyalty": "> gold"},
            "crm.loyalty: '>' is followed by a number here; texts are compared with 'when:'",
        ),
        ({"crm.loyalty": "!= 5"}, "!= does not work on text and a whole number"),
        ({"crm.orders": "10"}, "crm.orders is a number: compare it with one, without quotes"),
        ({"outcome.crm": "!= ok"}, "outcome.crm is one of found, missing, failed"),
    ],
)
def test_what_cannot_be_compared_is_refused(fields: dict[str, Scalar | list[Scalar]], message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        LANGUAGE.match(fields)
    assert caught.value.message == message


def test_big_and_small_numbers_keep_their_value() -> None:
    assert [render(value) for value in (2.0**60, 1e-7, -0.5)] == ["1.152921504606847e+18", "1e-07", "-0.5"]
