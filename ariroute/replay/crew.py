"""Which agents serve which queues when: as the record shows it, or as the user says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby, pairwise
from math import inf
from operator import attrgetter
from typing import NamedTuple

from ariroute.replay.visits import ANSWERED, Visit

PAUSE = 3600.0
"""Seconds without a call after which an agent is taken to have paused, or gone home."""


class Stint(NamedTuple):
    """An agent serves ``queues`` from ``start`` until nobody waits there any more after ``end`` (seconds).

    Their phone rings for ``ring`` seconds until they answer; None where nobody knows.
    """

    queues: tuple[str, ...]
    start: float = -inf
    end: float = inf
    ring: float | None = None


class Crowd(NamedTuple):
    """``number`` agents who may serve each of ``queues``, and no other; the first one is their home."""

    queues: tuple[str, ...]
    number: int


class Busy(NamedTuple):
    """When an agent had a call of ``queue``: from the first ring to the end of the talk."""

    agent: str
    start: float
    end: float
    queue: str
    ring: float


class Shift(NamedTuple):
    """When ``agent`` was there, and the queues of which they took calls, the one with most of them first.

    Their phone rang for ``ring`` seconds on average until they answered.
    """

    agent: str
    queues: tuple[str, ...]
    start: float
    end: float
    ring: float


def crew(visits: Iterable[Visit], agents: Collection[Crowd] = ()) -> list[Stint]:
    """The agents of the record, but for the queues of ``agents``: these are served as they say, and all the time.

    Agents are there from their first call to the end of their last one, and before and after that for as long as they
    had between two calls on average. More than an hour without a call is a pause. They serve all the queues of which
    they took a call.
    """
    said = {queue for each in agents for queue in each.queues}
    stints = [Stint(tuple(sorted(each.queues))) for each in agents for _ in range(each.number)]
    for stint in recorded_stints(visits):
        left = tuple(queue for queue in stint.queues if queue not in said)
        stints += [stint._replace(queues=left)] if left else []
    return stints


def recorded_stints(visits: Iterable[Visit]) -> list[Stint]:
    """When each agent of the record was there."""
    shifts = recorded_shifts(visits)
    return [Stint(tuple(sorted(shift.queues)), shift.start, shift.end, shift.ring) for shift in shifts]


def recorded_shifts(visits: Iterable[Visit]) -> list[Shift]:
    """When each agent of the record was there, and who that was; several of one who paused."""
    calls = sorted(_calls(visits))
    queues: dict[str, Counter[str]] = defaultdict(Counter)
    for call in calls:
        queues[call.agent][call.queue] += 1
    runs = [(agent, run) for agent, own in groupby(calls, attrgetter("agent")) for run in _runs(list(own))]
    gaps = [gap for _, run in runs for gap in _gaps(run)]
    usual = sum(gaps) / len(gaps) if gaps else 0.0
    by_number = {agent: sorted(own, key=lambda queue: (-own[queue], queue)) for agent, own in queues.items()}
    return [_shift(agent, tuple(by_number[agent]), run, usual) for agent, run in runs]


def _calls(visits: Iterable[Visit]) -> Iterable[Busy]:
    for visit in visits:
        known = visit.wait is not None and visit.before is not None
        if known and visit.outcome == ANSWERED and visit.agent:
            assert visit.wait is not None
            assert visit.before is not None
            answer = visit.at + visit.wait
            start, end = answer - visit.ring, answer + (visit.talk or 0.0)
            yield Busy(visit.agent, start, end, visit.before.queue, visit.ring)


def _runs(calls: Sequence[Busy]) -> Iterable[list[Busy]]:
    """One agent's calls, cut at the pauses."""
    run: list[Busy] = []
    for call in calls:
        if run and call.start - run[-1].end > PAUSE:
            yield run
            run = []
        run.append(call)
    yield run


def _gaps(run: Sequence[Busy]) -> list[float]:
    return [max(0.0, after.start - before.end) for before, after in pairwise(run)]


def _shift(agent: str, queues: tuple[str, ...], run: Sequence[Busy], usual: float) -> Shift:
    gaps = _gaps(run)
    gap = sum(gaps) / len(gaps) if gaps else usual
    ring = sum(call.ring for call in run) / len(run)
    return Shift(agent, queues, run[0].start - gap, max(call.end for call in run) + gap, ring)
