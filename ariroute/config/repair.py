"""Leaving out what is wrong, so that the rest of the file can still be checked in the same run.

What is left out is never used: a file with one mistake is refused as a whole.
"""

from __future__ import annotations

import copy
from typing import Any

from pydantic import ValidationError

from ariroute.config.model import FileSettings
from ariroute.config.places import Path
from ariroute.config.steps import CONDITIONS
from ariroute.config.words import in_file
from ariroute.values import FromFile

ROUNDS = 12
NOTHING: dict[str, Any] = {"set": {}}
ANY_CASE: dict[str, Any] = {"match": {"contact.medium": "call"}, "then": []}


def usable_part(data: dict[str, Any], error: ValidationError, context: FromFile) -> FileSettings | None:
    """The settings of ``data`` without its mistakes; None when too little is left. ``data`` stays as it is."""
    rest = copy.deepcopy(data)
    for _ in range(ROUNDS):
        for path in sorted({in_file(item["loc"]) for item in error.errors(include_url=False)}, key=len, reverse=True):
            _leave_out(rest, path)
        try:
            return FileSettings.model_validate(rest, context=context, by_alias=True, by_name=False)
        except ValidationError as again:
            error = again
    return None


def _leave_out(data: dict[str, Any], path: Path) -> None:
    """Take out the value at ``path``, or the nearest thing around it that is there and can be missing."""
    chain: list[Any] = [data]
    for part in path:
        if not _has(chain[-1], part):
            break
        chain.append(chain[-1][part])
    while len(chain) > 1:
        parent, part = chain[-2], path[len(chain) - 2]
        if isinstance(parent, dict):
            del parent[part]
            return
        if isinstance(parent, list) and _replace(parent, part, path[len(chain) - 3 : len(chain) - 2]):
            return
        chain.pop()


def _has(holder: Any, part: str | int) -> bool:
    if isinstance(holder, list):
        return isinstance(part, int) and part < len(holder)
    return isinstance(holder, dict) and part in holder


def _replace(items: list[Any], index: Any, holder: Path) -> bool:
    """Put something harmless in an item's place, so that the others keep their numbers."""
    item = items[index]
    if holder in (("steps",), ("then",)):
        items[index] = dict(NOTHING)
    elif holder == ("branch",):
        items[index] = _harmless_case(item)
    else:
        return False
    return True


def _harmless_case(case: Any) -> dict[str, Any]:
    """The case with the first condition it has, and no steps."""
    conditions = [key for key in CONDITIONS if isinstance(case, dict) and key in case]
    harmless = {key: case[key] for key in conditions[:1]} | {"then": []}
    return harmless if conditions and harmless != case else dict(ANY_CASE)
