"""The flow file's grammar, as pydantic models: keys, types, defaults. Lookups' and Asterisk's own settings are theirs.

A step is a mapping with exactly one key. A case of a branch has exactly one condition (``when``, ``match`` or ``else``)
and exactly one way out (``queue``, ``goto``, ``hangup``, or ``then`` with steps).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from ariroute.asterisk.settings import AmiSettings, AriSettings
from ariroute.config.near import suggestion
from ariroute.flow.conditions import CONTACT_RECORDS
from ariroute.flow.functions import FUNCTIONS
from ariroute.flow.queues import QUEUE_NAME
from ariroute.lookups.base import RESERVED
from ariroute.lookups.kinds import LookupEntry
from ariroute.values import Duration, Settings

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", re.ASCII)
CONDITION_WORDS = frozenset((*CONTACT_RECORDS, *FUNCTIONS, "now", "arguments", "vars", "outcome"))
LOOPBACK = re.compile(r"(127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|localhost):(\d{1,5})", re.ASCII)


def _identifier(name: str) -> str:
    if not IDENTIFIER.fullmatch(name):
        raise ValueError(
            f"'{name[:80]}' cannot be a name here: use small letters, digits and _, a letter first, 32 at most"
        )
    if name in RESERVED | CONDITION_WORDS:
        raise ValueError(f"'{name}' has a meaning of its own in conditions: choose another name")
    return name


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"'{name[:80]}' cannot be a name: use letters, digits, _ and -, 64 at most")
    return name


def _queue_name(name: object) -> object:
    """A queue's name; FreePBX names queues by number, and a number without quotes is one as well."""
    text = str(name) if type(name) is int else name
    if isinstance(text, str) and not QUEUE_NAME.fullmatch(text):
        raise ValueError(f"'{text[:80]}' cannot name a queue: use letters, digits, _ and -, 64 at most")
    return text


def _region(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"'{code[:80]}' is not a country: write its ISO 3166 code in capitals, such as SE")
    return code


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        near = suggestion(name, available_timezones()) or ": write one such as Europe/Stockholm, or UTC"
        raise ValueError(f"'{name[:80]}' is not a time zone{near}") from None
    return name


def _loopback(address: str) -> str:
    match = LOOPBACK.fullmatch(address)
    if not match:
        raise ValueError(
            f"'{address[:80]}' cannot be the admin address: write 127.0.0.1:PORT (127.x.x.x and localhost are taken, "
            "IPv6 is not). The admin interface has no passwords; for access from elsewhere put a proxy with logins "
            "before it"
        )
    if not 0 < int(match[2]) < 65536:
        raise ValueError(f"'{match[2]}' is not a port: write a number from 1 to 65535")
    return address


def _guard(value: float) -> float:
    if not 2 <= value <= 60:
        raise ValueError("the guard lies between 2s and 60s")
    return value


def _no_value(value: object) -> object:
    if value is not None:
        raise ValueError("'else:' itself has no value: write queue:, goto:, hangup: or then: on the line below it")
    return value


def _scalar(value: object) -> object:
    if value is not None and not isinstance(value, str | int | float | bool):
        raise ValueError("must be one value: a text, a number, true or false")
    return value


def _scalars(value: object) -> object:
    if isinstance(value, list):
        if not value:
            raise ValueError("the list is empty: write the values that shall match")
        return [_scalar(item) for item in value]
    return _scalar(value)


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _as_queue(value: object) -> object:
    return value if isinstance(value, dict | QueueStep) else {"name": value}


def _exactly_one(settings: Settings, names: tuple[str, ...], what: str) -> None:
    given = [name for name in names if name in _given(settings)]
    if len(given) != 1:
        had = f"this one has {' and '.join(given)}" if given else "this one has none"
        raise ValueError(f"{what} has exactly one of {', '.join(names)}: {had}")


def _given(settings: Settings) -> set[str]:
    """The keys that stand in the file, by the names they have there."""
    return {type(settings).model_fields[name].alias or name for name in settings.model_fields_set}


def _keys(pattern: str) -> dict[str, JsonValue]:
    """For the JSON Schema: what the names in a mapping look like."""
    return {"propertyNames": {"pattern": f"^{pattern}$"}}


