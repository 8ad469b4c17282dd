"""Where a contact goes and why: the one result of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from ariroute.flow.trace import TraceEntry

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})

Greeting = Literal["unavailable", "busy", "none"]
"""What a mailbox says before the tone: its owner's words for it, or nothing."""


@dataclass(frozen=True, slots=True)
class QueueDestination:
    """A queue, by its name in queues.conf, at a queue priority (higher first)."""

    queue: str
    priority: int = 0

    def __str__(self) -> str:
        return f"queue {self.queue}, priority {self.priority}"


@dataclass(frozen=True, slots=True)
class HangUpDestination:
    """The caller is released with a Q.850 cause."""

    cause: int = 16

    def __str__(self) -> str:
        return f"hang up, cause {self.cause}"


@dataclass(frozen=True, slots=True)
class VoicemailDestination:
    """A mailbox of voicemail.conf, ``100`` or ``100@default``, and its greeting."""

    box: str
    greeting: Greeting = "unavailable"

    def __str__(self) -> str:
        return f"voicemail {self.box}"


@dataclass(frozen=True, slots=True)
class EndpointDestination:
    """Somebody was rung and answered: ``name`` as the file has it, ``endpoint`` as Asterisk has it."""

    name: str
    endpoint: str

    def __str__(self) -> str:
        return f"{self.name} at {self.endpoint}"


Destination = QueueDestination | HangUpDestination | VoicemailDestination | EndpointDestination


@dataclass(frozen=True, slots=True)
class Label:
    """What the agent sees of the call.

    ``name_prefix`` comes before the caller's name with a blank between them; ``headers`` go on the SIP INVITE to the
    agent; ``variables`` are channel variables that the agent's channel inherits. All are clean text.
    """

    name_prefix: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: NO_VARIABLES)
    variables: Mapping[str, str] = field(default_factory=lambda: NO_VARIABLES)

    def to_plain(self) -> dict[str, Any]:
        """JSON types."""
        return {"name_prefix": self.name_prefix, "headers": dict(self.headers), "variables": dict(self.variables)}

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Label:
        """The label that :meth:`to_plain` gave."""
        return cls(plain["name_prefix"], plain["headers"], plain["variables"])


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of ``notify:`` to be sent, and what its templates may name: everything known at the decision."""

    name: str
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """``reason`` is one sentence for people; ``by_default`` is true when the flow's default took the contact.

    ``variables`` are the flow's own variables as text, by name, for the channel. ``ruleset`` is the digest of the
    configuration that decided. ``record``: the caller agreed to be recorded. ``notices`` are sent after the hand-off.
    """

    contact: str
    flow: str
    destination: Destination
    reason: str
    by_default: bool = False
    variables: Mapping[str, str] = field(default_factory=lambda: NO_VARIABLES)
    trace: tuple[TraceEntry, ...] = ()
    ruleset: str = ""
    label: Label | None = None
    record: bool = False
    notices: tuple[Notice, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """JSON types, as ``--json`` prints it."""
        plain: dict[str, Any] = {"contact": self.contact, "flow": self.flow}
        match self.destination:
            case QueueDestination(queue, priority):
                plain |= {"queue": queue, "priority": priority}
            case HangUpDestination(cause):
                plain |= {"hangup": cause}
            case VoicemailDestination(box, greeting):
                plain |= {"voicemail": box, "greeting": greeting}
            case EndpointDestination(name, endpoint):
                plain |= {"dial": name, "endpoint": endpoint}
        return plain | {
            "by_default": self.by_default,
            "reason": self.reason,
            "variables": dict(self.variables),
            **self._beside(),
            "trace": [entry.to_plain() for entry in self.trace],
            "ruleset": self.ruleset,
        }

    def _beside(self) -> dict[str, Any]:
        """What goes with the contact, where there is any."""
        beside: dict[str, Any] = {}
        if self.label:
            beside["label"] = self.label.to_plain()
        if self.record:
            beside["record"] = True
        if self.notices:
            beside["notices"] = [notice.name for notice in self.notices]
        return beside

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Decision:
        """The decision that :meth:`to_plain` gave, but for what its notices may name. Raises KeyError."""
        label = plain.get("label")
        return cls(
            contact=plain["contact"],
            flow=plain["flow"],
            destination=_destination_of(plain),
            reason=plain["reason"],
            by_default=plain["by_default"],
            variables=plain["variables"],
            trace=tuple(map(TraceEntry.of_plain, plain["trace"])),
            ruleset=plain["ruleset"],
            label=Label.of_plain(label) if label else None,
            record=plain.get("record", False),
            notices=tuple(Notice(name, NO_VARIABLES) for name in plain.get("notices", ())),
        )


def _destination_of(plain: Mapping[str, Any]) -> Destination:
    match plain:
        case {"queue": queue, "priority": priority}:
            return QueueDestination(queue, priority)
        case {"hangup": cause}:
            return HangUpDestination(cause)
        case {"voicemail": box, "greeting": greeting}:
            return VoicemailDestination(box, greeting)
        case {"dial": name, "endpoint": endpoint}:
            return EndpointDestination(name, endpoint)
    raise KeyError("a decision without a destination")
