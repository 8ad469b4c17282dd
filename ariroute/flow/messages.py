"""What the CEL compiler says about a mistake, in the words of this project, on the word that is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

from ariroute.errors import ExpressionError

_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '(.*)' \(in container")
_FIELD = re.compile(r"undefined field '(.*)' not found in struct 'record\.(.*)'")
_OVERLOAD = re.compile(r"found no matching overload for '(.*)' applied to '\((.*)\)'")
_SELECT = re.compile(r"expression of type '(.*)' cannot be the operand of a select operation")
_EXPECTING = re.compile(r"expecting (\{.*\}|'.*'|<EOF>)$")
_TOKEN = re.compile(r"token recognition error at: '(.*)")
_LAST_WORD = re.compile(r"\b(\w+)\s*$", re.ASCII)
_WORD = re.compile(r"\w+", re.ASCII)

_TYPES = {
    "wrapper(string)": "text",
    "string": "text",
    "int": "a whole number",
    "uint": "an unsigned number",
    "double": "a number with fraction",
    "dyn": "any value",
    "bool": "true/false",
    "wrapper(bool)": "true/false",
    "timestamp": "a time",
    "duration": "a duration",
    "bytes": "bytes",
    "null": "null",
}

_OTHER_LANGUAGES = {
    "and": "&&",
    "AND": "&&",
    "or": "||",
    "OR": "||",
    "not": "!",
    "NOT": "!",
    "is": "==",
    "True": "true",
    "TRUE": "true",
    "False": "false",
    "FALSE": "false",
    "None": "null",
    "nil": "null",
}
"""What people write out of habit, and what CEL calls it."""


class Vocabulary:
    """The words that may stand in an expression, for ``did you mean``."""

    def __init__(self, fields: Mapping[str, Collection[str]], functions: Collection[str]) -> None:
        self.fields = fields
        self.words = [*fields, "now", "arguments", "true", "false", "null", *functions, *_STANDARD]

    def suggest(self, word: str, among: Collection[str]) -> str:
        if word in _OTHER_LANGUAGES:
            return _OTHER_LANGUAGES[word]
        lowered = {candidate.lower(): candidate for candidate in reversed(list(among))}
        close = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
        return lowered[close[0]] if close else ""


_STANDARD = (
    "has",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
    "size",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "int",
    "double",
    "string",
    "bool",
    "timestamp",
    "duration",
    "getHours",
    "getMinutes",
    "getDayOfWeek",
    "getDayOfMonth",
    "getMonth",
    "getFullYear",
    "getDate",
)


def explain(text: str, complaint: str, vocabulary: Vocabulary) -> ExpressionError:
    """The first mistake that ``complaint`` (the compiler's text) reports, as our error."""
    found = _PLACE.search(complaint)
    if not found:
        return ExpressionError(text, 1, 1, _whole(complaint))
    line, column, said = int(found[1]), int(found[2]), found[3].removesuffix(" [INVALID_ARGUMENT]")
    said = said.removeprefix("Syntax error: ")
    if match := _UNDECLARED.match(said):
        return _undeclared(text, line, column, match[1], vocabulary)
    if match := _FIELD.match(said):
        field, record = match.groups()
        suggestion = vocabulary.suggest(field, vocabulary.fields.get(record, ()))
        column = _after(text, line, column, field)
        return ExpressionError(text, line, column, f"{record} has no field '{field}'", suggestion)
    if match := _OVERLOAD.match(said):
        return ExpressionError(text, line, column, _mismatch(match[1], match[2]))
    if match := _SELECT.match(said):
        return ExpressionError(text, line, column, f"{_type(match[1])} has no fields")
    return _syntax(text, line, column, said)


def _whole(complaint: str) -> str:
    if "recursion" in complaint:
        return "nested too deep: split it into several conditions"
    if "size exceeds" in complaint:
        return "too long: split it into several conditions"
    return complaint.splitlines()[0] if complaint else "not an expression"


def _undeclared(text: str, line: int, column: int, name: str, vocabulary: Vocabulary) -> ExpressionError:
    root, _, rest = name.partition(".")
    column = _before(text, line, column, root)
    if root in vocabulary.fields and rest:
        return ExpressionError(text, line, column, f"there is no '{name}'")
    return ExpressionError(text, line, column, f"there is no '{root}'", vocabulary.suggest(root, vocabulary.words))


def _mismatch(function: str, arguments: str) -> str:
    types = [_type(part) for part in _split(arguments)]
    operator = function.replace("_?_:_", "? :").strip("_[]").strip("@").replace("_", "")
    if function == "_[_]":
        return f"{types[0]} cannot be read with [ ]: write name.field"
    if function == "!_":
        return f"! needs true/false, not {types[0]}"
    if function == "_?_:_":
        return f"? : needs true/false and two values of one kind, not {', '.join(types)}"
    if function.startswith(("_", "@")):
        remedy = ": write the whole number as 1.0" if sorted(_split(arguments)) == ["double", "int"] else ""
        return f"{operator} does not work on {' and '.join(types)}{remedy}"
    return f"{function}() does not take {', '.join(types) if types else 'no value'}"


def _split(arguments: str) -> list[str]:
    """Parts between the commas outside brackets: ``list(dyn), map(string, dyn)`` has two."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(arguments):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(arguments[start:index])
            start = index + 1
    return [part.strip() for part in (*parts, arguments[start:]) if part.strip()]


def _type(name: str) -> str:
    if name.startswith("list("):
        return "a list"
    if name.startswith("map("):
        return "a map"
    return _TYPES.get(name, f"record {name.removeprefix('record.')}" if name.startswith("record.") else name)


def _syntax(text: str, line: int, column: int, said: str) -> ExpressionError:
    lines = text.split("\n")
    rest = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    word = _WORD.match(rest)
    if word and word[0] in _OTHER_LANGUAGES:
        return ExpressionError(text, line, column, f"'{word[0]}' is not CEL", _OTHER_LANGUAGES[word[0]])
    before = _LAST_WORD.search(lines[line - 1][: column - 1] if line <= len(lines) else "")
    if before and before[1] in _OTHER_LANGUAGES:  # `not crm.vip`: CEL stumbles over what follows
        meant = _OTHER_LANGUAGES[before[1]]
        return ExpressionError(text, line, before.start() + 1, f"'{before[1]}' is not CEL", meant)
    if said.startswith("reserved identifier"):
        return ExpressionError(text, line, column, f"'{word[0] if word else rest}' is a reserved word of CEL")
    if _TOKEN.match(said):
        if rest.startswith("="):
            return ExpressionError(text, line, column, "= does not compare", "==")
        if rest.startswith(('"', "'", 'r"', "r'", 'b"')):
            return ExpressionError(text, line, column, "this text has no closing quote, or a wrong \\ in it")
        return ExpressionError(text, line, column, f"{rest[:1]!r} cannot stand here")
    if not rest.strip():
        expected = _EXPECTING.search(said)
        wanted = expected[1].strip("{}") if expected and len(expected[1]) <= 20 else "a value"
        return ExpressionError(text, line, column, f"the expression ends where {wanted} is expected")
    return ExpressionError(text, line, column, f"'{word[0] if word else rest[0]}' cannot stand here")


def _before(text: str, line: int, column: int, word: str) -> int:
    """Column of the last ``word`` that begins at or before ``column``: CEL points at the dot or the bracket."""
    source = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    starts = [match.start() + 1 for match in re.finditer(rf"\b{re.escape(word)}\b", source)]
    return max((start for start in starts if start <= column), default=column)


def _after(text: str, line: int, column: int, word: str) -> int:
    """Column of the first ``word`` at or after ``column``: CEL points at the dot before a field."""
    source = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    found = re.compile(rf"\b{re.escape(word)}\b").search(source, column - 1)
    return found.start() + 1 if found else column
