"""The ARI client against a fake PBX that misbehaves in every way a real one, or what stands between, may."""

from __future__ import annotations

import asyncio
import gc
import logging
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from fake_ari import FakePbx

from ariroute.asterisk.ari import TURNS, Ari
from ariroute.asterisk.events import ApplicationReplaced, StasisStart
from ariroute.errors import AriDisconnected, AriError, AriRefused, AriTimeout, ChannelGone, PbxRefused
from ariroute.lab.relay import Relay
from ariroute.values import Secret

DECISION = {"ARIROUTE_QUEUE": "gold", "QUEUE_PRIO": "5", "ARIROUTE_DECIDED": "1"}
TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "http"])


def of_channel(pbx: FakePbx, channel_id: str) -> list[tuple[str, str]]:
    """Method and last part of the uri of each request about a channel."""
    return [(seen.method, seen.uri.rpartition("/")[2]) for seen in pbx.seen if f"channels/{channel_id}" in seen.uri]


# Connecting


async def test_the_server_is_asked_what_it_is_and_can(pbx: FakePbx, connect: Any) -> None:
    ari = (await connect(pbx)).ari
    assert ari.version == "22.10.1"
    assert ari.transport == "websocket"
    assert ari.is_up


async def test_a_server_that_does_not_answer_frames_is_asked_over_http(connect: Any) -> None:
    async with FakePbx("16.28.0", rest_over_websocket=False, many_variables=False) as pbx:
        told = await connect(pbx)
        assert told.ari.transport == "http"
        assert told.ari.version == "16.28.0"
        channel_id = pbx.call()
        await told.ari.hand_over(channel_id, DECISION)
        assert {seen.via for seen in pbx.seen} == {"http"}
        await told.ari.close()


async def test_transport_http_sends_no_frame_at_all(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx, transport="http")
    await told.ari.hand_over(pbx.call(), DECISION)
    assert {seen.via for seen in pbx.seen} == {"http"}


