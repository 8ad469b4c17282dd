"""Flows and the ruleset they make up together: everything that a run needs, immutable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ariroute.flow.contact import Contact, Medium
from ariroute.flow.endpoints import Agents, Endpoint
from ariroute.flow.hours import Hours
from ariroute.flow.queues import Queue
from ariroute.flow.steps import Step, ways_of


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a flow: a medium, and the dialled numbers (E.164) or words it answers to; none means any."""

    medium: Medium = "call"
    to: frozenset[str] = frozenset()

    def matches(self, contact: Contact) -> bool:
        if contact.medium != self.medium:
            return False
        return not self.to or contact.dialled.e164 in self.to or contact.dialled.number in self.to


@dataclass(frozen=True, slots=True)
class Flow:
    """Steps, and the default queue where a contact goes when they lead nowhere or anything fails."""

    name: str
    default: str
    trigger: Trigger | None
    steps: tuple[Step, ...]

    def walk(self) -> Iterator[Step]:
        """Every step, in the file's order."""
        yield from _walk(self.steps)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All that decides, as one value; ``digest`` names the configuration it was built from."""

    flows: Mapping[str, Flow]
    queues: Mapping[str, Queue]
    hours: Mapping[str, Hours]
    region: str
    timezone: str
    digest: str = ""
    agents: Agents = field(default_factory=Agents)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)

    def flow_for(self, contact: Contact) -> Flow | None:
        """The flow whose trigger names what was dialled; else one that takes any; else None."""
        triggered = [flow for flow in self.flows.values() if flow.trigger and flow.trigger.matches(contact)]
        return min(triggered, key=lambda flow: not (flow.trigger and flow.trigger.to), default=None)


def _walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        for way in ways_of(step):
            yield from _walk(way)
