"""The configuration in force, with its open sources. A reload makes a new one; calls in flight keep theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from ariroute.config.load import Config
from ariroute.daemon.recording import Recording
from ariroute.daemon.speech import Speech
from ariroute.daemon.watching import Watchers
from ariroute.flow.facts import Answer
from ariroute.journal.writer import Journal
from ariroute.lookups.notify import Notifier, Observe
from ariroute.lookups.pbx import PbxFacts
from ariroute.lookups.runner import LookupRunner


class Routing:
    """A ruleset and its lookups. Enter it while a call uses it; :meth:`close` waits for the last one to leave."""

    def __init__(
        self,
        config: Config,
        pbx: PbxFacts,
        observe: Callable[[Answer], None] | None = None,
        observe_notices: Observe = lambda name, result, word: None,
        journal: Journal | None = None,
        watchers: Watchers | None = None,
    ) -> None:
        self.config = config
        self.recording = Recording(journal, config, watchers)
        self.ruleset = config.ruleset
        self.lookups = LookupRunner(
            {name: (settings, make(pbx)) for name, (settings, make) in config.lookups.items()}, observe=observe
        )
        self.notices = Notifier(config.notify, observe_notices)
        self.speech = Speech(config.speech) if config.speech else None
        self._users = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Open the sources. Raises ArirouteError when one cannot be used, such as a CSV file without its key."""
        if self.speech:
            await self.speech.start()
        try:
            await self.notices.start()
            await self.lookups.start()
        except BaseException:  # lookups leave none of theirs open
            await self.notices.close()
            raise
        await asyncio.gather(*(calendar.start() for calendar in self.config.calendars))

    def inherit(self, old: Routing) -> None:
        """After a reload: calendars that cannot be had now go on with what ``old`` knew of them."""
        for calendar in self.config.calendars:
            for before in old.config.calendars:
                calendar.inherit(before)

    def __enter__(self) -> Routing:
        self._users += 1
        self._idle.clear()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._users -= 1
        if not self._users:
            self._idle.set()

    async def close(self) -> None:
        """Close the sources when the last call that uses them has ended; notices that wait get a moment."""
        await self._idle.wait()
        await self.notices.close()
        await asyncio.gather(*(calendar.close() for calendar in self.config.calendars))
        await self.lookups.close()
        if self.speech:
            await self.speech.close()
