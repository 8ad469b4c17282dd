"""One call in the daemon's hands: where it is, and by when it must be decided."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from ariroute.daemon.conversation import Conversation
from ariroute.daemon.recording import Recording
from ariroute.daemon.ringing import Ringing
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision
from ariroute.flow.run import Run

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
    contact: Contact | None = None
    """Who it is; None when it is no contact but a channel that is only passed on."""
    recording: Recording | None = None
    run: Run | None = None
    ended: str = ""
    """How it left us, once it is known."""
    why: str = ""
    """Why there is no decision."""
    is_recorded: bool = False


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


def record(call: Call, handed: str, took: float, decision: Decision | None = None) -> None:
    """Offer ``call`` to the journal, once: each contact that was taken leaves one record, decided or not."""
    if call.is_recorded or call.contact is None or call.recording is None:
        return
    call.is_recorded = True
    if call.run is None or decision is None:
        call.recording.undecided(call.contact, handed, call.why, took, call.run)
    else:
        call.recording.decided(call.contact, call.run, decision, handed, took)
