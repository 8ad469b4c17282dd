"""A recorded contact as the agents saw it: where it waited, how long, who took it and for how long."""

from __future__ import annotations

from typing import NamedTuple

ANSWERED = "answered"
ABANDONED = "abandoned"


class Place(NamedTuple):
    """A queue, and the queue priority that a caller has in it."""

    queue: str
    priority: int = 0


class Visit(NamedTuple):
    """A contact that arrived at ``at`` (seconds since 1970).

    It was sent to ``before``, and other rules send it to ``after``; None is no queue at all. ``outcome`` is that of the
    journal, empty when nobody knows; ``wait`` and ``talk`` are seconds, None when unknown. ``ring`` is how long the
    phone of the agent rang, which is a part of the wait.
    """

    at: float
    before: Place | None
    after: Place | None
    outcome: str = ""
    wait: float | None = None
    talk: float | None = None
    agent: str = ""
    ring: float = 0.0
