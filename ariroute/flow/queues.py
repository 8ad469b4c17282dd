"""Queues as the flow file lists them: names as in queues.conf, highest tier first."""

from __future__ import annotations

import re
from dataclasses import dataclass

QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """``target`` percent of the contacts are to be answered within ``within`` seconds."""

    target: float
    within: float


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of Asterisk's app_queue.

    ``priority`` is the queue priority (``QUEUE_PRIO``) a caller gets: the higher number is served first.
    ``agents_per_call`` is the wanted number of agents serving the queue for each call in it.
    """

    name: str
    priority: int = 0
    agents_per_call: float | None = None
    service_level: ServiceLevel | None = None
