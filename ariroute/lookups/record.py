"""From what a source sent to the declared fields: types checked, text cleaned, everything else dropped."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, FieldType, Scalar

TEXT_LIMIT = 1024


def checked(raw: Mapping[str, Any], fields: Mapping[str, FieldType]) -> dict[str, Scalar]:
    """The declared fields of ``raw`` that hold a value. Raises LookupFailed (wrong_type).

    Nothing is converted but whole numbers to floats: the text ``"12"`` is no number and 1 is not ``true``.
    Null and absent fields are left out, which means empty.
    """
    return {name: typed(name, kind, raw[name]) for name, kind in fields.items() if raw.get(name) is not None}


def typed(name: str, kind: FieldType, value: object) -> Scalar:
    """``value`` if it is of this type. Raises LookupFailed (wrong_type)."""
    match kind:
        case "string" if isinstance(value, str):
            return clean(value)
        case "bool" if isinstance(value, bool):
            return value
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return finite(name, value)
    raise LookupFailed(Failure.WRONG_TYPE, f"{name} is declared as {kind} and holds {described(value)}")


def finite(name: str, value: float) -> float:
    """``value`` as a float. Raises LookupFailed: infinite, not a number, or a whole number above 1.8e308."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise LookupFailed(Failure.WRONG_TYPE, f"{name} holds a number that is not finite")
    return number


def clean(text: str) -> str:
    """``text`` without control, format (bidirectional overrides) and surrogate characters, 1024 at most."""
    text = text[:TEXT_LIMIT]
    return text if text.isprintable() else "".join(c for c in text if unicodedata.category(c)[0] != "C")


def described(value: object) -> str:
    """The type of ``value`` in JSON's words; the value itself stays out, as it may be personal."""
    match value:
        case bool():
            return "a bool"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
    return f"a {type(value).__name__}"
