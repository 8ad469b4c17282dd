"""What is simulated: queues with app_queue's settings, agents, their memberships, callers one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Literal, NamedTuple

from ariroute.staffing.proposal import Move
from ariroute.staffing.rules import StaffingRules

Strategy = Literal["ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear", "wrandom"]
AutoPause = Literal["no", "yes", "all"]


@dataclass(frozen=True, slots=True)
class QueueModel:
    """A queue as queues.conf has it; times in seconds, with app_queue's own defaults (22.10.1).

    Besides, nobody is in two calls at once (``ringinuse=no``), everybody may join and stay, nothing is announced, and
    no rule changes penalties.
    """

    queue: str
    strategy: Strategy = "ringall"
    timeout: float = 15.0
    """How long one phone rings."""
    retry: float = 5.0
    wrap_up: float = 0.0
    weight: int = 0
    autofill: bool = True
    autopause: AutoPause = "no"
    max_wait: float = inf
    """The argument ``timeout`` of ``Queue()``: who was not answered by then leaves."""
    within: float | None = None
    """Seconds of the service level."""


@dataclass(frozen=True, slots=True)
class AgentModel:
    """An agent who is logged in from ``start`` to ``end`` (finishing the talk). ``picks_up`` is how many seconds their
    phone rings until they answer; one of ``inf`` never does. Who ``stays`` goes only once nobody waits in their queues.
    """

    name: str
    start: float = -inf
    end: float = inf
    picks_up: float = 0.0
    stays: bool = False


class Member(NamedTuple):
    """An agent's place in a queue, as the agent logs in."""

    agent: str
    queue: str
    penalty: int = 0


class Caller(NamedTuple):
    """Comes at ``at``, talks for ``talk`` once answered, hangs up after ``patience`` without an answer. Seconds."""

    at: float
    queue: str
    priority: int = 0
    talk: float = 60.0
    patience: float = inf
    max_penalty: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """All of one run. ``callers`` are in the order of their times. With ``rules`` ariroute's controller moves agents
    (:func:`ariroute.staffing.control.propose`); ``acts_after`` is how many seconds its moves take. In the mode
    ``advise`` it moves nobody, and tells only whether the agents would suffice: so the tiers of a floor without a
    controller are counted. ``step`` is the length of the pieces of :attr:`Played.courses` in seconds, 0 for none.

    ``recheck`` is how often a caller who waits looks whether it is their turn: each second (``RECHECK`` of
    app_queue.c). With 0 they know at once, as the theory of queues has it. ``lag`` is after how many seconds app_queue
    knows that a phone rings, which it learns from the phone (180 Ringing): who looks before that counts on this agent,
    finds nobody to ring, and tries again after the queue's ``retry``. ``shared_last_call`` is that of queues.conf:
    after a call an agent wraps up in all of their queues, and has had one call more in each.
    """

    queues: Mapping[str, QueueModel]
    agents: Sequence[AgentModel]
    members: Sequence[Member]
    callers: Sequence[Caller]
    rules: StaffingRules | None = None
    acts_after: float = 0.02
    step: float = 0.0
    recheck: float = 1.0
    lag: float = 0.0
    shared_last_call: bool = False


class Served(NamedTuple):
    """What became of a caller: ``wait`` seconds until the answer or the end, ``agent`` empty when nobody answered.

    ``rings`` are the rings in vain.
    """

    wait: float
    agent: str = ""
    rings: int = 0

    @property
    def answered(self) -> bool:
        return bool(self.agent)


@dataclass(frozen=True, slots=True)
class TierSeconds:
    """The seconds of one tier of the rules: those with calls in it, those of them in which its agents per call
    were at or above the target, and the same counted only where the agents on duty sufficed for all tiers.

    ``calls`` are its calls and ``agents`` the agents who served it, both summed up over the seconds with calls; of
    agents in several queues at once one who is free counts in each.
    """

    with_calls: float = 0.0
    held: float = 0.0
    with_calls_and_enough: float = 0.0
    held_and_enough: float = 0.0
    calls: float = 0.0
    agents: float = 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """One run: what became of each caller, in the order of the scenario; how many seconds each agent was on duty, rang
    and talked, or wrapped up; what the controller did. ``courses`` has ``tiers`` piece by piece: from 0 on, each
    :attr:`Scenario.step` long, up to the last caller's end."""

    served: Sequence[Served]
    on_duty: Mapping[str, float]
    busy: Mapping[str, float]
    tiers: Mapping[str, TierSeconds] = field(default_factory=dict)
    moves: Sequence[tuple[float, Move]] = ()
    courses: Mapping[str, Sequence[TierSeconds]] = field(default_factory=dict)