Identifier = Annotated[
    str, AfterValidator(_identifier), Field(json_schema_extra={"pattern": f"^{IDENTIFIER.pattern}$"})
]
Name = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": f"^{NAME.pattern}$"})]
QueueName = Annotated[
    str,
    BeforeValidator(_queue_name, json_schema_input_type=str | int),
    Field(json_schema_extra={"pattern": f"^{QUEUE_NAME.pattern}$"}),
]
QueueKey = Annotated[str, BeforeValidator(_queue_name), Field(json_schema_extra={"pattern": f"^{QUEUE_NAME.pattern}$"})]
Priority = Annotated[int, Field(ge=0, le=1_000_000)]
Scalar = str | int | float | bool | None
Cel = Annotated[str, Field(min_length=1, max_length=4000)]


class PbxSettings(Settings):
    """One Asterisk: its ARI, and its AMI where queue figures are wanted."""

    ari: AriSettings = Field(description="Over ARI calls are taken and handed to their queue.")
    ami: AmiSettings | None = Field(
        default=None, description="Over AMI the state of the queues is read (`ariroute queues`)."
    )


class ServiceLevelSettings(Settings):
    """A promise such as 80 percent within 20 seconds."""

    target: Annotated[float, Field(gt=0, le=100)] = Field(description="Percent of the contacts.")
    within: Duration = Field(description="The time in which they are answered.")


class QueueSettings(Settings):
    """One queue of queues.conf as a tier."""

    priority: Priority = Field(
        default=0, description="The queue priority of callers (QUEUE_PRIO): the higher number is served first."
    )
    agents_per_call: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=None, description="Wanted number of agents serving the queue for each call in it."
    )
    service_level: ServiceLevelSettings | None = Field(default=None, description="What is promised to this tier.")


class HoursEntry(Settings):
    """Opening hours: ranges of time by day, and holidays on which it is closed all day."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[str, Field(examples=["08:00-12:00,13:00-17:00"])]]

    holidays: Annotated[
        list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str]), Field(min_length=1)
    ] = Field(
        default_factory=list, description="A country (SE, DE-BY) whose public holidays count, or quoted dates, or both."
    )


class CallTrigger(Settings):
    """Calls start the flow."""

    to: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]],
        BeforeValidator(_as_list, json_schema_input_type=str | list[str]),
        Field(min_length=1),
    ] = Field(default_factory=list, description="Numbers (quoted) or extensions that were dialled; without it, any.")


class TriggerSettings(Settings):
    """What starts a flow."""

    call: CallTrigger = Field(description="A call; {} for every call that no other flow names.")


class QueueStep(Settings):
    """A queue, with a queue priority of its own here."""

    name: QueueName = Field(description="A queue listed under queues.")
    priority: Priority | None = Field(default=None, description="Instead of the queue's own.")


class Calculated(Settings):
    """A value that is worked out for each contact."""

    cel: Cel = Field(description="A CEL expression, such as crm.account_manager.")


def _set_value(value: object) -> object:
    if isinstance(value, Calculated):
        return value
    if isinstance(value, dict):
        return Calculated.model_validate(value)
    if value is None:
        raise ValueError("the value is missing: write a text, a number, true or false, or {cel: expression}")
    return _scalar(value)


QueueTarget = Annotated[QueueStep, BeforeValidator(_as_queue, json_schema_input_type=QueueName | QueueStep)]
Cause = Annotated[int, Field(ge=1, le=127)]
OUTCOMES = ("queue", "goto", "hangup", "then")
CONDITIONS = ("when", "match", "else")


class Case(Settings):
    """One case of a branch: a condition and where contacts go that meet it."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {"oneOf": [{"required": [key]} for key in CONDITIONS]},
                {"oneOf": [{"required": [key]} for key in OUTCOMES]},
            ]
        }
    )

    when: Cel | None = Field(default=None, description="A condition in CEL, true or false.")
    match: (
        Annotated[
            dict[str, Annotated[Any, BeforeValidator(_scalars, json_schema_input_type=Scalar | list[Scalar])]],
            Field(min_length=1),
        ]
        | None
    ) = Field(default=None, description="Fields and the value, or list of values, each must have; no code.")
    otherwise: Annotated[None, BeforeValidator(_no_value)] = Field(
        default=None, alias="else", description="Everybody else; the last case only."
    )
    then: list[Step] | None = Field(default=None, description="Steps; after them the flow goes on behind the branch.")
    queue: QueueTarget | None = Field(default=None, description="Short for then: with this one step.")
    goto: Name | None = Field(default=None, description="Short for then: with this one step.")
    hangup: Cause | None = Field(default=None, description="Short for then: with this one step.")

    @model_validator(mode="after")
    def _one_of_each(self) -> Case:
        _exactly_one(self, CONDITIONS, "a case")
        _exactly_one(self, OUTCOMES, "a case")
        return self


