"""Finding the channels that are in nobody's hands.

Asterisk replays no event on an inbound websocket, so an event can be missed while the socket is down. Each second, and
at each connect, the application is asked for its channels; one that is not known here is handled as new.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from ariroute.asterisk.ari import Ari
from ariroute.asterisk.events import Channel
from ariroute.asterisk.variables import DIALLED
from ariroute.daemon.call import Call, FoundBy, Phase, may_be_back
from ariroute.daemon.conversation import silence
from ariroute.daemon.ringing import Ringing, let_go
from ariroute.errors import AriError, ChannelGone

log = logging.getLogger("ariroute.calls")

STASIS: Final = "Stasis"
"""The application that a channel runs while it is in ours."""
AT_ONCE: Final = 32
"""Channels that are looked at side by side."""
SETTLED: Final = 3.0
"""Seconds after which a handed-over channel still listed has come in again unseen."""

Take = Callable[[Channel, str, tuple[str, ...], FoundBy], None]
"""Takes in a channel: with what was dialled, the other arguments of its ``Stasis()``, and how it was found."""


class Sweep:
    """Has ``take`` take in what is in the application and not among ``calls``, which are those of one PBX by channel.

    It also forgets those of ``calls`` that are done and gone.
    """

    def __init__(self, ari: Ari, calls: dict[str, Call], take: Take) -> None:
        self._ari = ari
        self._calls = calls
        self._take = take
        self._departed: dict[str, float] = {}

    def left(self, channel_id: str) -> None:
        """An event has told that this channel has left the application."""
        self._departed[channel_id] = time.monotonic()

    async def run(self) -> None:
        """One sweep. Raises AriError when Asterisk does not answer."""
        asked = time.monotonic()
        listed = set(await self._ari.channels_in_app())
        for call in list(self._calls.values()):
            if call.id not in listed and call.ringing:
                call.ringing.on_left()
            if call.id not in listed and call.phase is Phase.DONE and call.since < asked:
                del self._calls[call.id]
        unseen = [channel_id for channel_id in listed if self._is_unseen(channel_id, asked)]
        room = asyncio.Semaphore(AT_ONCE)
        outcomes = await asyncio.gather(*(self._take_unseen(each, room) for each in unseen), return_exceptions=True)
        for failure in outcomes:  # of one, which must not keep the others waiting
            if failure is not None:
                raise failure
        self._departed = {channel_id: at for channel_id, at in self._departed.items() if at >= asked}

    def _is_unseen(self, channel_id: str, asked: float) -> bool:
        """Whether a channel listed in the application at ``asked`` is in nobody's hands."""
        known = self._calls.get(channel_id)
        if known is None:
            return self._departed.get(channel_id, 0.0) < asked  # else it left while Asterisk was answering
        return (known.phase is Phase.DONE and asked - known.since > SETTLED) or may_be_back(known, asked)

    async def _take_unseen(self, channel_id: str, room: asyncio.Semaphore) -> None:
        async with room:
            await self._look_at(channel_id)

    async def _look_at(self, channel_id: str) -> None:
        """Take in a channel that seems to be in nobody's hands, unless an event tells of it meanwhile."""
        before = call, ringing = self._hands(channel_id)

        def is_unseen() -> bool:
            return self._hands(channel_id) == before

        try:
            channel = await self._ari.channel(channel_id)
            if channel.app != STASIS:  # it rings somewhere, or an earlier daemon has sent it there
                if ringing:
                    ringing.on_left()
                elif call is None:
                    await let_go(self._ari, channel_id)
                return
            if ringing and not ringing.is_outside:  # it is still being handed over
                return
            app, *arguments = channel.app_data.split(",")
            if app != self._ari.settings.app:  # moved here from another application
                arguments = [await self._ari.variable(channel_id, DIALLED) or ""]
        except ChannelGone:
            return
        try:
            await silence(self._ari, channel_id, is_unseen)
        except AriError as error:
            # It would keep whatever is asked for it waiting: the next sweep tries again, and the guard has it.
            log.warning("what is being played cannot be ended: %s", error, extra={"channel": channel_id})
            return
        if is_unseen():
            dialled, *others = arguments or [""]
            self._take(channel, dialled, tuple(others), "sweep")

    def _hands(self, channel_id: str) -> tuple[Call | None, Ringing | None]:
        """In whose a channel is; another whenever an event has told of it."""
        call = self._calls.get(channel_id)
        return call, call.ringing if call else None
