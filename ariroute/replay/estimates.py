"""Estimates with their intervals, and the effect of other rules on each tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

OUTER = 0.025
"""The share of rounds left out at each end of an interval: it holds 95 %."""


class Tier(NamedTuple):
    """A queue as a whole, or those of its callers who have one priority."""

    queue: str
    priority: int | None = None

    def __str__(self) -> str:
        return self.queue if self.priority is None else f"{self.queue}, priority {self.priority}"


class Waited(NamedTuple):
    """A contact waited for so many seconds, and was then answered or not."""

    wait: float
    answered: bool


class Figures(NamedTuple):
    """Of those who entered one tier: how many, their mean wait in seconds whether they were answered or not, the
    share answered within the service level's time (None without one), and the share whom nobody
    answered."""

    contacts: float
    wait: float
    answered_within: float | None
    unanswered: float


class Estimate(NamedTuple):
    """The mean of all rounds, and the ends of the interval that holds 95 % of them."""

    mean: float
    low: float
    high: float


NEAR = 0.5
"""Seconds of a mean wait that nobody would notice: of ringing, or of a record in whole seconds."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """As :class:`Figures`, estimated."""

    contacts: Estimate
    wait: Estimate
    answered_within: Estimate | None
    unanswered: Estimate


@dataclass(frozen=True, slots=True)
class Effect:
    """One tier: as it was recorded, by the rules of then, by the others, and the difference of these two.

    None where nobody was in it. ``within`` is the time of its service level in seconds.
    """

    tier: Tier
    within: float | None
    recorded: Figures | None
    before: Estimates | None
    after: Estimates | None
    change: Estimates | None

    @property
    def fits(self) -> bool:
        """Whether the record lies in the interval that is estimated for the rules of then, but for half a second."""
        if self.recorded is None or self.before is None:
            return True
        wait = self.before.wait
        return wait.low - NEAR <= self.recorded.wait <= wait.high + NEAR


@dataclass(frozen=True, slots=True)
class Simulation:
    """The effects by tier, those of the flow file first; what was assumed, and what makes the estimate doubtful."""

    effects: tuple[Effect, ...]
    rounds: int
    assumptions: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "rounds": self.rounds,
            "tiers": [_plain(effect) for effect in self.effects],
            "assumptions": list(self.assumptions),
            "doubts": list(self.doubts),
        }


def figures(waited: Sequence[Waited], within: float | None) -> Figures:
    """The figures of a tier that ``waited`` entered; at least one."""
    count = len(waited)
    answered = [wait for wait, answered in waited if answered]
    in_time = None if within is None else sum(wait <= within for wait in answered) / count
    return Figures(count, sum(wait for wait, _ in waited) / count, in_time, 1 - len(answered) / count)


def difference(before: Figures, after: Figures) -> Figures:
    """How much more of each there is after than before."""
    known = before.answered_within is not None and after.answered_within is not None
    return Figures(
        after.contacts - before.contacts,
        after.wait - before.wait,
        (after.answered_within or 0.0) - (before.answered_within or 0.0) if known else None,
        after.unanswered - before.unanswered,
    )


def estimates(rounds: Sequence[Figures]) -> Estimates | None:
    """What ``rounds`` make up together; None of none."""
    if not rounds:
        return None
    levels = [each.answered_within for each in rounds if each.answered_within is not None]
    return Estimates(
        estimate([each.contacts for each in rounds]),
        estimate([each.wait for each in rounds]),
        estimate(levels) if levels else None,
        estimate([each.unanswered for each in rounds]),
    )


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of ``values``, and what 95 % of them lie between."""
    ordered = sorted(values)
    outer = int(OUTER * len(ordered))
    return Estimate(fmean(ordered), ordered[outer], ordered[-1 - outer])


def _plain(effect: Effect) -> dict[str, Any]:
    def all_of(each: Estimates | None) -> dict[str, Any] | None:
        if each is None:
            return None
        values = {name: getattr(each, name) for name in Figures._fields}
        return {name: value and value._asdict() for name, value in values.items()}

    return {
        **effect.tier._asdict(),
        "within": effect.within,
        "recorded": effect.recorded and effect.recorded._asdict(),
        "before": all_of(effect.before),
        "after": all_of(effect.after),
        "change": all_of(effect.change),
    }
