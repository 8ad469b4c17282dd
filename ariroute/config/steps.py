"""The grammar of steps: a step is a mapping with exactly one key.

A case of a branch has exactly one condition (``when``, ``match`` or ``else``) and exactly one way out.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from ariroute.config.shapes import (
    IDENTIFIER,
    Cel,
    Identifier,
    Name,
    Priority,
    QueueName,
    Scalar,
    as_list,
    exactly_one,
    keys,
    scalar,
    scalars,
)
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
    return scalar(value)


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
            dict[str, Annotated[Any, BeforeValidator(scalars, json_schema_input_type=Scalar | list[Scalar])]],
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
        exactly_one(self, CONDITIONS, "a case")
        exactly_one(self, OUTCOMES, "a case")
        return self


class Step(Settings):
    """One step of a flow."""

    KINDS: ClassVar[tuple[str, ...]] = ("lookup", "branch", "set", "queue", "goto", "hangup")
    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    lookup: (
        Annotated[
            list[Identifier], BeforeValidator(as_list, json_schema_input_type=str | list[str]), Field(min_length=1)
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
    ) = Field(default=None, json_schema_extra=keys(IDENTIFIER.pattern), description="Flow variables and their values.")
    queue: QueueTarget | None = Field(default=None, description="Into this queue; the end.")
    goto: Name | None = Field(default=None, description="Go on in another flow.")
    hangup: Cause | None = Field(
        default=None, description="Hang up with this cause of Q.850 (16 normal, 17 busy); the end."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        exactly_one(self, self.KINDS, "a step")
        return self
