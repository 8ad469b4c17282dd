"""The functions that ariroute adds to CEL, each with the line that documents it (docs/conditions.md).

CEL knows them for its type check only and never calls them. They are taken out of the expression and worked out
first, for two reasons: a function of CEL never sees an unknown argument, which coalesce() lives on; and the binding
(cel-expr-python 0.1.3) keeps one reference for ever to each argument that it gives to a Python function, which
would be some 100 bytes for each call of each function in each condition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cel_expr_python import cel

from ariroute.flow.numbers import dialable, e164

FUNCTIONS: Mapping[str, str] = {
    "open": 'open("office") is true while the hours called office are open; open("office", time) at another time',
    "e164": "e164(text) is the number in international form, read in the file's region; empty if it is none",
    "prefix": 'prefix(text, ["+46", "+47"]) is true when the text begins with one of these',
    "coalesce": "coalesce(a, b, …) is the first of its values that is known and not empty",
}
"""Function name to one sentence for people."""

COALESCE_LIMIT = 8
"""coalesce() takes so many values."""

CALL_LIMIT = 20
"""One expression calls so many of these functions."""

Function = Callable[..., Any]


def implementations(region: str) -> dict[str, Function]:
    """Name to function, with ``region`` bound in.

    coalesce() is not one, for it sees unknown values, and open() is not, for it asks the run what calendars say.
    """

    def international(text: str) -> str:
        return e164(dialable(text), region)

    def begins(text: str, prefixes: list[str]) -> bool:
        return text.startswith(tuple(prefixes))

    return {"e164": international, "prefix": begins}


def declarations() -> list[cel.FunctionDecl]:
    """What the type checker is to know of them."""
    text, time, truth = cel.Type.STRING, cel.Type.TIMESTAMP, cel.Type.BOOL
    maybe_text, maybe_truth = cel.Type("google.protobuf.StringValue"), cel.Type("google.protobuf.BoolValue")
    coalesce = []
    for count in range(1, COALESCE_LIMIT + 1):
        coalesce += [
            _overload(f"coalesce_text_{count}", maybe_text, [maybe_text] * count),
            _overload(f"coalesce_truth_{count}", maybe_truth, [maybe_truth] * count),
            _overload(f"coalesce_whole_{count}", cel.Type.DYN, [cel.Type.INT] * count),
            _overload(f"coalesce_fraction_{count}", cel.Type.DYN, [cel.Type.DOUBLE] * count),
        ]
    return [
        cel.FunctionDecl("open", [_overload("open_now", truth, [text]), _overload("open_at", truth, [text, time])]),
        cel.FunctionDecl("e164", [_overload("e164", text, [text])]),
        cel.FunctionDecl("prefix", [_overload("prefix", truth, [text, cel.Type.List(text)])]),
        cel.FunctionDecl("coalesce", coalesce),
    ]


def _overload(name: str, result: cel.Type, parameters: list[cel.Type]) -> cel.Overload:
    return cel.Overload(name, result, parameters, impl=_never_called)


def _never_called(*values: object) -> None:
    raise AssertionError("a call was left in the expression")
