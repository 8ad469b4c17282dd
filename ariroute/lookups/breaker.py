"""A circuit breaker: a source that keeps failing is left alone for a while, then tried by one request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

BreakerState = Literal["closed", "open", "half_open"]

FAILURES = 5
PAUSE = 10.0


class Breaker:
    """Closed: every request passes. Open: none. Half open: one is on its way, and its result decides.

    It opens after ``failures`` failures in a row and lets the one probe through ``pause`` seconds later. Requests
    that were admitted before a change of state do not count after it: only the probe decides.
    """

    def __init__(
        self, *, failures: int = FAILURES, pause: float = PAUSE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._pause = pause
        self._clock = clock
        self._period = 0
        self._until = 0.0
        self.state: BreakerState = "closed"
        self.failures = 0

    def admit(self) -> int | None:
        """A ticket for one request, to be given back by :meth:`report` or :meth:`withdraw`; None: do not ask."""
        if self.state == "closed":
            return self._period
        if self.state == "open" and self._clock() >= self._until:
            self._enter("half_open")
            return self._period
        return None

    def report(self, ticket: int, served: bool) -> None:
        """Say how the request with this ticket ended."""
        if ticket != self._period:
            return
        if served:
            self.failures = 0
            if self.state == "half_open":
                self._enter("closed")
            return
        self.failures += 1
        if self.state == "half_open" or self.failures >= self._limit:
            self._until = self._clock() + self._pause
            self._enter("open")

    def withdraw(self, ticket: int) -> None:
        """Say that the request with this ticket tells nothing about the source; the next one may be the probe."""
        if ticket == self._period and self.state == "half_open":
            self._until = self._clock()
            self._enter("open")

    def seconds_to_probe(self) -> float:
        """How long it stays open from now; 0 when it is not."""
        return max(0.0, self._until - self._clock()) if self.state == "open" else 0.0

    def _enter(self, state: BreakerState) -> None:
        self.state = state
        self._period += 1
