"""The journal's writer: a thread of its own and a queue with an end, so that the record never holds up a call."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from ariroute.errors import JournalError
from ariroute.journal.retention import Limits, Retention
from ariroute.journal.store import RecordRefused, Statement, Store

log = logging.getLogger(__name__)

GATHER = 0.1
"""Seconds that a record may wait for others: a transaction costs more than what is in it."""
BATCH = 500
PAUSE = 1.0
"""Seconds between tries while the database cannot be written."""
BREATH = 0.0001
"""Seconds between two records, for the calls' thread: a lock that is let go and taken again at once never reaches it.
At 500 records a second the slowest of a thousand timers then came 3 ms late, as without a journal; before it was 12."""
TOLD_EVERY = 60.0
"""Seconds between two lines of the log about records that are lost while the database works."""


class Item(Protocol):
    """Something to record. It is turned into statements in the writer's thread, not on the call's path."""

    @property
    def weight(self) -> int:
        """As many plain records as take the memory that it takes: 1, more with a long trace."""

    def statements(self) -> Iterable[Statement]: ...


class Journal:
    """Takes items at any speed and writes them in batches. :meth:`offer` never waits and never raises."""

    def __init__(self, open_store: Callable[[], Store], waiting: int, limits: Limits) -> None:
        self._open = open_store
        self._limit = waiting
        self._items: deque[Item] = deque()
        self._came = 0
        self._went = 0
        """The weight of all that came and of all that was taken: each is counted by one thread alone."""
        self._batch: deque[list[Statement]] = deque()
        """Items as statements, made once: a second try writes the same rows."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._retention = Retention(limits)
        self._store: Store | None = None
        self._told_at = -TOLD_EVERY
        self._told_lost = 0
        self._why_refused = ""
        self.written = 0
        self.dropped = 0
        """Items that came while too many waited."""
        self.refused = 0
        """Items that the database did not take, though it works."""
        self.failure = ""
        """Why nothing can be written now; empty while it can."""

    @property
    def waiting(self) -> int:
        """Items that are not written yet."""
        return len(self._items) + len(self._batch)

    @property
    def on_disk(self) -> int:
        """Bytes of disk that the journal takes, as of the last minute."""
        return self._retention.on_disk

    def status(self) -> dict[str, Any]:
        """How it does, as JSON types."""
        return {
            "written": self.written,
            "dropped": self.dropped,
            "refused": self.refused,
            "waiting": self.waiting,
            "bytes": self.on_disk,
            "failure": self.failure,
        }

    def start(self) -> None:
        self._thread.start()

    def offer(self, item: Item, *, always: bool = False) -> None:
        """Record ``item`` when its turn comes; dropped and counted when too many wait, unless ``always``."""
        weight = item.weight
        if self._came - self._went + weight > self._limit and not always:
            self.dropped += 1
        else:
            self._came += weight
            self._items.append(item)

    def keep_to(self, limits: Limits) -> None:
        """Hold the journal to these limits from now on."""
        self._retention.limits = limits

    def close(self, within: float = 5.0) -> None:
        """Write what waits, for so many seconds at most. Blocks; call it in a thread."""
        if self._thread.ident is None:
            return
        self._stopping.set()
        self._thread.join(within)
        if self.waiting:
            log.error("stopped, and %d records are lost: %s", self.waiting, self.failure or "the database is too slow")

    def _run(self) -> None:
        over = False
        while not over:
            over = self._stopping.wait(PAUSE if self.failure else GATHER)
            try:
                self._turn(over)
            except JournalError as error:
                self._failed(str(error))
            except Exception as error:  # whatever it is, the journal goes on
                log.exception("the journal's writer failed")
                self._failed(f"{type(error).__name__} in the journal's writer")
        self._let_go()

    def _turn(self, over: bool) -> None:
        self._store = store = self._store or self._open()
        while self.waiting:
            self._write(store)
            if not over:
                self._retention.step(store)
        self._recovered()
        if not over:
            self._retention.step(store)
        self._tell_of_losses()

    def _write(self, store: Store) -> None:
        if not self._batch:
            self._make_batch()
        try:
            store.write([statement for statements in self._batch for statement in statements])
            self.written += len(self._batch)
            self._batch.clear()
        except Exception as error:
            if isinstance(error, JournalError) and not isinstance(error, RecordRefused):
                raise
            self._write_singly(store)

    def _make_batch(self) -> None:
        for _ in range(min(BATCH, len(self._items))):
            try:
                self._batch.append(list(self._items[0].statements()))
            except JournalError:  # nothing is wrong with the record: the key of the callers' hash cannot be read
                raise
            except Exception as error:  # one that cannot be told must not keep the others waiting
                self._refuse(type(error).__name__)  # its text may quote what is not to be shown
            self._went += self._items.popleft().weight
            time.sleep(BREATH)

    def _write_singly(self, store: Store) -> None:
        """Write what can be written of a batch that was refused as a whole."""
        while self._batch:
            try:
                store.write(self._batch[0])
                self.written += 1
            except RecordRefused as error:
                self._refuse(str(error))
            except JournalError:
                raise
            except Exception as error:
                self._refuse(type(error).__name__)
            self._batch.popleft()

    def _refuse(self, why: str) -> None:
        self.refused += 1
        self._why_refused = why

    def _tell_of_losses(self) -> None:
        """One line for many: a flood of calls must not become a flood of lines."""
        lost, now = self.dropped + self.refused, time.monotonic()
        if lost > self._told_lost and now - self._told_at >= TOLD_EVERY:
            log.error(
                "the journal has lost %d records: %d came faster than they were written, %d were refused%s",
                lost - self._told_lost,
                self.dropped,
                self.refused,
                f", the last one with: {self._why_refused}" if self.refused else "",
            )
            self._told_lost, self._told_at = lost, now

    def _failed(self, why: str) -> None:
        if not self.failure:
            log.error("%s; calls are routed all the same, and their records wait", why)
        self.failure = why
        self._let_go()

    def _recovered(self) -> None:
        if self.failure:
            lost = self.dropped + self.refused - self._told_lost
            log.warning("the journal is written again; %d records were lost meanwhile", lost)
            self._told_lost += lost
        self.failure = ""

    def _let_go(self) -> None:
        """Close the database: after a failure only a new connection tells whether it is well again."""
        if self._store:
            self._store.close()
        self._store = None
