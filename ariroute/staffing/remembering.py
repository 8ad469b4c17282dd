"""What the controller remembers from one snapshot to the next: peaks, reserves that are called, who may lend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ariroute.staffing.proposal import Memory
from ariroute.staffing.rules import Lend, StaffingRules, Threshold
from ariroute.staffing.seats import MARGIN
from ariroute.staffing.snapshot import AgentNow
from ariroute.staffing.standing import Standing

Peaks = tuple[tuple[float, int], ...]
"""Until when so many agents were needed, rising in time and falling in agents; the last one is now."""


def begun(rules: StaffingRules, agents: Iterable[AgentNow]) -> Memory:
    """What to begin with: reserves that have come were called, and tiers that have lent may lend.

    So a daemon that begins anew calls nothing off, and nobody back, but for what it sees.
    """
    away = {
        (rules.agents[agent.name].home, agent.queue) for agent in agents if agent.queue and agent.name in rules.agents
    }
    return Memory(
        reserves=frozenset(
            tier.queue
            for tier in rules.tiers
            if tier.reserve and any((home, tier.queue) in away for home in tier.reserve.queues)
        ),
        lending=frozenset(
            tier.queue for tier in rules.tiers if tier.lend and any(home == tier.queue != queue for home, queue in away)
        ),
    )


def remembered(memory: Memory, tiers: Sequence[Standing], now: float, look_back: float) -> Memory:
    """``memory`` with the moment ``now`` added, and what is longer ago than ``look_back`` forgotten."""
    return Memory(
        {
            each.tier.queue: _peaks(
                memory.peaks.get(each.tier.queue, ()), now, each.needed + each.wrapping, now - look_back
            )
            for each in tiers
        },
        frozenset(each.tier.queue for each in tiers if _called(each, each.tier.queue in memory.reserves)),
        frozenset(each.tier.queue for each in tiers if _healthy(each, each.tier.queue in memory.lending)),
    )


def peak(memory: Memory, queue: str) -> int:
    """How many agents ``queue`` needed at most of late, those in wrap-up included."""
    return max(agents for _, agents in memory.peaks[queue])


def _peaks(before: Peaks, now: float, agents: int, since: float) -> Peaks:
    """What was needed last was needed until just now."""
    if before:
        before = (*before[:-1], (now, before[-1][1]))
    return (*((until, most) for until, most in before if until > since and most > agents), (now, agents))


def _called(standing: Standing, before: bool) -> bool:
    """It is called off when the tier would do well without it: not because it has come, or it would come and go."""
    reserve = standing.tier.reserve
    if reserve is None:
        return False
    return not standing.better(reserve.until, standing.idle_helpers) if before else standing.worse(reserve.when)


def _healthy(standing: Standing, before: bool) -> bool:
    lend = standing.tier.lend
    if lend is None:
        return False
    return not standing.worse(lend.healthy) if before else standing.better(well_healthy(lend))


def well_healthy(lend: Lend) -> Threshold:
    """From here on a tier lends again."""
    if lend.healthy.wait is not None:
        return Threshold(wait=lend.healthy.wait * MARGIN)
    level = lend.healthy.service_level
    return Threshold(service_level=None if level is None else 100.0 - (100.0 - level) * MARGIN)
