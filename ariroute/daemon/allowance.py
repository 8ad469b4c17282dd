"""How long one caller may be talked to, however many daemons die meanwhile.

Each step that talks makes the guard longer by its own bound. A daemon that dies in one and is started again begins
the flow anew, and would make it longer once more, for ever if it dies each time. So the first one writes on the channel
when it began to talk. Who finds that written grants a step no more than what the first could still have had for it, a
shorter prompt if need be, or none: such a caller goes on to a queue.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ariroute.asterisk.variables import TALKING_SINCE
from ariroute.errors import ArirouteError
from ariroute.flow.wants import Gather, PickUp, Play

if TYPE_CHECKING:
    from ariroute.asterisk.ari import Ari

SHORTEST: Final = 1.0
"""Seconds of a prompt below which it is not begun: nobody would make sense of it."""

USED_UP: Final = "earlier daemons have talked to this caller for as long as the flow may"


class Allowance:
    """The time that may be spent on talking with one caller. ``found``: an earlier daemon may have talked with them.

    ``guard`` is the dialplan's in seconds. ``clock`` gives seconds since 1970: daemons one after the other, perhaps on
    several machines, have no other clock in common. One daemon alone never reads it twice.
    """

    def __init__(
        self, ari: Ari, channel: str, guard: float, *, found: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._ari = ari
        self._channel = channel
        self._guard = guard
        self._found = found
        self._clock = clock
        self._since: float | None = None
        self._had = guard
        """Seconds that one daemon could have held the caller until the step that is asked for now ends."""

    def spend(self, seconds: float) -> None:
        """The caller was held for so long by something else than talk."""
        self._had += seconds

    async def grant(self, want: PickUp | Play | Gather) -> PickUp | Play | Gather:
        """``want``, or a shorter one. Raises ArirouteError when too little is left, AriError when nobody can tell."""
        self._had += want.bound + self._guard
        if self._since is None:
            self._since = await self._began()
        if not self._found:
            return want
        lacking = want.bound + self._guard - (self._since + self._had - self._clock())
        if lacking <= 0:
            return want
        if isinstance(want, PickUp) or want.at_most - lacking < SHORTEST:
            raise ArirouteError(USED_UP)
        return replace(want, at_most=want.at_most - lacking)

    async def _began(self) -> float:
        """When somebody began to talk with the caller: now, unless it is written on the channel."""
        now = self._clock()
        if self._found:
            written = _seconds(await self._ari.variable(self._channel, TALKING_SINCE))
            if written is not None:
                return min(written, now)
        await self._ari.set_variables(self._channel, {TALKING_SINCE: f"{now:.3f}"})
        return now


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
