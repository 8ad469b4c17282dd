"""The grammar of test files, as pydantic models: keys, types, defaults; :mod:`ariroute.cases.build` checks the names.

The cases under ``tests:`` of a flow file have the same grammar.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from ariroute.config.near import suggestion
from ariroute.config.ring_steps import Box
from ariroute.config.shapes import (
    Identifier,
    Name,
    Priority,
    QueueKey,
    QueueName,
    Scalar,
    as_list,
    exactly_one,
    given_keys,
    scalar,
)
from ariroute.flow.digits import KEYS
from ariroute.flow.facts import Failure
from ariroute.flow.wants import RingOutcome
from ariroute.values import Duration, Settings, seconds

MISSING = "missing"
ANSWERED = "answered"
BAD_JSON = "bad_json"
ANSWERS = ("found", "body", "status", "error", "missing")
ENDS = ("queue", "hangup", "voicemail", "dial")
REASONS = (*map(str, Failure), BAD_JSON)

Reason = Literal[
    "timeout",
    "refused",
    "status",
    "too_large",
    "not_json",
    "wrong_type",
    "breaker_open",
    "overloaded",
    "error",
    "bad_json",
]
RingWord = Literal["busy", "no_answer", "failed", "answered"]
assert set(REASONS) == set(Reason.__args__)  # type: ignore[attr-defined]
assert {*map(str, RingOutcome), ANSWERED} == set(RingWord.__args__)  # type: ignore[attr-defined]


def _mock(value: object) -> object:
    """A word alone: that there is no record, or why it fails."""
    if not isinstance(value, str):
        return value
    if value not in (MISSING, *REASONS):
        choice = f": write {MISSING}, why it fails ({', '.join(REASONS)}), or {{found: {{field: value}}}}"
        raise ValueError(f"'{value[:80]}' is no answer{suggestion(value, (MISSING, *REASONS)) or choice}")
    return {"missing": True} if value == MISSING else {"error": value}


def _sound(value: object) -> object:
    return None if value == MISSING else seconds(value)


def _keys(value: object) -> object:
    text = str(value) if type(value) is int else value
    if isinstance(text, str) and not KEYS.issuperset(text):
        raise ValueError(f"'{text[:40]}' cannot be pressed: a telephone has the keys 0 to 9, * and #")
    return text


def _cause(value: object) -> object:
    if value is True:
        return ANY_CAUSE
    if type(value) is not int or not 1 <= value <= 127:
        raise ValueError("must be true, or a cause of Q.850 from 1 to 127, such as 21")
    return value


ANY_CAUSE = 0
Cause = Annotated[
    int,
    BeforeValidator(_cause, json_schema_input_type=Literal[True] | Annotated[int, Field(ge=1, le=127)]),
]
Value = Annotated[Any, BeforeValidator(scalar, json_schema_input_type=Scalar)]
SoundLength = Annotated[float | None, BeforeValidator(_sound, json_schema_input_type=Literal["missing"] | Duration)]
Keys = Annotated[str, BeforeValidator(_keys, json_schema_input_type=str | int)]


class CallSettings(Settings):
    """The call that comes."""

    caller: str = Field(default="", alias="from", description="Who calls; without it, the number is withheld.")
    to: str = Field(default="", description="What was dialled; without it the first that the flow's trigger names.")
    name: str = Field(default="", description="The name that the caller's side shows.")
    pbx: Name | None = Field(default=None, description="The PBX it comes from; without it, the first of the file.")
    arguments: list[str] = Field(default_factory=list, description="What the dialplan's Stasis() adds.")


class MockSettings(Settings):
    """What one lookup answers: exactly one of found, body, status, error and missing; or how long it takes."""

    found: dict[str, Value] | None = Field(default=None, description="It finds a record with these fields.")
    body: JsonValue = Field(
        default=None, description="The JSON that the service answers with, read as the lookup does."
    )
    status: Annotated[int, Field(ge=100, le=599)] | None = Field(
        default=None, description="The service answers with this HTTP status and no record."
    )
    error: Reason | None = Field(default=None, description="It fails, and why; bad_json is an answer that is no JSON.")
    missing: Literal[True] | None = Field(default=None, description="There is no record.")
    takes: Duration = Field(default=0.0, description="How long it takes; beyond the lookup's timeout it times out.")

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if given_keys(self) != {"takes"}:
            exactly_one(self, ANSWERS, "an answer")
        return self


Mock = Annotated[
    MockSettings, BeforeValidator(_mock, json_schema_input_type=Reason | Literal["missing"] | MockSettings)
]


class QueueFigures(Settings):
    """A queue at the time of the call, for lookups of the kind queue."""

    waiting: Annotated[int, Field(ge=0)] = Field(default=0, description="Callers who wait.")
    longest_wait: Duration = Field(default=0.0, description="How long the first of them has waited.")
    agents: Annotated[int, Field(ge=0)] = Field(default=0, description="Agents who are logged in.")
    agents_ready: Annotated[int, Field(ge=0)] = Field(default=0, description="Agents who are free.")
    talk_time: Duration = Field(default=0.0, description="How long calls last, as Asterisk measures it.")


class LabelExpected(Settings):
    """What the agent sees of the call."""

    name_prefix: str | None = Field(default=None, description="What stands before the caller's name.")
    headers: dict[str, str] = Field(default_factory=dict, description="SIP headers, those that are named.")
    variables: dict[str, str] = Field(default_factory=dict, description="Channel variables, those that are named.")


class ExpectSettings(Settings):
    """What must come of it."""

    queue: QueueName | None = Field(default=None, description="The queue where the call ends.")
    priority: Priority | None = Field(default=None, description="The queue priority.")
    hangup: Cause | None = Field(default=None, description="It is hung up: true, or with this cause.")
    voicemail: Box | None = Field(default=None, description="The mailbox where the call ends.")
    greeting: Literal["unavailable", "busy", "none"] | None = Field(default=None, description="What the mailbox says.")
    dial: Name | None = Field(default=None, description="The endpoint or agent who has answered.")
    by_default: bool | None = Field(default=None, description="Whether the flow's default took the call.")
    flow: Name | None = Field(default=None, description="The flow that decided.")
    reason: str | None = Field(default=None, description="A part of the decision's reason.")
    path: Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])] | None = Field(
        default=None, description="Every step that is taken, in order: one more or less fails."
    )
    path_has: Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])] = Field(
        default_factory=list, description="Steps that are taken, in this order; others may be between them."
    )
    vars: dict[str, Value] = Field(default_factory=dict, description="The flow's variables, those that are named.")
    label: LabelExpected = Field(default_factory=LabelExpected, description="What the agent sees.")
    notify: Annotated[list[Name], BeforeValidator(as_list, json_schema_input_type=Name | list[Name])] | None = Field(
        default=None, description="All notices that are sent; [] for none."
    )
    record: bool | None = Field(default=None, description="Whether the caller agreed to be recorded.")
    within: Duration | None = Field(
        default=None, description="The decision is there so long after the call at the latest."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        given = given_keys(self)
        if not any(self._looks_at(name) for name in self.model_fields_set):
            raise ValueError("nothing is expected here: write such as queue: gold")
        ends = [key for key in ENDS if key in given]
        if len(ends) > 1:
            raise ValueError(f"a call ends once: this one has {' and '.join(ends)}")
        if "priority" in given and ends not in ([], ["queue"]):
            raise ValueError(f"only a queue has a priority: this one has {ends[0]}")
        if "greeting" in given and ends != ["voicemail"]:
            raise ValueError("a greeting belongs to a mailbox: write voicemail: too")
        return self

    def _looks_at(self, name: str) -> bool:
        """Whether any decision could fail it: every decision has no variable of none, and a reason with no text."""
        value = getattr(self, name)
        if isinstance(value, LabelExpected):
            return value.name_prefix is not None or bool(value.headers or value.variables)
        return name in ("path", "notify") or value not in ("", [], {})


class MomentExpected(ExpectSettings):
    """What must be so at a moment: the decision, or what the flow waits for."""

    waits_for: str | None = Field(
        default=None,
        description="What goes on then: prompt, keys, answer, a lookup, or the endpoint or agent that rings.",
    )

    @model_validator(mode="after")
    def _waits_or_ends(self) -> Self:
        if "waits_for" in given_keys(self) and len(given_keys(self)) > 1:
            raise ValueError("while the flow waits there is no decision yet: waits_for stands alone")
        return self


class MomentSettings(Settings):
    """One moment of the time line."""

    at: Duration = Field(description="Time since the call came.")
    press: Keys | None = Field(default=None, description="The caller presses these keys.")
    ring: RingWord | None = Field(default=None, description="The ring that goes on ends so.")
    expect: MomentExpected | None = Field(default=None, description="What must be so now.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if given_keys(self) == {"at"}:
            raise ValueError("nothing happens then: write press, ring or expect")
        return self


class CaseSettings(Settings):
    """One case: a call, what its lookups answer, what its caller does, and what is expected."""

    name: Annotated[str, Field(min_length=1, max_length=300)] = Field(description="What the case shows, in a sentence.")
    each: Annotated[list[dict[str, Any]], Field(min_length=1)] | None = Field(
        default=None, description="The case once for each row; {{ name }} stands for the row's value."
    )
    flow: Name | None = Field(default=None, description="The flow; without it the one that is triggered.")
    clock: str | None = Field(default=None, description="When the call comes, in the flow file's time zone.")
    call: CallSettings = Field(default_factory=CallSettings, description="The call.")
    lookups: dict[Identifier, Mock] = Field(default_factory=dict, description="What each lookup answers.")
    queues: dict[QueueKey, QueueFigures] = Field(default_factory=dict, description="How the queues are, for lookups.")
    sounds: dict[str, SoundLength] = Field(
        default_factory=dict, description="How long sound files last, else no time; or missing, which cannot be played."
    )
    press: Annotated[list[Keys], BeforeValidator(as_list, json_schema_input_type=Keys | list[Keys])] = Field(
        default_factory=list, description="What the caller keys in at each question in turn, '' for nothing."
    )
    ring: Annotated[list[RingWord], BeforeValidator(as_list, json_schema_input_type=RingWord | list[RingWord])] = Field(
        default_factory=list, description="How each ring in turn ends; nobody answers when none is left."
    )
    timeline: list[MomentSettings] = Field(default_factory=list, description="What happens, and is so, at what time.")
    expect: ExpectSettings | None = Field(default=None, description="What comes of it in the end.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.expect is None and all(moment.expect is None for moment in self.timeline):
            raise ValueError("nothing is expected: write expect: with such as queue: gold")
        for key in ("press", "ring"):
            if getattr(self, key) and any(getattr(moment, key) is not None for moment in self.timeline):
                raise ValueError(f"{key}: stands beside the time line or in it, not both")
        if any(later.at < earlier.at for earlier, later in zip(self.timeline, self.timeline[1:], strict=False)):
            raise ValueError("the time line goes back: put its moments in their order")
        return self


class HeadSettings(Settings):
    """What the cases of a test file have in common."""

    routes: Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])] = Field(
        default_factory=list,
        description="The flow file or folder, relative to this file; of several each is tested. Else the command's.",
    )
    flow: Name | None = Field(default=None, description="The flow of every case that names none.")
    clock: str | None = Field(default=None, description="When the calls come, unless a case says.")
    call: CallSettings = Field(default_factory=CallSettings, description="What the calls have in common.")
    lookups: dict[Identifier, Mock] = Field(
        default_factory=dict, description="What lookups answer, unless a case says."
    )
    queues: dict[QueueKey, QueueFigures] = Field(
        default_factory=dict, description="How the queues are, unless it says."
    )
    sounds: dict[str, SoundLength] = Field(
        default_factory=dict, description="How long sound files last, unless a case says; or missing."
    )


class FileSettings(HeadSettings):
    """A whole test file."""

    tests: Annotated[list[CaseSettings], Field(min_length=1)] = Field(description="The cases.")
