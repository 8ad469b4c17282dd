"""What the agent is to see of a call, worked out for one contact: clean text alone, and nothing that is not known."""

from __future__ import annotations

from collections.abc import Mapping

from ariroute.flow.conditions import Expression
from ariroute.flow.contact import clean
from ariroute.flow.decision import Label
from ariroute.flow.scope import Scope, Unknown, as_text
from ariroute.flow.steps import SetLabel

PREFIX_LIMIT = 32
"""Characters before a caller's name: telephones show 20 to 40 in all."""

VALUE_LIMIT = 200
"""Characters of a header's or a variable's value."""


def labelled(step: SetLabel, before: Label | None, scope: Scope) -> tuple[Label, str]:
    """The label after ``step``, and why something is not in it; what an earlier step gave stays unless given anew."""
    doubts: list[str] = []
    old = before or Label()
    prefix = old.name_prefix
    if step.name_prefix is not None:
        prefix = _text(step.name_prefix, scope, PREFIX_LIMIT, doubts) or ""
    headers = {**old.headers, **_texts(step.headers, scope, doubts)}
    variables = {**old.variables, **_texts(step.variables, scope, doubts)}
    return Label(prefix, headers, variables), "; ".join(doubts)


def _texts(values: Mapping[str, Expression], scope: Scope, doubts: list[str]) -> dict[str, str]:
    found = {name: _text(value, scope, VALUE_LIMIT, doubts) for name, value in values.items()}
    return {name: text for name, text in found.items() if text is not None}


def _text(value: Expression, scope: Scope, limit: int, doubts: list[str]) -> str | None:
    """None when it cannot be told."""
    known = value.evaluate(scope)
    if isinstance(known, Unknown):
        doubts.append(f"{value.text} left out: {known.reason}")
        return None
    return clean(as_text(known), limit).strip()
