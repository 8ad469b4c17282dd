"""What the daemon counts, for Prometheus. One instance per daemon, with a registry of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import get_args

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ariroute.daemon.queue_metrics import QueueMetrics
from ariroute.daemon.staffing_metrics import StaffingMetrics
from ariroute.daemon.tally import Tally, Times
from ariroute.flow.decision import (
    Decision,
    Destination,
    EndpointDestination,
    HangUpDestination,
    QueueDestination,
    VoicemailDestination,
)
from ariroute.flow.facts import Answer
from ariroute.journal.writer import Journal
from ariroute.lookups.breaker import BreakerState
from ariroute.lookups.lane import SourceState

DECISION_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)

FORKS = frozenset({"case", "otherwise", "hours", "split", "menu", "consent", "dial", "agent"})
"""The steps of a trace at which ways part, by results of closed sets. Conditions that were false are not counted."""

WITHOUT_DECISION = ("passed on", "left to the guard")
"""How calls left that an alert should tell of, be it one."""


class Metrics:
    """Counters, a histogram of decision times, and gauges read when Prometheus asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._calls = Tally("ariroute_calls", "Calls taken from the Stasis application", ["pbx", "found_by"], registry)
        self._decisions = Tally(
            "ariroute_decisions", "Decisions, by flow and queue", ["flow", "queue", "by_default"], registry
        )
        self._ended = Tally("ariroute_calls_ended", "How calls left the daemon", ["pbx", "how"], registry)
        self._ways = Tally(
            "ariroute_ways", "Ways that decisions took in branches, hours, menus, rings", ["place", "way"], registry
        )
        self._seconds = Times(
            "ariroute_decision_seconds", "From StasisStart to the hand-off's answer", [], DECISION_BUCKETS, registry
        )
        self._lookups = Tally(
            "ariroute_lookups", "Answers of lookups", ["lookup", "outcome", "failure", "origin"], registry
        )
        self._lookup_seconds = Times(
            "ariroute_lookup_seconds",
            "Time of lookups that asked their source",
            ["lookup"],
            DECISION_BUCKETS,
            registry,
        )
        self._notices = Tally(
            "ariroute_notices", "Notifications, by how they ended", ["notice", "result", "failure"], registry
        )
        self.queues = QueueMetrics(registry)
        self.staffing = StaffingMetrics(registry)
        self._reloads = Tally("ariroute_reloads", "Reloads of the configuration", ["result"], registry)
        for result in ("done", "refused"):
            self._reloads.begin(result)
        self._in_flight = Gauge("ariroute_calls_in_flight", "Calls being decided now", ["pbx"], registry=registry)
        self._up = Gauge("ariroute_pbx_up", "1 while the event websocket of a PBX is up", ["pbx"], registry=registry)
        self._ami_up = Gauge("ariroute_ami_up", "1 while the AMI connection of a PBX is up", ["pbx"], registry=registry)
        self._ari = Gauge(
            "ariroute_ari_counts", "What the ARI client counts, by kind", ["pbx", "kind"], registry=registry
        )
        Gauge("ariroute_tasks", "Tasks of the event loop", registry=registry).set_function(_tasks)
        # By the names of Prometheus' own collector, which is silent without /proc/stat (ProcSubset=pid of the unit).
        Gauge("process_resident_memory_bytes", "Resident memory", registry=registry).set_function(_memory)
        Gauge("process_open_fds", "Open file descriptors", registry=registry).set_function(_open_files)

    def taken(self, pbx: str, found_by: str) -> None:
        self._calls.add(pbx, found_by)

    def decided(self, decision: Decision, seconds: float) -> None:
        self._decisions.add(decision.flow, _place(decision.destination), "yes" if decision.by_default else "no")
        self._seconds.add(seconds)
        for entry in decision.trace:
            if entry.what in FORKS and entry.result != "false":
                self._ways.add(entry.path, entry.result)

    def ended(self, pbx: str, how: str) -> None:
        self._ended.add(pbx, how)

    def looked_up(self, answer: Answer) -> None:
        self._lookups.add(answer.lookup, str(answer.outcome), str(answer.failure or ""), answer.origin or "none")
        if answer.origin == "source":
            self._lookup_seconds.add(answer.took, answer.lookup)

    def notified(self, notice: str, result: str, failure: str) -> None:
        self._notices.add(notice, result, failure)

    def reloaded(self, result: str) -> None:
        self._reloads.add(result)

    def watch(self, pbx: str, in_flight: Callable[[], float], is_up: Callable[[], bool]) -> None:
        """Read these two whenever Prometheus asks."""
        self._in_flight.labels(pbx).set_function(in_flight)
        self._up.labels(pbx).set_function(lambda: float(is_up()))
        self.queues.undecided_from(pbx)
        for how in ("handed over", *WITHOUT_DECISION):
            self._ended.begin(pbx, how)

    def watch_counts(self, pbx: str, counts: Callable[[], Mapping[str, int]]) -> None:
        """Read what the ARI client counts whenever Prometheus asks."""
        for kind in counts():
            self._ari.labels(pbx, kind).set_function(partial(_count, counts, kind))

    def watch_ami(self, pbx: str, is_up: Callable[[], bool]) -> None:
        """Read this whenever Prometheus asks."""
        self._ami_up.labels(pbx).set_function(lambda: float(is_up()))

    def watch_lookups(self, states: Callable[[], Mapping[str, SourceState]]) -> None:
        """Read how the lookups do whenever Prometheus asks."""
        self.registry.register(LookupGauges(states))

    def watch_journal(self, journal: Journal) -> None:
        """Read how the journal does whenever Prometheus asks."""
        self.registry.register(JournalFigures(journal))

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        self.queues.settle()
        return generate_latest(self.registry)

    def samples(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Every sample by name and labels, for tests and ``/status``."""
        for metric in self.registry.collect():
            for sample in metric.samples:
                yield sample.name, sample.labels, sample.value


class LookupGauges(Collector):
    """How each lookup does at this moment; which there are may change with a reload."""

    def __init__(self, states: Callable[[], Mapping[str, SourceState]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily]:
        breaker = GaugeMetricFamily(
            "ariroute_lookup_breaker", "1 for the state that the lookup's breaker is in", labels=["lookup", "state"]
        )
        in_flight = GaugeMetricFamily(
            "ariroute_lookup_in_flight", "Questions under way or waiting for their turn", labels=["lookup"]
        )
        cached = GaugeMetricFamily("ariroute_lookup_cached", "Answers kept in the cache", labels=["lookup"])
        for name, state in self._states().items():
            for each in get_args(BreakerState):
                breaker.add_metric([name, each], float(each == state.breaker))
            in_flight.add_metric([name], state.in_flight)
            cached.add_metric([name], state.cached)
        yield from (breaker, in_flight, cached)


class JournalFigures(Collector):
    """What became of the records, and how the journal does at this moment."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def collect(self) -> Iterator[Metric]:
        journal = self._journal
        records = CounterMetricFamily(
            "ariroute_journal_records",
            "Records by what became of them: written, dropped because too many waited, refused by the database",
            labels=["result"],
        )
        for result in ("written", "dropped", "refused"):
            records.add_metric([result], getattr(journal, result))
        yield records
        for name, text, value in (
            ("waiting", "Records that are not written yet", journal.waiting),
            ("failing", "1 while the journal cannot be written", bool(journal.failure)),
            ("bytes", "Bytes of disk that the journal takes, as of the last minute", journal.on_disk),
        ):
            yield GaugeMetricFamily(f"ariroute_journal_{name}", text, value=value)


def _tasks() -> float:
    """How many tasks the running loop has; none where there is no loop."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


def _memory() -> float:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _open_files() -> float:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _place(destination: Destination) -> str:
    """A queue's name, or what else it is, in brackets that no queue's name has."""
    match destination:
        case QueueDestination(queue):
            return queue
        case HangUpDestination():
            return "(hang up)"
        case VoicemailDestination():
            return "(voicemail)"
        case EndpointDestination(name):
            return f"({name})"


def _count(counts: Callable[[], Mapping[str, int]], kind: str) -> float:
    return counts()[kind]
