"""Whose turn it is: of two daemons on one machine one routes calls, the other stands by until the first is gone.

Both name the same file. Whoever holds the lock on its first byte routes; whoever stands by holds that on its second.
The kernel releases both at any death, kill -9 included. The locks are fcntl's, which no child process inherits: what a
daemon has started may outlive it without keeping its turn.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

from ariroute.errors import UnusableInput

LOOK_EVERY = 0.02
"""Seconds between two looks whether the other is gone: a look costs a microsecond, the wait costs callers."""
ROUTING, STANDING_BY = 0, 1


class Turn:
    """The lock file ``path``, shared with the other daemon. Raises UnusableInput when it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_ours = False
        self._stands_by = False
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise UnusableInput(
                f"--standby {path}: the lock file cannot be opened ({error.strerror}): name a file in a folder that "
                "both daemons can write to"
            ) from error

    def take(self) -> bool:
        """Whether it is our turn now; if nobody else has it, it is."""
        self.is_ours = self.is_ours or self._lock(ROUTING)
        if self.is_ours and self._stands_by:
            self._unlock(STANDING_BY)
            self._stands_by = False
        return self.is_ours

    async def come(self) -> None:
        """Return when it is our turn."""
        while not self.take():
            self._stands_by = self._stands_by or self._lock(STANDING_BY)
            await asyncio.sleep(LOOK_EVERY)

    def pass_on(self) -> bool:
        """Give our turn to the other; False when nobody stands by, and it stays ours."""
        if not self.is_ours:
            return False
        if self._lock(STANDING_BY):
            self._unlock(STANDING_BY)
            return False
        self._unlock(ROUTING)
        self.is_ours = False
        return True

    def is_alone(self) -> bool:
        """Whether there is no other any more, after the turn was passed on: it always holds one of the two."""
        for byte in (STANDING_BY, ROUTING):
            if not self._lock(byte):
                return False
            self._unlock(byte)
        return True

    def close(self) -> None:
        """Let go of everything."""
        self.is_ours = self._stands_by = False
        os.close(self._file)

    def _lock(self, byte: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except BlockingIOError:
            return False
        return True

    def _unlock(self, byte: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)
