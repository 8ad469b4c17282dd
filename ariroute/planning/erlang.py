"""Erlang's formulas: how callers are served by so many agents who have nothing else to do. Pure.

Callers come at random (Poisson), handling times are exponential, whoever came first is served first, and a free agent
takes a call at once. Erlang C: nobody gives up. Erlang A: everybody does, after an exponential time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, inf, isinf, lgamma, log, log1p
from typing import NamedTuple

HOUR = 3600.0
NEGLIGIBLE = 1e-17


@dataclass(frozen=True, slots=True)
class Load:
    """What callers of one kind ask for. Times are seconds.

    ``calls`` come in an hour. Each keeps an agent for ``handling`` on average: the ring, the talk and the work after
    it. For the first ``ring`` of these the caller still waits. ``patience`` is how long callers would wait on average
    before they give up; of ``inf`` nobody does.
    """

    calls: float
    handling: float
    ring: float = 0.0
    patience: float = inf

    @property
    def erlangs(self) -> float:
        """The traffic offered: how many agents would always be busy if nobody gave up."""
        return self.calls * self.handling / HOUR


class Service(NamedTuple):
    """How callers are served.

    ``delayed`` is the share for whom no agent is free, ``wait`` the mean seconds of all until they are answered or give
    up, ``speed_of_answer`` those of the answered alone. ``in_time`` is the share answered within the wanted time, and
    ``abandoned`` the share that gives up, both of all who come. ``occupancy`` is the share of their time in which
    agents are busy.
    """

    delayed: float
    wait: float
    speed_of_answer: float
    in_time: float
    abandoned: float
    occupancy: float


def erlang_b(agents: int, erlangs: float) -> float:
    """The share of callers who find all ``agents`` busy and go away at once (Erlang B). ``erlangs`` is above 0."""
    return 1.0 / _inverse_b(agents, erlangs)


def erlang_c(agents: int, erlangs: float) -> float:
    """The share of callers who find all ``agents`` busy and wait for as long as it takes (Erlang C).

    1 when the agents do not suffice.
    """
    if agents <= erlangs:
        return 1.0
    busy = erlang_b(agents, erlangs)
    return agents * busy / (agents - erlangs * (1.0 - busy))


def service(load: Load, agents: int, within: float) -> Service:
    """How ``agents`` of their own serve the callers of ``load``: by Erlang C, or by Erlang A when they give up.

    ``within`` is the wanted time to the answer in seconds. Waits are ``inf`` when they would grow for ever.
    """
    if load.erlangs <= 0:
        return Service(0.0, load.ring, load.ring, float(within >= load.ring), 0.0, 0.0)
    if isinf(load.patience):
        return _patient(load, agents, within - load.ring)
    return _impatient(load, agents, within - load.ring)


def _patient(load: Load, agents: int, within: float) -> Service:
    spare = agents - load.erlangs
    if spare <= 0:
        return Service(1.0, inf, inf, 0.0, 0.0, 1.0)
    delayed = erlang_c(agents, load.erlangs)
    wait = delayed * load.handling / spare + load.ring
    in_time = 1.0 - delayed * exp(-spare * within / load.handling) if within >= 0 else 0.0
    return Service(delayed, wait, wait, in_time, 0.0, load.erlangs / agents)


def _impatient(load: Load, agents: int, within: float) -> Service:
    """Erlang A, by the integrals of Zeltyn and Mandelbaum (2005) for M/M/n+G with exponential patience.

    With u = exp(-t / patience) each of them is a lower incomplete gamma function, and thus a series of positive terms
    (:func:`_series`), of which logarithms are taken, as they outgrow any number where agents are far too few.
    """
    if agents <= 0:
        return Service(1.0, load.patience, inf, 0.0, 1.0, 0.0)
    arriving = load.calls / HOUR * load.patience
    leaving = agents * load.patience / load.handling
    whole = _series(leaving, arriving)
    waits = log(arriving) + whole.logarithm
    everything = _log_of_sum(log(_inverse_b(agents - 1, load.erlangs)), waits)
    delayed = exp(waits - everything)
    abandoned = min(1.0, delayed * whole.queue / arriving)
    speed = delayed * whole.answered / arriving * load.patience / max(1.0 - abandoned, NEGLIGIBLE)
    in_time = 0.0
    if within >= 0:
        lasting = exp(-within / load.patience)
        course = -arriving * expm1(-within / load.patience) - leaving * within / load.patience
        later = exp(course + _series(leaving, arriving * lasting).logarithm - whole.logarithm)
        answered = exp(course - everything) - exp(-everything) + leaving / arriving * delayed * (1.0 - later)
        in_time = min(1.0, max(0.0, 1.0 - delayed + answered))
    wait = load.patience * abandoned + load.ring * (1.0 - abandoned)
    occupancy = load.erlangs * (1.0 - abandoned) / agents
    return Service(delayed, wait, speed + load.ring, in_time, abandoned, occupancy)


class _Series(NamedTuple):
    """The logarithm of the sum over k of x^k / (c (c+1) ... (c+k)), and two means over its terms: of k, which are the
    callers who wait while all agents are busy, and of c/(c+1) + ... + c/(c+k): those of them who will be answered."""

    logarithm: float
    queue: float
    answered: float


def _series(c: float, x: float) -> _Series:
    """Begins at the largest term and goes both ways until nothing is added any more. Both arguments are above 0."""
    top = max(0, int(x - c))
    stay = sum(c / (c + i) for i in range(1, top + 1))
    total, queue, answered = 1.0, float(top), stay
    term, staying, k = 1.0, stay, top
    while term > NEGLIGIBLE * total:
        k += 1
        term *= x / (c + k)
        staying += c / (c + k)
        total, queue, answered = total + term, queue + term * k, answered + term * staying
    term, staying, k = 1.0, stay, top
    while k and term > NEGLIGIBLE * total:
        term *= (c + k) / x
        staying -= c / (c + k)
        k -= 1
        total, queue, answered = total + term, queue + term * k, answered + term * staying
    largest = top * log(x) + lgamma(c) - lgamma(c + top + 1.0) if top else -log(c)
    return _Series(largest + log(total), queue / total, answered / total)


def _inverse_b(agents: int, erlangs: float) -> float:
    inverse = 1.0
    for number in range(1, agents + 1):
        inverse = 1.0 + inverse * number / erlangs
    return inverse


def _log_of_sum(one: float, other: float) -> float:
    """The logarithm of the sum of two numbers whose logarithms are given."""
    more, less = max(one, other), min(one, other)
    return more if isinf(more) else more + log1p(exp(less - more))
