"""Decoding what Asterisk tells: typed where it is used, counted where not, never an exception."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from fake_ari import channel_json
from hypothesis import given
from hypothesis import strategies as st

from ariroute.asterisk.events import (
    BUILDERS,
    Answer,
    ApplicationReplaced,
    Channel,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    ChannelVarset,
    Dialled,
    PlaybackFinished,
    PlaybackStarted,
    RestAnswer,
    StasisEnd,
    StasisStart,
    Unhandled,
    decode,
)
from ariroute.flow.untrusted import Untrusted


def told(kind: str, **fields: Any) -> Any:
    return decode(json.dumps({"type": kind, "application": "ariroute", **fields}))


def test_a_call_that_enters() -> None:
    channel = channel_json("17.1", "+46701234567", "Åsa") | {"channelvars": {"X": "1"}}
    event = told("StasisStart", channel=channel, args=["+468", "b"])
    assert event == StasisStart(
        Channel(
            id="17.1",
            name="PJSIP/trunk-17.1",
            state="Up",
            caller_number=Untrusted("+46701234567"),
            caller_name=Untrusted("Åsa"),
            dialled="s",
            context="ariroute",
            created="2026-01-02T09:00:00.000+0100",
            app_data="ariroute,+46850000000",
            app="Stasis",
            variables={"X": "1"},
        ),
        ("+468", "b"),
    )
    assert hash(event) == hash(dataclasses.replace(event))


def test_how_a_dial_goes() -> None:
    assert told("Dial", caller={"id": "17.1"}, peer={"id": "17.2"}, dialstatus="ANSWER") == Dialled("17.1", "ANSWER")
    assert told("Dial", peer={"id": "17.2"}, dialstatus="") == Dialled("")  # a call that Asterisk began itself


ONLY_ID = Channel("1")


@pytest.mark.parametrize(
    ("kind", "fields", "event"),
    [
        ("StasisStart", {"channel": {"id": "1"}}, StasisStart(ONLY_ID)),
        ("StasisEnd", {"channel": {"id": "1"}}, StasisEnd(ONLY_ID)),
        (
            "ChannelDestroyed",
            {"channel": {"id": "1"}, "cause": 17, "cause_txt": "Busy"},
            ChannelDestroyed(ONLY_ID, 17, "Busy"),
        ),
        ("ChannelHangupRequest", {"channel": {"id": "1"}, "soft": True}, ChannelHangupRequest(ONLY_ID)),
        (
            "ChannelDtmfReceived",
            {"channel": {"id": "1"}, "digit": "#", "duration_ms": 80},
            ChannelDtmfReceived(ONLY_ID, "#", 80),
        ),
        ("ChannelVarset", {"variable": "X", "value": "1"}, ChannelVarset("X", "1", None)),
        ("ChannelVarset", {"variable": "X", "channel": {"id": "1"}}, ChannelVarset("X", "", ONLY_ID)),
        ("PlaybackStarted", {"playback": {"id": "p"}}, PlaybackStarted("p")),
        ("PlaybackFinished", {"playback": {"id": "p", "state": "failed"}}, PlaybackFinished("p", "failed")),
        ("ApplicationReplaced", {}, ApplicationReplaced("ariroute")),
        ("RESTResponse", {"request_id": "7", "status_code": 204}, RestAnswer("7", Answer(204))),
        ("BridgeCreated", {}, Unhandled("BridgeCreated")),
    ],
)
def test_missing_fields_take_their_defaults(kind: str, fields: dict[str, Any], event: object) -> None:
    assert told(kind, **fields) == event


@pytest.mark.parametrize("channel", [None, {}, {"id": ""}, {"id": 7}, {"id": None}, [], "x", 7])
def test_a_channel_without_an_id_means_nothing(channel: Any) -> None:
    event = told("StasisStart", channel=channel)
    assert isinstance(event, Unhandled)
    assert event.type == ""
    assert event.fault


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '"x"', "{}", '{"type":[]}', b"\xff", b'{"type":"\xff"}'])
def test_a_text_that_is_no_event_is_unhandled(text: str | bytes) -> None:
    assert isinstance(decode(text), Unhandled)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    [
        "channel",
        "args",
        "caller",
        "dialplan",
        "id",
        "name",
        "number",
        "exten",
        "playback",
        "state",
        "variable",
        "value",
        "cause",
        "digit",
        "status_code",
        "request_id",
        "channelvars",
    ]
)
shapes = st.recursive(
    json_values,
    lambda children: st.dictionaries(names, children, max_size=6).map(lambda d: {"id": "1"} | d),
    max_leaves=12,
)


@given(st.sampled_from(sorted(BUILDERS)), st.dictionaries(names, shapes))
def test_no_message_makes_decode_raise_and_every_text_field_is_text(kind: str, fields: dict[str, Any]) -> None:
    event = decode(json.dumps({**fields, "type": kind}))
    channel = getattr(event, "channel", None)
    if channel is not None:
        values = [getattr(channel, field.name) for field in dataclasses.fields(channel) if field.name != "variables"]
        texts = [value.raw if isinstance(value, Untrusted) else value for value in values]
        assert all(type(text) is str for text in texts)


@given(st.text() | st.binary())
def test_no_text_makes_decode_raise(text: str | bytes) -> None:
    decode(text)
