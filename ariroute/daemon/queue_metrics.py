"""What Prometheus is told of the queues: who entered, how they left, how long they waited and talked."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from ariroute.daemon.tally import Tally, Times

WAITS: Final = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800)
TALKS: Final = (10, 30, 60, 120, 180, 300, 600, 900, 1800, 3600)
MOST_QUEUES: Final = 500
"""Queues with figures of their own; those beyond count together as ``(other)``. Some sites have tens of thousands."""
OTHERS: Final = "(other)"
LATE: Final = 2.0
"""Seconds within which the dialplan says that a caller who left a queue was let go, and did not hang up."""


Waits = Callable[[], Mapping[str, Sequence[float]] | None]
"""For each queue how many seconds its callers have waited so far; None while that is unknown."""


class Leaving(NamedTuple):
    """A caller who left a queue unserved at ``since`` (monotonic): by hanging up, unless we are told otherwise."""

    since: float
    pbx: str
    queue: str
    wait: float


class QueueMetrics(Collector):
    """Counters and histograms by PBX and queue. Waits are those in this queue."""

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entered = Tally("ariroute_queue_entered", "Callers who entered a queue", ["pbx", "queue"], registry)
        self._left = Tally(
            "ariroute_queue_left",
            "How callers left a queue, or were not let in: answered, abandoned, or QUEUESTATUS",
            ["pbx", "queue", "how"],
            registry,
        )
        self._waits = Times(
            "ariroute_queue_wait_seconds",
            "Time in a queue, by how it ended: answered, abandoned, let_go",
            ["pbx", "queue", "how"],
            WAITS,
            registry,
        )
        self._talks = Times("ariroute_queue_talk_seconds", "Talks with agents", ["pbx", "queue"], TALKS, registry)
        self._rings = Tally("ariroute_queue_rings_in_vain", "Rings that no agent answered", ["pbx", "queue"], registry)
        self._undecided = Tally(
            "ariroute_calls_undecided", "Calls that the dialplan had to take to its default queue", ["pbx"], registry
        )
        self._leaving: OrderedDict[str, Leaving] = OrderedDict()
        self._queues: set[str] = set()
        self._waiting: dict[str, Waits] = {}
        registry.register(self)

    def watch(self, pbx: str, waits: Waits) -> None:
        """Read whenever Prometheus asks how long callers have waited."""
        self._waiting[pbx] = waits

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ["pbx", "queue"]
        waiting = GaugeMetricFamily("ariroute_queue_waiting", "Callers waiting now", labels=labels)
        longest = GaugeMetricFamily(
            "ariroute_queue_longest_wait_seconds", "How long the caller who waits longest has waited", labels=labels
        )
        for pbx, waits in self._waiting.items():
            by_queue: dict[str, list[float]] = {queue: [] for queue in self._queues}  # those with nobody, too
            known = waits()
            if known is None:
                continue
            for queue, so_far in known.items():
                by_queue.setdefault(self._named(queue), []).extend(so_far)
            for queue, so_far in by_queue.items():
                waiting.add_metric([pbx, queue], len(so_far))
                longest.add_metric([pbx, queue], max(so_far, default=0.0))
        yield from (waiting, longest)

    def undecided_from(self, pbx: str) -> None:
        """Count these calls of ``pbx``, from 0."""
        self._undecided.begin(pbx)

    def undecided(self, pbx: str) -> None:
        self._undecided.add(pbx)

    def entered(self, pbx: str, queue: str) -> None:
        self._entered.add(pbx, self._named(queue))

    def rang_in_vain(self, pbx: str, queue: str) -> None:
        self._rings.add(pbx, self._named(queue))

    def answered(self, pbx: str, queue: str, wait: float) -> None:
        self._left.add(pbx, self._named(queue), "answered")
        self._waits.add(wait, pbx, self._named(queue), "answered")

    def ended(self, pbx: str, queue: str, talk: float) -> None:
        self._talks.add(talk, pbx, self._named(queue))

    def left(self, pbx: str, queue: str, wait: float, contact: str) -> None:
        """``contact`` left unserved: counted as abandoned a little later, unless it was :meth:`let_go`."""
        self.settle()
        self._leaving[contact] = Leaving(self._clock(), pbx, self._named(queue), wait)

    def let_go(self, pbx: str, queue: str, status: str, contact: str) -> None:
        """``Queue()`` came back: the caller was taken out of the queue, or not let in."""
        leaving = self._leaving.pop(contact, None)
        self._left.add(pbx, self._named(queue), status)
        if leaving:
            self._waits.add(leaving.wait, leaving.pbx, leaving.queue, "let_go")

    def settle(self, within: float = LATE) -> None:
        """Count those as abandoned who left longer than ``within`` seconds ago, and of whom nothing more was heard."""
        while self._leaving:
            leaving = next(iter(self._leaving.values()))
            if self._clock() - leaving.since < within:
                return
            self._leaving.popitem(last=False)
            self._left.add(leaving.pbx, leaving.queue, "abandoned")
            self._waits.add(leaving.wait, leaving.pbx, leaving.queue, "abandoned")

    def _named(self, queue: str) -> str:
        if queue not in self._queues:
            if len(self._queues) >= MOST_QUEUES:
                return OTHERS
            self._queues.add(queue)
        return queue
