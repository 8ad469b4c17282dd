"""Calls whose flow talks with the caller, against the fake."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from fake_ari import FakePbx

from ariroute.daemon import calls
from ariroute.daemon.app import Daemon
from ariroute.daemon.conversation import playback_id

from .conftest import Crm
from .test_calls import place, samples

FLOW = """
version: 1
asterisk:
  pbx1: {{ari: {{url: "{ari}", user: ariroute, password: "${{env:ARI_SECRET}}"}}}}
lookups:
  crm: {{http: {{url: "{crm}/customers/{{caller.e164}}", timeout: 900ms}}, fields: {{loyalty: string}}}}
queues: {{gold: {{priority: 20}}, standard: {{}}}}
daemon: {{guard: 2s, drain: 100ms, max_in_flight: {most}}}
flows:
  support:
    trigger: {{call: {{to: [support, "+46850000000"]}}}}
    default: standard
    steps: [{steps}, {{queue: gold}}]
  other: {{trigger: {{call: {{to: other}}}}, default: standard, steps: [{{lookup: crm}}]}}
"""
PLAY = "{play: {prompt: hello, at_most: 5s}}"
MENU = '{menu: {prompt: hello, keys: {"1": {queue: standard}}, timeout: 5s}}'

Talking = Callable[..., AbstractAsyncContextManager[Daemon]]


@pytest.fixture
def talking(fake: FakePbx, crm: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Talking:
    """``async with talking(PLAY) as daemon``: started and connected; playbacks end when the test says so."""
    fake.playback_ends = False
    monkeypatch.setenv("ARI_SECRET", fake.password)

    @asynccontextmanager
    async def run(*steps: str, most: int = 200) -> AsyncIterator[Daemon]:
        file = tmp_path / "ariroute.yaml"
        flow = FLOW.format(ari=fake.url, crm=crm.url, most=most, steps=", ".join(steps))
        file.write_text(flow)
        file.chmod(0o600)
        daemon = Daemon(file)
        await daemon.start()
        try:
            await fake.until(lambda: daemon.is_ready)
            yield daemon
        finally:
            await daemon.stop()

    return run


async def test_keys_and_the_ends_of_playbacks_reach_the_caller_they_belong_to(fake: FakePbx, talking: Talking) -> None:
    async with talking(PLAY, MENU):
        first, second = place(fake, "+46701000001"), place(fake, "+46701000002")
        await fake.until(lambda: first.played and second.played)
        fake.end_playback(first.played[0])
        await fake.until(lambda: len(first.played) == 2)
        fake.press(first.id, "1")
        await fake.until(lambda: first.continued)
        assert first.variables["ARIROUTE_QUEUE"] == "standard"
        assert len(second.played) == 1
        assert not second.continued


async def test_the_time_for_the_decision_moves_with_each_prompt(
    fake: FakePbx, crm: Crm, talking: Talking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "MARGIN", 1.8)  # so 0.2 s are left of the guard's 2
    crm.hold = True
    async with talking(PLAY, "{lookup: crm}"):
        channel = place(fake, "+46701000001")
        await fake.until(lambda: channel.played)
        await asyncio.sleep(0.4)
        assert not channel.continued
        fake.end_playback(channel.played[0])
        await fake.until(lambda: channel.continued)
        assert "no decision in time" in channel.variables["ARIROUTE_REASON"]
        assert channel.guards == [7.0, 2.0]
        assert crm.asked


async def test_when_the_caller_hangs_up_in_a_prompt_then_nothing_is_left(
    fake: FakePbx, talking: Talking, caplog: pytest.LogCaptureFixture
) -> None:
    async with talking(MENU) as daemon:
        channel = place(fake, "+46701000001")
        await fake.until(lambda: channel.played)
        fake.hang_up(channel.id)
        await fake.until(lambda: daemon.pbxs["pbx1"].calls.in_flight == 0)
        assert samples(daemon, "ariroute_calls_ended_total") == {("pbx1", "hung up"): 1.0}
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_call_that_was_talked_with_leaves_nothing_for_the_collector(fake: FakePbx, talking: Talking) -> None:
    async with talking(PLAY) as daemon:
        channel = place(fake, "+46701000001")
        await fake.until(lambda: channel.played)
        (call,) = daemon.pbxs["pbx1"].calls._calls.values()
        assert call.talk
        talk = weakref.ref(call.talk)
        del call
        gc.disable()
        try:
            fake.end_playback(channel.played[0])
            await fake.until(lambda: channel.continued and daemon.pbxs["pbx1"].calls.in_flight == 0)
            await fake.until(lambda: talk() is None, timeout=1.0)
        finally:
            gc.enable()


async def test_when_stopped_in_a_prompt_then_it_is_ended_and_the_call_goes_on(fake: FakePbx, talking: Talking) -> None:
    async with talking(PLAY):
        channel = place(fake, "+46701000001")
        await fake.until(lambda: channel.played)
    assert channel.continued
    assert channel.played[0].state == "done"


async def test_callers_who_listen_are_no_load(fake: FakePbx, talking: Talking) -> None:
    async with talking(PLAY, most=1):
        first = place(fake, "+46701000001")
        await fake.until(lambda: first.played)
        second = place(fake, "+46701000002")
        await fake.until(lambda: second.played)
        for channel in (first, second):
            fake.end_playback(channel.played[0])
        await fake.until(lambda: first.continued and second.continued)
        assert (first.variables["ARIROUTE_QUEUE"], second.variables["ARIROUTE_QUEUE"]) == ("gold", "gold")


async def test_what_an_earlier_daemon_plays_is_ended_before_anything_is_asked_of_the_channel(
    fake: FakePbx, talking: Talking
) -> None:
    channel = place(fake, "+46701000001", announce=False)
    fake.playing(channel, playback_id(channel.id, 1))
    async with talking(PLAY):
        await fake.until(lambda: len(channel.played) == 2)
        old, new = channel.played
        assert (old.state, new.state) == ("done", "playing")
        fake.end_playback(new)
        await fake.until(lambda: channel.continued)


async def test_when_the_event_comes_while_the_sweep_looks_at_the_channel_then_the_prompt_goes_on(
    fake: FakePbx, talking: Talking
) -> None:
    fake.rest_over_websocket = False  # so that a slow answer holds up no other
    fake.misbehave(0.2, "GET", "playbacks")
    async with talking(PLAY):
        channel = place(fake, "+46701000001", announce=False)
        await fake.until(lambda: any("playbacks" in seen.uri for seen in fake.seen))
        fake.announce(channel)
        await fake.until(lambda: channel.played)
        await asyncio.sleep(0.6)  # the sweep's two questions
        assert channel.played[0].state == "playing"
        fake.behave()


async def test_channels_that_are_found_do_not_wait_for_one_another(
    fake: FakePbx, talking: Talking, caplog: pytest.LogCaptureFixture
) -> None:
    """One of them is never told of, and the questions about the others take a while."""
    fake.rest_over_websocket = False
    found = [place(fake, "+46701000001", announce=False) for _ in range(9)]
    fake.misbehave("hang", "GET", f"channels/{found[0].id}")
    fake.misbehave(0.3, "GET", "playbacks")
    async with talking(MENU):
        await fake.until(lambda: all(channel.played for channel in found[1:]), 1.8)
        assert not found[0].played
        await fake.until(lambda: "cannot list" in caplog.text)
        fake.behave()


async def test_when_another_daemon_takes_the_application_then_the_caller_hears_that_one_alone(
    fake: FakePbx, crm: Crm, talking: Talking
) -> None:
    """It begins anew, under the same ids of playbacks. A caller who was not talked to yet is left to it as well."""
    async with talking("{lookup: crm}", PLAY) as daemon:
        listening = place(fake, "+46701000001")
        await fake.until(lambda: listening.played)
        crm.hold = True
        waiting = place(fake, "+46701000002")
        await fake.until(lambda: len(crm.asked) == 2)
        fake.send({"type": "ApplicationReplaced"})
        await fake.until(lambda: samples(daemon, "ariroute_calls_ended_total"))
        assert samples(daemon, "ariroute_calls_ended_total") == {("pbx1", "left to another program"): 1.0}
        await fake.until(lambda: daemon.pbxs["pbx1"].calls.in_flight == 0)
        assert not waiting.played
    assert listening.played[0].state == "playing"
    assert not listening.continued
    assert not waiting.continued
