"""How long each tier held its agents per call: the events of one run, gone through moment by moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

from scripts.trialling.observer import Message
from scripts.trialling.seen import Seen, Tier, suffice

HAIR: Final = 1e-9
"""0.2 times 15 is a little more than 3 for a computer."""


class Moment(NamedTuple):
    """From ``begin`` to ``end`` nothing changed."""

    begin: float
    end: float
    tiers: Mapping[str, Tier]
    suffices: bool
    free: Mapping[str, frozenset[str]]
    """Agents who could be rung, and in which queues."""

    @property
    def lasts(self) -> float:
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Targets:
    """What is wanted of the floor: agents per call by queue, highest tier first, and who may serve where."""

    agents_per_call: Mapping[str, float]
    may_serve: Mapping[str, Collection[str]]

    def holds(self, queue: str, tier: Tier) -> bool:
        """Whether the tier has its agents per call; without a call it has."""
        return tier.serving >= self.agents_per_call[queue] * tier.calls - HAIR

    def needs(self, tiers: Mapping[str, Tier]) -> dict[str, int]:
        """Agents that each tier needs now."""
        return {queue: ceil(target * tiers[queue].calls - HAIR) for queue, target in self.agents_per_call.items()}


@dataclass(slots=True)
class Held:
    """Seconds of one tier with calls: where agents sufficed for all, those of them in which it was held, and where they
    did not. ``part_short`` is the part of its agents that it had where they did not suffice, summed up.

    ``agents`` is the sum of serving agents by second, ``calls`` that of calls: their ratio is the achieved average.
    """

    enough: float = 0.0
    held_enough: float = 0.0
    short: float = 0.0
    part_short: float = 0.0
    agents: float = 0.0
    calls: float = 0.0

    def add(self, moment: Moment, queue: str, target: float) -> None:
        """Count a moment."""
        tier, lasts = moment.tiers[queue], moment.lasts
        if not tier.calls:
            return
        self.agents += tier.serving * lasts
        self.calls += tier.calls * lasts
        part = min(1.0, tier.serving / (target * tier.calls - HAIR))
        if moment.suffices:
            self.enough += lasts
            self.held_enough += lasts * (part == 1.0)
        else:
            self.short += lasts
            self.part_short += lasts * part

    @property
    def share_enough(self) -> float | None:
        """Of the seconds in which agents sufficed, the share in which the target was met; None without any."""
        return self.held_enough / self.enough if self.enough else None

    @property
    def part(self) -> float | None:
        """How much of its agents per call the tier had on average where agents did not suffice; 1 is all."""
        return self.part_short / self.short if self.short else None

    @property
    def average(self) -> float | None:
        """Agents per call on average over the seconds with calls."""
        return self.agents / self.calls if self.calls else None


def moments(
    events: Iterable[tuple[float, Message]], seen: Seen, targets: Targets, begin: float, end: float
) -> Iterator[Moment]:
    """The moments between ``begin`` and ``end`` of a run whose ``events``, with their times, ``seen`` takes in turn."""
    now = begin
    for at, event in events:
        yield from _until(min(at, end), now, seen, targets)
        now = max(now, min(at, end))
        seen.take(event, at)
    yield from _until(end, now, seen, targets)


def _until(end: float, now: float, seen: Seen, targets: Targets) -> Iterator[Moment]:
    while now < end:
        then = min(end, seen.next_change(now))
        tiers = seen.tiers(now)
        enough = suffice(targets.needs(tiers), targets.may_serve, seen.on_duty(now))
        yield Moment(now, then, tiers, enough, seen.free(now))
        now = then


def held(all_moments: Iterable[Moment], targets: Targets) -> dict[str, Held]:
    """The seconds of each tier."""
    tiers = {queue: Held() for queue in targets.agents_per_call}
    for moment in all_moments:
        for queue, tier in tiers.items():
            tier.add(moment, queue, targets.agents_per_call[queue])
    return tiers
