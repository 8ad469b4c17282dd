"""A ring at somebody's phone: the call leaves the application for the dialplan's ``Dial()``.

When nobody answers, the dialplan sends it back with the word of ``Dial()`` as an argument of ``Stasis()``. When
somebody does, it never comes back. The channel is watched meanwhile, so that an answer is known at once; and should
events be lost, Asterisk is asked when the time is over in which the phone can ring.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ariroute.daemon.handoff import hand_over
from ariroute.errors import AriError, ChannelGone
from ariroute.flow.wants import Rang, Ring, RingOutcome

if TYPE_CHECKING:
    from ariroute.asterisk.ari import Ari

log = logging.getLogger("ariroute.ringing")

BACK: Final = "ariroute-back"
"""The argument of ``Stasis()`` before the word of ``Dial()``; ``dialplan/extensions-ariroute.conf`` gives it."""
CONTEXT: Final = "ariroute-ring"
"""Where a call is while it rings, and while it talks with who answered."""
GRACE: Final = 5.0
"""Seconds beyond the time of a ring after which Asterisk is asked what became of it."""
PROBE_EVERY: Final = 5.0
PROBES: Final = 12

ANSWERED: Final = "ANSWER"
OUTCOMES: Final[Mapping[str, RingOutcome]] = {"BUSY": RingOutcome.BUSY, "NOANSWER": RingOutcome.NO_ANSWER}
"""By DIALSTATUS; every other is a failure: CHANUNAVAIL, CONGESTION, INVALIDARGS."""


def word_in(arguments: tuple[str, ...]) -> str | None:
    """The word of ``Dial()`` in the arguments of a call that comes back from a ring; None for every other call."""
    return "".join(arguments[1:2]) if arguments[:1] == (BACK,) else None


async def let_go(ari: Ari, channel: str) -> None:
    """Watch a channel no more: Asterisk lists one that is watched as if it were in the application."""
    with contextlib.suppress(AriError):
        await ari.unwatch(channel)


class Ringing:
    """One ring of one call. It is told what happens to the channel meanwhile."""

    def __init__(self, ari: Ari, channel: str) -> None:
        self._ari = ari
        self._channel = channel
        self._word: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.began = time.monotonic()
        self.is_outside = False
        """Whether the channel has left the application."""

    def on_left(self) -> None:
        """The channel has left the application."""
        self.is_outside = True

    def on_dialled(self, status: str) -> None:
        """``Dial()`` goes on: empty at its start, RINGING, at its end ANSWER or why not."""
        if status == ANSWERED:  # the dialplan tells of every other end, when it has cleared up
            self._tell(status)

    def on_back(self, word: str) -> None:
        """The channel is in the application again, with this word of ``Dial()``."""
        self._tell(word)

    def _tell(self, word: str) -> None:
        if not self._word.done():
            self._word.set_result(word)

    async def carry_out(self, ring: Ring, wanted: Mapping[str, str]) -> Rang | None:
        """Hand the channel over with these variables and wait for its return; None when somebody answered.

        A caller who hangs up meanwhile ends the task that waits here. Raises AriError when the channel could not be
        handed over: nobody knows then what of it has been written, so that nothing else may be; the guard has the call.
        """
        with contextlib.suppress(AriError):  # without it an answer is noticed later
            await self._ari.watch(self._channel)
        word = "" if await self._hand_over(wanted) else await self._ask()
        if word in ("", ANSWERED):  # gone, it may be ringing: the answer to its handing over was lost
            word = await self._outcome(ring.within + GRACE)
        await let_go(self._ari, self._channel)
        if word == ANSWERED:
            return None
        return Rang(OUTCOMES.get(word, RingOutcome.FAILED), word, time.monotonic() - self.began)

    async def _hand_over(self, wanted: Mapping[str, str]) -> bool:
        """As :func:`hand_over`, but a call that rang and is back was handed over, though the answer was lost.

        Another try would ring the phone again, and the flow would go on with the call at that phone.
        """
        try:
            return await hand_over(self._ari, self._channel, wanted, lambda: self.is_outside or self._word.done())
        except AriError:
            if self._word.done():
                return True
            raise

    async def _outcome(self, within: float) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                return await asyncio.shield(self._word)
        for _ in range(PROBES):
            if word := await self._ask():
                return word
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE_EVERY):
                    return await asyncio.shield(self._word)
        return "nothing was heard of it"

    async def _ask(self) -> str:
        """What became of the call, from the channel itself; empty when that cannot be told now."""
        try:
            channel = await self._ari.channel(self._channel)
        except ChannelGone:
            return "the caller has gone"
        except AriError as error:
            log.warning("cannot ask for a call that rings: %s", error)
            return ""
        if channel.context == CONTEXT:
            self.on_left()
            return ANSWERED if channel.state == "Up" else ""
        _, _, *arguments = [*channel.app_data.split(","), ""]
        return word_in(tuple(arguments)) or "it went on without us"
