"""Requests and the frames that carry them."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ariroute.asterisk import frames
from ariroute.asterisk.frames import quoted


@given(st.text())
def test_an_id_is_one_segment_and_comes_back_as_it_was(identifier: str) -> None:
    text = quoted(identifier)
    assert text not in {".", ".."}
    assert not set(text) & set('/?#"\\ &;%') - {"%"}
    if identifier.isascii() or identifier.isprintable():
        assert unquote(text) == identifier


@given(st.text(), st.dictionaries(st.text(min_size=1), st.text(), min_size=1))
def test_a_frame_is_json_that_says_the_request(identifier: str, variables: dict[str, str]) -> None:
    request = frames.set_variables(identifier, variables)
    frame = json.loads(frames.frame("12", request))
    assert frame["type"] == "RESTRequest"
    assert frame["request_id"] == "12"
    assert frame["method"] == "POST"
    assert frame["uri"] == f"channels/{quoted(identifier)}/variables"
    assert frame["content_type"] == "application/json"
    assert list(json.loads(frame["message_body"])["variables"].items()) == list(variables.items())


def test_a_request_without_a_body_has_none_in_its_frame() -> None:
    frame = json.loads(frames.frame("1", frames.continue_in_dialplan("17.1")))
    assert frame == {
        "type": "RESTRequest",
        "transaction_id": "ariroute",
        "request_id": "1",
        "method": "POST",
        "uri": "channels/17.1/continue",
    }


def test_a_query_is_percent_encoded() -> None:
    request = frames.request("GET", "channels/1/variable", {"variable": "CALLERID(num)", "x": "a b&c=d"})
    assert request.uri == "channels/1/variable?variable=CALLERID%28num%29&x=a%20b%26c%3Dd"


def test_a_label_shows_no_query_and_no_body() -> None:
    request = frames.request("GET", "channels/1/variable", {"variable": "secret"}, {"value": "secret"})
    assert request.label == "GET channels/1/variable"


@pytest.mark.parametrize(
    ("identifier", "text"), [("17.1", "17.1"), ("..", "%2E%2E"), ("a/b?c", "a%2Fb%3Fc"), ("å", "%C3%A5")]
)
def test_quoting(identifier: str, text: str) -> None:
    assert quoted(identifier) == text
