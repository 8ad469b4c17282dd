"""JSON bodies, forms and headers with values in them: a value is a value, whatever it says."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ariroute.errors import LookupFailed
from ariroute.lookups.body import JsonTemplate, PrivateTemplate, form_body, header_value
from ariroute.values import FromFile

ANNA = {"caller.e164": "+46701234567", "caller.name": 'Ann "admin": 1', "crm.id": "42", "crm.empty": ""}
TREE = {
    "filter": {"phone": "{caller.e164}", "name": "{caller.name}"},
    "limit": 1,
    "ratio": 0.5,
    "exact": True,
    "none": None,
    "ids": ["{crm.id}", "{crm.id|number}"],
    "note": "{{literal}}",
}


def body(tree: Any, values: Any = ANNA, *, is_query: bool = True) -> Any:
    return json.loads(JsonTemplate.parse(tree, is_query=is_query).body(values))


def test_values_are_put_in_and_all_else_stands_as_it_is() -> None:
    assert body(TREE) == {
        "filter": {"phone": "+46701234567", "name": 'Ann "admin": 1'},
        "limit": 1,
        "ratio": 0.5,
        "exact": True,
        "none": None,
        "ids": ["42", 42],
        "note": "{literal}",
    }


def test_value_alone_becomes_the_type_of_its_form_and_an_empty_one_is_null() -> None:
    values = {"crm.orders": "12", "crm.rate": "1.5", "crm.vip": "true", "crm.name": ""}
    tree = [
        *("{crm.orders|number}", "{crm.rate|number}", "{crm.vip|bool}", "{crm.name}", "{crm.absent|bool}"),
        *("{crm.orders}", "has {crm.orders} of {crm.rate}, {crm.vip}, {crm.name}."),
    ]
    assert body(tree, values, is_query=False) == [12, 1.5, True, None, None, "12", "has 12 of 1.5, true, ."]


def test_names_are_known_in_advance() -> None:
    assert {place.name for place in JsonTemplate.parse(TREE, is_query=True).places} == {
        "caller.e164",
        "caller.name",
        "crm.id",
    }


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        ({"{caller.name}": 1}, "a key is fixed text"),
        ({1: 2}, 'put it in quotes, "1"'),
        ("{caller.e614}", r"did you mean \{caller.e164\}"),
        ("{caller.e164|digit}", r"did you mean \{caller.e164\|digits\}"),
        ("{caller.e164", "a brace stands alone"),
        ("${env:TOKEN}", "under auth or headers"),
        (float("nan"), "finite"),
        ({"soql": "WHERE Name = '{caller.name}'"}, "free text within other text"),
        ({"q": "{caller.name}"}, "free text under 'q'"),
        ({"q": ["{caller.number}"]}, "free text under 'q'"),
        ({"note": "{caller.name|text}!"}, "free text within other text"),
    ],
)
def test_bad_tree_is_refused(tree: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        JsonTemplate.parse(tree, is_query=True)


def test_tree_that_is_nested_without_end_is_refused() -> None:
    tree: Any = "x"
    for _ in range(40):
        tree = [tree]
    with pytest.raises(ValueError, match="nested deeper"):
        JsonTemplate.parse(tree, is_query=True)


@pytest.mark.parametrize(
    "tree",
    [
        {"query": "phone:{caller.e164|digits} OR phone:{caller.number|digits}"},
        {"query": "{caller.name|text}"},
        {"q": "Id = '{crm.id|id}' AND N = {crm.n|number}"},
        {"query": "query($p: String!) {{ contact(phone: $p) {{ name }} }}", "variables": {"p": "{caller.name}"}},
    ],
)
def test_checked_values_may_stand_in_a_query(tree: Any) -> None:
    JsonTemplate.parse(tree, is_query=True)


def test_message_that_is_no_query_may_hold_free_text() -> None:
    assert body({"subject": "Call from {caller.name}"}, is_query=False) == {"subject": 'Call from Ann "admin": 1'}


@given(st.text())
def test_any_value_stays_one_text_of_json(value: str) -> None:
    made = body({"a": "{caller.name}", "b": 1}, {"caller.name": value})
    assert list(made) == ["a", "b"]
    assert made["a"] is None or isinstance(made["a"], str)


@given(st.text())
def test_any_value_stays_one_header_line(value: str) -> None:
    text = header_value(PrivateTemplate("for {caller.name}"), {"caller.name": value})
    assert text.isascii()
    assert text.isprintable()


def test_header_encodes_only_what_a_header_cannot_hold() -> None:
    text = header_value(PrivateTemplate("{caller.name}; q=1"), {"caller.name": "Åsa 100%\r\nX: 1"})
    assert text == "%C3%85sa 100%25%0D%0AX: 1; q=1"


def test_form_is_encoded() -> None:
    form = {"phone": PrivateTemplate("{caller.e164}"), "name": PrivateTemplate("{caller.name}")}
    sent = form_body(form, {"caller.e164": "+46701234567", "caller.name": "A&admin=1"})
    assert parse_qsl(sent.decode()) == [("phone", "+46701234567"), ("name", "A&admin=1")]


def test_secret_with_braces_is_no_place() -> None:
    context = FromFile(lambda text: "to{caller.name}ken")
    text = TypeAdapter(PrivateTemplate).validate_python("Token ${env:T} {caller.e164}", context=context)
    assert header_value(text, ANNA) == "Token to{caller.name}ken +46701234567"
    assert [place.name for place in text.places] == ["caller.e164"]
    assert "ken" not in f"{text} {text!r}"


def test_value_that_is_not_of_its_form_is_not_asked() -> None:
    template = JsonTemplate.parse({"id": "{crm.id|id}"}, is_query=True)
    with pytest.raises(LookupFailed, match=r"crm\.id is not made of letters") as caught:
        template.body({"crm.id": "' OR 1=1"})
    assert not caught.value.asked
