"""What Asterisk does with playbacks, which the conversation with a caller is built on. Newest and oldest, both ways."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from ariroute.asterisk.events import PlaybackFinished, PlaybackStarted
from ariroute.errors import AriRefused, AriTimeout, ChannelGone
from ariroute.lab import audio
from ariroute.lab.asterisk import PrivateAsterisk

from .test_ari_contract import DIALPLAN, Line, apps, settings_of, until

SILENCE = "sound:silence/1"


@pytest.fixture(scope="module")
def pbxs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PrivateAsterisk]]:
    with ExitStack() as running:
        made = {
            release: running.enter_context(
                PrivateAsterisk(tmp_path_factory.mktemp(f"play{release}"), release=release, extra_dialplan=DIALPLAN)
            )
            for release in ("22", "16")
        }
        for pbx in made.values():
            audio.write_tone(pbx.sounds / "custom/short.wav", 500, 0.1)
            audio.write_tone(pbx.sounds / "custom/high.wav16", 500, 0.1, rate=16000)
            audio.write_tone(pbx.sounds / "custom/cd.wav", 500, 0.1, rate=44100)
            audio.write_tone(pbx.sounds / "custom/long.wav", 500, 20.0)
        yield made


@pytest.fixture(params=["22 websocket", "22 http", "16 http"])
async def line(request: pytest.FixtureRequest, pbxs: dict[str, PrivateAsterisk]) -> AsyncIterator[Line]:
    release, transport = request.param.split()
    pbx = pbxs[release]
    async with Line(pbx, settings_of(pbx, app=next(apps), transport=transport)) as line:
        yield line


def ends(line: Line, playback: str) -> list[str]:
    return [
        event.state for event in line.events if isinstance(event, PlaybackFinished) and event.playback_id == playback
    ]


async def end(line: Line, playback: str) -> str:
    """The state in which it ended."""
    (state,) = await until(lambda: ends(line, playback))
    return str(state)


async def gone(line: Line, playback: str) -> None:
    """Asterisk tells of the end a moment before it forgets the playback."""
    async with asyncio.timeout(10):
        while await line.ari.playing(playback) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def started(line: Line, playback: str, times: int = 1) -> None:
    begun = PlaybackStarted(playback)
    await until(lambda: line.events.count(begun) >= times)


@pytest.mark.parametrize(
    ("media", "state"),
    [
        (["sound:custom/short"], "done"),
        (["sound:custom/high"], "done"),
        (["sound:custom/none"], "failed"),
        (["sound:custom/cd"], "failed"),
        (["tone:nonsense"], "failed"),
        (["sound:custom/none", "sound:custom/short"], "done"),
        ([SILENCE, "number:12"], "done"),
        ([], "refused"),
    ],
    ids=str,
)
async def test_how_a_playback_ends(line: Line, media: list[str], state: str) -> None:
    channel = await line.call()
    try:
        await line.ari.play(channel, f"{channel}~0", media)
    except AriRefused:
        assert state == "refused"
        return
    assert await end(line, f"{channel}~0") == state
    await gone(line, f"{channel}~0")


async def test_a_playback_is_stopped_and_may_be_stopped_twice(line: Line) -> None:
    channel = await line.call()
    a = f"{channel}~0"
    await line.ari.play(channel, a, ["sound:custom/long"])
    await started(line, a)
    assert await line.ari.playing(a) == "sound:custom/long"
    await line.ari.stop_playback(a)
    assert await end(line, a) == "done"
    await line.ari.stop_playback(a)
    await line.ari.skip_word(a)
    await line.ari.play(channel, a, ["sound:custom/short"])
    await until(lambda: len(ends(line, a)) == 2)


async def test_a_playback_waits_for_the_one_before_it(line: Line) -> None:
    channel = await line.call()
    a, b = f"{channel}~0", f"{channel}~1"
    await line.ari.play(channel, a, ["sound:custom/long"])
    await line.ari.play(channel, b, ["sound:custom/short"])
    await started(line, a)
    assert await line.ari.playing(b) == "sound:custom/short"
    assert PlaybackStarted(b) not in line.events
    await line.ari.stop_playback(a)
    assert await end(line, b) == "done"


async def test_a_number_goes_on_when_stopped(line: Line) -> None:
    channel = await line.call()
    a = f"{channel}~0"
    await line.ari.play(channel, a, [SILENCE, "number:777777"], offset=0.98)
    await started(line, a, times=2)
    await line.ari.stop_playback(a)
    await asyncio.sleep(0.5)
    assert ends(line, a) == []


async def test_a_number_ends_by_skipping_its_words(line: Line) -> None:
    channel = await line.call()
    a = f"{channel}~0"
    await line.ari.play(channel, a, [SILENCE, "number:777777"], offset=0.98)
    await started(line, a, times=2)
    began = time.monotonic()
    while not ends(line, a):
        await line.ari.skip_word(a)
        await asyncio.sleep(0.02)
    assert time.monotonic() - began < 2.5  # eight words; said, they take four seconds


async def test_a_variable_waits_for_the_playback_and_on_22_with_it_the_whole_websocket(line: Line) -> None:
    channel = await line.call()
    a = f"{channel}~0"
    await line.ari.play(channel, a, ["sound:custom/long"])
    await started(line, a)
    writing = asyncio.create_task(line.ari.set_variables(channel, {"ARIROUTE_DECIDED": "1"}))
    await asyncio.sleep(0.3)
    assert writing.done() is (line.pbx.version < (18,))
    through = line.ari.transport == "http"
    other = asyncio.create_task(line.ari.channels_in_app())
    await asyncio.sleep(0.15)  # soon enough: later requests take another way, see below
    assert other.done() is through
    async with Line(line.pbx, settings_of(line.pbx, app=next(apps), transport="http")) as another:
        await another.ari.stop_playback(a)
    await asyncio.gather(writing, other)
    await line.written(channel)


async def test_with_the_call_its_playback_is_gone(line: Line) -> None:
    channel = await line.call()
    a, b = f"{channel}~0", f"{channel}~1"
    await line.ari.play(channel, a, ["sound:custom/long"])
    await started(line, a)
    await line.ari.hang_up(channel)
    await line.left(channel)
    assert await line.ari.playing(a) is None
    with pytest.raises(ChannelGone):
        await line.ari.play(channel, b, ["sound:custom/short"])


async def test_a_request_that_waits_for_a_prompt_to_end_holds_up_no_other_call(line: Line) -> None:
    """On a websocket Asterisk 22 answers nothing meanwhile: other requests take another way."""
    listening, other = await line.call(), await line.call()
    await line.ari.play(listening, "held-up", ["sound:custom/long"])
    await started(line, "held-up")
    waiting = asyncio.ensure_future(line.ari.extend_guard(listening, 30.0))
    await asyncio.sleep(0.6)

    async with asyncio.timeout(1.0):
        await line.ari.hand_over(other, {"ARIROUTE_QUEUE": "gold"})
        await line.ari.stop_playback("held-up")

    with contextlib.suppress(AriTimeout):
        await waiting
