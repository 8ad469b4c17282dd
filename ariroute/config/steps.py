"""The grammar of steps: a step is a mapping with exactly one key.

A way has exactly one of ``queue``, ``goto``, ``hangup``, ``voicemail`` and ``then``; a case of a branch is a way with
exactly one condition (``when``, ``match`` or ``else``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from ariroute.config import ring_steps, talk_steps
from ariroute.config.ring_steps import Dial, LabelStep, RingAgent, Voicemail
from ariroute.config.shapes import (
    IDENTIFIER,
    Cel,
    Identifier,
    Name,
    Priority,
    QueueName,
    Scalar,
    Value,
    as_list,
    exactly_one,
    keys,
    scalars,
)
from ariroute.config.talk_steps import CollectStep, ConsentStep, MenuStep, PlayStep, Prompt, as_play, spoken
from ariroute.values import Settings


def _no_value(value: object) -> object:
    if value is not None:
        raise ValueError("'else:' itself has no value: write queue:, goto:, hangup: or then: on the line below it")
    return value


def _as_queue(value: object) -> object:
    return value if isinstance(value, dict | QueueStep) else {"name": value}


class QueueStep(Settings):
    """A queue, with a queue priority of its own here."""

    name: QueueName = Field(description="A queue listed under queues.")
    priority: Priority | None = Field(default=None, description="Instead of the queue's own.")


QueueTarget = Annotated[QueueStep, BeforeValidator(_as_queue, json_schema_input_type=QueueName | QueueStep)]
Cause = Annotated[int, Field(ge=1, le=127)]
OUTCOMES = ("queue", "goto", "hangup", "voicemail", "then")
CONDITIONS = ("when", "match", "else")
ONE_OUTCOME: dict[str, Any] = {"oneOf": [{"required": [key]} for key in OUTCOMES]}


class Way(Settings):
    """Where a step leads."""

    WHAT: ClassVar[str] = "a way"
    model_config = ConfigDict(json_schema_extra=ONE_OUTCOME)

    then: list[Step] | None = Field(default=None, description="Steps; after them the flow goes on behind the step.")
    queue: QueueTarget | None = Field(default=None, description="Short for then: with this one step.")
    goto: Name | None = Field(default=None, description="Short for then: with this one step.")
    hangup: Cause | None = Field(default=None, description="Short for then: with this one step.")
    voicemail: Voicemail | None = Field(default=None, description="Short for then: with this one step.")

    @model_validator(mode="after")
    def _one_outcome(self) -> Way:
        exactly_one(self, OUTCOMES, self.WHAT)
        return self


class Case(Way):
    """One case of a branch: a condition and where contacts go that meet it."""

    WHAT: ClassVar[str] = "a case"
    model_config = ConfigDict(
        json_schema_extra={"allOf": [{"oneOf": [{"required": [key]} for key in CONDITIONS]}, ONE_OUTCOME]}
    )

    when: Cel | None = Field(default=None, description="A condition in CEL, true or false.")
    match: (
        Annotated[
            dict[str, Annotated[Any, BeforeValidator(scalars, json_schema_input_type=Scalar | list[Scalar])]],
            Field(min_length=1),
        ]
        | None
    ) = Field(default=None, description="Fields and the value, or list of values, each must have; no code.")
    otherwise: Annotated[None, BeforeValidator(_no_value)] = Field(
        default=None, alias="else", description="Everybody else; the last case only."
    )

    @model_validator(mode="after")
    def _one_condition(self) -> Case:
        exactly_one(self, CONDITIONS, self.WHAT)
        return self


class LookupWays(Settings):
    """Where one lookup leads that did not find; without a way the flow goes on."""

    on_missing: Way | None = Field(default=None, description="The source has no record.")
    on_error: Way | None = Field(default=None, description="It failed, in whatever way.")
    on_timeout: Way | None = Field(default=None, description="It did not answer in time; instead of on_error.")


class ArmSettings(Way):
    """One arm of a split."""

    WHAT: ClassVar[str] = "an arm of a split"

    percent: Annotated[float, Field(gt=0, le=100)] = Field(description="So many of a hundred callers.")


class SplitStep(Settings):
    """Divides callers by percentages; each stays in their arm."""

    name: Name = Field(description="Another name divides the callers anew.")
    ways: Annotated[list[ArmSettings], Field(min_length=1)] = Field(
        description="The arms; who is left over goes on behind the step."
    )

    @model_validator(mode="after")
    def _a_hundred_at_most(self) -> SplitStep:
        total = sum(arm.percent for arm in self.ways)
        if total > 100 + 1e-9:
            raise ValueError(f"the arms have {total:.12g} percent in all: 100 at most")
        return self


class HoursStep(Settings):
    """Asks opening hours."""

    calendar: Name = Field(description="Opening hours listed under hours.")
    open: Way | None = Field(default=None, description="Where it leads while they are open.")
    closed: Way | None = Field(default=None, description="Where it leads while they are closed.")
    holiday: Way | None = Field(default=None, description="Where it leads on holidays; instead of closed.")


def _names_or_ways(value: object) -> str:
    return "[ways]" if isinstance(value, dict) else "[names]"


def _as_names(value: object) -> object:
    return value if isinstance(value, dict) else as_list(value)


LookupStep = Annotated[
    Annotated[
        Annotated[list[Identifier], Field(min_length=1), Tag("[names]")]
        | Annotated[dict[Identifier, LookupWays], Field(min_length=1), Tag("[ways]")],
        Discriminator(_names_or_ways),
    ],
    BeforeValidator(
        _as_names,
        json_schema_input_type=str
        | Annotated[list[str], Field(min_length=1)]
        | Annotated[dict[str, LookupWays], Field(min_length=1)],
    ),
]
"""Names, or names with ways; the tags are no keys of the file and stay out of messages."""


STEPS = (
    *("lookup", "branch", "set", "split", "hours", "answer", "play", "say", "menu", "collect", "consent", "dial"),
    *("agent", "voicemail", "label", "notify", "note", "queue", "goto", "hangup"),
)
"""Every step by the key that makes it one."""


class Step(Settings):
    """One step of a flow."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    queue: QueueTarget | None = Field(default=None, description="Into this queue; the end.")
    goto: Name | None = Field(default=None, description="Go on in another flow.")
    hangup: Cause | None = Field(
        default=None, description="Hang up with this cause of Q.850 (16 normal, 17 busy); the end."
    )
    voicemail: Voicemail | None = Field(default=None, description="Into this mailbox; the end.")
    lookup: LookupStep | None = Field(default=None, description="Ask this lookup, or several together.")
    branch: Annotated[list[Case], Field(min_length=1)] | None = Field(
        default=None, description="The first case whose condition is true is taken."
    )
    set: dict[Identifier, Value] | None = Field(
        default=None, json_schema_extra=keys(IDENTIFIER.pattern), description="Flow variables and their values."
    )
    split: SplitStep | None = Field(default=None, description="Divide callers by percentages.")
    hours: HoursStep | None = Field(default=None, description="Ask opening hours.")
    answer: Literal[True] | None = Field(default=None, description="Answer the call.")
    play: Annotated[PlayStep, BeforeValidator(as_play, json_schema_input_type=Prompt | PlayStep)] | None = Field(
        default=None, description="Play a prompt."
    )
    say: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(spoken)] | None = Field(
        default=None, description="Speak a text; {crm.name} and the like are filled in."
    )
    menu: MenuStep | None = Field(default=None, description="One key chooses the way.")
    collect: CollectStep | None = Field(default=None, description="Take digits into a variable.")
    consent: ConsentStep | None = Field(default=None, description="Ask yes or no into a variable.")
    dial: Dial | None = Field(default=None, description="Ring an endpoint; answered, it is the end.")
    agent: RingAgent | None = Field(default=None, description="Ring an agent; answered, it is the end.")
    label: LabelStep | None = Field(default=None, description="What the agent sees of the call.")
    notify: (
        Annotated[
            list[Identifier], BeforeValidator(as_list, json_schema_input_type=str | list[str]), Field(min_length=1)
        ]
        | None
    ) = Field(default=None, description="Send this notice, or several, after the decision.")
    note: Value = Field(default=None, description="A line in the trace.")

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        exactly_one(self, STEPS, "a step")
        return self


def every_step(steps: Iterable[Step]) -> Iterator[Step]:
    """``steps`` and all steps on their ways, in the file's order."""
    for step in steps:
        yield step
        for way in _ways(step):
            yield from every_step(way.then or ())


def _ways(value: object) -> Iterator[Way]:
    """The ways directly within ``value``, wherever they stand in it."""
    if isinstance(value, Way):
        yield value
        return
    parts: Iterable[object] = ()
    if isinstance(value, Settings):
        parts = (getattr(value, name) for name in value.model_fields_set)
    elif isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
    for part in parts:
        yield from _ways(part)


def sets(step: Step) -> Iterable[str]:
    """The flow variables that ``step`` gives a value."""
    asks = step.collect or step.consent
    return (asks.into,) if asks else step.set or ()


for _model in (  # the step first: the others take what is built of it
    *(Step, Way, Case, LookupWays, ArmSettings, SplitStep, HoursStep),
    *(talk_steps.MenuStep, talk_steps.CollectStep, ring_steps.RingSettings, ring_steps.DialStep, ring_steps.AgentStep),
):
    _model.model_rebuild(_types_namespace={"Way": Way, "Step": Step})
