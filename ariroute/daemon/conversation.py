"""The word with one caller: a run's PickUp, Play and Gather, carried out on its channel.

The guard in the dialplan stays tight: each step first starts it anew with its own bound on top, and afterwards with
nothing on top. A step that cannot do that is not begun, and one that goes wrong is an ordinary reply: a caller who
hears nothing still reaches a queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ariroute.daemon.allowance import Allowance
from ariroute.daemon.handoff import PAUSES
from ariroute.daemon.media import NUMBER, Media, media_of
from ariroute.errors import AriDisconnected, AriError, ArirouteError, ChannelGone
from ariroute.flow.digits import KEYS
from ariroute.flow.prompts import described
from ariroute.flow.wants import Gather, Gathered, PickUp, Play, Played, PromptItem, Speech

if TYPE_CHECKING:
    from ariroute.asterisk.ari import Ari

log = logging.getLogger("ariroute.conversation")

PROBE: Final = 2.0
"""Seconds of a playback after which Asterisk is asked whether it still plays: the event of its end may be lost."""
STOPPING: Final = 1.0
"""Seconds that a stopped playback may take to end; measured: 20 ms, and so for each word of a number."""
ENDING: Final = 0.02
"""Seconds between two looks whether a playback has ended: about what a word that is skipped takes."""
TYPED_AHEAD: Final = 64
"""Keys that are kept until somebody asks for them."""

Speak = Callable[[str, str], Awaitable[Path]]
"""From a text and a language to its sound file, named without the suffix. Raises ArirouteError."""


def playback_id(channel: str, count: int) -> str:
    """The id of a playback on ``channel``. Two take turns, so that whoever finds the channel knows them both.

    With a single one a late word about the end of a playback would be taken for the next one's.
    """
    return f"{channel}~{count % 2}"


def channel_of(playback: str) -> str:
    """The channel that a playback of ours is on."""
    return playback.rpartition("~")[0]


async def silence(ari: Ari, channel: str, wanted: Callable[[], bool]) -> None:
    """End what an earlier daemon plays on ``channel``: until then Asterisk does nothing else for it.

    Only as long as that is ``wanted``: what this daemon has begun to play goes on. Raises AriError.
    """
    for count in range(2):
        await end_playback(ari, playback_id(channel, count), wanted)


async def end_playback(ari: Ari, playback: str, wanted: Callable[[], bool] = lambda: True) -> None:
    """Stop a playback and return when it has ended, or that is ``wanted`` no more. Raises AriError when it goes on."""
    deadline = time.monotonic() + STOPPING
    while (media := await ari.playing(playback)) is not None and wanted():
        if time.monotonic() > deadline:
            raise AriError(f"the playback of {media} was stopped and goes on {STOPPING:g} s later")
        if media.startswith(NUMBER):
            await ari.skip_word(playback)
        else:
            await ari.stop_playback(playback)
        await asyncio.sleep(ENDING)


class Conversation:
    """Carries out one caller's steps, one at a time. It is told of keys and of playbacks' ends as they happen.

    ``guard`` is the dialplan's guard in seconds; ``hold`` is told the seconds from now in which the guard will fire,
    each time that changes. ``found``: an earlier daemon may have talked with this caller. Keys that nobody has asked
    for are kept for the next Gather.
    """

    def __init__(
        self,
        ari: Ari,
        channel: str,
        guard: float,
        *,
        speak: Speak | None = None,
        hold: Callable[[float], None] = lambda seconds: None,
        is_answered: bool = False,
        found: bool = False,
    ) -> None:
        self._ari = ari
        self._channel = channel
        self._guard = guard
        self._speak = speak
        self._hold = hold
        self._is_answered = is_answered
        self.allowance = Allowance(ari, channel, guard, found=found)
        self._keys: deque[str] = deque(maxlen=TYPED_AHEAD)
        self._key_at = 0.0
        self._redundant = ("", 0.0)
        self._count = 0
        self._playback = ""
        self._ended = ""  # the state in which it ended
        self._news = asyncio.Event()
        self._is_left = False

    def leave(self) -> None:
        """From now on another program talks with the caller: nothing that it plays is ended here."""
        self._is_left = True

    # What Asterisk tells us.

    def on_key(self, key: str) -> None:
        """The caller has pressed ``key``."""
        now = time.monotonic()
        terminator, until = self._redundant
        self._redundant = ("", 0.0)
        if key not in KEYS or (key == terminator and now < until):
            return
        self._key_at = now
        self._keys.append(key)
        self._news.set()

    def on_playback_end(self, playback: str, state: str) -> None:
        """A playback has ended, ``done`` or ``failed``."""
        if playback == self._playback:
            self._ended = state
            self._news.set()

    # What the run wants.

    async def carry_out(self, want: PickUp | Play | Gather) -> Played | Gathered:
        """Do it. Raises nothing: what goes wrong is the reply's ``failure``."""
        began = time.monotonic()
        if isinstance(want, PickUp) and self._is_answered:
            return Played()
        try:
            granted = await self.allowance.grant(want)
        except ArirouteError as error:  # the guard goes on as it was
            digits, failure = "", str(error)
        else:
            digits, failure = await self._carry_out(granted)
        took = time.monotonic() - began
        return Gathered(digits, failure, took) if isinstance(want, Gather) else Played(failure, took)

    async def _carry_out(self, want: PickUp | Play | Gather) -> tuple[str, str]:
        """The keys that came, and what went wrong. The guard is longer by the want's bound meanwhile."""
        digits, failure = "", ""
        try:
            await self._set_guard(want.bound + self._guard)
            match want:
                case PickUp():
                    await self._pick_up()
                case Play():
                    failure = await self._play(want)
                case Gather():
                    await self._pick_up()
                    failure = await self._play(want)
                    digits = await self._take_keys(want)
        except AriError as error:
            failure = str(error)
        try:
            await self._set_guard(self._guard)
        except ChannelGone:
            failure = failure or "the caller has gone"
        except AriError as error:
            log.warning("the guard could not be tightened after a prompt: %s", error)
        return digits, failure

    async def _set_guard(self, seconds: float) -> None:
        for pause in PAUSES:
            try:
                await self._ari.extend_guard(self._channel, seconds)
                break
            except AriDisconnected:
                await asyncio.sleep(pause)
        else:
            await self._ari.extend_guard(self._channel, seconds)
        self._hold(seconds)

    async def _pick_up(self) -> None:
        if not self._is_answered:
            await self._ari.answer(self._channel)
            self._is_answered = True

    # Playing.

    async def _play(self, want: Play | Gather) -> str:
        """Play the prompt, up to its end, a key that ends it, or ``at_most``; what could not be played, in words."""
        if isinstance(want, Gather) and want.anew:
            self._keys.clear()
        ends_by_key = isinstance(want, Gather)
        deadline = time.monotonic() + want.at_most
        failures = []
        for item in want.prompt:
            if time.monotonic() >= deadline or (ends_by_key and self._keys):
                break
            if failure := await self._play_item(item, want.language, deadline, ends_by_key):
                failures.append(f"{described((item,))}: {failure}")
        return "; ".join(failures)

    async def _play_item(self, item: PromptItem, language: str, deadline: float, ends_by_key: bool) -> str:
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                media = await self._media(item, language)
        except TimeoutError:
            return "it was not ready within at_most"
        except ArirouteError as error:
            return str(error)
        if not media.uris:
            return "there is nothing in it to say"
        if ends_by_key and self._keys:  # pressed while it was being made
            return ""
        if media.lasts is not None:
            deadline = min(deadline, time.monotonic() + media.lasts)
        if await self._play_media(media, language, deadline, ends_by_key) == "failed":
            return "Asterisk cannot play it: is there such a sound, for this language, in a format that it knows?"
        return ""

    async def _media(self, item: PromptItem, language: str) -> Media:
        if not isinstance(item, Speech):
            return media_of(item)
        if self._speak is None:
            raise ArirouteError("nothing turns text into speech: add a 'speech:' section to the flow file")
        return Media((f"sound:{await self._speak(item.text, language)}",))

    async def _play_media(self, media: Media, language: str, deadline: float, ends_by_key: bool) -> str:
        """Play it; returns the state in which it ended, empty when it was stopped."""
        self._count += 1
        playback = self._playback = playback_id(self._channel, self._count)
        self._ended = ""
        try:
            await self._ari.play(self._channel, playback, media.uris, language=language, offset=media.offset)
            await self._hear_out(playback, deadline, ends_by_key)
            if not self._ended:
                await end_playback(self._ari, playback)
        except (asyncio.CancelledError, AriError):  # it may play though the answer was lost
            if not self._is_left:
                with contextlib.suppress(AriError):
                    await end_playback(self._ari, playback)
            raise
        finally:
            self._playback = ""
        return self._ended

    async def _hear_out(self, playback: str, deadline: float, ends_by_key: bool) -> None:
        """Return when the playback has ended or shall be stopped."""

        def enough() -> bool:
            return bool(self._ended or (ends_by_key and self._keys))

        while not await self._until(enough, min(deadline, time.monotonic() + PROBE)):
            if time.monotonic() >= deadline:
                return
            with contextlib.suppress(AriError):  # the connection may be down for a while
                if await self._ari.playing(playback) is None:
                    return

    # Keys.

    async def _take_keys(self, want: Gather) -> str:
        """The keys up to the most, the terminator, one of ``until``, or a pause that is too long."""
        taken = ""
        deadline = time.monotonic() + want.first
        while await self._until(lambda: bool(self._keys), deadline):
            key = self._keys.popleft()
            if key == want.terminator:
                break
            taken += key
            if len(taken) >= want.most or taken in want.until:
                # Who ends every number with # presses it also where the number was complete without.
                self._redundant = (want.terminator, time.monotonic() + want.between)
                break
            deadline = self._key_at + want.between
        return taken

    async def _until(self, condition: Callable[[], bool], deadline: float) -> bool:
        """Wait for ``condition``, looked at whenever there is news; False when it does not hold at ``deadline``."""
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()
        return True
