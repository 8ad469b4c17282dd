"""What many runs say together: means with the margin that chance leaves, and what most runs lie between. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple

STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131),
    *(2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Student's t at 97.5 % for 1, 2, 3 ... degrees of freedom."""
NORMAL = 1.96
OUTER = 0.025
"""The share of runs left out at each end: 95 % lie between the others."""


class Share(NamedTuple):
    """What one run adds to a figure: ``total`` of ``of`` things, such as all waits of all callers."""

    total: float
    of: float = 1.0

    @property
    def ratio(self) -> float | None:
        """None of nothing."""
        return self.total / self.of if self.of else None


class Estimate(NamedTuple):
    """``mean`` is right within ``margin`` with 95 % confidence (None of a single run); 95 % of the runs lie between
    ``low`` and ``high``."""

    mean: float
    margin: float | None
    low: float
    high: float


def estimate(shares: Sequence[Share]) -> Estimate | None:
    """The figure of which each run has given its share; None when none of them knows anything.

    The mean is that of all things of all runs, so that a run with few callers counts for less (a ratio estimate, whose
    margin is Student's of its residuals).
    """
    known = [ratio for share in shares if (ratio := share.ratio) is not None]
    if not known:
        return None
    ordered = sorted(known)
    outer = int(OUTER * len(ordered))
    return Estimate(_mean(shares), _margin(_residuals(shares)), ordered[outer], ordered[-1 - outer])


def difference(shares: Sequence[Share], others: Sequence[Share]) -> Estimate | None:
    """How much more the figure is by ``shares`` than by ``others``: the same runs, and the same callers in each."""
    both = [
        mine - theirs
        for share, other in zip(shares, others, strict=True)
        if (mine := share.ratio) is not None and (theirs := other.ratio) is not None
    ]
    if not both:
        return None
    apart = [mine - theirs for mine, theirs in zip(_residuals(shares), _residuals(others), strict=True)]
    ordered = sorted(both)
    outer = int(OUTER * len(ordered))
    return Estimate(_mean(shares) - _mean(others), _margin(apart), ordered[outer], ordered[-1 - outer])


def _mean(shares: Sequence[Share]) -> float:
    return sum(share.total for share in shares) / sum(share.of for share in shares)


def _residuals(shares: Sequence[Share]) -> list[float]:
    mean, size = _mean(shares), fmean(share.of for share in shares)
    return [(share.total - mean * share.of) / size for share in shares]


def _margin(residuals: Sequence[float]) -> float | None:
    free = len(residuals) - 1
    if free < 1:
        return None
    student = STUDENT[free - 1] if free <= len(STUDENT) else NORMAL + 2.4 / free
    return student * stdev(residuals) / sqrt(len(residuals))
