"""What a lookup may ask the Asterisk that the contact came from: a port, filled by the daemon.

Lookups never import the Asterisk room; a source that needs the PBX gets a :class:`PbxFacts` and names the PBX by
``contact.pbx`` and the channel by ``contact.id``, which are among its inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue at this moment, as QueueSummary has it (app_queue.c, 22.10.1). Times are seconds."""

    waiting: int
    longest_wait: float
    agents: int
    agents_ready: int
    hold_time: float
    talk_time: float


class PbxFacts(Protocol):
    """Questions to one of the PBXs. Each raises LookupFailed: not connected, refused, no answer."""

    async def variable(self, pbx: str, channel: str, name: str) -> str | None:
        """A channel variable, or a function of the closed set; None when it is not set."""

    async def database_value(self, pbx: str, family: str, key: str) -> str | None:
        """A value of the Asterisk database; None when there is none. Needs AMI."""

    async def database_has(self, pbx: str, channel: str, family: str, key: str) -> bool:
        """Whether the Asterisk database has this key. Needs ARI alone."""

    async def queue_state(self, pbx: str, queue: str) -> QueueState | None:
        """The queue's state; None when there is no such queue. Needs AMI."""


class NoPbx:
    """Where no PBX can be asked: in a rehearsal."""

    async def variable(self, pbx: str, channel: str, name: str) -> str | None:
        raise _nobody()

    async def database_value(self, pbx: str, family: str, key: str) -> str | None:
        raise _nobody()

    async def database_has(self, pbx: str, channel: str, family: str, key: str) -> bool:
        raise _nobody()

    async def queue_state(self, pbx: str, queue: str) -> QueueState | None:
        raise _nobody()


def _nobody() -> LookupFailed:
    return LookupFailed(Failure.REFUSED, "only the daemon can ask Asterisk: give this lookup's answer with --set")
