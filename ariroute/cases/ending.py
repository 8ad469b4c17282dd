"""Where a contact must end, and whether it did: a queue, a mailbox, somebody's telephone, or hung up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ariroute.flow.decision import (
    Destination,
    EndpointDestination,
    HangUpDestination,
    QueueDestination,
    VoicemailDestination,
)


@dataclass(frozen=True, slots=True)
class Ending:
    """A kind of end; ``name`` is the queue, mailbox, endpoint or agent, ``number`` the queue priority or the cause.

    Without a number any will do, and without a name any queue of this priority. A mailbox without a context is the
    same as in the context ``default``.
    """

    kind: Literal["queue", "hangup", "voicemail", "dial"]
    name: str = ""
    number: int | None = None

    def met_by(self, destination: Destination) -> bool:
        """Whether the contact ended so."""
        match destination:
            case QueueDestination(queue, priority):
                return self.kind == "queue" and self.name in ("", queue) and self.number in (None, priority)
            case HangUpDestination(cause):
                return self.kind == "hangup" and self.number in (None, cause)
            case VoicemailDestination(box):
                return self.kind == "voicemail" and _mailbox(self.name) == _mailbox(box)
            case EndpointDestination(name):
                return (self.kind, self.name) == ("dial", name)

    def __str__(self) -> str:
        """In the words of the destinations."""
        match self.kind:
            case "hangup":
                return "hang up" if self.number is None else f"hang up, cause {self.number}"
            case "queue":
                queue = f"queue {self.name}" if self.name else "a queue"
                return queue if self.number is None else f"{queue}, priority {self.number}"
            case _:
                return f"{self.kind} {self.name}"


def _mailbox(text: str) -> str:
    return text if "@" in text else f"{text}@default"
