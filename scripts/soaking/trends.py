"""Whether a figure grows: the slope of its points after Theil and Sen, with how sure it is. Pure.

The median of the slopes between all pairs of points is not moved by outliers (a window in which the machine was busy),
where least squares would be. Its interval is Sen's of 1968, by Kendall's statistic, for 95 %. It is widened by the
resolution of the figure over the observed time: memory comes from the system in pieces of 1 MiB, so a run of one hour
cannot tell a slope of half a MiB an hour from none, whatever its points say.
"""

from __future__ import annotations

import enum
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

HOUR: Final = 3600.0
CONFIDENCE: Final = 1.96
FEWEST: Final = 5
"""Points below which nothing is said."""
MOST: Final = 400
"""Points above which neighbours are joined first: their pairs are counted one by one."""

Point = tuple[float, float]
"""Seconds, and the figure then."""


class Outcome(enum.Enum):
    """What can be said about one wish."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNKNOWN = "too short to tell"


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth per hour, and the interval in which it lies with 95 %."""

    per_hour: float
    low: float
    high: float
    points: int
    hours: float
    """From the first point to the last."""

    def below(self, limit: float) -> Outcome:
        """Whether the growth per hour is surely below `limit`, or surely not."""
        if self.high < limit:
            return Outcome.HOLDS
        return Outcome.FAILS if self.low >= limit else Outcome.UNKNOWN

    def over(self, hours: float) -> Slope:
        """The growth in so many hours, as if these were one."""
        return Slope(self.per_hour * hours, self.low * hours, self.high * hours, self.points, self.hours)


def slope(points: Sequence[Point], resolution: float = 0.0) -> Slope | None:
    """The slope of `points`, which are in the order of time; None of fewer than `FEWEST`.

    `resolution` is the smallest step in which the figure can change.
    """
    joined = thinned(points)
    if len(joined) < FEWEST:
        return None
    slopes = sorted((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(joined, 2) if x2 > x1)
    count, hours = len(joined), (joined[-1][0] - joined[0][0]) / HOUR
    spread = CONFIDENCE * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = slopes[max(0, math.floor((len(slopes) - spread) / 2))]
    high = slopes[min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))]
    blur = resolution / hours
    return Slope(statistics.median(slopes) * HOUR, low * HOUR - blur, high * HOUR + blur, count, hours)


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most `MOST` points: as many neighbours as need be become one, at the medians of both."""
    size = math.ceil(len(points) / MOST)
    if size <= 1:
        return list(points)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(statistics.median(x for x, _ in group), statistics.median(y for _, y in group)) for group in groups]
