"""One pool of agents for several tiers, the higher tier first: what each of them waits. Pure.

Cobham's formula (1954): a call is never interrupted, whoever waits in a higher tier goes first, and within a tier who
came first. Exact where all tiers have the same mean handling time. Where these differ the time until an agent is free
is that of the mix (for one agent it is exact again), as nobody knows a closed form for several.
"""

from __future__ import annotations

from cmath import sqrt
from collections.abc import Sequence
from itertools import accumulate
from math import comb, exp, inf, pi

from ariroute.planning.erlang import Load, Service, erlang_c

DEPTH = 18.4
"""Euler's sum leaves an error of exp(-DEPTH), 1e-8."""
TERMS, AVERAGED = 15, 11


class Pool:
    """``agents`` who serve all of ``loads``, the highest tier first. Nobody gives up."""

    def __init__(self, loads: Sequence[Load], agents: int) -> None:
        self._loads = loads
        self._erlangs = erlangs = sum(load.erlangs for load in loads)
        self._shares = [0.0, *accumulate(load.erlangs / agents if agents > 0 else inf for load in loads)]
        self._delayed = erlang_c(agents, erlangs) if erlangs > 0 else 0.0
        self._occupancy = min(1.0, erlangs / agents) if agents > 0 else 0.0
        work = sum(load.erlangs * load.handling for load in loads)
        self._rate = agents * erlangs / work if work > 0 else 0.0

    def service(self, tier: int, within: float) -> Service:
        """How one of the tiers is served; ``within`` is its wanted time to the answer in seconds.

        Tiers for which the agents do not suffice wait ``inf``; those above them do not.
        """
        load = self._loads[tier]
        if load.calls <= 0 or not self._erlangs:
            return Service(0.0, load.ring, load.ring, float(within >= load.ring), 0.0, 0.0)
        if self._shares[tier + 1] >= 1.0:
            return Service(1.0, inf, inf, 0.0, 0.0, self._occupancy)
        above, upto = self._shares[tier : tier + 2]
        wait = self._delayed / (self._rate * (1.0 - above) * (1.0 - upto)) + load.ring
        limit = within - load.ring
        in_time = 1.0 - self._delayed * longer(limit, self._rate, above, upto) if limit >= 0 else 0.0
        return Service(self._delayed, wait, wait, in_time, 0.0, self._occupancy)


def pooled(loads: Sequence[Load], agents: int, within: Sequence[float]) -> list[Service]:
    """How ``agents`` in one pool serve each of ``loads``, whose wanted times to the answer are ``within``."""
    pool = Pool(loads, agents)
    return [pool.service(tier, limit) for tier, limit in enumerate(within)]


def longer(seconds: float, rate: float, above: float, upto: float) -> float:
    """The share of a tier's delayed callers who wait longer than ``seconds``.

    Agents who are all busy end ``rate`` calls a second; ``above`` is the share of them that higher tiers take, ``upto``
    that with this tier, below 1. What is ahead of a caller takes an exponential time of rate * (1 - upto), lengthened
    by the busy periods of whoever comes above meanwhile (Davis 1966); its transform is inverted by Euler's sum (Abate
    and Whitt 1995).
    """
    own, higher = rate * (1.0 - upto), rate * above
    if seconds <= 0 or not above:
        return exp(-own * max(0.0, seconds))

    def tail(s: complex) -> complex:
        whole = higher + rate + s
        period = (whole - sqrt(whole * whole - 4.0 * higher * rate)) / (2.0 * higher)
        ahead = s + higher * (1.0 - period)
        return ahead / (s * (own + ahead))

    scale = exp(DEPTH / 2.0) / seconds
    total = scale / 2.0 * tail(complex(DEPTH / (2.0 * seconds))).real
    sums = []
    for k in range(1, TERMS + AVERAGED + 1):
        total += scale * (-1.0) ** k * tail(complex(DEPTH, 2.0 * k * pi) / (2.0 * seconds)).real
        sums.append(total)
    mean = sum(comb(AVERAGED, j) * sums[TERMS - 1 + j] for j in range(AVERAGED + 1)) / 2.0**AVERAGED
    return min(1.0, max(0.0, mean))
