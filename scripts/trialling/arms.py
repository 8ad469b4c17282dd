"""The ratio trial's call centre: three tiers, thirty agents, one list of callers, and the ways to staff it.

Times are those of the call centre, in seconds; a trial plays them ``speed`` times as fast, ariroute's own settings too.
Only what app_queue counts in whole seconds of its own stays as it is (retry, the look for a free agent).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ariroute.simulate.scenario import AgentModel, Caller, Member, QueueModel, Scenario
from ariroute.staffing.rules import Lend, Mode, StaffedAgent, StaffingRules, Threshold, Tier
from scripts.trialling.arrivals import Kind, Spell, drawn, lasts

TIERS: Final = ("platinum", "gold", "standard")
PRIORITY: Final = dict(zip(TIERS, (30, 20, 0), strict=True))
TARGETS: Final = dict(zip(TIERS, (1.0, 0.5, 0.2), strict=True))
FLOORS: Final = dict(zip(TIERS, (2, 2, 2), strict=True))
SPEED: Final = 10.0

# Name, how many, home, the other tiers in which they may serve.
_CREW: Final = (
    ("pia", 6, "platinum", ("gold", "standard")),
    ("gus", 9, "gold", ("platinum", "standard")),
    ("sam", 6, "standard", ("platinum", "gold")),
    ("sue", 5, "standard", ("gold",)),
    ("sid", 4, "standard", ()),
)
_TALK: Final = 180.0
_PATIENCE: Final = dict(zip(TIERS, (120.0, 180.0, 300.0), strict=True))
_LOAD: Final = dict(zip(TIERS, (4.0, 6.0, 12.0), strict=True))
"""Calls that come within the time of a talk: 22 for 30 agents."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day: so many ``minutes`` with ``times`` the usual calls of each tier."""

    name: str
    minutes: float
    times: Mapping[str, float]


_USUAL: Final = dict.fromkeys(TIERS, 1.0)
DAY: Final = (
    Part("begin", 3, _USUAL),
    Part("steady", 15, _USUAL),
    Part("burst", 4, {"platinum": 2.5, "gold": 2.0, "standard": 1.0}),
    Part("after", 6, _USUAL),
    Part("rise", 3, {"platinum": 1.5, "gold": 1.5, "standard": 3.0}),
    Part("more", 3, {"platinum": 2.0, "gold": 2.0, "standard": 5.0}),
    Part("flood", 4, {"platinum": 2.5, "gold": 3.0, "standard": 6.0}),
    Part("ebb", 6, _USUAL),
)
"""A burst that the agents on duty can take if they are where they are needed, and a flood that they cannot."""
SHORT_DAY: Final = (
    Part("begin", 1, _USUAL),
    Part("steady", 1, _USUAL),
    Part("burst", 2, {"platinum": 3.0, "gold": 2.0, "standard": 1.0}),
)
"""To see whether it works."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A way to staff the tiers. ``mode`` is ariroute's, None without it; ``weights`` and ``penalty`` (outside their own
    tier) are app_queue's, for agents who are members of all their tiers at once; None: of their own one only."""

    name: str
    words: str
    mode: Mode | None = None
    lends: float | None = None
    """Seconds of estimated wait below which platinum and gold lend what they keep spare; None: they keep it."""
    weights: Mapping[str, int] | None = None
    penalty: int | None = None


ARMS: Final = (
    Arm("dynamic", "ariroute, mode dynamic", "dynamic"),
    Arm("lending", "ariroute, mode dynamic, platinum and gold lend what they keep spare", "dynamic", lends=10.0),
    Arm("static", "ariroute, mode static", "static"),
    Arm("none", "each agent in their own tier"),
    Arm("penalties", "each agent in all their tiers, penalty 1 outside their own", penalty=1),
    Arm(
        "weights",
        "each agent in all their tiers, queue weights 30, 20, 10",
        weights=dict(zip(TIERS, (30, 20, 10), strict=True)),
        penalty=0,
    ),
)


@dataclass(frozen=True, slots=True)
class Centre:
    """The call centre at a speed, on a day."""

    day: Sequence[Part] = DAY
    speed: float = SPEED

    def callers(self, seed: int) -> list[Caller]:
        """The list of a day, the same for every arm."""
        kinds = {tier: Kind(_TALK / self.speed, _PATIENCE[tier] / self.speed, PRIORITY[tier]) for tier in TIERS}
        return drawn(kinds, self._spells(), seed)

    @property
    def lasts(self) -> float:
        """Seconds of the clock until the day is over."""
        return lasts(self._spells())

    def spans(self) -> dict[str, tuple[float, float]]:
        """When each part begins and ends, in seconds of the clock."""
        spans, begin = {}, 0.0
        for part in self.day:
            end = begin + part.minutes * 60 / self.speed
            spans[part.name] = begin, end
            begin = end
        return spans

    def scenario(self, arm: Arm, seed: int) -> Scenario:
        """What is played in ``arm``."""
        weights = arm.weights or {}
        queues = {tier: QueueModel(tier, "rrmemory", 15, 1, 1, weights.get(tier, 0)) for tier in TIERS}
        agents = [AgentModel(name, picks_up=3 / self.speed) for name in _agents()]
        return Scenario(
            queues, agents, _members(arm), self.callers(seed), self.rules(arm.mode, arm.lends) if arm.mode else None
        )

    def rules(self, mode: Mode, lends: float | None = None) -> StaffingRules:
        """ariroute's settings: those that a file would have, ``speed`` times as fast."""
        staffed = {
            name: StaffedAgent(name, f"PJSIP/{name}", home, dict.fromkeys((home, *others), 0))
            for name, (home, others) in _agents().items()
        }
        healthy = None if lends is None else Lend(FLOORS[TIERS[0]], Threshold(wait=lends / self.speed))
        tiers = tuple(
            Tier(tier, TARGETS[tier], FLOORS[tier], lend=healthy if tier != TIERS[-1] else None) for tier in TIERS
        )
        return StaffingRules(mode, tiers, staffed, 60 / self.speed, 600 / self.speed, None)

    def _spells(self) -> list[Spell]:
        return [
            Spell(
                part.minutes * 60 / self.speed,
                {tier: _LOAD[tier] * part.times[tier] * self.speed / _TALK for tier in TIERS},
            )
            for part in self.day
        ]


def may_serve() -> dict[str, frozenset[str]]:
    """The tiers of each agent."""
    return {name: frozenset((home, *others)) for name, (home, others) in _agents().items()}


def _agents() -> dict[str, tuple[str, tuple[str, ...]]]:
    return {f"{name}{number}": (home, others) for name, count, home, others in _CREW for number in range(1, count + 1)}


def _members(arm: Arm) -> list[Member]:
    members = []
    for name, (home, others) in _agents().items():
        members.append(Member(name, home))
        if arm.penalty is not None:
            members += [Member(name, other, arm.penalty) for other in others]
    return members
