"""The connections to one database: opened when needed, so many at most, thrown away at the least doubt.

A connection goes back only after an answer. After an error or a cancellation nobody knows what is still under way on
it, so it is aborted, at once and without awaiting anything: no cancellation can leave one open.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure

IDLE_LIMIT = 240.0
"""Seconds. Firewalls forget a quiet connection after five minutes and more, and let it hang then."""

Row = Sequence[tuple[str, Any]]
"""The columns in their order, with the values as the driver gives them."""


class ConnectionLost(LookupFailed):
    """The connection ended, or the server wants a new one: asking again on a new one may help."""

    def __init__(self, detail: str) -> None:
        super().__init__(Failure.REFUSED, detail)


class Connection(Protocol):
    """One connection, ready to ask this lookup's query."""

    @property
    def usable(self) -> bool:
        """False once it is known to have ended."""

    async def first(self, values: Sequence[str]) -> Row | None:
        """The first row for these parameters, None if there is none. Raises LookupFailed."""

    def abort(self) -> None:
        """End it now, whatever is under way. Raises nothing."""


class Pool:
    """Up to ``size`` connections; ``connect`` opens one and raises LookupFailed."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._turns = asyncio.Semaphore(size)
        self._idle: deque[tuple[Connection, float]] = deque()
        self._closed = False

    @property
    def idle(self) -> int:
        return len(self._idle)

    async def first(self, values: Sequence[str]) -> Row | None:
        """The first row for these parameters. Raises LookupFailed.

        A connection that ended while it was idle (the server was started again) is no failure: as a lookup only reads,
        it is asked once more on a new one.
        """
        async with self._turns:
            if kept := self._take():
                try:
                    return await self._ask(kept, values)
                except (ConnectionLost, asyncio.CancelledError) as error:
                    # What ended or silenced this one did the same to those that are idle.
                    self._drop_idle()
                    if not isinstance(error, ConnectionLost):
                        raise
            return await self._ask(await self._connect(), values)

    def close(self) -> None:
        """End the idle ones, and those in use as soon as they have answered."""
        self._closed = True
        self._drop_idle()

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop()[0].abort()

    async def _ask(self, connection: Connection, values: Sequence[str]) -> Row | None:
        try:
            row = await connection.first(values)
        except BaseException:
            connection.abort()
            raise
        if self._closed:
            connection.abort()
        else:
            self._idle.append((connection, self._clock()))
        return row

    def _take(self) -> Connection | None:
        """The connection used last, so that those that are not needed grow old."""
        oldest = self._clock() - IDLE_LIMIT
        while self._idle and self._idle[0][1] < oldest:
            self._idle.popleft()[0].abort()
        while self._idle:
            connection, _ = self._idle.pop()
            if connection.usable:
                return connection
            connection.abort()
        return None
