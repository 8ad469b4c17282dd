"""A limit to what a database server may send in answer to one question.

The drivers read a row whole, however long it is: a column of a gigabyte, picked by a ``SELECT *``, would be the
daemon's end. So between transport and driver stands a protocol that counts, and hangs up.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure

OVERHEAD = 64 * 1024
"""Bytes for what is sent beside the values: names of columns, messages, lengths."""


class Meter:
    """Counts what comes over ``transport`` from now on; more than ``limit`` bytes and the overhead end the connection.

    The driver's own protocol goes on being told everything.
    """

    def __init__(self, transport: Any, limit: int) -> None:
        self._transport = transport
        self._limit = limit
        self._left = limit + OVERHEAD
        protocol = transport.get_protocol()
        between = _Buffered if isinstance(protocol, asyncio.BufferedProtocol) else _Plain
        transport.set_protocol(between(protocol, self._count))

    def begin(self) -> None:
        """A new question is asked."""
        self._left = self._limit + OVERHEAD

    def check(self) -> None:
        """Raises LookupFailed (too_large) when the answer was longer than it may be."""
        if self._left < 0:
            raise too_large(self._limit)

    def _count(self, number: int) -> bool:
        self._left -= number
        if self._left < 0:
            self._transport.abort()
        return self._left >= 0


def too_large(limit: int) -> LookupFailed:
    return LookupFailed(Failure.TOO_LARGE, f"the row is longer than {limit} bytes (max_size)")


class _Between(asyncio.BaseProtocol):
    def __init__(self, inner: Any, count: Any) -> None:
        self._inner = inner
        self._count = count

    def eof_received(self) -> bool | None:
        kept: bool | None = self._inner.eof_received()
        return kept

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


class _Plain(_Between, asyncio.Protocol):
    def data_received(self, data: bytes) -> None:
        if self._count(len(data)):
            self._inner.data_received(data)


class _Buffered(_Between, asyncio.BufferedProtocol):
    def get_buffer(self, sizehint: int) -> Any:
        return self._inner.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        if self._count(nbytes):
            self._inner.buffer_updated(nbytes)
