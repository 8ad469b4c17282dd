"""Waiting for what another process is about to do: for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE = 30.0
"""Seconds for whatever takes one when the machine has nothing else to do."""


def until(condition: Callable[[], object], what: str | Callable[[], str], within: float = DEADLINE) -> None:
    """Wait until `condition` is true. Raises AssertionError, saying `what` was waited for, after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what if isinstance(what, str) else what()}")
        time.sleep(0.02)
