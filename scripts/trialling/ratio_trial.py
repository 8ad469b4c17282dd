"""The ratio trial: one list of callers into several Asterisks side by side, each staffed in another way."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import Final

from scripts.trialling.arms import PRIORITY as PRIORITIES
from scripts.trialling.arms import TARGETS, TIERS, Arm, Centre, may_serve
from scripts.trialling.flows import flow_file
from scripts.trialling.house import House, play
from scripts.trialling.observer import Message
from scripts.trialling.seconds import Held, Moment, Targets, held, moments
from scripts.trialling.seen import OWN_PAUSE, Call, Seen

HELD: Final = 0.95
"""The share of the seconds in which agents suffice and a tier has to have its agents per call."""
_AFTERWARDS: Final = 60.0
"""Seconds after which a day that should be over is a failure."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What the callers of a tier met, in seconds of the call centre. ``gave_up`` is a share."""

    callers: int
    mean: float
    most: float
    gave_up: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One arm. ``held`` is by tier, over the whole day without its begin, and so is ``idle``: the share of the seconds
    in which the tier was short although a free agent of a lower one could have served it.

    ``moves`` are those of the steady part, per agent and ten minutes; None where it is shorter. ``first_move`` is how
    many seconds of the clock the first shortage of the burst that a free agent could cure took to get one;
    ``reactions`` has all of these.
    """

    arm: Arm
    held: dict[str, Held]
    waits: dict[str, Waits]
    idle: dict[str, float]
    moves: float | None
    first_move: float | None
    reactions: Sequence[float]
    calls: int

    @property
    def reaction(self) -> float | None:
        """The median; None when there was none."""
        return median(self.reactions) if self.reactions else None


def ratio_trial(
    arms: Sequence[Arm], centre: Centre, seed: int, folder: Path, release: str | None = None
) -> list[Outcome]:
    """Play the day in each arm at once. Raises LabError when one cannot be played."""
    with contextlib.ExitStack() as stack:
        houses = [stack.enter_context(house(arm, centre, seed, folder / arm.name, release)) for arm in arms]
        play(houses, centre.lasts + _AFTERWARDS, centre.lasts)
        return [outcome(arm, centre, one.began(), tuple(one.events)) for arm, one in zip(arms, houses, strict=True)]


def house(arm: Arm, centre: Centre, seed: int, folder: Path, release: str | None = None) -> House:
    """One arm on its own Asterisk; its callers go through ariroute's flow in every arm."""
    scenario = centre.scenario(arm, seed)
    return House(folder, scenario, flow_file(PRIORITIES, scenario.rules), release)


def outcome(arm: Arm, centre: Centre, began: float, events: Sequence[tuple[float, Message]]) -> Outcome:
    """What the events of a played day tell."""
    targets, spans = Targets(TARGETS, may_serve()), centre.spans()
    begin, end = began + spans["begin"][1], began + centre.lasts
    wrap_up = centre.scenario(arm, 0).queues[TIERS[0]].wrap_up
    seen = Seen(TIERS, wrap_up)
    day = [each for each in moments(events, seen, targets, began, end) if each.end > begin]
    joins = {tier: _joins(events, tier) for tier in TIERS}
    reactions = {at: after for tier in TIERS for at, after in _reactions(day, tier, targets, joins[tier])}
    burst = [after for at, after in sorted(reactions.items()) if at >= began + spans["burst"][0]]
    steady = [began + moment for moment in spans["steady"]]
    moves = sum(steady[0] <= at < steady[1] for times in joins.values() for at in times)
    minutes = (steady[1] - steady[0]) * centre.speed / 60
    return Outcome(
        arm,
        held(day, targets),
        {tier: _waits([c for c in seen.calls.values() if c.queue == tier], end, centre.speed) for tier in TIERS},
        {tier: _idle(day, tier, targets) for tier in TIERS},
        moves / len(targets.may_serve) / minutes * 10 if minutes >= 10 else None,
        burst[0] if burst and arm.mode else None,
        sorted(reactions.values()) if arm.mode else (),
        len(seen.calls),
    )


def _joins(events: Sequence[tuple[float, Message]], tier: str) -> list[float]:
    """When agents came to a tier: added, or freed from ariroute's own pause."""
    came, paused = [], set()
    for at, event in events:
        if event.get("Queue") != tier or not event["Event"].startswith("QueueMember"):
            continue
        agent = event["MemberName"]
        if event["Event"] == "QueueMemberAdded":
            came.append(at)
        elif event["Event"] == "QueueMemberPause":
            if event.get("Paused") == "1" and event.get("PausedReason") == OWN_PAUSE:
                paused.add(agent)
            elif agent in paused:
                paused.discard(agent)
                came.append(at)
    return came


def _helpers(moment: Moment, tier: str, targets: Targets) -> bool:
    """Whether a free agent of a lower tier may serve this one."""
    lower = set(TIERS[TIERS.index(tier) + 1 :])
    return any(
        tier in targets.may_serve[agent] and tier not in queues and queues & lower
        for agent, queues in moment.free.items()
    )


def _reactions(day: Sequence[Moment], tier: str, targets: Targets, joins: Sequence[float]) -> list[tuple[float, float]]:
    """Each time the tier fell short while a helper was free: when, and the seconds until an agent came to it."""
    found, was_short = [], False
    for moment in day:
        short = not targets.holds(tier, moment.tiers[tier])
        if short and not was_short and _helpers(moment, tier, targets):
            after = next((at - moment.begin for at in joins if at >= moment.begin), None)
            if after is not None:
                found.append((moment.begin, after))
        was_short = short
    return found


def _idle(day: Sequence[Moment], tier: str, targets: Targets) -> float:
    with_calls = sum(moment.lasts for moment in day if moment.tiers[tier].calls)
    missed = sum(
        moment.lasts
        for moment in day
        if not targets.holds(tier, moment.tiers[tier]) and _helpers(moment, tier, targets)
    )
    return missed / with_calls if with_calls else 0.0


def _waits(calls: Sequence[Call], end: float, speed: float) -> Waits:
    """The waits of all calls; who still waits at the ``end`` has waited until then."""
    waits = sorted(min(call.wait, max(0.0, end - call.joined)) * speed for call in calls)
    if not waits:
        return Waits(0, 0.0, 0.0, 0.0)
    gave_up = sum(call.answered is None and call.ended is not None for call in calls) / len(calls)
    return Waits(len(calls), fmean(waits), quantiles(waits, n=20)[-1] if len(waits) > 1 else waits[0], gave_up)


def holds(one: Outcome) -> bool:
    """Whether an arm in which ariroute follows the calls does what is wanted of it; the others only show themselves."""
    if one.arm.mode != "dynamic":
        return True
    return all((tier.share_enough or 1.0) >= HELD for tier in one.held.values()) and (one.moves or 0.0) < 1
