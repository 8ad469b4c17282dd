"""What the controller proposes: who should serve where, the few moves that lead there, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Why(StrEnum):
    """The kinds of reasons for a move, as metrics and the journal have them."""

    FLOOR = "floor"
    """A tier has fewer than its ``min_agents``."""
    TARGET = "target"
    """A tier has fewer agents per call than it is to have."""
    RESERVE = "reserve"
    """A tier does worse than the threshold of its reserve."""
    WAITING = "waiting"
    """Callers wait in a tier, and the agent is not needed where they are."""
    HOME = "home"
    """No longer needed there: back home."""
    CEILING = "ceiling"
    """A tier has more than its ``max_agents``."""
    SHARE = "share"
    """The mode ``static``: the agents on duty are shared by ratio."""
    ONE_QUEUE = "one queue"
    """Logged in to several queues: from now on in one at a time."""


@dataclass(frozen=True, slots=True)
class Move:
    """``agent`` goes from the queues ``leaves`` (none, one, or several) to ``queue``, with the skill order ``order``.

    ``reason`` is a sentence for a manager, such as "platinum has 3 calls and 2 agents; needs 3".
    """

    agent: str
    leaves: frozenset[str]
    queue: str
    order: int
    why: Why
    reason: str


@dataclass(frozen=True, slots=True)
class TierNow:
    """How a tier does, and what it needs. ``achieved`` is its agents per call, None without a call.

    ``needed`` is the number of agents that its target asks for now; ``kept`` is what it may keep of late's peak.
    ``short`` is how many of ``needed`` cannot be had. ``borrowed`` have their home elsewhere, ``lent`` their home here.
    ``estimated_wait`` is that of a caller who came now, in seconds, None when unknown.
    """

    queue: str
    target: float | None
    achieved: float | None
    calls: int
    waiting: int
    agents: int
    needed: int
    kept: int
    short: int
    borrowed: tuple[str, ...]
    lent: tuple[str, ...]
    estimated_wait: float | None
    why: str
    """In a sentence: what the tier gets and why, such as why it is short."""

    @property
    def holds(self) -> bool:
        """Whether the target is met; it is without a target, and without a call."""
        return self.target is None or self.achieved is None or self.achieved >= self.target


@dataclass(frozen=True, slots=True)
class Memory:
    """What the controller remembers from one snapshot to the next; begins empty.

    ``peaks`` has, for each queue, when it needed how many agents, falling; ``reserves`` are the queues whose reserve
    is called; ``lending`` those that are healthy enough to lend.
    """

    peaks: Mapping[str, tuple[tuple[float, int], ...]] = field(default_factory=lambda: MappingProxyType({}))
    reserves: frozenset[str] = frozenset()
    lending: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Proposal:
    """``wanted`` is the queue of each agent who may be moved, or is where they stay; ``tiers`` are highest first.

    ``suffices`` says whether the agents on duty would meet the needs of all tiers if each could be had at once.
    ``look_again`` is the moment (on the snapshot's clock) at which something changes without an event; None when
    nothing does.
    """

    wanted: Mapping[str, str]
    moves: tuple[Move, ...]
    tiers: tuple[TierNow, ...]
    suffices: bool
    memory: Memory
    look_again: float | None = None
