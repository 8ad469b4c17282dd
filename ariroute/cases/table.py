"""Cases with ``each``: one case for each row, in which ``{{ name }}`` stands for the row's value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ariroute.config.near import suggestion
from ariroute.config.places import Path
from ariroute.flow.scope import as_text

PLACE = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*) *\}\}")


@dataclass(frozen=True, slots=True)
class Row:
    """A case as it is written for one row; ``told`` is ``l=gold, q=gold``, empty without a table.

    ``values`` are the texts that came from the row, by their path within the case.
    """

    raw: dict[str, Any]
    told: str = ""
    values: tuple[tuple[Path, str], ...] = ()


def rows(raw: Mapping[str, Any], wrong: dict[Path, str]) -> Iterator[Row]:
    """The case once for each row of its table; mistakes go to ``wrong``, with the path within the case."""
    table = raw.get("each")
    case = {key: value for key, value in raw.items() if key != "each"}
    if not isinstance(table, list) or not all(isinstance(row, dict) for row in table) or not table:
        yield Row(dict(raw) if "each" in raw else filled(case, None, (), wrong))
        return
    if not any(name in row for name in _names(case) for row in table):
        wrong[("each",)] = "nothing in the case reads a value of its rows: write such as queue: '{{ queue }}'"
    for row in table:
        told = ", ".join(f"{name}={_text(value)}" for name, value in row.items())
        whole = filled(case, row, (), wrong)
        yield Row(whole, told, tuple(_values(case, whole, ())))


def _names(value: Any) -> Iterator[str]:
    """The names for which a row has the values."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _names(inner)
    elif isinstance(value, str):
        yield from PLACE.findall(value)


def _values(case: Any, whole: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(case, dict):
        for key, inner in case.items():
            yield from _values(inner, whole[key], (*path, key))
    elif isinstance(case, list):
        for number, inner in enumerate(case):
            yield from _values(inner, whole[number], (*path, number))
    elif isinstance(case, str) and PLACE.search(case):
        yield path, _text(whole)


def filled(value: Any, row: Mapping[str, Any] | None, path: Path, wrong: dict[Path, str]) -> Any:
    """``value`` with the values of ``row`` in it; a text that is nothing but one place becomes what stands there."""
    if isinstance(value, dict):
        return {key: filled(inner, row, (*path, key), wrong) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, row, (*path, number), wrong) for number, inner in enumerate(value)]
    if not isinstance(value, str) or not PLACE.search(value):
        return value
    unknown = [name for name in PLACE.findall(value) if name not in (row or ())]
    if unknown:
        wrong.setdefault(path, _nothing_for(unknown[0], row))
        return value
    assert row is not None
    if whole := PLACE.fullmatch(value):
        return row[whole[1]]
    return PLACE.sub(lambda found: _text(row[found[1]]), value)


def _nothing_for(name: str, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return f"'{{{{ {name} }}}}' has no value: give it one in each: [{{{name}: ...}}]"
    near = suggestion(name, row) or f"; it has {', '.join(row)}"
    return f"'{{{{ {name} }}}}' has no value in every row of each{near}"


def _text(value: Any) -> str:
    return as_text(float(value) if type(value) is int else value) if not isinstance(value, list | dict) else str(value)
