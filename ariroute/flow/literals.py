"""What a fact can never be: a literal of another type, outside a closed set, or not in the form the fact has.

CEL lets ``crm.orders == "10"`` pass, for a number field has no static type there (see :mod:`ariroute.flow.records`),
and knows nothing of what ``outcome.crm`` or ``caller.e164`` can hold. Such a comparison is decided for ever, so it is
a mistake of whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import get_args

from ariroute.flow.contact import Medium, dialled_party
from ariroute.flow.facts import FieldType, Outcome, Scalar
from ariroute.flow.match import COMPARISON, render
from ariroute.flow.numbers import INTERNATIONAL, dialable, e164

CHOICES: Mapping[str, tuple[str, ...]] = {
    "outcome": tuple(str(outcome) for outcome in Outcome),
    "contact.medium": get_args(Medium),
}
"""The facts that hold one of a few words; ``outcome`` stands for that of every lookup."""


class Literals:
    """The facts of one configuration, and what they may be compared with."""

    def __init__(self, lookups: Mapping[str, Mapping[str, FieldType]], region: str) -> None:
        self._numbers = {
            f"{name}.{field}" for name, fields in lookups.items() for field, kind in fields.items() if kind == "number"
        }
        self._region = region

    def mistyped(self, name: str, value: Scalar) -> tuple[str, str]:
        """Why the fact ``name`` is never of the type of ``value``, and what to write; two empty texts if it can be."""
        if name not in self._numbers or not isinstance(value, (str, bool)):
            return "", ""
        if isinstance(value, bool):
            return f"{name} is a number: it is never true or false", ""
        meant = value.strip() if COMPARISON.fullmatch(f"=={value}") else ""
        return f"{name} is a number: compare it with one, without quotes", meant

    def impossible(self, name: str, value: Scalar) -> tuple[str, str]:
        """Why the fact ``name`` is never equal to ``value``, and what to write; two empty texts when it can be."""
        if not isinstance(value, str):
            return self.mistyped(name, value)
        choices = CHOICES.get(name) or CHOICES.get(name.partition(".")[0], ())
        if choices:
            return ("", "") if value in choices else (f"{name} is one of {', '.join(choices)}", _near(value, choices))
        own = self._own_form(name, value)
        if own is None or own == value:
            return self.mistyped(name, value)
        return f"{name} is never {render(value)}: {_FORMS[name]}", render(own) if own else ""

    def _own_form(self, name: str, text: str) -> str | None:
        """``text`` as the fact ``name`` would hold it; empty when it cannot, None when it may be any text."""
        if name not in _FORMS or not text:
            return None
        if name == "caller.number":
            return dialable(text)
        if name == "dialled.number":
            return dialled_party(text, self._region).number
        return text if INTERNATIONAL.fullmatch(text) else e164(dialable(text), self._region)


_FORMS = {
    "caller.number": "it holds digits, +, * and # alone",
    "dialled.number": "it holds digits, +, * and #, or a word of letters, digits, - and _",
    "caller.e164": "it begins with + and the country's code, without spaces",
    "dialled.e164": "it begins with + and the country's code, without spaces",
}


def _near(word: str, choices: tuple[str, ...]) -> str:
    return next((render(found) for found in get_close_matches(word.lower(), choices, n=1)), "")
