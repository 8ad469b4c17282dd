"""What the rows of the fault matrix have in common: their callers, and the verdict on all calls of a row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ariroute.lab.accounts import ANSWERING_16, GUARD, PROMISE, Account
from ariroute.lab.sip import Caller

from ..conftest import Site, number
from .scale import FULL, scaled

SETTLING = 1.0
"""Seconds in which a busy Asterisk does what was asked of it, Answer() of 16 included."""
BUSY = scaled(2.0, 0.1)
"""Seconds by which a machine that does much else may be late, added to the bound of the slowest call. Half of the calls
keep the bound itself, and in the full form, which is for a machine that is left alone, 99 of 100."""
LATEST = PROMISE + BUSY
"""Seconds after which the slowest call is in a queue, whatever becomes of the daemon."""


def callers(count: int, loyalty: str = "gold", *, start: int = 0, stay: float = 5.0, **how: Any) -> list[Caller]:
    """Customers of that loyalty, each with a number of their own; ``how`` goes into each :class:`Caller`.

    They leave their queue soon: the music on hold of hundreds takes more of the machine than all that is tested.
    """
    return [Caller(number(loyalty, start + place), stay=stay, **how) for place in range(count)]


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of ``values`` lies: the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a row found. ``waits`` are seconds from the entrance to the queue, of the calls that the row is about."""

    calls: int
    lost: int
    twice: int
    left: int
    waits: Sequence[float]

    def __str__(self) -> str:
        text = f"calls {self.calls}, lost {self.lost}, twice {self.twice}, left {self.left}"
        if not self.waits:
            return text
        p50, p99 = quantile(self.waits, 0.5), quantile(self.waits, 0.99)
        return f"{text}, wait p50 {p50:.3f} p99 {p99:.3f} max {max(self.waits):.3f} s"


Note = Callable[[Figures | str], None]
"""Keeps what a row measured, for the line that ``scripts/matrix`` prints."""


def waits_of(site: Site, calls: Collection[Account]) -> list[float]:
    """Seconds from the entrance to the queue of those that reached one, less what Answer() takes in Asterisk 16."""
    answering = ANSWERING_16 if site.pbx.version < (18,) else 0.0
    return [call.wait - answering for call in calls if call.queues and call.in_application is not None]


def judge(site: Site, note: Note, *, leaving: bool = False) -> list[Account]:
    """None of the site's calls was lost, none entered twice, and none left first unless the row is about ``leaving``.

    Returns the calls.
    """
    calls, census = site.accounts.calls(), site.accounts.census()
    note(Figures(len(calls), len(census.lost), len(census.twice), len(census.left_first), waits_of(site, calls)))
    assert (census.lost, census.twice) == (frozenset(), frozenset())
    assert leaving or not census.left_first
    return calls


def assert_within_the_guard(site: Site, calls: Collection[Account]) -> None:
    """No call waited longer than the guard and what a busy machine adds; of those that it had to save, half did not
    wait longer than the promise, and in the full form 99 of 100 calls."""
    waits = waits_of(site, calls)
    assert FULL or max(waits) < LATEST, sorted(waits)
    if rescued := [wait for wait in waits if wait > GUARD - 0.6]:
        assert quantile(rescued, 0.5) < PROMISE, sorted(rescued)
    if FULL:
        assert quantile(waits, 0.99) < PROMISE, sorted(waits)
