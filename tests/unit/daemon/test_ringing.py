"""Calls that ring outside of the application, against the fake."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_ari import FakeChannel, FakePbx, push

from ariroute.daemon import ringing
from ariroute.daemon.app import Daemon

from .test_calls import place, samples

FLOW = """
      - dial: {endpoint: anna, timeout: 1s, on_busy: {queue: gold}, on_no_answer: {queue: platinum}}
      - queue: standard
"""


HUNT = """
      - dial: {endpoint: anna, timeout: 1s}
      - dial: {endpoint: bo, timeout: 5s, on_busy: {queue: gold}, on_no_answer: {queue: platinum}}
"""


@pytest.fixture
async def ringing_daemon(fake: FakePbx, flow_file: Callable[..., Path]) -> Daemon:
    """A daemon whose flow rings anna; started, and connected."""
    return await started(fake, with_steps(flow_file(), FLOW))


@pytest.fixture
async def hunting_daemon(fake: FakePbx, flow_file: Callable[..., Path]) -> Daemon:
    """One whose flow rings anna, then bo. A slow answer of its PBX holds up no other."""
    fake.rest_over_websocket = False
    return await started(fake, with_steps(flow_file(), HUNT))


def with_steps(file: Path, flow: str) -> Path:
    text = file.read_text()
    steps = text.index("      - lookup: crm")
    end = text.index("daemon: {")
    endpoints = "endpoints: {anna: PJSIP/anna, bo: PJSIP/bo}"
    file.write_text(f"{text[:steps]}{flow.lstrip(chr(10))}{endpoints}\n{text[end:]}")
    return file


async def started(fake: FakePbx, file: Path) -> Daemon:
    daemon = Daemon(file)
    await daemon.start()
    await fake.until(lambda: daemon.is_ready)
    return daemon


async def ring(fake: FakePbx) -> FakeChannel:
    """A call that rings."""
    channel = place(fake, "+46701000001", name="Ann")
    await fake.until(lambda: channel.continued)
    assert channel.variables["ARIROUTE_DIAL"] == "PJSIP/anna"
    assert channel.variables["ARIROUTE_DEFAULT"] == "standard"
    return channel


def dialled(fake: FakePbx, channel: FakeChannel, status: str) -> None:
    fake.send({"type": "Dial", "caller": {"id": channel.id}, "peer": {"id": "2"}, "dialstatus": status})


@pytest.mark.parametrize("announce", [True, False])
@pytest.mark.parametrize(("word", "queue"), [("BUSY", "gold"), ("NOANSWER", "platinum"), ("CONGESTION", "standard")])
async def test_when_the_call_comes_back_then_it_goes_the_way_of_asterisks_word(
    fake: FakePbx, ringing_daemon: Daemon, word: str, queue: str, announce: bool
) -> None:
    """Also when the event of its return was lost: the sweep finds it."""
    channel = await ring(fake)
    assert ringing_daemon.pbxs["pbx1"].calls.in_flight == 1

    fake.come_back(channel, word, announce=announce)

    await fake.until(lambda: channel.continued)
    assert channel.variables["ARIROUTE_QUEUE"] == queue
    await fake.until(lambda: not fake.watched)
    await ringing_daemon.stop()


async def test_when_somebody_answers_then_it_is_known_at_once(fake: FakePbx, ringing_daemon: Daemon) -> None:
    channel = await ring(fake)

    for status in ("", "RINGING", "ANSWER"):
        dialled(fake, channel, status)

    await fake.until(lambda: samples(ringing_daemon, "ariroute_calls_ended_total"))
    assert samples(ringing_daemon, "ariroute_calls_ended_total") == {("pbx1", "handed over"): 1.0}
    assert samples(ringing_daemon, "ariroute_decisions_total") == {("support", "(anna)", "no"): 1.0}
    assert not fake.watched
    await ringing_daemon.stop()


@pytest.mark.parametrize(("context", "ended"), [("ariroute-ring", "handed over"), ("ariroute-deliver", "gone")])
async def test_when_nothing_is_heard_of_a_ring_then_asterisk_is_asked_what_became_of_it(
    fake: FakePbx, ringing_daemon: Daemon, monkeypatch: pytest.MonkeyPatch, context: str, ended: str
) -> None:
    monkeypatch.setattr(ringing, "GRACE", -0.9)
    fake.outside["context"] = context
    await ring(fake)

    await fake.until(lambda: samples(ringing_daemon, "ariroute_calls_ended_total"))

    assert samples(ringing_daemon, "ariroute_calls_ended_total") == {("pbx1", ended): 1.0}
    await ringing_daemon.stop()


async def test_when_the_caller_hangs_up_while_it_rings_then_that_is_counted(
    fake: FakePbx, ringing_daemon: Daemon
) -> None:
    channel = await ring(fake)

    fake.hang_up(channel.id)

    await fake.until(lambda: samples(ringing_daemon, "ariroute_calls_ended_total"))
    assert samples(ringing_daemon, "ariroute_calls_ended_total") == {("pbx1", "hung up"): 1.0}
    assert ringing_daemon.pbxs["pbx1"].calls.in_flight == 0
    await ringing_daemon.stop()


async def test_when_a_call_comes_back_that_this_daemon_has_not_sent_then_the_default_of_its_flow(
    fake: FakePbx, ringing_daemon: Daemon
) -> None:
    channel = FakeChannel("1700000000.77", "+46701000001")

    fake.come_back(channel, "BUSY")

    await fake.until(lambda: channel.continued)
    assert channel.variables["ARIROUTE_QUEUE"] == "standard"
    assert "was it restarted?" in channel.variables["ARIROUTE_REASON"]
    await ringing_daemon.stop()


async def test_when_an_earlier_daemon_has_left_a_channel_watched_then_it_is_let_go_and_not_taken_for_a_call(
    fake: FakePbx, ringing_daemon: Daemon
) -> None:
    fake.elsewhere.add("1700000000.78")
    fake.watched.add("1700000000.78")

    await fake.until(lambda: not fake.watched)

    assert samples(ringing_daemon, "ariroute_calls_total") == {}
    await ringing_daemon.stop()


async def test_when_stopped_while_it_rings_then_the_daemon_does_not_wait(fake: FakePbx, ringing_daemon: Daemon) -> None:
    await ring(fake)

    await ringing_daemon.stop()

    assert samples(ringing_daemon, "ariroute_calls_ended_total") == {("pbx1", "left ringing"): 1.0}
    assert not fake.watched


async def test_when_the_call_cannot_be_sent_to_the_phone_then_nothing_else_is_written_and_the_guard_has_it(
    fake: FakePbx, ringing_daemon: Daemon
) -> None:
    fake.misbehave(500, uri="continue")
    channel = place(fake, "+46701000001")

    await fake.until(lambda: samples(ringing_daemon, "ariroute_calls_ended_total"))

    assert samples(ringing_daemon, "ariroute_calls_ended_total") == {("pbx1", "left to the guard"): 1.0}
    assert "ARIROUTE_QUEUE" not in channel.variables
    await ringing_daemon.stop()


async def test_when_the_answer_is_lost_to_sending_the_call_to_the_phone_then_its_return_is_waited_for(
    fake: FakePbx, ringing_daemon: Daemon
) -> None:
    fake.on_continue = lambda channel: push(fake.drop_websockets())
    channel = await ring(fake)
    fake.on_continue = lambda channel: None
    await fake.until(lambda: fake.connections)

    await asyncio.sleep(0.1)
    fake.come_back(channel, "NOANSWER", announce=False)

    await fake.until(lambda: channel.continued)
    assert channel.variables["ARIROUTE_QUEUE"] == "platinum"
    await ringing_daemon.stop()


async def test_when_the_answer_is_lost_and_the_phone_has_refused_meanwhile_then_it_does_not_ring_twice(
    fake: FakePbx, flow_file: Callable[..., Path]
) -> None:
    file = with_steps(flow_file(), FLOW)
    file.write_text(file.read_text().replace("transport: auto", "transport: http, request_timeout: 300ms"))
    daemon = await started(fake, file)
    fake.misbehave("lose", uri="continue")
    handed_over: list[str] = []
    fake.on_continue = lambda channel: handed_over.append(channel.variables["ARIROUTE_DIAL"])
    channel = await ring(fake)
    fake.behave()
    fake.on_continue = lambda channel: handed_over.append(channel.variables["ARIROUTE_QUEUE"])

    channel.variables["ARIROUTE_DECIDED"] = ""  # as the dialplan does on the way back
    fake.come_back(channel, "BUSY")

    await fake.until(lambda: channel.continued)
    assert handed_over == ["PJSIP/anna", "gold"]
    await daemon.stop()


async def test_when_the_sweep_sees_the_end_of_a_ring_later_than_the_event_then_the_next_ring_is_not_told_of_it(
    fake: FakePbx, hunting_daemon: Daemon
) -> None:
    channel = await ring(fake)
    fake.misbehave(0.3, "GET", "playbacks")
    fake.come_back(channel, "BUSY", announce=False)
    await fake.until(lambda: any("playbacks" in seen.uri for seen in fake.seen))

    fake.announce(channel)
    await fake.until(lambda: channel.continued)
    assert channel.variables["ARIROUTE_DIAL"] == "PJSIP/bo"
    await asyncio.sleep(0.8)  # the sweep's two questions
    assert hunting_daemon.pbxs["pbx1"].calls.in_flight == 1
    fake.behave()
    fake.come_back(channel, "NOANSWER")

    await fake.until(lambda: channel.continued)
    assert channel.variables["ARIROUTE_QUEUE"] == "platinum"
    await hunting_daemon.stop()
