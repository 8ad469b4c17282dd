"""The values of a ``match:``, against the types of the fields they are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ariroute.config.model import FileSettings
from ariroute.config.near import suggestion
from ariroute.flow.conditions import CONTACT_RECORDS
from ariroute.flow.literals import CHOICES
from ariroute.flow.match import COMPARISON

OUTCOMES = CHOICES["outcome"]


def field_types(settings: FileSettings) -> Mapping[str, str]:
    """The type of every fact whose type is known, by its name in conditions."""
    types: dict[str, str] = {f"{record}.{key}": "string" for record, keys in CONTACT_RECORDS.items() for key in keys}
    for name, entry in settings.lookups.items():
        types[f"outcome.{name}"] = "outcome"
        types |= {f"{name}.{key}": kind for key, kind in entry.fields.items()}
    return types


def mistyped(value: Any, kind: str) -> str:
    """What is wrong with comparing a fact of type ``kind`` with ``value``; empty when nothing is."""
    if value is None:
        return ""
    if kind == "bool":
        return "" if isinstance(value, bool) else "is true or false: write it so, without quotes"
    if kind == "number":
        good = isinstance(value, int | float) and not isinstance(value, bool)
        good = good or (isinstance(value, str) and bool(COMPARISON.fullmatch(value.strip())))
        return "" if good else 'is a number: write one without quotes, or a comparison such as ">= 10"'
    if not isinstance(value, str):
        return "is a text: put the value in quotes"
    if kind == "outcome" and value.removeprefix("!=").strip() not in OUTCOMES:
        return f"is one of {', '.join(OUTCOMES)}{suggestion(value, OUTCOMES)}"
    return ""
