"""The daemon as a value: start it, reload it, stop it. It owns the routing in force and one connection per PBX."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ariroute.config.changes import changes
from ariroute.config.load import Config, load
from ariroute.daemon.metrics import Metrics
from ariroute.daemon.pbx import Pbx, Staffing
from ariroute.daemon.pbx_facts import LivePbxFacts
from ariroute.daemon.recording import journal_of, limits_of
from ariroute.daemon.routing import Routing
from ariroute.daemon.staffing.kept import place_of
from ariroute.daemon.supervise import Tasks
from ariroute.daemon.watching import Watchers
from ariroute.errors import ArirouteError, PbxRefused, PbxReplaced
from ariroute.journal.moves import Moved
from ariroute.journal.record import Happened, OutOfSight

log = logging.getLogger("ariroute.daemon")


class Daemon:
    """Routes the calls of every PBX in the configuration file at ``path``.

    Raises ConfigError at once when the file cannot be used.
    """

    def __init__(self, path: Path, read: Callable[[Path], Config] = load) -> None:
        self._path = path
        self._read = read
        self.metrics = Metrics()
        self.config = read(path)
        self.journal = journal_of(self.config)
        self.watchers = Watchers()
        self.standing_by = False
        """Whether another daemon has the calls, and this one waits for its turn."""
        self._tasks = Tasks()
        self._reloading = asyncio.Lock()
        self.pbxs = {
            name: Pbx(name, settings, lambda: self._routing, self.metrics, self._happened, self._staffing(name))
            for name, settings in self.config.pbxs.items()
        }
        self._routing = self._open(self.config)
        if self.journal:
            self.metrics.watch_journal(self.journal)
        self.metrics.watch_lookups(lambda: self._routing.lookups.states())

    @property
    def is_ready(self) -> bool:
        """Whether every PBX is connected and lets us work."""
        return all(pbx.is_ready for pbx in self.pbxs.values())

    async def start(self) -> None:
        """Open the sources and begin to connect; returns before the PBXs are reached."""
        await self.open()
        self.connect()

    async def open(self) -> None:
        """Open the sources: all that can be done before there are calls. Raises ArirouteError when one is unusable."""
        for warning in self.config.warnings:
            log.warning("%s", warning)
        await self._routing.start()
        if self.journal:
            self.journal.start()

    def connect(self) -> None:
        """Begin to take the calls of every PBX, from another daemon too if it has them; returns at once."""
        self.standing_by = False
        for pbx in self.pbxs.values():
            pbx.start()
        log.info("started", extra={"config": str(self._path), "digest": self.config.digest})

    async def run(self) -> None:
        """Return when no PBX is left to serve. Raises PbxReplaced or PbxRefused with the reason of each."""
        while not all(pbx.over.is_set() for pbx in self.pbxs.values()):  # one that refused may let us in meanwhile
            await asyncio.gather(*(pbx.over.wait() for pbx in self.pbxs.values()))
        # Started again after the one it would take the calls back, after the other it may get what it was refused.
        replaced = any(pbx.calls.is_replaced for pbx in self.pbxs.values())
        raise (PbxReplaced if replaced else PbxRefused)("; ".join(_why_over(pbx) for pbx in self.pbxs.values()))

    async def stop(self) -> None:
        """Leave every application, finish what is in hand, close everything."""
        drain = self.config.daemon.drain
        await asyncio.gather(*(pbx.stop(drain) for pbx in self.pbxs.values()))
        await self._tasks.finish(1.0)
        await self._routing.close()
        self.watchers.close()
        if self.journal:
            await asyncio.to_thread(self.journal.close)
        log.info("stopped")

    async def reload(self) -> list[str]:
        """Read the file again and route by it from the next call on; returns what changed, in words.

        A PBX that refused us is asked again. Everything that can fail is done before anything is replaced: on any
        ArirouteError (a ConfigError holds every mistake) the configuration in force stays.
        """
        async with self._reloading:
            try:
                config = self._read(self._path)
                fresh = self._open(config)
                await fresh.start()
            except ArirouteError as error:
                self.metrics.reloaded("refused")
                log.error("reload refused, the old configuration stays: %s", error)
                raise
            fresh.inherit(self._routing)
            old, self._routing = self._routing, fresh
            changed = changes(self.config, config)
            self.config = config
            if self.journal and config.journal:
                self.journal.keep_to(limits_of(config.journal))
            self._tasks.spawn(_retire(old), "close the old lookups")
            for pbx in self.pbxs.values():
                pbx.try_again()
                if pbx.staffer:
                    pbx.staffer.rules_changed()
            self.metrics.reloaded("done")
            log.info("reloaded", extra={"digest": config.digest, "changed": changed})
            return changed

    def status(self) -> dict[str, Any]:
        """What ``/status`` shows: JSON types."""
        return {
            "ready": self.is_ready,
            "standing_by": self.standing_by,
            "digest": self.config.digest,
            "config": str(self._path),
            "pbxs": {name: _status(pbx) for name, pbx in self.pbxs.items()},
            "lookups": {name: asdict(state) for name, state in self._routing.lookups.states().items()},
            "journal": self.journal and self.journal.status(),
        }

    def _happened(self, happened: Happened | OutOfSight) -> None:
        if self.journal:
            self.journal.offer(happened)
        if self.watchers and isinstance(happened, Happened):
            self.watchers.happened(happened)

    def _staffing(self, pbx: str) -> Staffing:
        return Staffing(lambda: self.config.staffing, self._moved, place_of(self._path, pbx))

    def _moved(self, move: Moved) -> None:
        if self.journal:
            self.journal.offer(move)

    def _open(self, config: Config) -> Routing:
        return Routing(
            config,
            LivePbxFacts(self.pbxs),
            observe=self.metrics.looked_up,
            observe_notices=self.metrics.notified,
            journal=self.journal,
            watchers=self.watchers,
        )


def _why_over(pbx: Pbx) -> str:
    if pbx.calls.is_replaced:
        return f"{pbx.name}: another program has registered the same Stasis application; stop one of the two"
    return f"{pbx.name}: {pbx.refusal}"


async def _retire(old: Routing) -> None:
    """Close what the last configuration asked, and collect what is left of reading it.

    By itself the collector comes so seldom (``web.serve``) that a hundred reloads made the daemon grow by 28 MB.
    """
    await old.close()
    gc.collect()


def _status(pbx: Pbx) -> dict[str, Any]:
    return {
        "ready": pbx.is_ready,
        "up": pbx.ari.is_up,
        "transport": pbx.ari.transport,
        "version": str(pbx.ari.version),
        "in_flight": pbx.calls.in_flight,
        "refused": pbx.refusal,
        "ami": {"up": pbx.ami.is_up, "failure": pbx.ami.failure} if pbx.ami else None,
        "staffing": pbx.staffer.state() if pbx.staffer else None,
    }
