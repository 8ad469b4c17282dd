"""What the journal forgets: contacts and moves that are too old, and the oldest when all take too much room.

It is done in small pieces, between which the writer writes what has come meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ariroute.journal.record import first_id
from ariroute.journal.store import Statement, Store

PIECE = 500
"""Records deleted in one go."""
EVERY = 60.0
"""Seconds from one look at what there is to the next."""
JUMP = 60.0
"""Seconds by which the wall clock moves in a minute only when somebody has set it."""
MISTRUST = 3600.0
"""Seconds for which a clock that was set forgets nothing: a wrong year would empty the journal at once."""
NEVER = 1 << 62

OLDEST = (
    "SELECT id FROM (SELECT id FROM contacts UNION ALL SELECT id FROM moves) AS both_tables "
    "WHERE id < $1 ORDER BY id LIMIT $2"
)
"""A piece; both databases walk along the two keys at once."""
UP_TO = ("DELETE FROM contacts WHERE id <= $1", "DELETE FROM moves WHERE id <= $1")
UNUSED = (
    "DELETE FROM configs WHERE first_seen < $1 AND first_seen < (SELECT max(first_seen) FROM configs) "
    "AND NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.digest = configs.digest) "
    "AND NOT EXISTS (SELECT 1 FROM shadows WHERE shadows.digest = configs.digest)"
)
"""Rules that decided no recorded contact, nor in a shadow. The newest are in force, perhaps before the first call."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Records are kept for ``keep`` seconds, and the oldest not so long when all take ``largest`` bytes."""

    keep: float
    largest: int


class Retention:
    """Holds a store to its limits, piece by piece. Used by the journal's thread alone, but for :attr:`limits`."""

    def __init__(
        self, limits: Limits, now: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self.on_disk = 0
        """Bytes of disk that the journal took at the last look."""
        self._now = now
        self._due = 0.0
        self._clock = clock
        self._ahead = now() - clock()
        self._trusted_from = 0.0

    def step(self, store: Store) -> None:
        """Do the next piece, if there is one to be done. Raises JournalError as the store does."""
        if self._clock() < self._due:
            return
        due, self._due = self._due, self._clock() + EVERY  # after a failure too: it is not tried all the time
        if self._forget(store):
            self._due = due
            return
        store.give_back()
        self.on_disk = store.on_disk()

    def _forget(self, store: Store) -> bool:
        """Delete a piece of what is too much; whether there was any."""
        cutoff = self._cutoff()
        last = _last(store, first_id(cutoff))
        if last is None and store.size() > self.limits.largest:
            last = _last(store, NEVER)
        if last is None:
            return False
        store.write([*(Statement(sql, (last,)) for sql in UP_TO), Statement(UNUSED, (cutoff,))])
        return True

    def _cutoff(self) -> float:
        """Records of before are too old; 0 while the clock is not to be trusted."""
        now, clock = self._now(), self._clock()
        if abs(now - clock - self._ahead) > JUMP:
            self._ahead = now - clock
            self._trusted_from = clock + MISTRUST
        return max(0.0, now - self.limits.keep) if clock >= self._trusted_from else 0.0


def _last(store: Store, before: int) -> int | None:
    """The number of the last row of the oldest piece of what is older than ``before``; None when there is nothing."""
    found = store.read(OLDEST, (before, PIECE))
    return int(found[-1][0]) if found else None
