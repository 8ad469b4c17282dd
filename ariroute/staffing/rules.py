"""What the user wants of the staffing: agents per call by tier, who may serve where, who may be borrowed and lent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ariroute.flow.queues import ServiceLevel

Mode = Literal["advise", "static", "dynamic"]
"""``advise`` says what ``dynamic`` would do and does nothing; ``static`` shares the agents on duty by the ratio of
``agents_per_call``, whatever the calls; ``dynamic`` follows the calls."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """How a queue does: one of the two is given. ``wait`` is its estimated wait in seconds; ``service_level`` the
    percent of its contacts that were answered within its service level's time, of late."""

    wait: float | None = None
    service_level: float | None = None


@dataclass(frozen=True, slots=True)
class Reserve:
    """Agents of other tiers who help this one beyond ``agents_per_call``.

    Up to ``agents`` of those whose home is one of ``queues`` (in this order) are borrowed once the queue does worse
    than ``when``, and given back once it would do as well as ``until`` without those of them who are free. The two
    differ, or agents would go to and fro.
    """

    queues: tuple[str, ...]
    agents: int
    when: Threshold
    until: Threshold


@dataclass(frozen=True, slots=True)
class Lend:
    """A queue lends agents only as far as that leaves it as well as ``healthy``, and at least ``floor`` of them.

    While it is well (half the wait or half the misses of ``healthy``) it lends even what it needed of late; while it is
    not, it calls its own agents back. What a higher tier needs, and floors, come first all the same.
    """

    floor: int
    healthy: Threshold


@dataclass(frozen=True, slots=True)
class Tier:
    """One queue to be staffed.

    ``agents_per_call`` is the wanted number of agents serving the queue for each call in it, waiting or talking; None
    asks for none. ``min_agents`` are there even without a call; no agent is moved to a tier that has ``max_agents``
    (None: no end), and those above it leave if they may serve elsewhere. Without ``lend`` a tier lends whatever it
    does not need, nor would need with ``spare`` calls more; the latter if it needed them of late. ``wrap_up`` is the
    queue's wrapuptime in seconds, None where the user does not say.
    """

    queue: str
    agents_per_call: float | None = None
    min_agents: int = 0
    max_agents: int | None = None
    service_level: ServiceLevel | None = None
    reserve: Reserve | None = None
    lend: Lend | None = None
    spare: int = 2
    wrap_up: float | None = None


@dataclass(frozen=True, slots=True)
class StaffedAgent:
    """An agent whom ariroute may post to queues.

    ``interface`` is the member's in Asterisk, such as ``PJSIP/anna``. ``queues`` are those where they may serve, with
    their skill order there: the lower, the better. ``home`` is one of these: where they serve unless needed elsewhere.
    """

    name: str
    interface: str
    home: str
    queues: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """After ``rings`` rings in a row that nobody answered an agent is paused for ``pause`` seconds."""

    rings: int = 1
    pause: float = 60.0


@dataclass(frozen=True, slots=True)
class StaffingRules:
    """All of it. ``tiers`` are highest first; each agent is by name. Times are seconds.

    ``min_stay``: an agent who was moved stays so long, unless a higher tier is short of agents, or any of its floor.
    ``look_back``: what a tier needed at most within this time it keeps, unless another one is short; who was lent goes
    home so long after; and this is what "of late" means.
    """

    mode: Mode
    tiers: tuple[Tier, ...]
    agents: Mapping[str, StaffedAgent] = field(default_factory=dict)
    min_stay: float = 60.0
    look_back: float = 600.0
    no_answer: NoAnswer | None = field(default_factory=NoAnswer)
    from_asterisk: bool = False
    """Whether also those may be posted who are not in ``agents``: to the queues in which they have logged in."""
