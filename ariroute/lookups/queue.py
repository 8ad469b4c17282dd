"""The state of a queue at this moment: how many wait, how many agents there are, how long it will take."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ariroute.flow.facts import FieldType, Scalar
from ariroute.flow.queues import QUEUE_NAME
from ariroute.lookups.base import CacheSettings, SourceSettings, Surroundings, Timeout, some_of, some_time
from ariroute.lookups.pbx import QueueState
from ariroute.values import Duration

FIELDS: Mapping[str, FieldType] = MappingProxyType(
    dict.fromkeys(("waiting", "longest_wait", "agents", "agents_ready", "estimated_wait"), "number")
)


def _queue_name(name: object) -> object:
    text = str(name) if type(name) is int else name  # FreePBX names queues by number
    if isinstance(text, str) and not QUEUE_NAME.fullmatch(text):
        raise ValueError(f"'{text[:80]}' cannot name a queue: use letters, digits, _ and -, 64 at most")
    return text


class QueueLookupSettings(SourceSettings):
    """Ask for the live state of a queue of the Asterisk that the call came from, over AMI."""

    name: Annotated[
        str,
        BeforeValidator(_queue_name, json_schema_input_type=str | int),
        Field(description="The queue, by its name in queues.conf.", examples=["gold"]),
    ]
    handle_time: Annotated[Duration, AfterValidator(some_time)] | None = Field(
        default=None,
        description="How long an agent is busy with a call, until Asterisk has measured it; for estimated_wait.",
    )
    timeout: Timeout = Field(default=0.4, description="Asterisk answers within milliseconds, or not at all.")

    @property
    def has_breaker(self) -> bool:
        return False

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset({"contact.pbx"})

    @property
    def usual_cache(self) -> CacheSettings:
        """One question a second, however many calls ask."""
        return CacheSettings.model_validate({"for": 1.0, "missing_for": 1.0})

    def fields_for(self, given: Mapping[str, FieldType] | None) -> Mapping[str, FieldType]:
        return some_of(FIELDS, given)


class QueueSource:
    """One queue, on whichever PBX the contact came from."""

    def __init__(self, settings: QueueLookupSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._pbx = surroundings.pbx

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        """Nothing to open: the daemon holds the connection."""

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        state = await self._pbx.queue_state(inputs["contact.pbx"], self._settings.name)
        return None if state is None else figures(state, self._settings.handle_time)

    async def close(self) -> None:
        """Nothing to close."""


def figures(state: QueueState, handle_time: float | None) -> dict[str, Scalar]:
    """The fields of a queue's record. Times are seconds; what cannot be told is None, never 0."""
    return {
        "waiting": float(state.waiting),
        "longest_wait": state.longest_wait if state.waiting else 0.0,
        "agents": float(state.agents),
        "agents_ready": float(state.agents_ready),
        "estimated_wait": estimated_wait(state, state.talk_time or handle_time),
    }


def estimated_wait(state: QueueState, handle_time: float | None) -> float | None:
    """Seconds that a call which enters the queue now will wait; None when that cannot be told.

    E[W] = (n + 1) x AHT / c for n calls ahead and c agents who are all busy: exact for exponential handle times, as
    then an agent becomes free every AHT / c on average (M/M/c, the memoryless property). Calls ahead are those that
    wait less the agents who are ready for them, as in Genesys Stat Server; 0 where an agent is left over.
    """
    if state.agents_ready > state.waiting:
        return 0.0
    if not state.agents or not handle_time:
        return None
    ahead = state.waiting - state.agents_ready
    return (ahead + 1) * handle_time / state.agents
