"""The grammar of ringing somebody and of what goes along with a call: dial, agent, voicemail, label."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ariroute.config.shapes import Calculated, Name, QueueName, Value, as_list, keys
from ariroute.config.staffing import QueuesOfAgent
from ariroute.flow.endpoints import FORM, Endpoint
from ariroute.values import Duration, Settings

if TYPE_CHECKING:
    from ariroute.config.steps import Way

BOX = re.compile(r"[A-Za-z0-9_-]{1,64}(@[A-Za-z0-9_-]{1,64})?", re.ASCII)
HEADER = re.compile(r"X-[A-Za-z0-9-]{1,60}|Alert-Info|Call-Info|User-to-User", re.ASCII)
ASTERISKS_OWN = (
    "ARIROUTE_",
    "QUEUE",
    "DIAL",
    "MEMBER",
    "MONITOR",
    "MIXMONITOR",
    "OUTBOUND_GROUP",
    "LIMIT_",
    "TRANSFER_",
    "VM",
)
"""What the names begin with that ariroute's dialplan, Queue(), Dial(), VoiceMail() or MixMonitor() read themselves."""
VARIABLE = re.compile(rf"(?!{'|'.join(ASTERISKS_OWN)})[A-Z][A-Z0-9_]{{0,63}}", re.ASCII)


def _endpoint(text: str) -> str:
    return Endpoint(text)


def _header(name: str) -> str:
    if not HEADER.fullmatch(name):
        raise ValueError(
            f"'{name[:80]}' cannot be a header here: begin it with X-, of letters, digits and -; besides those "
            "Alert-Info, Call-Info and User-to-User are taken"
        )
    return name


def _variable(name: str) -> str:
    if name.startswith(ASTERISKS_OWN):
        raise ValueError(f"'{name[:80]}' means something to Asterisk itself: call it such as CUSTOMER_{name[:40]}")
    if not VARIABLE.fullmatch(name):
        raise ValueError(f"'{name[:80]}' cannot be a channel variable here: use capitals, digits and _, a letter first")
    return name


def _box(text: object) -> object:
    """A mailbox; a number without quotes is one as well."""
    box = str(text) if type(text) is int else text
    if isinstance(box, str) and not BOX.fullmatch(box):
        raise ValueError(f"'{box[:80]}' is not a mailbox: write such as 100, or 100@default with its context")
    return box


def _ring_time(value: float) -> float:
    if not 1 <= value <= 300:
        raise ValueError("a telephone rings between 1s and 5m")
    return value


def _as(key: str, written: Any) -> BeforeValidator:
    """A value alone stands for a mapping with this key; ``written`` are the types of both, for the JSON Schema."""

    def longer(value: object) -> object:
        is_value = not isinstance(value, dict | Settings) or (isinstance(value, dict) and set(value) == {"cel"})
        return {key: value} if is_value else value

    return BeforeValidator(longer, json_schema_input_type=written)


EndpointText = Annotated[
    str, AfterValidator(_endpoint), Field(json_schema_extra={"pattern": f"^{FORM.pattern}$"}, examples=["PJSIP/anna"])
]
HeaderName = Annotated[str, AfterValidator(_header)]
VariableName = Annotated[str, AfterValidator(_variable)]
RingTime = Annotated[Duration, AfterValidator(_ring_time)]
Box = Annotated[
    str,
    BeforeValidator(_box, json_schema_input_type=str | int),
    Field(json_schema_extra={"pattern": f"^{BOX.pattern}$"}),
]


class AgentSettings(Settings):
    """One agent: a telephone, and the names by which others know them."""

    dial: EndpointText = Field(description="What rings for them.")
    also: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=100)]],
        BeforeValidator(as_list, json_schema_input_type=str | list[str]),
    ] = Field(default_factory=list, description="Their names elsewhere, as a CRM has them.")
    queues: QueuesOfAgent = Field(
        default_factory=dict,
        description="Where they may serve, with the skill order there (lower is better); without it staffing leaves "
        "them alone.",
    )
    home: QueueName | None = Field(
        default=None, description="The queue where they serve unless needed elsewhere; without it the first."
    )
    member: EndpointText | None = Field(
        default=None, description="Their interface in queues, where that is not what dial rings."
    )


Agent = Annotated[AgentSettings, _as("dial", EndpointText | AgentSettings)]


class RingSettings(Settings):
    """What every ring has."""

    timeout: RingTime = Field(default=20.0, description="How long it rings.")
    on_busy: Way | None = Field(
        default=None, description="Where it leads when the phone is in use, or the call refused."
    )
    on_no_answer: Way | None = Field(default=None, description="Where it leads when nobody answers in time.")
    on_failed: Way | None = Field(default=None, description="Where it leads when the phone cannot be reached.")


class DialStep(RingSettings):
    """Ring an endpoint."""

    endpoint: Name = Field(description="A name listed under endpoints.")


class AgentStep(RingSettings):
    """Ring one agent, unless their phone is in use."""

    name: Value = Field(description="An agent listed under agents, by any of their names.")
    on_unknown: Way | None = Field(default=None, description="Where it leads when the name is nobody's.")


class VoicemailStep(Settings):
    """Into a mailbox."""

    box: Box = Field(description="The mailbox, 100 or 100@default.")
    greeting: Literal["unavailable", "busy", "none"] = Field(
        default="unavailable", description="The owner's greeting that is played."
    )


class LabelStep(Settings):
    """What the agent sees of the call."""

    name_prefix: Value = Field(default=None, description="Before the caller's name: GOLD makes it GOLD Ann.")
    headers: dict[HeaderName, Value] = Field(
        default_factory=dict,
        json_schema_extra=keys(HEADER.pattern),
        description="SIP headers on the call to the agent.",
    )
    variables: dict[VariableName, Value] = Field(
        default_factory=dict,
        json_schema_extra=keys(VARIABLE.pattern),
        description="Channel variables of the call to the agent.",
    )

    @model_validator(mode="after")
    def _something(self) -> LabelStep:
        if not self.model_fields_set:
            raise ValueError("a label has at least one of name_prefix, headers, variables")
        return self


Dial = Annotated[DialStep, _as("endpoint", Name | DialStep)]
RingAgent = Annotated[AgentStep, _as("name", str | int | Calculated | AgentStep)]
Voicemail = Annotated[VoicemailStep, _as("box", str | int | VoicemailStep)]
