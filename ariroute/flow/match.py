"""The no-code form of a condition, as the visual editor writes it, turned into CEL text.

``{crm.loyalty: [gold, platinum], crm.orders: ">= 10", open: office}`` becomes
``crm.loyalty in ["gold", "platinum"] && crm.orders >= 10 && open("office")``: every line must hold.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

from ariroute.errors import ExpressionError
from ariroute.flow.facts import Scalar

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", re.ASCII)
_COMPARISON = re.compile(r"(>=|<=|>|<|!=|==)\s*(-?\d+(?:\.\d+)?)", re.ASCII)
_DIFFERENT = re.compile(r"!=\s*(.+)", re.DOTALL)


def render_match(fields: Mapping[str, Scalar | list[Scalar]]) -> str:
    """``fields`` as CEL. Raises ExpressionError for what cannot be written; the result is not compiled here."""
    if not fields:
        raise ExpressionError("", 1, 1, "match names nothing to compare: write at least one field and its value")
    return " && ".join(_line(name, wanted) for name, wanted in fields.items())


def _line(name: str, wanted: Scalar | list[Scalar]) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ExpressionError(str(name), 1, 1, f"'{name}' is not the name of a fact, such as crm.loyalty")
    if name == "open":
        return _open(wanted if isinstance(wanted, list) else [wanted])
    if not isinstance(wanted, list):
        return _one(name, wanted)
    if not wanted:
        raise ExpressionError(name, 1, 1, f"{name}: the list is empty, so nothing could match")
    known = [value for value in wanted if value is not None]
    parts = [f"{name} in [{', '.join(map(render, known))}]"] if known else []
    if None in wanted:
        parts.append(f"{name} == null")
    return parts[0] if len(parts) == 1 else f"({' || '.join(parts)})"


def _one(name: str, wanted: Scalar) -> str:
    if isinstance(wanted, str):
        if compared := _COMPARISON.fullmatch(wanted.strip()):
            return f"{name} {compared[1]} {compared[2]}"
        if different := _DIFFERENT.fullmatch(wanted):
            return f"{name} != {render(different[1])}"
    return f"{name} == {render(wanted)}"


def _open(names: list[Scalar]) -> str:
    asked = [f"open({render(name)})" for name in names]
    return asked[0] if len(asked) == 1 else f"({' || '.join(asked)})"


def render(value: Scalar) -> str:
    """``value`` as a CEL literal. Raises ExpressionError for infinity, not-a-number and what is no scalar."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ExpressionError(str(value), 1, 1, f"{value!r} cannot be used here: give text, a number, true or false")
    if float(value).is_integer() and abs(value) < 2**53:
        return str(int(value))
    return repr(float(value))


def _quoted(text: str) -> str:
    """``text`` in double quotes. JSON's escapes are CEL's too, but for ``\\u`` pairs above U+FFFF: not made here."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
