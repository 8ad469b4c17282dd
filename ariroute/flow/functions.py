"""The functions that ariroute adds to CEL, each with the line that documents it (docs/flow-language.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cel_expr_python import cel

from ariroute.flow.hours import Hours
from ariroute.flow.numbers import dialable, e164

FUNCTIONS: Mapping[str, str] = {
    "open": 'open("office") is true while the hours called office are open; open("office", time) at another time',
    "e164": "e164(text) is the number in international form, read in the file's region; empty if it is none",
    "prefix": 'prefix(text, ["+46", "+47"]) is true when the text begins with one of these',
    "coalesce": "coalesce(a, b, …) is the first of its values that is known and not empty",
}
"""Function name to one sentence for people."""

COALESCE_LIMIT = 8
"""coalesce() takes so many values, and one expression so many coalesce()."""

OPEN_NOW, OPEN_AT = "open_now", "open_at"

_TEXT = cel.Type("google.protobuf.StringValue")
_TRUTH = cel.Type("google.protobuf.BoolValue")


def declare(hours: Mapping[str, Hours], region: str) -> list[cel.FunctionDecl]:
    """The declarations, with ``hours`` and ``region`` bound in."""

    def is_open(name: str, at: datetime) -> bool:
        return hours[name].is_open(at)

    def international(text: str) -> str:
        return e164(dialable(text), region)

    def begins(text: str, prefixes: list[str]) -> bool:
        return text.startswith(tuple(prefixes))

    kind = cel.Type
    return [
        cel.FunctionDecl(
            "open",
            [
                # Called never: the language puts `now` in as the second argument.
                cel.Overload(OPEN_NOW, kind.BOOL, [kind.STRING], impl=lambda name: None),
                cel.Overload(OPEN_AT, kind.BOOL, [kind.STRING, kind.TIMESTAMP], impl=is_open),
            ],
        ),
        cel.FunctionDecl("e164", [cel.Overload("e164", kind.STRING, [kind.STRING], impl=international)]),
        cel.FunctionDecl(
            "prefix", [cel.Overload("prefix", kind.BOOL, [kind.STRING, kind.List(kind.STRING)], impl=begins)]
        ),
        cel.FunctionDecl("coalesce", _coalesce_overloads()),
    ]


def _coalesce_overloads() -> list[cel.Overload]:
    """For the type checker only: text with text, truth with truth, numbers with numbers.

    The calls themselves are taken out of the tree: a function of CEL never sees an unknown argument.
    """
    kinds = (
        ("text", _TEXT, _TEXT),
        ("truth", _TRUTH, _TRUTH),
        ("whole", cel.Type.INT, cel.Type.DYN),
        ("fraction", cel.Type.DOUBLE, cel.Type.DYN),
    )
    return [
        cel.Overload(f"coalesce_{word}_{count}", result, [kind] * count, impl=lambda *values: None)
        for count in range(1, COALESCE_LIMIT + 1)
        for word, kind, result in kinds
    ]
