"""Paths into an answer: ``data.0.attributes.loyalty``, ``emails[type=work].value``.

A path is names and list numbers between dots; ``[key=value]`` takes the first object of a list whose ``key`` has that
value. Its own small language and not CEL: conditions' CEL is typed by the declared fields, which an answer does not
have, and a path says at load what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, FieldType
from ariroute.lookups.record import described
from ariroute.lookups.table import BOOLS
from ariroute.lookups.template import NUMBER

SEGMENT = r"(?:[^.\[\]\s]+(?:\[[^\[\]=]+=[^\[\]]*\])*|(?:\[[^\[\]=]+=[^\[\]]*\])+)"
PATH_PATTERN = rf"^(\.|{SEGMENT}(\.{SEGMENT})*)?$"
TOKEN = re.compile(r"\[([^\[\]=]+)=([^\[\]]*)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Match:
    """The first object of a list whose ``key`` has this value."""

    key: str
    value: str


Step = str | Match


def steps_of(path: str) -> tuple[Step, ...]:
    """The steps of a path of :data:`PATH_PATTERN`; none for the empty path and for ``.``."""
    return tuple(Match(found[1], found[2]) if found[1] else found[3] for found in TOKEN.finditer(path))


def at(value: Any, path: str, steps: tuple[Step, ...], *, false_is_empty: bool = False) -> Any:
    """What stands at the end of ``steps``; None where nothing does. Raises LookupFailed (not_json).

    A list on the way stands for its first element, unless a number or a match says which.
    """
    here = value
    for step in steps:
        if here is None or (here is False and false_is_empty):
            return None
        if isinstance(step, Match):
            here = _matching(here, step, path)
        elif isinstance(here, list) and step.isdecimal():
            here = here[int(step)] if len(step) < 10 and int(step) < len(here) else None
        else:
            here = _member(here, step, path)
    return None if here is False and false_is_empty else here


def _member(here: Any, name: str, path: str) -> Any:
    holder = first(here)
    if holder is None:
        return None
    if not isinstance(holder, Mapping):
        raise LookupFailed(Failure.NOT_JSON, f"expected an object on the way to {path}, got {described(holder)}")
    return holder.get(name)


def _matching(here: Any, step: Match, path: str) -> Any:
    if not isinstance(here, list):
        raise LookupFailed(Failure.NOT_JSON, f"expected a list on the way to {path}, got {described(here)}")
    return next((item for item in here if isinstance(item, Mapping) and _text(item.get(step.key)) == step.value), None)


def _text(value: Any) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
    return None


def first(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if value else None
    return value


def read_text(value: Any, kind: FieldType) -> Any:
    """A number or a bool that came as text; the empty text is empty. What reads as neither stays and fails as text."""
    if not isinstance(value, str) or kind == "string":
        return value
    if not value.strip():
        return None
    if kind == "bool":
        return BOOLS.get(value.strip().lower(), value)
    return float(value) if NUMBER.fullmatch(value) else value
