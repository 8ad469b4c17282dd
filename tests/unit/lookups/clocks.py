"""A clock that the test moves."""

from __future__ import annotations


class ManualClock:
    """Seconds; stands still until the test adds to ``now``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
