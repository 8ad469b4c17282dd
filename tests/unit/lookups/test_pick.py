"""Paths into an answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ariroute.errors import LookupFailed
from ariroute.lookups.pick import PATH_PATTERN, at, read_text, steps_of

ANSWER: dict[str, Any] = {
    "data": [
        {"id": 1, "attributes": {"loyalty_c": "gold", "tags": ["a", "b"]}},
        {"id": 2, "attributes": {"loyalty_c": "silver"}},
    ],
    "phones": [{"type": "home", "n": "1"}, {"type": "work", "n": "2", "main": True}],
    "owner": [7, "Anna Ek"],
    "0": "zero",
    "none": None,
    "no": False,
}


def picked(path: str, value: Any = ANSWER, **more: Any) -> Any:
    assert re.fullmatch(PATH_PATTERN, path)
    return at(value, path, steps_of(path), **more)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.0.attributes.loyalty_c", "gold"),
        ("data.1.attributes.loyalty_c", "silver"),
        ("data.attributes.loyalty_c", "gold"),
        ("data.2.attributes.loyalty_c", None),
        ("data.99999999999999999999.id", None),
        ("data[id=2].attributes.loyalty_c", "silver"),
        ("data[id=3].attributes.loyalty_c", None),
        ("phones[type=work].n", "2"),
        ("phones[main=true].n", "2"),
        ("data.0.attributes.tags.1", "b"),
        ("owner.1", "Anna Ek"),
        ("0", "zero"),
        ("none.deeper", None),
        ("absent", None),
        ("no", False),
    ],
)
def test_value_is_found(path: str, value: Any) -> None:
    assert picked(path) == value


def test_list_as_the_whole_answer() -> None:
    assert picked("0.id", [{"id": 1}]) == 1
    assert picked("[id=2].n", [{"id": 1}, {"id": 2, "n": "x"}]) == "x"


@pytest.mark.parametrize("path", ["data.id.deeper", "0.x", "no.x"])
def test_way_through_what_is_no_object_is_a_failure(path: str) -> None:
    with pytest.raises(LookupFailed, match=f"expected an object on the way to {path}"):
        picked(path)


def test_match_in_what_is_no_list_is_a_failure() -> None:
    with pytest.raises(LookupFailed, match=r"expected a list on the way to data\.0\.attributes"):
        picked("data.0.attributes[a=b].c")


def test_false_is_empty_where_it_is_said_so() -> None:
    assert picked("no", false_is_empty=True) is None
    assert picked("no.1", false_is_empty=True) is None


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a b", "a[b]", "a[=c]", "a]", "a["])
def test_path_that_is_none_is_refused(path: str) -> None:
    assert not re.fullmatch(PATH_PATTERN, path)


@pytest.mark.parametrize(
    ("value", "kind", "read"),
    [
        ("12", "number", 12.0),
        ("-1.5", "number", -1.5),
        ("", "number", None),
        (" ", "bool", None),
        ("1e5", "number", "1e5"),
        ("0123", "number", "0123"),
        ("twelve", "number", "twelve"),
        (12, "number", 12),
        ("true", "bool", True),
        ("0", "bool", False),
        ("maybe", "bool", "maybe"),
        ("12", "string", "12"),
        (None, "number", None),
    ],
)
def test_text_is_read_as_its_type_or_stays(value: Any, kind: Any, read: Any) -> None:
    assert read_text(value, kind) == read
