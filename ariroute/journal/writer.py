"""The journal's writer: a thread of its own and a queue with an end, so that the record never holds up a call."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from ariroute.errors import JournalError
from ariroute.journal.store import Statement, Store

log = logging.getLogger(__name__)

GATHER = 0.1
"""Seconds that a record may wait for others: a transaction costs more than what is in it."""
BATCH = 1000
PAUSE = 1.0
"""Seconds between tries while the database cannot be written."""


class Item(Protocol):
    """Something to record. It is turned into statements in the writer's thread, not on the call's path."""

    def statements(self) -> Iterable[Statement]: ...


class Journal:
    """Takes items at any speed and writes them in batches. :meth:`offer` never waits and never raises."""

    def __init__(self, open_store: Callable[[], Store], waiting: int) -> None:
        self._open = open_store
        self._limit = waiting
        self._items: deque[Item] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self.written = 0
        self.dropped = 0
        self.failure = ""
        """Why nothing can be written now; empty while it can."""

    @property
    def waiting(self) -> int:
        """Items that are not written yet."""
        return len(self._items)

    def start(self) -> None:
        self._thread.start()

    def offer(self, item: Item) -> None:
        """Record ``item`` when its turn comes; dropped and counted when too many wait."""
        if len(self._items) >= self._limit:
            self.dropped += 1
        else:
            self._items.append(item)

    def close(self, within: float = 5.0) -> None:
        """Write what waits, for so many seconds at most. Blocks; call it in a thread."""
        self._stopping.set()
        self._thread.join(within)

    def _run(self) -> None:
        store: Store | None = None
        while True:
            over = self._stopping.wait(PAUSE if self.failure else GATHER)
            try:
                store = store or self._open()
                self._write(store)
            except JournalError as error:
                self._failed(str(error))
            if over:
                break
        if store:
            store.close()

    def _write(self, store: Store) -> None:
        while self._items:
            batch = [self._items[place] for place in range(min(BATCH, len(self._items)))]
            store.write(statement for item in batch for statement in item.statements())
            for _ in batch:
                self._items.popleft()
            self.written += len(batch)
            self._recovered()

    def _failed(self, why: str) -> None:
        if not self.failure:
            log.error("%s; calls are routed all the same, and their records wait", why)
        self.failure = why

    def _recovered(self) -> None:
        if self.failure:
            log.warning("the journal is written again; %d records were dropped in all", self.dropped)
        self.failure = ""
