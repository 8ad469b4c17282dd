"""One call in the daemon's hands: where it is, and by when it must be decided."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from ariroute.daemon.conversation import Conversation
from ariroute.daemon.ringing import Ringing

FoundBy = Literal["event", "sweep"]


class Phase(Enum):
    """Where a call is: being decided, at somebody's phone meanwhile, being handed over, or out of our hands."""

    DECIDING = "deciding"
    RINGING = "ringing"
    HANDING_OVER = "handing over"
    DONE = "done"


@dataclass(slots=True)
class Call:
    """One channel in our hands. ``since`` is monotonic seconds."""

    id: str
    found_by: FoundBy
    since: float
    phase: Phase = Phase.DECIDING
    is_up: bool = False
    """Whether it was answered when it came."""
    renamed: str | None = None
    """The caller's name as telephones may be shown it; None where the one it came with is harmless."""
    hung_up: bool = False
    has_left: bool = False
    """Whether it left the application before anybody hung up."""
    due: float = 0.0
    """When the decision must be made, by the loop's time; moved by each step that holds the caller."""
    overdue: bool = False
    queued: bool = True
    """Whether a queue of Asterisk's has it next; so it is for all that is heard of a call without a decision."""
    talk: Conversation | None = None
    ringing: Ringing | None = None
    """While it rings at somebody's phone."""
    task: asyncio.Task[None] | None = field(default=None, repr=False)


def is_deciding(call: Call) -> bool:
    """Whether the decision on ``call`` is still to come."""
    return call.phase is Phase.DECIDING and call.task is not None


def may_be_back(call: Call, asked: float) -> bool:
    """Whether a channel listed in the application at ``asked`` may have come back from a ring unseen."""
    return call.ringing is not None and call.ringing.began < asked


def cancel(call: Call) -> None:
    """Interrupt the decision on ``call``, which has taken too long; not when its time was moved meanwhile."""
    if asyncio.get_running_loop().time() < call.due:
        return
    call.overdue = True
    if call.task is not None:
        call.task.cancel()
