"""No bare tasks: every task is named, kept, and reported when it ends in a way nobody asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one owner. An exception that leaves a task is logged; it never stops the process.

    ``on_end`` is told, however a task ended, what it was about.
    """

    def __init__(self, on_end: Callable[[Any], None] | None = None) -> None:
        self._tasks: dict[asyncio.Task[Any], Any] = {}
        self._on_end = on_end

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, Any], name: str, about: Any = None) -> asyncio.Task[Any]:
        """Start ``work`` now, under ``name``."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = about
        task.add_done_callback(self._ended)
        return task

    async def finish(self, within: float) -> int:
        """Wait up to ``within`` seconds for all, cancel the rest; returns how many had to be cancelled."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(set(self._tasks), timeout=within)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)
        return len(late)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        about = self._tasks.pop(task)
        if self._on_end:
            self._on_end(about)
        if not task.cancelled() and (error := task.exception()):
            log.error("task %s died: %r", task.get_name(), error, exc_info=error)
