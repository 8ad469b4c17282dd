"""The flow file's grammar, as pydantic models: keys, types, defaults. Lookups' and Asterisk's own settings are theirs.

Steps have a module of their own, :mod:`ariroute.config.steps`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from ariroute.asterisk.settings import AmiSettings, AriSettings
from ariroute.config.near import suggestion
from ariroute.config.ring_steps import Agent, EndpointText
from ariroute.config.shapes import IDENTIFIER, NAME, Identifier, Name, Priority, QueueKey, QueueName, as_list, keys
from ariroute.config.speech import SpeechSettings
from ariroute.config.staffing import MOST_AGENTS, LendSettings, ReserveSettings, StaffingSettings, WrapUp
from ariroute.config.steps import Step
from ariroute.flow.queues import QUEUE_NAME
from ariroute.journal.settings import JournalSettings
from ariroute.lookups.calendar import CalendarSettings, as_calendar
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.notify import NotifySettings
from ariroute.values import Duration, Settings

LOOPBACK = re.compile(r"(127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|localhost):(\d{1,5})", re.ASCII)


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


def loopback(address: str) -> str:
    """``address`` if the admin API may listen there: HOST:PORT of the machine itself. Raises ValueError."""
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


def _version(value: object) -> object:
    if value is True:  # equal to 1 in Python
        raise ValueError("must be 1")
    return value


def _guard(value: float) -> float:
    if not 2 <= value <= 60:
        raise ValueError("the guard lies between 2s and 60s")
    return value


class PbxSettings(Settings):
    """One Asterisk: its ARI, and its AMI where queue figures are wanted."""

    ari: AriSettings = Field(description="Over ARI calls are taken and handed to their queue.")
    ami: AmiSettings | None = Field(
        default=None, description="Over AMI queues and the Asterisk database are read; calls are routed without it too."
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
    min_agents: Annotated[int, Field(ge=0, le=MOST_AGENTS)] = Field(
        default=0, description="So many agents serve it even without a call."
    )
    max_agents: Annotated[int, Field(ge=1, le=MOST_AGENTS)] | None = Field(
        default=None, description="Never more agents than these."
    )
    reserve: ReserveSettings | None = Field(
        default=None, description="Agents of other queues who help while this one does badly."
    )
    lend: LendSettings | None = Field(
        default=None, description="When it lends its agents; without it, whenever it does not need them."
    )
    spare: Annotated[int, Field(ge=0, le=MOST_AGENTS)] = Field(
        default=2, description="Without lend: it keeps agents for so many calls more, if it needed them of late."
    )
    wrap_up: WrapUp | None = Field(
        default=None, description="The wrapuptime that queues.conf gives it; nobody is moved meanwhile."
    )


class HoursEntry(Settings):
    """Opening hours: ranges of time by day and by date, holidays on which it is closed all day, a calendar."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[
        str,
        Annotated[str, Field(description="Ranges of time, or closed.", examples=["08:00-12:00,13:00-17:00", "closed"])],
    ]

    holidays: Annotated[
        list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str]), Field(min_length=1)
    ] = Field(
        default_factory=list, description="A country (SE, DE-BY) whose public holidays count, or quoted dates, or both."
    )
    timezone: Annotated[str, AfterValidator(_timezone)] | None = Field(
        default=None, description="The time zone of these hours; without it that of the file."
    )
    calendar: (
        Annotated[CalendarSettings, BeforeValidator(as_calendar, json_schema_input_type=str | CalendarSettings)] | None
    ) = Field(default=None, description="An iCalendar file or URL whose events close, or open when they say so.")


class CallTrigger(Settings):
    """Calls start the flow."""

    to: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]],
        BeforeValidator(as_list, json_schema_input_type=str | list[str]),
        Field(min_length=1),
    ] = Field(default_factory=list, description="Numbers (quoted) or extensions that were dialled; without it, any.")


class TriggerSettings(Settings):
    """What starts a flow."""

    call: CallTrigger = Field(description="A call; {} for every call that no other flow names.")


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
    admin: Annotated[str, AfterValidator(loopback)] = Field(
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

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="The version of this format.")
    include: (
        Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str]), Field(min_length=1)]
        | None
    ) = Field(default=None, description="More files with parts of this configuration; relative to this file.")
    base: str | None = Field(
        default=None, description="Makes this file a site: it changes single values of the configuration named here."
    )
    region: Annotated[str, AfterValidator(_region)] = Field(
        default="", description="Country (ISO 3166) that local numbers belong to; without it only +46... is understood."
    )
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        default="UTC", description="Time zone of opening hours and of now in conditions; required with hours."
    )
    asterisk: dict[Name, PbxSettings] = Field(
        default_factory=dict, json_schema_extra=keys(NAME.pattern), description="The Asterisk servers, by a name."
    )
    lookups: dict[Identifier, LookupEntry] = Field(
        default_factory=dict, json_schema_extra=keys(IDENTIFIER.pattern), description="Where facts come from, by name."
    )
    notify: dict[Identifier, NotifySettings] = Field(
        default_factory=dict,
        json_schema_extra=keys(IDENTIFIER.pattern),
        description="Whom the step notify tells of a decision, by name.",
    )
    hours: dict[Name, HoursEntry] = Field(
        default_factory=dict, json_schema_extra=keys(NAME.pattern), description="Opening hours, by name."
    )
    queues: Annotated[dict[QueueKey, QueueSettings], Field(min_length=1)] = Field(
        json_schema_extra=keys(QUEUE_NAME.pattern),
        description="The queues, highest tier first, by their name in queues.conf.",
    )
    endpoints: dict[Name, EndpointText] = Field(
        default_factory=dict, json_schema_extra=keys(NAME.pattern), description="Whom dial may ring, by name."
    )
    agents: dict[Name, Agent] = Field(
        default_factory=dict, json_schema_extra=keys(NAME.pattern), description="The agents' telephones, by name."
    )
    flows: Annotated[dict[Name, FlowSettings], Field(min_length=1)] = Field(
        json_schema_extra=keys(NAME.pattern), description="The flows, by name."
    )
    staffing: StaffingSettings | None = Field(
        default=None, description="Whether and how agents are moved between queues; without it nobody is."
    )
    speech: SpeechSettings | None = Field(default=None, description="Text-to-speech, for what a flow says.")
    journal: JournalSettings | None = Field(
        default=None, description="The record of every decision; without it none is kept."
    )
    daemon: DaemonSettings = Field(default_factory=DaemonSettings, description="The daemon itself.")
    tests: list[dict[str, Any]] = Field(
        default_factory=list, description="Cases for `ariroute test`; nothing of them decides."
    )
