"""Ports on 127.0.0.1 that stay ours for as long as they are needed, several processes side by side.

Asking the system for a free port and closing it again leaves a gap in which somebody else gets the same one. So a port
here belongs to whoever holds a lock on a small file named after it; the kernel drops the lock when its holder dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# Below the range from which Linux takes the ports of outgoing connections (32768 and up).
FIRST: Final = 20000
LAST: Final = 31999


class Ports:
    """A few reserved ports; `close()` gives them back.

    >>> with Ports(2) as ports:
    ...     sip, http = ports
    """

    def __init__(self, count: int) -> None:
        self._locks: list[int] = []
        self.numbers: tuple[int, ...] = tuple(self._reserve_one() for _ in range(count))

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def __enter__(self) -> Ports:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the ports back; a second call does nothing."""
        while self._locks:
            os.close(self._locks.pop())

    def _reserve_one(self) -> int:
        folder = _lock_folder()
        for port in random.sample(range(FIRST, LAST + 1), 500):
            lock = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            with contextlib.suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if is_free(port):
                    self._locks.append(lock)
                    return port
            os.close(lock)
        raise OSError(f"no free port found on 127.0.0.1 between {FIRST} and {LAST}")


def is_free(port: int) -> bool:
    """Say whether nobody listens on `port` of 127.0.0.1 now, neither by TCP nor by UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def _lock_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"ariroute-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
