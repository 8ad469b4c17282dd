"""The journal, followed: each record once, soon after it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ariroute.errors import JournalError
from ariroute.journal.reader import SELECT, Recorded
from ariroute.journal.record import first_id
from ariroute.journal.store import Store

NEAR = 120.0
"""Seconds. Records are found by when their contacts arrived, and are written when these were decided: those of the
last two minutes are looked for each time ..."""
FAR = 3600.0
"""... and those of the last hour, as of callers who were talked with for long,"""
FAR_EVERY = 15.0
"""every so many seconds."""


class Following:
    """The records that are written from now on. Times are seconds since 1970.

    The journal may go away and come back: :attr:`trouble` says why it cannot be read now, and what is written meanwhile
    is found later.
    """

    def __init__(self, open_store: Callable[[], Store], now: float) -> None:
        """Raises JournalError when the journal cannot be read."""
        self._open = open_store
        self._store: Store | None = open_store()
        self._far_due = now + FAR_EVERY
        self._seen = set(self._ids(self._store, now - FAR))
        self.trouble = ""

    def fresh(self, now: float) -> list[Recorded]:
        """The records that were written since the last call, by when their contacts arrived."""
        found: list[Recorded] = []
        try:
            found.extend(self._fresh(now))  # those read before a failure stay in it, as they are not given again
        except JournalError as error:
            self.trouble = str(error)
            self.close()
            return found
        self.trouble = ""
        return found

    def close(self) -> None:
        """Close the journal; twice does no harm."""
        if self._store:
            self._store.close()
        self._store = None

    def _fresh(self, now: float) -> Iterator[Recorded]:
        far = now >= self._far_due or self._store is None
        if far:  # opened anew: the file may have been moved away and another begun
            self.close()
            self._far_due = now + FAR_EVERY
        store = self._store = self._store or self._open()
        new = sorted(self._ids(store, now - (FAR if far else NEAR)) - self._seen)
        for record in new:
            rows = store.read(f"{SELECT} WHERE id = $1", (record,))
            self._seen.add(record)
            yield from (Recorded(*row) for row in rows)
        if far:
            self._seen = {record for record in self._seen if record >= first_id(now - FAR)}

    @staticmethod
    def _ids(store: Store, since: float) -> set[int]:
        return {record for (record,) in store.read("SELECT id FROM contacts WHERE id >= $1", (first_id(since),))}
