"""AMI for as long as the daemon runs: connected in the background, and never waited for.

A question finds a connection or fails at once. One that got no answer makes the link doubt its connection and ping; no
answer to that either, and it is closed and made anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from ariroute.asterisk.ami import ActionRefused, Ami, Message
from ariroute.asterisk.faults import Tries, pauses
from ariroute.asterisk.queue_events import (
    MemberEvent,
    QueueEvent,
    is_of_members,
    is_wanted,
    member_event,
    queue_event,
)
from ariroute.asterisk.settings import AmiSettings
from ariroute.asterisk.talks import Talks
from ariroute.errors import AmiError, PbxRefused, PbxUnreachable

log = logging.getLogger(__name__)

T = TypeVar("T")

PING_EVERY: Final = 5.0
PING_TIMEOUT: Final = 1.0
LONGEST_PAUSE: Final = 5.0
REFUSED_PAUSE: Final = 30.0
"""After a wrong secret: soon enough for whoever mends manager.conf, too seldom to look like somebody who guesses."""


class AmiDown(AmiError):
    """There is no connection now; nothing was sent."""


class AmiLink:
    """One Asterisk's AMI. :meth:`run` keeps it connected until it is cancelled; :meth:`ask` uses the connection.

    ``on_event`` is told what happens in the queues, if it is given: between ``on_up`` and ``on_down``, which says why.
    What happens while there is no connection nobody ever tells. ``on_member_event`` is told of members, too, as long as
    :attr:`follows_members` says so: these are many, and most daemons need none of them.
    """

    def __init__(
        self,
        settings: AmiSettings,
        name: str = "pbx1",
        *,
        on_event: Callable[[QueueEvent], None] | None = None,
        on_member_event: Callable[[MemberEvent], None] = lambda event: None,
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[str], None] = lambda reason: None,
        ping_every: float = PING_EVERY,
        refused_pause: float = REFUSED_PAUSE,
    ) -> None:
        self.settings = settings
        self.name = name
        self.failure = "not connected yet"
        """Why there is no connection; empty while there is one."""
        self.connects = 0
        self.events = 0
        """Events of queues that came so far."""
        self.follows_members = False
        self._on_event = on_event
        self._on_member_event = on_member_event
        self._on_up = on_up
        self._on_down = on_down
        self._ping_every = ping_every
        self._refused_pause = refused_pause
        self._ami: Ami | None = None
        self._talks = Talks()
        self._doubt = asyncio.Event()

    @property
    def is_up(self) -> bool:
        """Whether questions can be asked now."""
        return self._ami is not None

    async def ask(self, question: Callable[[Ami], Awaitable[T]]) -> T:
        """The answer to ``question``. Raises AmiDown at once when there is no connection, and what it raises."""
        ami = self._ami
        if ami is None:
            raise AmiDown(f"AMI of {self.name}: {self.failure}")
        try:
            return await question(ami)
        except ActionRefused:
            raise
        except (AmiError, asyncio.CancelledError):
            self._doubt.set()  # whoever asked may have waited less long than the action's own deadline
            raise

    async def run(self) -> None:
        """Connects, and connects again whenever the connection ends, until cancelled. Raises nothing else."""
        delays = pauses(LONGEST_PAUSE)
        tries = Tries()
        while True:
            connects = self.connects
            try:
                self.failure = await self._connected()
                delay = None
            except PbxRefused as error:
                self.failure, delay = str(error), self._refused_pause
            except (PbxUnreachable, AmiError) as error:
                self.failure, delay = str(error), None
            except Exception as error:
                log.exception("%s: AMI failed in a way that nobody foresaw", self.name)
                self.failure, delay = f"{type(error).__name__}: {error}", self._refused_pause
            if self.connects > connects:
                delays = pauses(LONGEST_PAUSE)
            pause = next(delays) if delay is None else delay
            log.log(tries.level(self.failure), "%s: %s; connecting again in %.1f s", self.name, self.failure, pause)
            await asyncio.sleep(pause)

    async def _connected(self) -> str:
        """One connection from its login to its end; the value says why it ended."""
        async with Ami(self.settings, self._told if self._on_event else None, self._wants) as ami:
            self._ami, self.failure = ami, ""
            self._talks = Talks()  # a talk may have ended while nobody told us
            self.connects += 1
            self._doubt.clear()
            log.info("%s: connected to AMI at %s as %s", self.name, self.settings.address, self.settings.user)
            self._on_up()
            reason = "this side closed the connection"
            try:
                reason = await self._watched(ami)
            finally:
                self._ami, self.failure = None, reason
                self._on_down(reason)
            return reason

    def _wants(self, message: bytes) -> bool:
        return is_wanted(message) or (self.follows_members and is_of_members(message))

    def _told(self, message: Message) -> None:
        """An event has come. Whatever becomes of it, the connection goes on."""
        try:
            now, message = time.time(), self._talks.named(message)
            if event := queue_event(message, now):
                self.events += 1
                if self._on_event:
                    self._on_event(event)
            elif of_member := member_event(message, now):
                self._on_member_event(of_member)
        except Exception:
            log.exception("%s: an event of AMI could not be used", self.name)

    async def _watched(self, ami: Ami) -> str:
        """Returns why ``ami`` is of no use any more: it was closed, or a ping had no answer."""
        lost = asyncio.ensure_future(ami.lost())
        try:
            while not await self._lost_or_due(lost):
                try:
                    async with asyncio.timeout(PING_TIMEOUT):
                        await ami.action("Ping")
                except TimeoutError:
                    return f"AMI at {self.settings.address} does not answer any more"
                except AmiError as error:
                    return str(error)
            return f"AMI at {self.settings.address}: {lost.result()}"
        finally:
            lost.cancel()

    async def _lost_or_due(self, lost: asyncio.Future[str]) -> bool:
        """Waits until a ping is due, or there is a doubt; True when the connection was lost meanwhile."""
        doubt = asyncio.ensure_future(self._doubt.wait())
        try:
            ends: list[asyncio.Future[Any]] = [lost, doubt]
            await asyncio.wait(ends, timeout=self._ping_every, return_when=asyncio.FIRST_COMPLETED)
        finally:
            doubt.cancel()
        self._doubt.clear()
        return lost.done()
