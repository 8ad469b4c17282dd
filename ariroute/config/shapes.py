"""The shapes that values of the flow file have: names, one value, one or a list, exactly one key of several."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue

from ariroute.flow.conditions import CONTACT_RECORDS
from ariroute.flow.functions import FUNCTIONS
from ariroute.flow.queues import QUEUE_NAME
from ariroute.lookups.base import RESERVED
from ariroute.values import Settings

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", re.ASCII)
CONDITION_WORDS = frozenset((*CONTACT_RECORDS, *FUNCTIONS, "now", "arguments", "vars", "outcome"))


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


def scalar(value: object) -> object:
    if value is not None and not isinstance(value, str | int | float | bool):
        raise ValueError("must be one value: a text, a number, true or false")
    return value


def scalars(value: object) -> object:
    if isinstance(value, list):
        if not value:
            raise ValueError("the list is empty: write the values that shall match")
        return [scalar(item) for item in value]
    return scalar(value)


def as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


FEW = 8


def exactly_one(settings: Settings, names: tuple[str, ...], what: str) -> None:
    """Raises ValueError unless exactly one of the keys ``names`` was given."""
    there = given_keys(settings)
    given = [name for name in names if name in there]
    if len(given) == 1:
        return
    had = f"this one has {' and '.join(given)}" if given else "this one has none"
    one = "one key" if given and len(names) > FEW else f"one of {', '.join(names)}"
    raise ValueError(f"{what} has exactly {one}: {had}")


def given_keys(settings: Settings) -> set[str]:
    """The keys that stand in the file, by the names they have there."""
    return {type(settings).model_fields[name].alias or name for name in settings.model_fields_set}


def keys(pattern: str) -> dict[str, JsonValue]:
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


class Calculated(Settings):
    """A value that is worked out for each contact."""

    cel: Cel = Field(description="A CEL expression, such as crm.account_manager.")


def _value(value: object) -> object:
    if isinstance(value, Calculated):
        return value
    if isinstance(value, dict):
        return Calculated.model_validate(value)
    if value is None:
        raise ValueError("the value is missing: write a text, a number, true or false, or {cel: expression}")
    return scalar(value)


Value = Annotated[Any, BeforeValidator(_value, json_schema_input_type=str | int | float | bool | Calculated)]
"""A plain value, or one that is worked out for each contact."""
