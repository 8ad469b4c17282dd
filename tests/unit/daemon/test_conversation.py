"""PickUp, Play and Gather on one channel, against the fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_ari import FakeChannel, FakePbx

from ariroute.asterisk.ari import Ari
from ariroute.asterisk.events import ChannelDtmfReceived, Event, PlaybackFinished
from ariroute.daemon import conversation
from ariroute.daemon.conversation import Conversation
from ariroute.errors import AriDisconnected, ArirouteError
from ariroute.flow.wants import (
    Digits,
    Gather,
    Gathered,
    Number,
    PickUp,
    Play,
    Played,
    Prompt,
    Sound,
    Speech,
    Tone,
)

GUARD = 4.0
HELLO = (Sound("custom/hello"),)
LONG = 30.0


class Stage:
    """One call and the conversation with its caller."""

    def __init__(self, fake: FakePbx, ari: Ari, channel: FakeChannel, talk: Conversation, held: list[float]) -> None:
        self.fake = fake
        self.ari = ari
        self.channel = channel
        self.talk = talk
        self.held = held

    def begin(self, want: PickUp | Play | Gather) -> asyncio.Task[Played | Gathered]:
        return asyncio.create_task(self.talk.carry_out(want))

    async def playing(self, count: int = 1) -> None:
        await self.fake.until(lambda: len(self.channel.played) == count)

    @property
    def media(self) -> list[list[str]]:
        return [playback.media for playback in self.channel.played]


async def no_speech(text: str, language: str) -> Path:
    raise ArirouteError("flite is not there")


@asynccontextmanager
async def open_stage(transport: str = "auto", guard: float = GUARD) -> AsyncIterator[Stage]:
    async with FakePbx() as fake:
        talks: list[Conversation] = []

        def route(event: Event) -> None:
            match event:
                case ChannelDtmfReceived():
                    talks[0].on_key(event.digit)
                case PlaybackFinished():
                    talks[0].on_playback_end(event.playback_id, event.state)

        ari = Ari(fake.settings(transport=transport), on_event=route)
        running = asyncio.create_task(ari.run())
        try:
            await fake.until(lambda: ari.is_up)
            channel = fake.channels[fake.call()]
            held: list[float] = []
            talks.append(Conversation(ari, channel.id, guard, speak=no_speech, hold=held.append))
            yield Stage(fake, ari, channel, talks[0], held)
        finally:
            await ari.close()
            await running


@pytest.fixture(params=["websocket", "http"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with open_stage(request.param) as stage:
        yield stage


def gather(prompt: Prompt = HELLO, **changes: object) -> Gather:
    usual: dict[str, object] = {"at_most": LONG, "most": 4, "first": LONG, "between": LONG, "terminator": "#"}
    return Gather(prompt, **(usual | changes))  # type: ignore[arg-type]  # tests give what fits


async def test_a_prompt_is_played_item_by_item_and_the_guard_is_longer_meanwhile(stage: Stage) -> None:
    prompt = (Sound("a"), Number(12), Digits("4 7x"), Number(-3_000_000_000), Sound("b"))
    reply = await stage.talk.carry_out(Play(prompt, at_most=20.0, language="sv"))
    assert (reply.failure, isinstance(reply, Played)) == ("", True)
    assert stage.media == [
        ["sound:a"],
        ["sound:silence/1", "number:12"],
        ["sound:digits/4", "sound:digits/7"],
        ["sound:digits/3", *["sound:digits/0"] * 9],
        ["sound:b"],
    ]
    assert {playback.language for playback in stage.channel.played} == {"sv"}
    assert [playback.offset_ms for playback in stage.channel.played] == [0, 980, 0, 0, 0]
    assert stage.channel.guards == [24.0, 4.0]
    assert stage.held == [24.0, 4.0]
    assert not stage.channel.answered


async def test_a_call_is_picked_up_once(stage: Stage) -> None:
    assert (await stage.talk.carry_out(PickUp())).failure == ""
    assert stage.channel.answered
    assert stage.channel.guards == [6.0, 4.0]
    stage.channel.answered = False
    await stage.talk.carry_out(PickUp())
    assert (stage.channel.answered, stage.channel.guards) == (False, [6.0, 4.0])


async def test_what_cannot_be_played_is_named_and_the_rest_is_played(stage: Stage) -> None:
    stage.fake.missing = {"sound:custom/hello"}
    reply = await stage.talk.carry_out(Play((*HELLO, Speech("Hello Ann"), Digits("?"), Sound("b")), at_most=5.0))
    assert "custom/hello: Asterisk cannot play it" in reply.failure
    assert '"Hello Ann": flite is not there' in reply.failure
    assert "digits ?: there is nothing in it to say" in reply.failure
    assert stage.media == [["sound:custom/hello"], ["sound:b"]]


async def test_at_most_stops_the_prompt(stage: Stage) -> None:
    stage.fake.playback_ends = False
    reply = await stage.talk.carry_out(Play((*HELLO, Sound("b")), at_most=0.1))
    assert reply.failure == ""
    assert stage.media == [["sound:custom/hello"]]
    assert stage.fake.playbacks == {}


async def test_a_number_is_ended_word_by_word(stage: Stage) -> None:
    stage.fake.playback_ends = False
    task = stage.begin(gather((Number(777),), most=1))
    await stage.playing()
    (playback,) = stage.channel.played
    playback.at, playback.words = 1, 3
    stage.fake.press(stage.channel.id, "1")
    reply = await task
    assert isinstance(reply, Gathered)
    assert (reply.digits, reply.failure, playback.words) == ("1", "", 0)


async def test_what_an_earlier_daemon_plays_is_ended(stage: Stage) -> None:
    stage.fake.playback_ends = False
    for count in range(2):
        await stage.ari.play(stage.channel.id, conversation.playback_id(stage.channel.id, count), ["sound:a"])
    await conversation.silence(stage.ari, stage.channel.id, lambda: True)
    assert stage.fake.playbacks == {}


@pytest.mark.parametrize("impatient", [True, False])
async def test_a_text_that_takes_long_to_speak_holds_nobody_up(stage: Stage, impatient: bool) -> None:
    asked = asyncio.Event()
    ready = asyncio.Event()

    async def slow(text: str, language: str) -> Path:
        asked.set()
        await ready.wait()
        return Path("/cache/hello")

    stage.talk._speak = slow
    task = stage.begin(gather((Speech("Hello"),), at_most=LONG if impatient else 0.1, most=1, first=0.05))
    await asked.wait()
    if impatient:
        stage.talk.on_key("1")
        ready.set()
    reply = await task
    assert isinstance(reply, Gathered)
    assert reply.digits == ("1" if impatient else "")
    assert reply.failure == ("" if impatient else '"Hello": it was not ready within at_most')
    assert stage.media == []


async def test_a_tone_is_stopped_and_the_prompt_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ariroute.flow.wants.Tone.lasts", 0.05)
    stage.fake.playback_ends = False
    task = stage.begin(Play((Tone("busy"), Sound("b")), at_most=LONG))
    await stage.playing(2)
    assert stage.media == [["tone:busy"], ["sound:b"]]
    stage.fake.end_playback(stage.channel.played[1])
    assert (await task).failure == ""


async def test_the_first_key_ends_the_prompt_and_counts(stage: Stage) -> None:
    stage.fake.playback_ends = False
    task = stage.begin(gather((*HELLO, Sound("b"))))
    await stage.playing()
    stage.fake.press(stage.channel.id, "4")
    await stage.fake.until(lambda: not stage.fake.playbacks)
    stage.fake.press(stage.channel.id, "711")
    reply = await task
    assert isinstance(reply, Gathered)
    assert (reply.digits, reply.failure) == ("4711", "")
    assert stage.channel.answered
    assert stage.media == [["sound:custom/hello"]]
    assert stage.channel.guards == [LONG + LONG + 4 * LONG + GUARD, GUARD]


async def test_keys_typed_ahead_are_kept_and_the_prompt_is_not_played(stage: Stage) -> None:
    for key in "A12#3":  # A is on no telephone
        stage.talk.on_key(key)
    assert isinstance(first := await stage.talk.carry_out(gather()), Gathered)
    assert isinstance(second := await stage.talk.carry_out(gather(most=1)), Gathered)
    assert (first.digits, second.digits, stage.media) == ("12", "3", [])


async def test_keys_typed_before_a_further_try_are_dropped(stage: Stage) -> None:
    stage.talk.on_key("9")
    task = stage.begin(gather(most=1, anew=True))
    await stage.playing()
    stage.fake.press(stage.channel.id, "1")
    reply = await task
    assert isinstance(reply, Gathered)
    assert reply.digits == "1"


async def test_a_terminator_behind_a_number_that_is_complete_is_nobodys_key(stage: Stage) -> None:
    for key in "4711":
        stage.talk.on_key(key)
    await stage.talk.carry_out(gather())
    for key in "#2":
        stage.talk.on_key(key)
    reply = await stage.talk.carry_out(gather(most=1, terminator=""))
    assert isinstance(reply, Gathered)
    assert reply.digits == "2"


@pytest.mark.parametrize(
    ("want", "keys", "digits"),
    [
        (gather(first=0.05), "", ""),
        (gather(between=0.05), "12", "12"),
        (gather(), "12#", "12"),
        (gather(), "#", ""),
        (gather(terminator="", until=frozenset({"*", "12"})), "12", "12"),
        (gather(most=2), "12", "12"),
    ],
)
async def test_how_the_taking_of_keys_ends(stage: Stage, want: Gather, keys: str, digits: str) -> None:
    task = stage.begin(want)
    await stage.playing()
    stage.fake.press(stage.channel.id, keys)
    reply = await task
    assert isinstance(reply, Gathered)
    assert (reply.digits, reply.failure) == (digits, "")


async def test_the_first_pause_counts_from_the_end_of_the_prompt(stage: Stage) -> None:
    stage.fake.playback_ends = False
    task = stage.begin(gather(first=0.2))
    await stage.playing()
    await asyncio.wait({task}, timeout=0.3)
    assert not task.done()
    stage.fake.end_playback(stage.channel.played[0])
    assert (await task).took >= 0.5


async def test_a_lost_event_of_the_end_costs_a_moment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "PROBE", 0.05)
    stage.fake.playback_ends = False
    task = stage.begin(Play(HELLO, at_most=LONG))
    await stage.playing()
    stage.fake.end_playback(stage.channel.played[0], announce=False)
    assert (await task).failure == ""


async def test_when_the_playback_cannot_be_stopped_then_it_is_a_failure(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "STOPPING", 0.05)
    stage.fake.playback_ends = False
    monkeypatch.setattr(stage.fake, "end_playback", lambda *_: None)
    reply = await stage.talk.carry_out(Play(HELLO, at_most=0.05))
    assert "goes on" in reply.failure


async def test_when_the_answer_to_play_is_lost_then_it_is_stopped_all_the_same(stage: Stage) -> None:
    stage.fake.playback_ends = False
    play = stage.ari.play

    async def lost(*arguments: Any, **options: Any) -> None:
        await play(*arguments, **options)
        raise AriDisconnected("on purpose")

    stage.ari.play = lost  # type: ignore[method-assign]
    assert "on purpose" in (await stage.talk.carry_out(Play(HELLO, at_most=LONG))).failure
    assert stage.channel.played[0].state == "done"


async def test_without_a_longer_guard_nothing_is_played(stage: Stage) -> None:
    stage.fake.misbehave(500, "POST", "variable")
    reply = await stage.talk.carry_out(gather())
    assert "500" in reply.failure
    assert stage.media == []
    assert not stage.channel.answered


async def test_a_caller_who_has_gone_is_a_failure_like_any_other(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.fake.playback_ends = False
    task = stage.begin(gather(at_most=0.2, first=0.05))
    await stage.playing()
    stage.fake.hang_up(stage.channel.id)
    assert (await task).failure
    assert caplog.records == []


async def test_when_interrupted_then_the_playback_is_stopped(stage: Stage) -> None:
    stage.fake.playback_ends = False
    task = stage.begin(Play(HELLO, at_most=LONG))
    await stage.playing()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stage.fake.playbacks == {}


async def test_when_the_connection_breaks_then_the_guard_is_set_another_way() -> None:
    async with open_stage("auto") as stage:
        stage.fake.playback_ends = False
        task = stage.begin(Play(HELLO, at_most=LONG))
        await stage.playing()
        stage.fake.misbehave("close", uri="variable")
        stage.fake.end_playback(stage.channel.played[0])
        await stage.fake.until(lambda: not stage.ari.is_up)
        stage.fake.behave()
        assert (await task).failure == ""
        assert stage.channel.guards == [LONG + GUARD, GUARD]


async def test_a_guard_that_stays_long_is_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.fake.playback_ends = False
    task = stage.begin(Play(HELLO, at_most=LONG))
    await stage.playing()
    stage.fake.misbehave(500, "POST", "variable")
    stage.fake.end_playback(stage.channel.played[0])
    assert (await task).failure == ""
    assert "the guard could not be tightened" in caplog.text
