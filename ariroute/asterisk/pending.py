"""Requests that wait for their answer, each with a deadline, and one timer for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ariroute.asterisk.events import Answer
from ariroute.errors import AriDisconnected, AriError, AriTimeout

Outcome = Answer | AriError
Reply = asyncio.Future[Outcome]
"""Always gets a result, never an exception, so that a reply nobody awaits any more leaves no warning behind."""


class Pending:
    """The open requests of one connection, by request id.

    A timer for each request costs more than the request. This one waits for the earliest deadline it has seen, answered
    or not, so that it seldom wakes anybody.
    """

    def __init__(self, on_timeout: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._open: dict[str, tuple[Reply, float, float]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0
        self._on_timeout = on_timeout

    def __len__(self) -> int:
        return len(self._open)

    def add(self, request_id: str, timeout: float) -> Reply:
        """A reply that is due in ``timeout`` seconds."""
        reply: Reply = self._loop.create_future()
        due = self._loop.time() + timeout
        self._open[request_id] = (reply, due, timeout)
        if self._timer is None or due < self._next:
            self._wait_until(due)
        return reply

    def settle(self, request_id: str, outcome: Outcome) -> bool:
        """Gives a request its outcome; False when none of that id is open (it came too late, or was never sent)."""
        entry = self._open.pop(request_id, None)
        if entry is None:
            return False
        if not entry[0].done():  # cancelled with the task that awaited it
            entry[0].set_result(outcome)
        return True

    def close(self, reason: str) -> None:
        """Ends every open request with AriDisconnected."""
        self._wait_until(None)
        for request_id in list(self._open):
            self.settle(request_id, AriDisconnected(f"the connection was lost before the answer: {reason}"))

    def _wait_until(self, due: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due is None else self._loop.call_at(due, self._sweep)
        self._next = due or 0.0

    def _sweep(self) -> None:
        now = self._loop.time()
        for request_id, timeout in [(key, given) for key, (_, due, given) in self._open.items() if due <= now]:
            self._on_timeout()
            self.settle(request_id, AriTimeout(f"no answer within {timeout:g} s"))
        self._wait_until(min((due for _, due, _ in self._open.values()), default=None))
