"""What a record asks for in each half hour of a day: calls, handling times, patience. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ariroute.planning.erlang import HOUR, Load
from ariroute.simulate.load import ENOUGH, HALF_HOUR, Seen
from ariroute.staffing.patience import Observed, Patience, patience

PIECES = round(24 * HOUR / HALF_HOUR)
MANY = 100
"""So many talks make a half hour's own mean: of 20 it would be out by a quarter, and so would its agents."""


class Handling(NamedTuple):
    """Mean seconds of a call: how long the phone that answered rang, and how long they talked."""

    ring: float
    talk: float


@dataclass(frozen=True, slots=True)
class Patient:
    """How long callers of a tier are willing to wait.

    ``mean`` is their mean patience in seconds if it is exponential: all waits together, those that ended with an answer
    too, for each caller who gave up (the estimate of greatest likelihood from censored times); ``inf`` when nobody did.
    ``curve`` is that of Kaplan and Meier, which assumes nothing. ``borrowed`` says that too few gave up in the tier
    itself, so that it is of all tiers.
    """

    mean: float
    gave_up: int
    waits: int
    curve: Patience
    borrowed: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """An average day of a record, a tier at a time in the order of ``queues``.

    ``dates`` are the days that it has. ``loads`` has for each half hour from midnight what it asks for.
    """

    queues: tuple[str, ...]
    dates: tuple[date, ...]
    loads: tuple[tuple[Load, ...], ...]
    handling: tuple[Handling, ...]
    patience: tuple[Patient, ...]


def average_day(
    seen: Sequence[Seen],
    queues: Sequence[str],
    zone: ZoneInfo,
    *,
    wrap_up: Sequence[float],
    weekdays: Collection[int] = range(7),
) -> Day | None:
    """The day that ``seen`` makes up on average, by the clock of ``zone``; None when nobody came to ``queues``.

    ``wrap_up`` is the work after a talk of each queue, in seconds. Of ``weekdays`` (0 is Monday) each that has a call
    counts as a day. Where a tier has fewer than ``MANY`` talks in a half hour those of its whole day are taken, and
    those of all tiers where these are fewer than 20.
    """
    places = {queue: number for number, queue in enumerate(queues)}
    local = [(datetime.fromtimestamp(each.at, zone), each) for each in seen if each.queue in places]
    there = [(at, each) for at, each in local if at.weekday() in weekdays]
    if not there:
        return None
    dates = sorted({at.date() for at, _ in there})
    pieces: list[list[list[Seen]]] = [[[] for _ in queues] for _ in range(PIECES)]
    for at, each in there:
        pieces[(at.hour * 60 + at.minute) // 30][places[each.queue]].append(each)
    everybody = [each for _, each in there]
    own: list[list[Seen]] = [[] for _ in queues]
    for each in everybody:
        own[places[each.queue]].append(each)
    patient = _patients(own, everybody)
    handled = _handlings(own, everybody)
    loads = tuple(
        tuple(
            _load(each, len(dates), handling, wrap, known.mean)
            for each, handling, wrap, known in zip(piece, handled, wrap_up, patient, strict=True)
        )
        for piece in pieces
    )
    return Day(tuple(queues), tuple(dates), loads, handled, patient)


def without_patience(loads: Iterable[Load]) -> list[Load]:
    """The same callers, who never give up."""
    return [replace(load, patience=inf) for load in loads]


def _load(piece: Sequence[Seen], days: int, usual: Handling, wrap_up: float, patient: float) -> Load:
    talked = _talked(piece)
    ring, talk = _mean(talked) if len(talked) >= MANY else usual
    return Load(len(piece) / days * HOUR / HALF_HOUR, ring + talk + wrap_up, ring, patient)


def _handlings(own: Sequence[Sequence[Seen]], everybody: Sequence[Seen]) -> tuple[Handling, ...]:
    """That of each tier, or of everybody where it has too few talks."""
    usual = _mean(_talked(everybody))  # once: a record may have thousands of queues
    return tuple(_mean(talked) if len(talked) >= ENOUGH else usual for talked in map(_talked, own))


def _talked(seen: Sequence[Seen]) -> list[Seen]:
    return [each for each in seen if each.talk is not None]


def _mean(talked: Sequence[Seen]) -> Handling:
    if not talked:
        return Handling(0.0, 0.0)
    talk = sum(each.talk for each in talked if each.talk is not None)
    return Handling(sum(each.ring for each in talked) / len(talked), talk / len(talked))


def _patients(own: Sequence[Sequence[Seen]], everybody: Sequence[Seen]) -> tuple[Patient, ...]:
    """That of each tier, or of everybody where too few gave up."""
    whole = _patience_of(_observed(everybody), borrowed=True)
    tiers = map(_observed, own)
    return tuple(
        _patience_of(mine, borrowed=False)
        if sum(each.gave_up for each in mine) >= ENOUGH or len(mine) == len(everybody)
        else whole
        for mine in tiers
    )


def _observed(seen: Iterable[Seen]) -> list[Observed]:
    return [Observed(each.wait, each.gave_up) for each in seen if each.wait is not None]


def _patience_of(observed: Sequence[Observed], *, borrowed: bool) -> Patient:
    curve = patience(observed)
    mean = 1.0 / curve.rate if curve.rate else inf
    return Patient(mean, sum(each.gave_up for each in observed), len(observed), curve, borrowed)
