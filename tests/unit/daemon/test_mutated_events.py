"""What Asterisk tells, broken at random: the daemon counts it, and routes the next call."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from fake_ari import FakePbx, channel_json

from .conftest import Running
from .test_calls import place

COUNT = 1000
INSIDE = "inside.1"
EVENTS: list[dict[str, Any]] = [
    {"type": "StasisStart", "args": ["+46850000000"], "channel": channel_json("nobody.1")},
    {"type": "StasisStart", "args": ["+46850000000", "ariroute-back", "BUSY"], "channel": channel_json(INSIDE)},
    {"type": "StasisEnd", "channel": channel_json("nobody.2")},
    {"type": "ChannelHangupRequest", "channel": channel_json("nobody.3"), "cause": 16},
    {"type": "ChannelDestroyed", "channel": channel_json("nobody.4"), "cause": 16, "cause_txt": "Normal Clearing"},
    {"type": "ChannelDtmfReceived", "channel": channel_json(INSIDE), "digit": "5", "duration_ms": 100},
    {"type": "PlaybackFinished", "playback": {"id": f"{INSIDE}~1", "media_uri": "sound:x", "state": "done"}},
    {"type": "Dial", "caller": channel_json(INSIDE), "peer": channel_json("nobody.5"), "dialstatus": "BUSY"},
    {"type": "RESTResponse", "request_id": "3", "status_code": 204, "reason_phrase": "No Content", "uri": "channels"},
    {"type": "ChannelVarset", "variable": "X", "value": "1", "channel": channel_json("nobody.6")},
]
VALUES: list[Any] = [
    None,
    True,
    -1,
    1e308,
    10**40,
    "",
    "\0",
    "é" * 5000,
    "../..",
    [],
    [[]],
    {},
    {"id": None},
    "null",
    "NaN",
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key in a JSON value."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def broken(event: dict[str, Any], dice: random.Random) -> str:
    """``event`` as text, with one to three accidents in its values or its text."""
    event = json.loads(json.dumps(event))
    for _ in range(dice.randint(1, 3)):
        if not (found := places(event)):
            break
        container, key = dice.choice(found)
        if dice.random() < 0.3:
            del container[key]
        else:
            container[key] = copy.deepcopy(dice.choice(VALUES))
    text = json.dumps(event)
    if dice.random() < 0.3:
        at = dice.randrange(len(text))
        text = dice.choice([text[:at], text[at:], text[:at] + dice.choice('"{[,]}\\') + text[at:], text * 2, "[" * 500])
    return text


@pytest.mark.parametrize("rest", [True, False], ids=["websocket", "http"])
async def test_a_thousand_broken_events_harm_nobody(fake: FakePbx, running: Running, rest: bool) -> None:
    fake.rest_over_websocket = rest
    dice = random.Random(rest)
    async with running() as daemon:
        connects = fake.connections
        for number in range(COUNT):
            fake.send_text(broken(dice.choice(EVENTS), dice))
            if number % 100 == 50:
                channel = place(fake, "+46701000002")
                await fake.until(lambda channel=channel: channel.continued)  # type: ignore[misc]
                assert channel.variables["ARIROUTE_QUEUE"] == "gold"
        (pbx,) = daemon.pbxs.values()
        await fake.until(lambda: pbx.calls.in_flight == 0, timeout=20)
        assert daemon.is_ready
        assert fake.connections == connects
        assert pbx.ari.counters.failed_callbacks == 0
