"""The relay that reads ARI: what passes passes unchanged, and each verdict does what it says, by both ways of ARI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from fake_ari import FakePbx

from ariroute.asterisk.ari import Ari
from ariroute.asterisk.events import Event, StasisEnd, StasisStart
from ariroute.errors import AriDisconnected, AriRefused, AriTimeout, ChannelGone
from ariroute.lab.ari_relay import AriRelay, AriRequest, Verdict, answer, close, drop, forward
from ariroute.lab.websocket import Frame, masked, read_frame, text_frame

DECISION = {"ARIROUTE_QUEUE": "gold", "QUEUE_PRIO": "5", "ARIROUTE_DECIDED": "1"}

Transport = Literal["websocket", "http"]


@pytest.fixture(params=["websocket", "http"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Both ways in which requests travel."""
    chosen: Transport = request.param
    return chosen


@dataclass
class Line:
    """A client, the relay and the PBX."""

    ari: Ari
    relay: AriRelay
    pbx: FakePbx
    events: list[Event] = field(default_factory=list)


@asynccontextmanager
async def joined(transport: Transport, **changes: Any) -> AsyncIterator[Line]:
    async with FakePbx() as pbx:
        with AriRelay(urlsplit(pbx.url).port or 0) as relay:
            events: list[Event] = []
            ups: list[str] = []
            settings = pbx.settings(url=relay.url, transport=transport, reconnect_within=0.05, **changes)
            ari = Ari(settings, on_event=events.append, on_up=lambda: ups.append("up"))
            running = asyncio.create_task(ari.run())
            try:
                await pbx.until(lambda: ups)
                yield Line(ari, relay, pbx, events)
            finally:
                await ari.close()
                await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def line(transport: Transport) -> AsyncIterator[Line]:
    async with joined(transport, request_timeout=0.3) as line:
        yield line


def on(method: str, ending: str, verdict: Verdict) -> Any:
    """A hook that gives this verdict about requests of that kind, but for the client's own probe."""

    def hook(request: AriRequest, *_: object) -> Verdict:
        return verdict if request.does(method, ending) and request.channel != "ariroute-probe" else forward()

    return hook


async def test_what_passes_passes_and_is_told(line: Line, transport: Transport) -> None:
    channel = line.pbx.call(caller="+46701234567")
    await line.pbx.until(lambda: line.events)
    await line.ari.hand_over(channel, {**DECISION, "ARIROUTE_REASON": "snö ☃ " * 150})

    assert line.pbx.handed_over == 1
    assert {seen.via for seen in line.pbx.seen} <= {transport, "http"}
    told = [(each.via, each.method, each.path, each.channel) for each in line.relay.requests if each.channel == channel]
    assert told == [
        (transport, "POST", f"channels/{channel}/variables", channel),
        (transport, "POST", f"channels/{channel}/continue", channel),
    ]
    assert "snö ☃" in next(each.body for each in line.relay.requests if each.channel == channel)


async def test_a_dropped_request_has_no_answer_and_the_next_one_has(line: Line) -> None:
    line.relay.on_request = on("GET", "variable", drop())
    channel = line.pbx.call()
    with pytest.raises(AriTimeout):
        await line.ari.variable(channel, "ARIROUTE_QUEUE")
    await line.ari.set_variables(channel, DECISION)
    assert line.pbx.channels[channel].variables["ARIROUTE_QUEUE"] == "gold"


async def test_an_answer_in_the_servers_place(line: Line) -> None:
    line.relay.on_request = on("GET", "variable", answer(500, '{"message": "out of order"}'))
    channel = line.pbx.call()
    with pytest.raises(AriRefused, match="out of order"):
        await line.ari.variable(channel, "ARIROUTE_QUEUE")
    assert not [seen for seen in line.pbx.seen if seen.method == "GET" and channel in seen.uri]
    await line.ari.set_variables(channel, DECISION)


async def test_an_answer_that_is_another_one_when_it_passes_back(line: Line) -> None:
    line.relay.on_answer = on("POST", "continue", answer(404, '{"message": "Channel not found"}'))
    with pytest.raises(ChannelGone):
        await line.ari.hand_over(line.pbx.call(), DECISION)
    assert line.pbx.handed_over == 1


async def test_a_closed_connection_takes_along_what_came_behind(line: Line, transport: Transport) -> None:
    line.relay.on_request = on("POST", "variables", close())
    with pytest.raises(AriDisconnected):
        await line.ari.hand_over(line.pbx.call(), DECISION)
    assert line.pbx.handed_over == 0
    if transport == "websocket":
        await line.pbx.until(lambda: line.ari.counters.connects == 2)


async def test_an_answer_that_is_lost_after_the_server_did_it(line: Line) -> None:
    line.relay.on_answer = on("POST", "continue", drop())
    with pytest.raises(AriTimeout):
        await line.ari.hand_over(line.pbx.call(), DECISION)
    assert line.pbx.handed_over == 1


async def test_a_delay_holds_up_the_request(line: Line) -> None:
    line.relay.on_request = on("GET", "variable", forward(delay=0.1))
    channel = line.pbx.call()
    began = asyncio.get_running_loop().time()
    assert await line.ari.variable(channel, "ARIROUTE_QUEUE") is None
    assert asyncio.get_running_loop().time() - began >= 0.1


