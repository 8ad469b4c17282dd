"""Where a contact goes and why: the one result of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ariroute.flow.trace import TraceEntry

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


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


Destination = QueueDestination | HangUpDestination


@dataclass(frozen=True, slots=True)
class Decision:
    """``reason`` is one sentence for people; ``by_default`` is true when the flow's default took the contact.

    ``variables`` are the flow's own variables as text, by name, for the channel. ``ruleset`` is the digest of the
    configuration that decided.
    """

    contact: str
    flow: str
    destination: Destination
    reason: str
    by_default: bool = False
    variables: Mapping[str, str] = field(default_factory=lambda: NO_VARIABLES)
    trace: tuple[TraceEntry, ...] = ()
    ruleset: str = ""

    def to_plain(self) -> dict[str, Any]:
        """JSON types, as ``--json`` prints it."""
        plain: dict[str, Any] = {"contact": self.contact, "flow": self.flow}
        match self.destination:
            case QueueDestination(queue, priority):
                plain |= {"queue": queue, "priority": priority}
            case HangUpDestination(cause):
                plain |= {"hangup": cause}
        return plain | {
            "by_default": self.by_default,
            "reason": self.reason,
            "variables": dict(self.variables),
            "trace": [entry.to_plain() for entry in self.trace],
            "ruleset": self.ruleset,
        }
