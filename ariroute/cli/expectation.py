"""``--expect gold:20``: where a call must end, and whether it did."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ariroute.cli.given import known
from ariroute.errors import UnusableInput
from ariroute.flow.decision import (
    Destination,
    EndpointDestination,
    HangUpDestination,
    QueueDestination,
    VoicemailDestination,
)
from ariroute.flow.tree import Ruleset

FORM = re.compile(r"(?P<name>[A-Za-z0-9_-]{1,64})(:(?P<number>-?[0-9]{1,9}))?", re.ASCII)
HANG_UP = "hangup"
OTHERS = re.compile(r"(?P<kind>voicemail|dial):(?P<name>[A-Za-z0-9_@-]{1,129})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expectation:
    """A kind of end; ``name`` is the queue, mailbox, endpoint or agent, ``number`` the queue priority or the cause.

    Without a number any will do. A mailbox without a context is the same as in the context ``default``.
    """

    kind: Literal["queue", "hangup", "voicemail", "dial"]
    name: str = ""
    number: int | None = None

    def met_by(self, destination: Destination) -> bool:
        """Whether the call ended so."""
        match destination:
            case QueueDestination(queue, priority):
                return (self.kind, self.name) == ("queue", queue) and self.number in (None, priority)
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
                return f"queue {self.name}" if self.number is None else f"queue {self.name}, priority {self.number}"
            case _:
                return f"{self.kind} {self.name}"


def _mailbox(text: str) -> str:
    return text if "@" in text else f"{text}@default"


def expectation(text: str, queues: Collection[str], others: Collection[str] = ()) -> Expectation:
    """The expectation that ``text`` writes; ``others`` are the endpoints and agents that can be rung.

    Raises UnusableInput when it is none, UnknownName for an unknown queue, endpoint or agent. A misspelt name is no
    failed expectation: it would fail for ever, and look like a fault of the flow.
    """
    other = OTHERS.fullmatch(text)
    if other and other["kind"] not in queues:
        if other["kind"] == "voicemail":
            return Expectation("voicemail", other["name"])
        return Expectation("dial", known("endpoint or agent", other["name"], others))
    match = FORM.fullmatch(text)
    if not match:
        raise UnusableInput(
            f"--expect {text}: write QUEUE, QUEUE:PRIORITY, {HANG_UP} or {HANG_UP}:CAUSE, voicemail:BOX or dial:NAME"
        )
    name, number = match["name"], int(match["number"]) if match["number"] else None
    if name == HANG_UP and HANG_UP not in queues:
        return Expectation("hangup", "", number)
    return Expectation("queue", known("queue", name, queues), number)


def can_be_rung(ruleset: Ruleset) -> list[str]:
    """The names of all endpoints and agents."""
    return list(dict.fromkeys((*ruleset.endpoints, *ruleset.agents.by_name)))
