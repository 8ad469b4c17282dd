"""A recorded contact as the agents saw it: where it waited, how long, who took it and for how long."""

from __future__ import annotations

from typing import NamedTuple

from ariroute.flow.again import Untold
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.journal.reader import Recorded

ANSWERED = "answered"
ABANDONED = "abandoned"
GONE = "gone"
"""How a contact left the daemon that hung up before it could be put anywhere."""


class Place(NamedTuple):
    """A queue, and the queue priority that a caller has in it."""

    queue: str
    priority: int = 0


class Visit(NamedTuple):
    """A contact that entered a queue at ``at`` (seconds since 1970), or would have.

    It was sent to ``before``, and other rules send it to ``after``; None is no queue at all. ``outcome`` is that of the
    journal, empty when nobody knows; ``wait`` and ``talk`` are seconds, None when unknown. ``ring`` is how long the
    phone of the agent rang, which is a part of the wait.
    """

    at: float
    before: Place | None
    after: Place | None
    outcome: str = ""
    wait: float | None = None
    talk: float | None = None
    agent: str = ""
    ring: float = 0.0


def visit_of(recorded: Recorded, again: Decision | Untold | None) -> Visit | None:
    """The visit of a contact of which other rules make ``again``; one that cannot be told stays where it was.

    None where there was no queue and will be none.
    """
    if recorded.handed == GONE:
        return None
    before = place_then(recorded)
    after = before if isinstance(again, Untold) else _place(again)
    if before is None and after is None:
        return None
    outcome = ANSWERED if recorded.agent else recorded.outcome  # of a talk whose end nobody saw
    wait = recorded.wait if before else None
    return Visit(
        recorded.arrived + recorded.took, before, after, outcome, wait, recorded.talk, recorded.agent, _ring(recorded)
    )


def place_then(recorded: Recorded) -> Place | None:
    """Where a contact waited: in the queue of its decision, else in one that the dialplan took by itself."""
    queue = recorded.queue or recorded.outcome_queue
    return Place(queue, recorded.priority) if queue else None


def _place(decision: Decision | None) -> Place | None:
    if decision is None or not isinstance(decision.destination, QueueDestination):
        return None
    return Place(decision.destination.queue, decision.destination.priority)


def _ring(recorded: Recorded) -> float:
    """Seconds that the phone of the agent who answered rang; 0 where nobody knows."""
    if not recorded.agent:
        return 0.0
    rings = [event.get("ring", 0.0) for event in recorded.events() if event.get("what") == ANSWERED]
    return min(float(rings[-1]), recorded.wait or 0.0) if rings else 0.0
