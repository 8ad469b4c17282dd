"""One moment of the floor: who is where and does what, and how the queues do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf


class State(StrEnum):
    """What an agent does."""

    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"
    """With a caller of a queue."""
    WRAP_UP = "wrap-up"
    """The work after a talk: Asterisk gives them no call yet."""
    BUSY = "busy"
    """On the phone, but not with a caller of a queue."""
    PAUSED = "paused"
    AWAY = "away"
    """Logged in, and the phone cannot be reached."""


@dataclass(frozen=True, slots=True)
class AgentNow:
    """One agent who is logged in.

    ``queue`` is where they serve: that of their call, else the one to which they are posted; empty when it is none of
    the tiers'. ``queues`` are all in which Asterisk would give them calls now: one, unless they logged in to several.
    ``by_hand`` says in words why ariroute leaves them alone (logged in elsewhere by hand, paused by themselves); empty
    when it may move them. ``moved_at`` is when ariroute moved them last, on the snapshot's clock.
    """

    name: str
    state: State
    queue: str
    queues: frozenset[str]
    by_hand: str = ""
    moved_at: float = -inf

    @property
    def serves(self) -> bool:
        """Whether they count as an agent of ``queue``: they talk there, ring, or can take a call now."""
        return self.state in SERVING


SERVING = frozenset({State.FREE, State.RINGING, State.TALKING})


@dataclass(frozen=True, slots=True)
class QueueNow:
    """One queue. Times are seconds.

    ``talking`` are its callers who talk with an agent. ``handling_time`` is the average talk and wrap-up of late, None
    when unknown. ``answered_in_time`` is the percent of its contacts of late that were answered within its service
    level's time (of all that were answered or abandoned), None when there were none or it has no service level.
    """

    queue: str
    waiting: int = 0
    talking: int = 0
    longest_wait: float = 0.0
    handling_time: float | None = None
    answered_in_time: float | None = None

    @property
    def calls(self) -> int:
        return self.waiting + self.talking


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``now`` is seconds on any clock that never jumps. ``agents`` are those logged in, by name; ``queues`` by name."""

    now: float
    agents: Mapping[str, AgentNow]
    queues: Mapping[str, QueueNow]