async def test_what_follows_is_called_when_it_is_done(line: Line) -> None:
    happened: list[str] = []
    channel = line.pbx.call()

    def asked(request: AriRequest) -> Verdict:
        return forward(then=lambda: happened.append(f"forwarded {request.method}"))

    def answered(request: AriRequest, status: int) -> Verdict:
        happened.append(f"answered {status}")
        return forward(then=lambda: happened.append("passed back"))

    line.relay.on_request, line.relay.on_answer = asked, answered
    await line.ari.channel(channel)
    await line.pbx.until(lambda: len(happened) == 3)
    assert happened == ["forwarded GET", "answered 200", "passed back"]


async def test_events_are_told_and_may_be_lost(line: Line) -> None:
    kinds: list[str] = []

    def passes(kind: str, event: dict[str, Any]) -> Verdict:
        kinds.append(kind)
        return drop() if kind == "StasisStart" else forward()

    line.relay.on_event = passes
    line.pbx.hang_up(line.pbx.call())
    await line.pbx.until(lambda: any(isinstance(event, StasisEnd) for event in line.events))
    assert kinds == ["StasisStart", "ChannelDestroyed", "StasisEnd"]
    assert not any(isinstance(event, StasisStart) for event in line.events)


async def test_pings_pass(transport: Transport) -> None:
    async with joined(transport, ping=0.05) as line:
        await asyncio.sleep(0.3)  # without pongs it would be given up after 0.1 s
        assert line.ari.counters.connects == 1
        line.pbx.mute()
        await line.pbx.until(lambda: line.ari.counters.disconnects == 1)
        line.pbx.unmute()


async def test_a_refused_handshake_passes_back(transport: Transport) -> None:
    async with FakePbx() as pbx:
        pbx.connect_status = 503
        with AriRelay(urlsplit(pbx.url).port or 0) as relay:
            ari = Ari(pbx.settings(url=relay.url, transport=transport), on_event=lambda event: None)
            running = asyncio.create_task(ari.run())
            await pbx.until(lambda: len(relay.requests) >= 2)  # it has seen the refusal, and tries again
            assert not ari.is_up
            await ari.close()
            await running


async def test_what_a_hook_raises_comes_out_at_the_end(transport: Transport) -> None:
    async def a_hook_raises() -> None:
        async with joined(transport) as line:
            line.relay.on_event = raising
            line.pbx.call()
            await line.pbx.until(lambda: line.events)  # passed on all the same

    with pytest.raises(AssertionError, match="not this one"):
        await a_hook_raises()


def raising(kind: str, event: dict[str, Any]) -> Verdict:
    raise AssertionError("not this one")


# Frames


async def frames(raw: bytes) -> list[Frame]:
    reader = asyncio.StreamReader()
    reader.feed_data(raw)
    reader.feed_eof()
    found = []
    while not reader.at_eof():
        found.append(await read_frame(reader))
    return found


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536])
@pytest.mark.parametrize("key", [b"", b"\x01\x80\xff\x00"])
async def test_a_frame_is_read_as_it_was_written(length: int, key: bytes) -> None:
    text = "x" * length
    raw = text_frame(text, key)
    assert await frames(raw) == [Frame(raw, 1, True, text.encode())]


async def test_fragments_and_what_comes_between_them() -> None:
    ping = bytes([0x89, 0])
    raw = text_frame('{"a":', is_last=False) + ping + text_frame(" 1}", opcode=0)
    assert [(each.opcode, each.is_last, each.is_control) for each in await frames(raw)] == [
        (1, False, False),
        (9, True, True),
        (0, True, False),
    ]


def test_a_mask_is_taken_off_as_it_is_put_on() -> None:
    key = b"\x12\x34\x56\x78"
    assert masked(masked(b"hello", key), key) == b"hello"
    assert masked(b"\x00\x00", key) == key[:2]


async def test_a_message_in_fragments_is_told_whole_and_passed_as_it_came() -> None:
    """A client of our own: no library that we have fragments."""
    async with FakePbx() as pbx:
        channel = pbx.call()
        with AriRelay(urlsplit(pbx.url).port or 0) as relay:
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            writer.write(handshake(pbx))
            head = await reader.readuntil(b"\r\n\r\n")
            request = f'{{"type":"RESTRequest","request_id":"7","method":"GET","uri":"channels/{channel}"}}'
            key = b"abcd"
            writer.write(text_frame(request[:20], key, is_last=False))
            writer.write(bytes([0x89, 0x80]) + key)
            writer.write(text_frame(request[20:], key, opcode=0))
            pong, said = await read_frame(reader), await read_frame(reader)
            writer.close()
            await writer.wait_closed()

    assert head.startswith(b"HTTP/1.1 101")
    assert pong.opcode == 10
    assert b'"status_code": 200' in said.payload
    assert [(each.via, each.path) for each in relay.requests[1:]] == [("websocket", f"channels/{channel}")]


def handshake(pbx: FakePbx) -> bytes:
    token = "YXJpcm91dGU6b3BlbiBzZXNhbWU="  # ariroute:open sesame
    lines = [
        f"GET /ari/events?app={pbx.app} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Authorization: Basic {token}",
        "\r\n",
    ]
    return "\r\n".join(lines).encode()
