"""The frames of PostgreSQL's protocol, checked before asyncpg reads them.

asyncpg 0.32 reads a message of type 0 for ever: it takes 0 for "no message yet", so whatever answers with a zero byte
on PostgreSQL's port would stand the whole daemon still. It also waits for a message of two gigabytes if one is
announced. So what comes is looked at first, and a connection with a broken frame ends.
"""

from __future__ import annotations

import contextlib
from typing import Any

TYPES = frozenset(b"123ACDEGHIKNRSTVWZcdnstv")
"""What a server sends (PostgreSQL 15, section 55.7, messages marked B)."""

HEAD = 5
LONGEST = 17 * 1024 * 1024
"""Bytes of one message: a row of the largest max_size, and some more."""


class Frames:
    """Follows a stream of messages: one byte of type, four of length (which count themselves), the content."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0

    def good(self, data: bytes) -> bool:
        """Whether the stream can still be PostgreSQL's after ``data``."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            more = data[at : at + HEAD - len(self._head)]
            self._head += more
            at += len(more)
            if self._head[0] not in TYPES:
                return False
            if len(self._head) == HEAD:
                length = int.from_bytes(self._head[1:])
                if not HEAD - 1 <= length <= LONGEST:
                    return False
                self._left = length - (HEAD - 1)
                self._head = b""
        return True


def guard(asyncpg: Any) -> None:
    """Let asyncpg's protocol check frames, from its first byte on; there is no other place to step in."""
    base: Any = asyncpg.protocol.Protocol
    if getattr(base, "checks_frames", False):
        return

    class Guarded(base):  # type: ignore[misc]  # a class of a library without types
        checks_frames = True

        def connection_made(self, transport: Any) -> None:
            self._frames = Frames()
            self._way = transport
            super().connection_made(transport)

        def data_received(self, data: bytes) -> None:
            # Raising here would be logged with a traceback, for each connection; aborting tells whoever waits.
            with contextlib.suppress(Exception):
                if self._frames.good(data):
                    super().data_received(data)
                    return
            self._way.abort()

    asyncpg.protocol.Protocol = Guarded


def connection_class(asyncpg: Any) -> Any:
    """asyncpg's connection, but one that cannot be made closes its socket, and nothing is said when it is collected."""
    base: Any = asyncpg.Connection

    class Connection(base):  # type: ignore[misc]  # as above
        def __init__(self, protocol: Any, transport: Any, *rest: Any) -> None:
            try:
                super().__init__(protocol, transport, *rest)
            except Exception:  # it logs in without telling its version, say
                transport.abort()
                raise

        def __del__(self) -> None:
            """The pool ends every connection itself."""

    return Connection
