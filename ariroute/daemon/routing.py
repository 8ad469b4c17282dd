"""The configuration in force, with its open sources. A reload makes a new one; calls in flight keep theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from ariroute.config.load import Config
from ariroute.flow.facts import Answer
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
    ) -> None:
        self.config = config
        self.ruleset = config.ruleset
        self.lookups = LookupRunner(
            {name: (settings, make(pbx)) for name, (settings, make) in config.lookups.items()}, observe=observe
        )
        self._users = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Open the sources. Raises ArirouteError when one cannot be used, such as a CSV file without its key."""
        await self.lookups.start()

    def __enter__(self) -> Routing:
        self._users += 1
        self._idle.clear()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._users -= 1
        if not self._users:
            self._idle.set()

    async def close(self) -> None:
        """Close the sources when the last call that uses them has ended."""
        await self._idle.wait()
        await self.lookups.close()