async def test_transport_websocket_names_the_remedy_where_the_server_cannot(
    connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakePbx("16.28.0", rest_over_websocket=False) as pbx:
        told = await connect(pbx, wait=False, transport="websocket", request_timeout=0.05)
        await pbx.until(lambda: "set transport: auto" in caplog.text)
        assert not told.ari.is_up
        await told.ari.close()


async def test_a_wrong_password_ends_it_and_is_not_in_the_text(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx, password=Secret("wrong one"))
    with pytest.raises(PbxRefused, match=r"refuses the ARI user 'ariroute' \(HTTP 401\)") as caught:
        await told.running
    assert "wrong one" not in str(caught.value)
    assert caught.value.__context__ is None  # aiohttp's error carries the request and its Authorization


@pytest.mark.parametrize(
    ("status", "sentence"), [(404, "ari.conf says enabled=yes"), (500, "HTTP 500"), (503, "is not ready")]
)
async def test_a_server_that_is_not_ready_is_tried_again(
    pbx: FakePbx, connect: Any, caplog: pytest.LogCaptureFixture, status: int, sentence: str
) -> None:
    pbx.connect_status = status
    told = await connect(pbx, wait=False)
    await pbx.until(lambda: sentence in caplog.text)
    assert "connecting again in" in caplog.text
    pbx.connect_status = None
    await pbx.until(lambda: told.ups)


async def test_a_missing_host_is_tried_until_it_is_there(connect: Any, caplog: pytest.LogCaptureFixture) -> None:
    pbx = await FakePbx().start()
    await pbx.stop()
    told = await connect(pbx, wait=False)
    await pbx.until(lambda: "cannot be reached" in caplog.text)
    await pbx.start()
    await pbx.until(lambda: told.ups)
    await told.ari.close()
    await pbx.stop()


async def test_the_same_reason_is_not_logged_at_every_attempt(connect: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ariroute.asterisk.ari")
    pbx = await FakePbx().start()
    await pbx.stop()
    await connect(pbx, wait=False, reconnect_within=0.01)
    await pbx.until(lambda: len(caplog.records) > 10)
    assert sum(record.levelno >= logging.WARNING for record in caplog.records[:10]) == 1


async def test_a_lost_connection_is_told_once_and_made_again(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx)
    await pbx.drop_websockets()
    await pbx.until(lambda: len(told.ups) == 2)
    assert len(told.downs) == 1
    assert "connection was lost" in told.downs[0]
    assert told.ari.counters.connects == 2
    assert told.ari.counters.disconnects == 1


async def test_a_request_without_an_answer_on_a_silent_connection_makes_it_look_and_connect_anew(
    pbx: FakePbx, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ariroute.asterisk.ari_socket.DOUBTED", 0.05)
    told = await connect(pbx, ping=60.0, request_timeout=0.1)
    pbx.mute()
    with pytest.raises(AriTimeout):
        await told.ari.channels_in_app()
    await pbx.until(lambda: told.downs)
    assert "nothing heard for" in told.downs[0]


async def test_what_was_heard_before_the_timeout_is_no_sign_of_life(
    pbx: FakePbx, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ariroute.asterisk.ari_socket.DOUBTED", 0.05)
    told = await connect(pbx, ping=60.0, request_timeout=0.2)
    pbx.mute()
    asking = asyncio.create_task(told.ari.channels_in_app())
    await asyncio.sleep(0.1)
    pbx.call()
    with pytest.raises(AriTimeout):
        await asking
    assert told.events
    told.ari._socket._ping_again(-1)  # the ping that is due anyway, and finds that an event was heard since the last
    await pbx.until(lambda: told.downs)


async def test_a_connection_that_answers_pings_is_kept_however_late_a_request_is(
    pbx: FakePbx, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ariroute.asterisk.ari_socket.DOUBTED", 0.05)
    told = await connect(pbx, ping=60.0, request_timeout=0.1)
    pbx.misbehave("hang", uri="applications/")
    for _ in range(3):
        with pytest.raises(AriTimeout):
            await told.ari.channels_in_app()
    assert (told.ari.counters.connects, told.ari.counters.disconnects) == (1, 0)


async def test_over_http_a_request_without_an_answer_is_followed_by_new_connections(pbx: FakePbx) -> None:
    """What lies idle beside a dead connection is as dead, and would cost the next requests their time too."""
    with Relay(urlsplit(pbx.url).port or 0) as relay:
        ari = Ari(pbx.settings(url=relay.url, request_timeout=0.2), on_event=lambda event: None)
        await asyncio.gather(*(ari.channels_in_app() for _ in range(4)))
        assert relay.accepted == 4
        relay.lose()
        with pytest.raises(AriTimeout):
            await ari.channels_in_app()
        relay.mend()
        assert await asyncio.gather(*(ari.channels_in_app() for _ in range(4))) == [[]] * 4
        assert relay.accepted == 8
        await ari.close()


def has_come_up(told: Any, times: int) -> bool:
    return len(told.ups) == times


async def test_connections_that_break_as_soon_as_they_are_made_are_made_again_ever_more_slowly(
    pbx: FakePbx, connect: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    caplog.set_level(logging.DEBUG, "ariroute.asterisk.ari")
    told = await connect(pbx)
    for ups in (2, 3, 4):
        await pbx.drop_websockets()
        await pbx.until(partial(has_come_up, told, ups))
    said = [record.getMessage() for record in caplog.records if "connecting again" in record.getMessage()]
    assert [text.rpartition(" in ")[2] for text in said] == ["0.1 s", "0.2 s", "0.3 s"]


async def test_over_http_many_hand_overs_at_once_take_turns(pbx: FakePbx, connect: Any) -> None:
    """So that none waits for its answer behind a request of each other one; a sweep finds a connection meanwhile."""
    told = await connect(pbx, transport="http")
    pbx.misbehave("hang", uri="variables")
    handing = [asyncio.create_task(told.ari.hand_over(pbx.call(), DECISION)) for _ in range(30)]
    await pbx.until(lambda: len([seen for seen in pbx.seen if "variables" in seen.uri]) > TURNS)  # and the probe
    await told.ari.channels_in_app()
    assert len([seen for seen in pbx.seen if "variables" in seen.uri]) == TURNS + 1
    for each in handing:
        each.cancel()
    await asyncio.wait(handing)


async def test_a_peer_that_falls_silent_counts_as_dead(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx, ping=0.05)
    pbx.mute()
    await pbx.until(lambda: told.downs)
    assert "nothing heard for 0." in told.downs[0]
    pbx.unmute()
    await pbx.until(lambda: told.ari.is_up)


@pytest.mark.parametrize("transport", ["websocket", "http"])
async def test_a_quiet_peer_that_answers_pings_is_alive(pbx: FakePbx, connect: Any, transport: str) -> None:
    """Over HTTP no answer to a request is heard on the websocket: pongs alone must keep it."""
    told = await connect(pbx, ping=0.2, transport=transport)
    await asyncio.sleep(1.0)  # 5 pings: the passing of time is what is tested
    assert not told.downs


async def test_a_replaced_application_is_left_to_the_other(pbx: FakePbx, connect: Any) -> None:
    first = await connect(pbx)
    channel_id = pbx.call()
    second = await connect(pbx)
    await pbx.until(lambda: ApplicationReplaced("ariroute") in first.events)
    assert not first.ari.is_up
    assert len(first.downs) == 1
    await first.ari.hand_over(channel_id, DECISION)  # over HTTP
    await pbx.drop_websockets()
    await pbx.until(lambda: len(second.ups) == 2)
    assert len(first.ups) == 1
    assert not first.running.done()


@pytest.mark.parametrize("moment", ["before", "connecting", "up", "waiting"])
async def test_close_ends_run_at_any_moment(pbx: FakePbx, connect: Any, moment: str) -> None:
    if moment == "connecting":
        pbx.misbehave("hang")  # the probe waits
    if moment == "waiting":
        pbx.connect_status = 503
    told = await connect(pbx, wait=moment == "up", reconnect_within=60.0)
    if moment == "connecting":
        await pbx.until(lambda: pbx.seen)
    if moment == "waiting":
        await asyncio.sleep(0.05)
    await told.ari.close()
    await asyncio.wait_for(told.running, 1)
    assert not told.ari.is_up


async def test_cancelling_run_cancels_it(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx)
    told.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await told.running
    await pbx.until(lambda: pbx.connections == 0)
    assert len(told.downs) == 1


# Events


async def test_events_come_in_order_and_typed(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx)
    ids = [pbx.call() for _ in range(100)]
    await pbx.until(lambda: len(told.events) == 100)
    assert [event.channel.id for event in told.events if isinstance(event, StasisStart)] == ids
    assert told.ari.counters.events == 100


@pytest.mark.parametrize(
    "text", ["no JSON", "{", "[]", "null", "7", '{"type":7}', '{"type":"StasisStart"}', b"\xff\xfe", "[" * 100_000]
)
async def test_a_broken_text_is_counted_and_what_follows_arrives(pbx: FakePbx, connect: Any, text: str | bytes) -> None:
    told = await connect(pbx)
    pbx.send_text(text)
    pbx.call()
    await pbx.until(lambda: told.events)
    counters = told.ari.counters
    assert counters.broken_frames + counters.unknown_events == 1
    assert not told.downs


async def test_an_unknown_event_is_counted(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx)
    pbx.send({"type": "BridgeCreated", "bridge": {}})
    pbx.call()
    await pbx.until(lambda: told.events)
    assert told.ari.counters.unknown_events == 1


async def test_a_handler_that_fails_is_counted_and_ends_nothing(pbx: FakePbx, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("of ours")

    ari = Ari(pbx.settings(), on_event=fail, on_up=fail, on_down=fail)
    running = asyncio.create_task(ari.run())
    await pbx.until(lambda: ari.is_up)
    pbx.call()
    await pbx.until(lambda: ari.counters.failed_callbacks == 2)
    assert "the handler of a StasisStart failed" in caplog.text
    assert ari.is_up
    pbx.send({"type": "ApplicationReplaced"})
    await pbx.until(lambda: not ari.is_up)
    assert ari.counters.failed_callbacks == 4
    await ari.close()
    await running


# Requests


@TRANSPORTS
async def test_a_decision_is_handed_over_in_order(pbx: FakePbx, connect: Any, transport: str) -> None:
    told = await connect(pbx, transport=transport)
    channel_id = pbx.call()
    channel = pbx.channels[channel_id]
    await told.ari.hand_over(channel_id, DECISION)
    assert channel.continued
    assert channel.variables == DECISION
    assert channel.writes == list(DECISION)
    assert of_channel(pbx, channel_id) == [("POST", "variables"), ("POST", "continue")]


@TRANSPORTS
async def test_an_older_server_gets_one_request_for_each_variable(connect: Any, transport: str) -> None:
    async with FakePbx("22.5.0", many_variables=False) as pbx:
        told = await connect(pbx, transport=transport)
        channel_id = pbx.call()
        channel = pbx.channels[channel_id]
        await told.ari.hand_over(channel_id, DECISION)
        assert channel.writes == list(DECISION)
        assert of_channel(pbx, channel_id) == [("POST", "variable")] * 3 + [("POST", "continue")]
        await told.ari.close()


async def test_on_the_websocket_all_of_a_hand_over_is_sent_at_once(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx)
    pbx.misbehave("hang", uri="variables")
    channel_id = pbx.call()
    with pytest.raises(AriTimeout):
        await asyncio.wait_for(told.ari.hand_over(channel_id, DECISION), 5)
    assert pbx.handed_over == 1


async def test_over_http_nothing_follows_a_failed_write(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx, transport="http")
    pbx.misbehave(500, uri="variables")
    channel_id = pbx.call()
    with pytest.raises(AriRefused, match=r"POST channels/.*/variables: 500 as the test demands"):
        await told.ari.hand_over(channel_id, DECISION)
    assert of_channel(pbx, channel_id) == [("POST", "variables")]


@TRANSPORTS
async def test_a_caller_who_hung_up_is_gone(pbx: FakePbx, connect: Any, transport: str) -> None:
    told = await connect(pbx, transport=transport)
    channel_id = pbx.call()
    pbx.hang_up(channel_id)
    with pytest.raises(ChannelGone) as caught:
        await told.ari.hand_over(channel_id, DECISION)
    assert caught.value.status == 404


@TRANSPORTS
async def test_a_hand_over_may_be_repeated(pbx: FakePbx, connect: Any, transport: str) -> None:
    told = await connect(pbx, transport=transport)
    channel_id = pbx.call()
    await told.ari.hand_over(channel_id, DECISION)
    with pytest.raises(ChannelGone, match="409"):
        await told.ari.hand_over(channel_id, DECISION)
    assert pbx.handed_over == 1


@TRANSPORTS
async def test_a_server_that_never_answers_ends_in_a_timeout(pbx: FakePbx, connect: Any, transport: str) -> None:
    told = await connect(pbx, transport=transport)
    pbx.misbehave("hang")
    started = asyncio.get_running_loop().time()
    with pytest.raises(AriTimeout, match="GET asterisk/info: no answer within"):
        await told.ari.request("GET", "asterisk/info", timeout=0.1)
    assert asyncio.get_running_loop().time() - started < 0.5


@TRANSPORTS
async def test_a_connection_that_closes_under_a_request_ends_it(pbx: FakePbx, connect: Any, transport: str) -> None:
    told = await connect(pbx, transport=transport)
    channel_id = pbx.call()
    pbx.misbehave("close", "POST")
    with pytest.raises(AriDisconnected):
        await told.ari.continue_in_dialplan(channel_id)


async def test_garbage_over_http_is_an_error_of_the_request(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx, transport="http")
    pbx.misbehave("garbage")
    with pytest.raises(AriError, match="is not JSON"):
        await told.ari.channels_in_app()


async def test_garbage_on_the_websocket_is_counted_and_the_request_times_out(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx, request_timeout=0.2)
    pbx.misbehave("garbage")
    with pytest.raises(AriTimeout):
        await told.ari.channels_in_app()
    assert told.ari.counters.broken_frames == 1
    assert told.ari.is_up


async def test_an_answer_that_comes_too_late_is_counted(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx)
    pbx.misbehave(0.3, uri="info")
    with pytest.raises(AriTimeout):
        await told.ari.request("GET", "asterisk/info", timeout=0.05)
    await pbx.until(lambda: told.ari.counters.late_answers == 1)
    assert told.ari.counters.timeouts == 1


async def test_while_the_websocket_keeps_requests_waiting_others_go_over_http(pbx: FakePbx, connect: Any) -> None:
    """Also when nobody waits any more for the request that holds it up."""
    told = await connect(pbx)
    slow, other = pbx.call(), pbx.call()
    pbx.misbehave(1.5, "GET", f"channels/{slow}")
    with pytest.raises(AriTimeout):
        await told.ari.request("GET", f"channels/{slow}", timeout=0.2)
    await pbx.until(lambda: told.ari.transport == "http")

    await told.ari.continue_in_dialplan(other)

    assert pbx.seen[-1].via == "http"
    assert told.ari.counters.late_answers == 0
    await pbx.until(lambda: told.ari.transport == "websocket")
    assert told.ari.counters.late_answers == 1


async def test_an_answer_to_nobody_is_counted(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx)
    pbx.send({"type": "RESTResponse", "request_id": "no such", "status_code": 200})
    await pbx.until(lambda: told.ari.counters.late_answers == 1)


async def test_while_the_websocket_is_down_requests_go_over_http(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx)
    channel_id = pbx.call()
    pbx.connect_status = 503
    await pbx.drop_websockets()
    await pbx.until(lambda: told.downs)
    assert told.ari.transport == "http"
    await told.ari.hand_over(channel_id, DECISION)
    assert [seen.via for seen in pbx.seen if "continue" in seen.uri] == ["http"]


async def test_when_the_connection_breaks_under_a_hand_over_then_the_next_try_goes_over_http(
    pbx: FakePbx, connect: Any
) -> None:
    told = await connect(pbx)
    channel_id = pbx.call()
    told.ari._socket._websocket._writer.transport.abort()  # no turn of the loop: the reading side knows nothing yet
    with pytest.raises(AriDisconnected):
        await told.ari.hand_over(channel_id, DECISION)
    await told.ari.hand_over(channel_id, DECISION)
    assert [seen.via for seen in pbx.seen if "continue" in seen.uri] == ["http"]


async def test_requests_work_without_run(pbx: FakePbx) -> None:
    ari = Ari(pbx.settings(), on_event=lambda event: None)
    channel_id = pbx.call()
    assert await ari.channels_in_app() == [channel_id]
    await ari.close()


@TRANSPORTS
async def test_a_cancelled_request_leaves_nothing_behind(pbx: FakePbx, connect: Any, transport: str) -> None:
    told = await connect(pbx, transport=transport)
    pbx.misbehave("hang", uri="info")
    asking = asyncio.ensure_future(told.ari.request("GET", "asterisk/info", timeout=0.2))
    await pbx.until(lambda: any("info" in seen.uri for seen in pbx.seen[2:]))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    pbx.behave()
    await told.ari.channels_in_app()


async def test_open_requests_end_when_the_connection_is_lost(pbx: FakePbx, connect: Any) -> None:
    told = await connect(pbx)
    pbx.misbehave("hang")
    asking = [asyncio.ensure_future(told.ari.request("GET", "asterisk/info")) for _ in range(50)]
    await pbx.until(lambda: len(pbx.seen) >= 50)
    await pbx.drop_websockets()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(result) for result in results} == {AriDisconnected}


async def test_a_reply_nobody_awaits_any_more_makes_no_noise(
    pbx: FakePbx, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    told = await connect(pbx)
    pbx.misbehave("hang", uri="variables")
    handing = asyncio.create_task(told.ari.hand_over(pbx.call(), DECISION))
    await pbx.until(lambda: pbx.handed_over)
    handing.cancel()
    await asyncio.gather(handing, return_exceptions=True)
    await pbx.drop_websockets()
    await pbx.until(lambda: told.downs)
    del handing
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_a_peer_that_reads_slowly_gets_everything_in_the_end(pbx: FakePbx, connect: Any) -> None:
    """More than the transport's buffer holds at once: frames wait there, the sender does not."""
    told = await connect(pbx, request_timeout=20.0)
    channel_id = pbx.call()
    value = "x" * 1000
    writes = [told.ari.set_variables(channel_id, {"ARIROUTE_VAR_NOTE": value}) for _ in range(2000)]
    await asyncio.gather(*writes)
    assert len(pbx.channels[channel_id].writes) == 2000


@TRANSPORTS
async def test_a_variable_is_read(pbx: FakePbx, connect: Any, transport: str) -> None:
    told = await connect(pbx, transport=transport)
    channel_id = pbx.call()
    assert await told.ari.variable(channel_id, "ARIROUTE_QUEUE") is None
    await told.ari.set_variables(channel_id, {"ARIROUTE_QUEUE": "gold\r\n"})
    assert await told.ari.variable(channel_id, "ARIROUTE_QUEUE") == "gold"


@TRANSPORTS
@pytest.mark.parametrize(("cause", "said"), [(16, "normal"), (17, "busy"), (21, "rejected"), (3, "3")])
async def test_hanging_up_names_the_cause(pbx: FakePbx, connect: Any, transport: str, cause: int, said: str) -> None:
    told = await connect(pbx, transport=transport)
    channel_id = pbx.call()
    channel = pbx.channels[channel_id]
    await told.ari.hang_up(channel_id, cause)
    assert channel.hangup == said


@pytest.mark.parametrize("answer", [[], {}, {"channel_ids": 7}, None, "text"])
async def test_an_answer_of_another_shape_is_an_error(
    pbx: FakePbx, connect: Any, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    told = await connect(pbx)
    monkeypatch.setattr(pbx, "_resource", lambda *_: (200, answer))
    with pytest.raises(AriError):
        await told.ari.channels_in_app()
    with pytest.raises(AriError):
        await told.ari.channel("1")
    with pytest.raises(AriError):
        await told.ari.variable("1", "ARIROUTE_QUEUE")


async def test_the_password_is_in_no_log_and_no_repr(
    pbx: FakePbx, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = await connect(pbx)
    await pbx.drop_websockets()
    await pbx.until(lambda: len(told.ups) == 2)
    everything = caplog.text + repr(told.ari) + repr(told.ari.settings) + str(told.ari.settings.model_dump())
    assert "open sesame" not in everything
    assert "b3BlbiBzZXNhbWU" not in everything


async def test_a_user_who_may_only_read_is_refused_with_the_remedy(pbx: FakePbx) -> None:
    pbx.misbehave(403, "POST")
    ari = Ari(pbx.settings(), on_event=lambda event: None)
    with pytest.raises(PbxRefused, match="read_only=no"):
        await ari.run()
    await ari.close()