class Step(Settings):
    """One step of a flow."""

    KINDS: ClassVar[tuple[str, ...]] = ("lookup", "branch", "set", "queue", "goto", "hangup")
    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    lookup: (
        Annotated[
            list[Identifier], BeforeValidator(_as_list, json_schema_input_type=str | list[str]), Field(min_length=1)
        ]
        | None
    ) = Field(default=None, description="Ask this lookup, or all of a list together.")
    branch: Annotated[list[Case], Field(min_length=1)] | None = Field(
        default=None, description="The first case whose condition is true is taken."
    )
    set: (
        dict[
            Identifier,
            Annotated[Any, BeforeValidator(_set_value, json_schema_input_type=str | int | float | bool | Calculated)],
        ]
        | None
    ) = Field(default=None, json_schema_extra=_keys(IDENTIFIER.pattern), description="Flow variables and their values.")
    queue: QueueTarget | None = Field(default=None, description="Into this queue; the end.")
    goto: Name | None = Field(default=None, description="Go on in another flow.")
    hangup: Cause | None = Field(
        default=None, description="Hang up with this cause of Q.850 (16 normal, 17 busy); the end."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        _exactly_one(self, self.KINDS, "a step")
        return self


class FlowSettings(Settings):
    """One flow: what starts it, its steps, and the default for when they lead nowhere or anything fails."""

    trigger: TriggerSettings | None = Field(
        default=None, description="What starts the flow; without it only goto leads here."
    )
    default: QueueName = Field(description="The queue where a contact goes when anything fails.")
    steps: list[Step] = Field(default_factory=list, description="Taken from first to last.")


class LogSettings(Settings):
    """What is logged and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="The least that is logged.")
    format: Literal["text", "json"] = Field(default="text", description="Lines for people or for machines.")


class DaemonSettings(Settings):
    """The daemon itself."""

    guard: Annotated[Duration, AfterValidator(_guard)] = Field(
        default=4.0, description="The dialplan's TIMEOUT(absolute) before Stasis(); the same value as there."
    )
    admin: Annotated[str, AfterValidator(_loopback)] = Field(
        default="127.0.0.1:8067",
        json_schema_extra={"pattern": f"^{LOOPBACK.pattern}$"},
        description="Where `ariroute reload`, health checks and metrics reach the daemon.",
    )
    log: LogSettings = Field(default_factory=LogSettings, description="What is logged and how.")
    mask_numbers: bool = Field(
        default=True,
        description="Log numbers as +46*****123 and nothing of what lookups found; false logs both in full.",
    )
    max_in_flight: int = Field(
        default=200, ge=1, le=100_000, description="Calls being routed at once; more go to their default queue at once."
    )
    drain: Duration = Field(default=5.0, description="At a stop, how long calls being routed may still take.")


class FileSettings(Settings):
    """The whole flow file."""

    version: Literal[1] = Field(description="The version of this format.")
    region: Annotated[str, AfterValidator(_region)] = Field(
        default="", description="Country (ISO 3166) that local numbers belong to; without it only +46... is understood."
    )
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        default="UTC", description="Time zone of opening hours and of now in conditions; required with hours."
    )
    asterisk: dict[Name, PbxSettings] = Field(
        default_factory=dict, json_schema_extra=_keys(NAME.pattern), description="The Asterisk servers, by a name."
    )
    lookups: dict[Identifier, LookupEntry] = Field(
        default_factory=dict, json_schema_extra=_keys(IDENTIFIER.pattern), description="Where facts come from, by name."
    )
    hours: dict[Name, HoursEntry] = Field(
        default_factory=dict, json_schema_extra=_keys(NAME.pattern), description="Opening hours, by name."
    )
    queues: Annotated[dict[QueueKey, QueueSettings], Field(min_length=1)] = Field(
        json_schema_extra=_keys(QUEUE_NAME.pattern),
        description="The queues, highest tier first, by their name in queues.conf.",
    )
    flows: Annotated[dict[Name, FlowSettings], Field(min_length=1)] = Field(
        json_schema_extra=_keys(NAME.pattern), description="The flows, by name."
    )
    daemon: DaemonSettings = Field(default_factory=DaemonSettings, description="The daemon itself.")
