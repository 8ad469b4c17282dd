"""How long callers wait before they give up, from a record in which most of them were answered first."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, log
from operator import neg
from typing import NamedTuple


class Observed(NamedTuple):
    """One caller waited so many seconds, and then gave up, or was answered or sent on before."""

    wait: float
    gave_up: bool


@dataclass(frozen=True, slots=True)
class Patience:
    """The share of callers who are willing to wait longer than so many seconds.

    The estimate of Kaplan and Meier (1958): a caller who was answered was patient for at least as long as the wait,
    which counts until then (censored). ``times`` are the seconds after which somebody gave up, rising; ``lasting`` the
    share that outlasts each. Nobody knows what comes after ``longest``, the longest wait of all: there callers give up
    at ``rate`` a second, which is that of the whole record, and never when nobody did.
    """

    times: tuple[float, ...]
    lasting: tuple[float, ...]
    longest: float
    rate: float

    def lasts(self, seconds: float) -> float:
        """The share of callers who wait longer than ``seconds``, up to the longest wait that was recorded."""
        place = bisect_right(self.times, seconds)
        return self.lasting[place - 1] if place else 1.0

    def drawn(self, chance: float) -> float:
        """The patience of the caller at ``chance`` (above 0, at most 1): 1 for the least patient one."""
        place = bisect_right(self.lasting, -chance, key=neg)
        if place < len(self.times):
            return self.times[place]
        if not self.rate:
            return inf
        left = self.lasting[-1] if self.lasting else 1.0
        return self.longest - log(chance / left) / self.rate


def patience(observed: Iterable[Observed]) -> Patience:
    """The estimate from ``observed``; of nobody at all it is endless."""
    waits, given_up = Counter[float](), Counter[float]()
    for wait, gave_up in observed:
        waits[wait] += 1
        given_up[wait] += gave_up
    waiting, share, total = waits.total(), 1.0, 0.0
    times, lasting = [], []
    for wait in sorted(waits):
        total += wait * waits[wait]
        if given_up[wait]:
            share *= 1.0 - given_up[wait] / waiting
            times.append(wait)
            lasting.append(share)
        waiting -= waits[wait]
    longest = max(waits, default=0.0)
    return Patience(tuple(times), tuple(lasting), longest, given_up.total() / total if total else 0.0)
