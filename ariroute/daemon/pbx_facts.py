"""What lookups ask the PBXs, over the daemon's own connections: ARI for channels, AMI for queues and the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

from ariroute.asterisk.ami import ActionRefused, Ami
from ariroute.asterisk.ami_link import AmiDown, AmiLink
from ariroute.asterisk.ari import Ari
from ariroute.errors import AmiError, AriError, AriRefused, AriTimeout, ChannelGone, LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.pbx import QueueState

T = TypeVar("T")

UNREADABLE = 500
"""ARI's status where a function has no value for this channel: no such header, or not a channel of PJSIP."""


class Connections(Protocol):
    """What is needed of one PBX."""

    @property
    def ari(self) -> Ari: ...

    @property
    def ami(self) -> AmiLink | None: ...


class LivePbxFacts:
    """The port of :mod:`ariroute.lookups.pbx`. What a PBX that is away is asked fails at once.

    So these lookups have no breaker, which would be one for all PBXs: what one lacks is no reason not to ask another.
    """

    def __init__(self, pbxs: Mapping[str, Connections]) -> None:
        self._pbxs = pbxs

    async def variable(self, pbx: str, channel: str, name: str) -> str | None:
        try:
            return await self._pbx(pbx).ari.value_of(channel, name)
        except AriRefused as error:
            if error.status == UNREADABLE:
                return None
            raise _of_ari(error) from error
        except AriError as error:
            raise _of_ari(error) from error

    async def database_has(self, pbx: str, channel: str, family: str, key: str) -> bool:
        try:
            return await self._pbx(pbx).ari.value_of(channel, f"DB_EXISTS({family}/{key})") == "1"
        except AriError as error:
            raise _of_ari(error) from error

    async def database_value(self, pbx: str, family: str, key: str) -> str | None:
        return await self._ask(pbx, lambda ami: ami.database_value(family, key))

    async def queue_state(self, pbx: str, queue: str) -> QueueState | None:
        found = await self._ask(pbx, lambda ami: ami.queue_summary(queue))
        summary = next((summary for summary in found if summary.queue == queue), None)
        if summary is None:
            return None
        return QueueState(
            waiting=summary.callers,
            longest_wait=float(summary.longest_hold_time),
            agents=summary.logged_in,
            agents_ready=summary.available,
            hold_time=float(summary.hold_time),
            talk_time=float(summary.talk_time),
        )

    async def _ask(self, pbx: str, question: Callable[[Ami], Awaitable[T]]) -> T:
        link = self._pbx(pbx).ami
        if link is None:
            raise LookupFailed(Failure.REFUSED, f"needs AMI: add ami to asterisk.{pbx} in the flow file", asked=False)
        try:
            return await link.ask(question)
        except AmiDown as error:
            raise LookupFailed(Failure.REFUSED, str(error), asked=False) from error
        except ActionRefused as error:
            remedy = "; see write in the user's section of manager.conf" if error.message == "Permission denied" else ""
            raise LookupFailed(Failure.REFUSED, f"{error}{remedy}", asked=False) from error
        except AmiError as error:
            raise LookupFailed(Failure.REFUSED, str(error)) from error

    def _pbx(self, name: str) -> Connections:
        try:
            return self._pbxs[name]
        except KeyError:
            raise LookupFailed(Failure.ERROR, f"there is no PBX '{name}'", asked=False) from None


def _of_ari(error: AriError) -> LookupFailed:
    match error:
        case ChannelGone():
            return LookupFailed(Failure.ERROR, "the call has ended", asked=False)
        case AriRefused():
            return LookupFailed(Failure.STATUS, str(error))
        case AriTimeout():
            return LookupFailed(Failure.TIMEOUT, str(error))
    return LookupFailed(Failure.REFUSED, str(error), asked=False)
