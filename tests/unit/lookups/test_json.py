"""JSON from strangers: what is refused, and where the record is found."""

from __future__ import annotations

from typing import Any

import pytest

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.json import parsed, record_at


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"a": 1',
        b'{"a": 1} x',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"b": {"a": 1, "a": 2}}',
        b'{"a": ' + b"9" * 100_000 + b"}",
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a": "g\xffld"}',
        '{"a": 1}'.encode("utf-16"),
    ],
    ids=lambda body: body[:12],
)
def test_body_that_is_not_clean_json_is_refused(body: bytes) -> None:
    with pytest.raises(LookupFailed) as caught:
        parsed(body)
    assert caught.value.reason == Failure.NOT_JSON
    assert len(str(caught.value)) < 250


def test_byte_order_mark_is_accepted() -> None:
    assert parsed(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("value", "path", "record"),
    [
        ({"a": 1}, "", {"a": 1}),
        ({"data": {"customer": {"a": 1}}}, "data.customer", {"a": 1}),
        ({"data": [{"a": 1}, {"a": 2}]}, "data", {"a": 1}),
        ({"data": [{"customer": {"a": 1}}]}, "data.customer", {"a": 1}),
        ([{"a": 1}], ".", {"a": 1}),
        ([], ".", None),
        ({"data": []}, "data", None),
        ({"data": None}, "data", None),
        ({"data": None}, "data.customer", None),
        ({}, "data.customer", None),
    ],
)
def test_record_is_found_at_its_path(value: Any, path: str, record: Any) -> None:
    assert record_at(value, path) == record


@pytest.mark.parametrize(
    ("value", "path"),
    [([{"a": 1}], ""), (None, ""), ("gold", ""), (7, ""), ({"data": 7}, "data"), ({"data": 7}, "data.x"), ([[1]], ".")],
)
def test_anything_but_an_object_is_refused(value: Any, path: str) -> None:
    with pytest.raises(LookupFailed, match="expected an object"):
        record_at(value, path)
