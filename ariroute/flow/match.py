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
COMPARISON = re.compile(r"(>=|<=|>|<|!=|==)\s*(-?\d+(?:\.\d+)?)\s*", re.ASCII)
_OPERATOR = re.compile(r"\s*(>=|<=|>|<|!=|==)\s*(.*)", re.DOTALL)


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
    for value in wanted:
        _check_plain(name, value)
    known = [value for value in wanted if value is not None]
    parts = [f"{name} in [{', '.join(map(render, known))}]"] if known else []
    if None in wanted:
        parts.append(f"{name} == null")
    return parts[0] if len(parts) == 1 else f"({' || '.join(parts)})"


def _one(name: str, wanted: Scalar) -> str:
    if not isinstance(wanted, str) or not (operator := _OPERATOR.fullmatch(wanted)):
        return f"{name} == {render(wanted)}"
    if compared := COMPARISON.fullmatch(wanted.strip()):
        return f"{name} {compared[1]} {compared[2]}"
    sign, text = operator.groups()
    if sign != "!=":
        remedy = "for 'is this text' write the text alone" if sign == "==" else "texts are compared with 'when:'"
        raise ExpressionError(name, 1, 1, f"{name}: '{sign}' is followed by a number here; {remedy}")
    if not text or text[0] in "[\"'":
        raise ExpressionError(
            name, 1, 1, f"{name}: '!=' is followed by one text without quotes or brackets; for several use 'when:'"
        )
    return f"{name} != {render(text)}"


def _check_plain(name: str, value: Scalar) -> None:
    """Refuse ``[">= 10"]``: in a list it would be the text itself, and never equal."""
    if isinstance(value, str) and (operator := _OPERATOR.fullmatch(value)):
        raise ExpressionError(
            name, 1, 1, f"{name}: '{operator[1]}' has no place in a list: write it as the only value, or use 'when:'"
        )


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
