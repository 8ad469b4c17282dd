"""What stand-ins for lookups answer: values that the flow asks about, so that its branches are taken. Pure.

The flow file is read as text here: each fact's name beside a value in a condition makes that value one to answer. One
that is missed costs a branch that no call takes, nothing else.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from ariroute.flow.facts import FieldType, Scalar

MISSING: Final = 0.15
"""The share of callers of whom a lookup has no record."""
EMPTY: Final = 0.1
"""The share of fields that are empty."""

Fields = Mapping[str, Mapping[str, FieldType]]
Candidates = Mapping[str, Sequence[Scalar]]
"""By ``lookup.field``."""

_VALUE = r"""(?:"(?P<double>[^"\\]*)"|'(?P<single>[^'\\]*)'|(?P<number>-?\d+(?:\.\d+)?)|(?P<truth>true|false))"""
_VALUES = re.compile(_VALUE)
_AFTER = re.compile(
    r"\s*(?:==|!=|<=|>=|<|>)\s*(?P<one>\S.*)|\s+in\s+\[(?P<list>[^\]]*)\]|\.\w+\(\s*(?P<given>\S.*)", re.DOTALL
)
_BEFORE = re.compile(rf"{_VALUE}\s*(?:==|!=|<=|>=|<|>)\s*$")
_COMPARED = re.compile(r"\s*(?:==|!=|<=|>=|<|>)\s*(.*)", re.DOTALL)
ANY_TEXT: Final = ("Anna", "gold", "A-17")


def candidates(flows: object, fields: Fields, names: Collection[str]) -> dict[str, list[Scalar]]:
    """For each field the values that ``flows``, as the file has it, compares it with.

    A field that nothing is compared with gets a few values of its type, and ``names`` if it is one of a person.
    """
    found: dict[str, list[Scalar]] = {
        f"{lookup}.{field}": [] for lookup, declared in fields.items() for field in declared
    }
    for text in _texts(flows):
        for fact in found:
            found[fact] += _compared(text, fact)
    for fact, value in _matched(flows):
        if fact in found:
            found[fact] += _wanted(value)
    return {
        f"{lookup}.{field}": _usable(found[f"{lookup}.{field}"], kind, names, _is_person(flows, f"{lookup}.{field}"))
        for lookup, declared in fields.items()
        for field, kind in declared.items()
    }


def record(known: Candidates, lookup: str, fields: Mapping[str, FieldType], key: str) -> dict[str, Scalar] | None:
    """What ``lookup`` answers for ``key``, always the same; None for no record."""
    dice = random.Random(f"{lookup}:{key}")  # noqa: S311  # made-up customers, no secret
    if dice.random() < MISSING:
        return None
    return {field: None if dice.random() < EMPTY else dice.choice(known[f"{lookup}.{field}"]) for field in fields}


def _texts(value: object) -> Iterator[str]:
    """Every text in ``value``."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _matched(value: object) -> Iterator[tuple[str, Any]]:
    """Every line of every ``match``."""
    if isinstance(value, Mapping):
        match = value.get("match")
        if isinstance(match, Mapping):
            yield from match.items()
    if isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _matched(inner)


def _compared(text: str, fact: str) -> Iterator[Scalar]:
    """The values beside ``fact`` in a condition."""
    for place in re.finditer(rf"(?<![\w.]){re.escape(fact)}(?!\w)", text):
        if (after := _AFTER.match(text, place.end())) is not None:
            one = _VALUES.match(after["one"] or after["given"] or "")
            yield from (_scalar(each) for each in ([one] if one else _VALUES.finditer(after["list"] or "")))
        if (before := _BEFORE.search(text, 0, place.start())) is not None:
            yield _scalar(before)


def _scalar(match: re.Match[str]) -> Scalar:
    if match["truth"]:
        return match["truth"] == "true"
    if match["number"]:
        return float(match["number"])
    return match["double"] if match["double"] is not None else match["single"]


def _wanted(value: object) -> Iterator[Scalar]:
    """The values of one line of ``match``."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and (compared := _COMPARED.fullmatch(each)):
            number = re.fullmatch(r"-?\d+(?:\.\d+)?", compared[1].strip())
            yield float(number[0]) if number else compared[1]
        elif isinstance(each, bool | str):
            yield each
        elif isinstance(each, int | float):
            yield float(each)


def _is_person(flows: object, fact: str) -> bool:
    """Whether ``fact`` says whom the step ``agent`` rings."""
    if isinstance(flows, Mapping):
        agent = flows.get("agent")
        if agent is not None and any(fact in text for text in _texts(agent)):
            return True
    inner = flows.values() if isinstance(flows, Mapping) else flows if isinstance(flows, list) else ()
    return any(_is_person(each, fact) for each in inner)


def _usable(values: Sequence[Scalar], kind: FieldType, names: Collection[str], is_person: bool) -> list[Scalar]:
    """Those of ``values`` that a field of this kind can hold, and some more."""
    match kind:
        case "bool":
            return [True, False]
        case "number":
            numbers = {value for value in values if isinstance(value, float)}
            around = sorted(numbers | {number + step for number in numbers for step in (-1.0, 1.0)})
            return list(around or (0.0, 3.0, 40.0))
    texts = list(dict.fromkeys(value for value in values if isinstance(value, str) and value))
    return [*texts, *(sorted(names) if is_person else ()), *(ANY_TEXT if not texts else ("other",))]
