"""What a record says about the wishes of a soak: calls, memory, descriptors, threads, tasks, time to the queue. Pure.

Growth is judged within one life of the daemon, the longest: a new process begins with memory of its own. For its first
minutes it still fills caches and pools (`WARM_UP`), which is no leak and is left out.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from scripts.soaking.record import Began, Fault, Life, Record, Sample, Window
from scripts.soaking.trends import HOUR, Outcome, Point, Slope, slope

WARM_UP: Final = 600.0
"""Seconds of each life that are left out, or a fifth of it where it is shorter than 50 minutes."""
WINDOW: Final = 60.0
"""Seconds of samples that become one point."""
MB: Final = 1e6
RSS_LIMIT: Final = 1.0
"""MB an hour."""
RSS_STEP: Final = 1.05
"""MB: memory comes from the system in pieces of up to 1 MiB."""
COUNT_LIMIT: Final = 2.0
"""More file descriptors, threads or tasks at the end than at the beginning, at most."""
DRIFT_LIMIT: Final = 10.0
"""Percent of change over the whole life."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One wish and what became of it."""

    wish: str
    found: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Totals:
    """All calls of a record."""

    placed: int
    lost: int
    twice: int
    late: int
    by_default: int
    endings: dict[str, int]
    longest: float | None
    odd: tuple[str, ...]


def totals(record: Record) -> Totals:
    """The sums over all windows."""
    windows = record.of(Window)
    endings: Counter[str] = Counter()
    for window in windows:
        endings.update(window.endings)
    return Totals(
        placed=sum(window.placed for window in windows),
        lost=endings["lost"],
        twice=sum(window.twice for window in windows),
        late=sum(window.late for window in windows),
        by_default=sum(window.by_default for window in windows),
        endings=dict(endings),
        longest=max((window.longest for window in windows if window.longest is not None), default=None),
        odd=tuple(odd for window in windows for odd in window.odd),
    )


def faults(record: Record) -> dict[str, int]:
    """How many of each kind."""
    return dict(Counter(fault.kind for fault in record.of(Fault)))


def hours(record: Record) -> float:
    """For how long calls were watched, breaks between continued runs left out."""
    return sum(window.until - window.at for window in record.of(Window)) / HOUR


def longest_life(record: Record) -> list[Sample]:
    """The samples of the daemon's longest life."""
    lives: dict[int, list[Sample]] = {}
    for sample in record.of(Sample):
        lives.setdefault(sample.life, []).append(sample)
    return max(lives.values(), key=lambda samples: samples[-1].at - samples[0].at, default=[])


def warm(samples: Sequence[Sample]) -> list[Sample]:
    """Without the first minutes."""
    if not samples:
        return []
    begin, end = samples[0].at, samples[-1].at
    left_out = min(WARM_UP, (end - begin) / 5)
    return [sample for sample in samples if sample.at >= begin + left_out]


def findings(record: Record) -> list[Finding]:
    """Every wish, the calls first."""
    samples = warm(longest_life(record))
    return [
        *_about_calls(totals(record)),
        _memory(samples),
        _count("file descriptors", samples, lambda sample: sample.fds),
        _count("threads", samples, lambda sample: sample.threads),
        _count("tasks", samples, lambda sample: sample.tasks),
        _drift(_undisturbed(record, samples)),
    ]


def outcome(found: Sequence[Finding]) -> Outcome:
    """The whole: fails where one does, and is too short where one is."""
    for worst in (Outcome.FAILS, Outcome.UNKNOWN):
        if any(finding.outcome is worst for finding in found):
            return worst
    return Outcome.HOLDS


def _about_calls(sums: Totals) -> list[Finding]:
    rows = (
        ("no call lost", sums.lost, "lost"),
        ("no call put into a queue twice", sums.twice, "twice"),
        ("no call later than promised", sums.late, "late"),
    )
    return [
        Finding(wish, f"{count} of {sums.placed:,} {word}", _none(count, sums.placed)) for wish, count, word in rows
    ]


def _none(count: int, placed: int) -> Outcome:
    if not placed:
        return Outcome.UNKNOWN
    return Outcome.FAILS if count else Outcome.HOLDS


