"""The daemon as a service, from its start to its end: whose turn it is, what the service manager and a rescue are told.

One of a pair stands by until it is its turn, takes calls, lets the other take them, and finishes; one that is alone
takes calls and finishes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, Final

from ariroute.daemon.app import Daemon
from ariroute.daemon.rescue_file import RescueFile
from ariroute.daemon.service_manager import ServiceManager
from ariroute.daemon.supervise import Tasks
from ariroute.daemon.turn import Turn

log = logging.getLogger("ariroute.daemon")

PATIENCE: Final = 5.0
"""Seconds after which the start counts as done without a PBX: the daemon waits for it, and nobody for the daemon."""
SUCCESSION: Final = 5.0
"""Seconds that the daemon which stands by has for taking the calls over, while this one routes on; it needs 0.1."""
SOON, LOOK = 0.05, 1.0
"""Seconds between two looks at how things stand, while they are about to change and afterwards."""


class Service:
    """Leads ``daemon`` through its life. Without ``turn`` it does not stand by and nobody succeeds it."""

    def __init__(
        self, daemon: Daemon, manager: ServiceManager, turn: Turn | None = None, rescue: RescueFile | None = None
    ) -> None:
        self._daemon = daemon
        self._manager = manager
        self._turn = turn
        self._rescue = rescue or RescueFile()
        self._tasks = Tasks()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``; the daemon's sources are open. Raises PbxRefused, PbxReplaced as it does."""
        daemon = self._daemon
        daemon.standing_by = self._turn is not None and not self._turn.take()
        self._tasks.spawn(self._report(), "report to the service manager")
        try:
            if self._turn is None or await _sooner(self._turn.come(), stop):
                self._take_calls()
                await _sooner(daemon.run(), stop)
        finally:
            self._manager.stopping(daemon.config.daemon.drain)
            await self._be_succeeded()
            await daemon.stop()
            await self._tasks.finish(0)

    def _take_calls(self) -> None:
        daemon, lock = self._daemon, self._turn.path if self._turn else None
        self._rescue.write({name: pbx.ari.settings for name, pbx in daemon.pbxs.items()}, lock)
        for name in daemon.pbxs:
            self._tasks.spawn(self._forget(name), f"forget the calls of {name}")
        daemon.connect()

    async def _forget(self, name: str) -> None:
        """A rescue must not touch calls that another daemon has taken over."""
        pbx = self._daemon.pbxs[name]
        await pbx.over.wait()
        if pbx.calls.is_replaced:
            self._rescue.drop(name)

    async def _be_succeeded(self) -> None:
        """Let the daemon that stands by take the calls first: no new one meets an application that nobody serves."""
        if self._turn is None or not self._turn.pass_on():
            return
        log.info("the daemon that stood by takes the calls over")
        late = time.monotonic() + SUCCESSION
        while not all(pbx.over.is_set() for pbx in self._daemon.pbxs.values()):
            if self._turn.is_alone():
                log.info("the daemon that stood by has ended too")
                return
            if time.monotonic() > late:
                log.warning("the daemon that stood by has not taken the calls over: this one ends all the same")
                return
            await asyncio.sleep(SOON)

    async def _report(self) -> None:
        """Tell the manager when the start is over, and from then on how things stand."""
        late = time.monotonic() + PATIENCE
        started = False
        while True:
            self._manager.status(self.state())
            if not started and (self._is_settled() or time.monotonic() > late):
                self._manager.ready()
                started = True
            await asyncio.sleep(LOOK if started else SOON)

    def _is_settled(self) -> bool:
        pbxs = self._daemon.pbxs.values()
        return self._daemon.standing_by or all(pbx.is_ready or pbx.over.is_set() for pbx in pbxs)

    def state(self) -> str:
        """One line on how the daemon does."""
        if self._daemon.standing_by:
            return "standing by: another daemon routes the calls"
        words = [
            f"{name} {'connected' if pbx.is_ready else 'NOT connected'}" for name, pbx in self._daemon.pbxs.items()
        ]
        return f"routing calls: {', '.join(words)}"


async def _sooner(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> bool:
    """Whether ``work`` ended before ``stop`` was set; raises what it raises."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, stopping):
            task.cancel()
    if stop.is_set():
        return False
    await working
    return True
