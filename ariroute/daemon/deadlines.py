"""Deadlines of many things behind one timer: a timer for each would cost every call a fifth of its memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Deadlines(Generic[Thing]):
    """Calls ``overdue`` with each thing whose deadline passes while ``waits`` still holds for it."""

    def __init__(self, waits: Callable[[Thing], bool], overdue: Callable[[Thing], None]) -> None:
        self._waits = waits
        self._overdue = overdue
        self._heap: list[tuple[float, int, Thing]] = []  # by the loop's time; the number keeps things from comparing
        self._added = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, thing: Thing, within: float) -> None:
        """``thing`` is overdue ``within`` seconds from now."""
        loop = asyncio.get_running_loop()
        self._added += 1
        heappush(self._heap, (loop.time() + within, self._added, thing))
        if self._timer is None or self._heap[0][1] == self._added:
            self._wake_up(loop)

    def _wake_up(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._heap[0][0], self._look, loop) if self._heap else None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        while self._heap and (self._heap[0][0] <= now or not self._waits(self._heap[0][2])):
            thing = heappop(self._heap)[2]
            if self._waits(thing):
                self._overdue(thing)
        self._wake_up(loop)