def in_windows(
    samples: Sequence[Sample], value: Callable[[Sample], float | None], join: Callable[[Sequence[float]], float]
) -> list[Point]:
    """One point for each `WINDOW`, joined of the values in it."""
    windows: dict[int, list[Point]] = {}
    for sample in samples:
        figure = value(sample)
        if figure is not None:
            windows.setdefault(int(sample.at // WINDOW), []).append((sample.at, figure))
    return [
        (statistics.fmean(at for at, _ in points), join([figure for _, figure in points]))
        for points in windows.values()
    ]


def memory_slope(samples: Sequence[Sample]) -> Slope | None:
    """MB an hour, of the median in each window."""
    return slope(in_windows(samples, lambda sample: sample.rss / MB, statistics.median), RSS_STEP)


def _memory(samples: Sequence[Sample]) -> Finding:
    wish = f"resident memory grows by less than {RSS_LIMIT:g} MB/h"
    found = memory_slope(samples)
    if found is None:
        return Finding(wish, _too_few(samples), Outcome.UNKNOWN)
    size = f"{samples[0].rss / MB:.1f} to {samples[-1].rss / MB:.1f} MB"
    return Finding(wish, f"{_interval(found, 'MB/h')}, {size}, {_observed(found)}", found.below(RSS_LIMIT))


def count_growth(samples: Sequence[Sample], value: Callable[[Sample], float | None]) -> Slope | None:
    """Growth over the whole time of the lowest count in each window: calls come and go above it, a leak lifts it."""
    found = slope(in_windows(samples, value, min))
    return None if found is None else found.over(found.hours)


def _count(name: str, samples: Sequence[Sample], value: Callable[[Sample], float | None]) -> Finding:
    wish = f"{name} stay flat"
    found = count_growth(samples, value)
    if found is None:
        return Finding(wish, _too_few(samples), Outcome.UNKNOWN)
    counts = [figure for sample in samples if (figure := value(sample)) is not None]
    span = f"{min(counts):g} to {max(counts):g} at any time"
    return Finding(wish, f"{_interval(found, 'in all')}, {span}, {_observed(found)}", found.below(COUNT_LIMIT))


def _undisturbed(record: Record, samples: Sequence[Sample]) -> list[Window]:
    """The windows within those samples, with enough calls that met no fault to have a p99."""
    if not samples:
        return []
    begin, end = samples[0].at, samples[-1].at
    return [
        window
        for window in record.of(Window)
        if window.p99 is not None and window.quiet >= 100 and window.at >= begin and window.until <= end + WINDOW
    ]


def drift(windows: Sequence[Window]) -> Slope | None:
    """Change of p99 over the whole time, in percent of its median."""
    points = [((window.at + window.until) / 2, window.p99) for window in windows if window.p99 is not None]
    found = slope(points)
    if found is None:
        return None
    middle = statistics.median(p99 for _, p99 in points)
    return found.over(found.hours * 100 / middle) if middle else None


def _drift(windows: Sequence[Window]) -> Finding:
    wish = f"p99 of the time to the queue drifts by less than {DRIFT_LIMIT:g} %"
    found = drift(windows)
    if found is None:
        return Finding(wish, _too_few(windows, "windows of 100 undisturbed calls"), Outcome.UNKNOWN)
    times = [window.p99 * 1000 for window in windows if window.p99 is not None]
    text = f"{_interval(found, '%')}, median {statistics.median(times):.1f} ms, {_observed(found)}"
    return Finding(wish, text, found.below(DRIFT_LIMIT))


def _interval(found: Slope, unit: str) -> str:
    return f"{found.per_hour:+.2f} {unit} (95 %: {found.low:+.2f} to {found.high:+.2f})"


def _observed(found: Slope) -> str:
    return f"{found.points} points in {found.hours:.2f} h"


def _too_few(points: Sequence[object], what: str = "samples") -> str:
    return f"{len(points)} {what} after the warm-up are too few"


def lives(record: Record) -> list[tuple[Life, float, float, float]]:
    """Each life of the daemon: its length in seconds, and its memory in MB at the begin and at the end."""
    found = []
    for life in record.of(Life):
        # A process that does not serve yet has not even loaded itself.
        own = [sample for sample in record.of(Sample) if sample.life == life.life and sample.tasks is not None]
        if own:
            found.append((life, own[-1].at - life.at, own[0].rss / MB, own[-1].rss / MB))
    return found


def asked(record: Record) -> Began | None:
    """What the latest run of this record was asked for."""
    return next(reversed(record.of(Began)), None)
