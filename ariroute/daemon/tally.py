"""Counts and times kept as plain numbers, and shaped for Prometheus only when it asks: a call touches eight of them."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry


class Tally(Collector):
    """A counter with labels."""

    def __init__(self, name: str, about: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._about = (name, about, tuple(labels))
        self._counts: defaultdict[tuple[str, ...], int] = defaultdict(int)
        registry.register(self)

    def add(self, *labels: str) -> None:
        """One more of these labels, given in the order in which the counter names them."""
        self._counts[labels] += 1

    def begin(self, *labels: str) -> None:
        """Show these labels from the start, at 0: Prometheus sees no rise in a figure that was not there before."""
        self._counts[labels] += 0

    def collect(self) -> Iterator[CounterMetricFamily]:
        name, about, labels = self._about
        family = CounterMetricFamily(name, about, labels=labels)
        for values, count in self._counts.items():
            family.add_metric(values, count)
        yield family


class Times(Collector):
    """A histogram of seconds with labels. ``buckets`` are the upper bounds, ascending; infinity is added."""

    def __init__(
        self, name: str, about: str, labels: Sequence[str], buckets: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._about = (name, about, tuple(labels))
        self._bounds = tuple(buckets)
        self._seen: dict[tuple[str, ...], list[int]] = {}
        self._sums: defaultdict[tuple[str, ...], float] = defaultdict(float)
        if not labels:
            self._seen[()] = self._empty()
        registry.register(self)

    def add(self, seconds: float, *labels: str) -> None:
        """A time of these labels, given in the order in which the histogram names them."""
        seen = self._seen.get(labels) or self._seen.setdefault(labels, self._empty())
        seen[bisect_left(self._bounds, seconds)] += 1
        self._sums[labels] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        name, about, labels = self._about
        family = HistogramMetricFamily(name, about, labels=labels)
        names = [*map(str, self._bounds), "+Inf"]
        for values, seen in self._seen.items():
            so_far = [sum(seen[: end + 1]) for end in range(len(seen))]
            family.add_metric(values, list(zip(names, so_far, strict=True)), self._sums[values])
        yield family

    def _empty(self) -> list[int]:
        return [0] * (len(self._bounds) + 1)
