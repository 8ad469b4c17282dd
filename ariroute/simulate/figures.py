"""What is counted of a simulated floor, and of whom."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from ariroute.simulate.intervals import Share


class Figure(StrEnum):
    """What is counted. Shares are between 0 and 1, times are seconds."""

    CALLERS = "callers"
    """Who entered the queue, in a run."""
    WAIT = "wait"
    """The mean wait of all who entered, answered or not."""
    WAIT_95 = "wait_95"
    """What 95 % of them waited at most."""
    IN_TIME = "in_time"
    """The share answered within the service level's time, of all who entered."""
    UNANSWERED = "unanswered"
    """The share whom nobody answered."""
    AGENTS_PER_CALL = "agents_per_call"
    """Agents serving the queue for each call in it, over the seconds with calls."""
    HELD = "held"
    """The share of the seconds with calls in which agents per call were at or above the target."""
    HELD_AND_ENOUGH = "held_and_enough"
    """The same, only of the seconds in which the agents on duty sufficed for all tiers."""
    ENOUGH = "enough"
    """The share of the seconds with calls in which the agents on duty sufficed for all tiers."""
    OCCUPANCY = "occupancy"
    """The share of the time on duty in which agents talk or wrap up."""
    MOVES = "moves"
    """Moves for each agent on duty in ten minutes."""


class Group(NamedTuple):
    """The callers of a queue, or those of them who have one priority."""

    queue: str
    priority: int | None = None

    def __str__(self) -> str:
        return self.queue if self.priority is None else f"{self.queue}, priority {self.priority}"


Tally = Mapping[Figure, Share]
"""What one run, or one piece of it, adds to each figure; what nobody counted is not there."""
