"""What pydantic finds, in an administrator's words, at its place in the file."""

from __future__ import annotations

import types
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ariroute.config.model import FileSettings
from ariroute.config.near import meant, suggestion
from ariroute.config.places import Path, Places
from ariroute.errors import Problem
from ariroute.lookups.kinds import KINDS

NUMBER_WANTED = "must be a number, such as 10, without quotes"
WHOLE_WANTED = "must be a whole number, such as 10, without quotes"
SWITCH_WANTED = "must be true or false, without quotes"
KEYS_WANTED = "must hold keys and values, on indented lines below it: key: value"
LIST_WANTED = "must be a list: one line each that begins with '- ', or [a, b]"
TEXT_WANTED = "must be a text"
NOT_IN_THE_FILE = ("[key]", "[names]", "[ways]", "[word]", "[keys]")
PHRASES = {
    "int_type": WHOLE_WANTED,
    "int_from_float": WHOLE_WANTED,
    "float_type": NUMBER_WANTED,
    "finite_number": NUMBER_WANTED,
    "bool_type": SWITCH_WANTED,
    "dict_type": KEYS_WANTED,
    "model_type": KEYS_WANTED,
    "model_attributes_type": KEYS_WANTED,
    "list_type": LIST_WANTED,
    "tuple_type": LIST_WANTED,
    "string_type": TEXT_WANTED,
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "must not be empty",
    "too_long": "has more than {max_length} items",
    "string_pattern_mismatch": "is not written as it must be ({pattern})",
}


def problem(error: ErrorDetails, places: Places, root: type[BaseModel] = FileSettings) -> Problem:
    """The mistake that ``error`` stands for, in a file whose grammar is ``root``."""
    path = in_file(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    known = places.known(path)
    if kind == "extra_forbidden":
        return places.problem(path, unknown_key(path, root))
    if kind == "missing":
        parent = path[:-1]
        return places.problem(parent, f"the key '{path[-1]}' is missing")
    if kind == "value_error":
        return places.problem(path if path == known else known, str(context["error"]), at=_at(path, places))
    if kind in ("literal_error", "enum"):
        return places.problem(known, _choice(str(context["expected"]), places.written(known)), at=places.value(known))
    if kind == "string_type" and (written := places.written(known)):
        return places.problem(known, f'must be a text: put it in quotes, "{written[:60]}"', at=places.value(known))
    if kind in ("dict_type", "model_type") and (written := places.written(known)):
        return places.problem(known, f"must hold keys and values, 'key: value', not '{written[:60]}'")
    phrase = PHRASES.get(kind)
    text = (
        phrase.format(**{name: _plain(value) for name, value in context.items()})
        if phrase
        else error["msg"].replace("Input should", "must")
    )
    return places.problem(known, text, at=_at(path, places))


def in_file(location: Iterable[str | int]) -> Path:
    """The place that pydantic means, without the parts that only say how it was read."""
    return tuple(part for part in location if part not in NOT_IN_THE_FILE)


def _plain(value: object) -> object:
    """A bound as people write it: 1000000, not 1e+06 or 100.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same_mistake(error: ErrorDetails, others: Sequence[ErrorDetails], root: type[BaseModel] = FileSettings) -> bool:
    """Whether a key is missing only because it is misspelt beside: ``feilds`` is told, ``fields`` is not."""
    if error["type"] != "missing":
        return False
    parent, key = error["loc"][:-1], str(error["loc"][-1])
    return any(
        other["type"] == "extra_forbidden"
        and other["loc"][:-1] == parent
        and meant(str(other["loc"][-1]), keys_at(in_file(parent), root)) == key
        for other in others
    )


def of_empty(error: ErrorDetails, emptied: Collection[Path]) -> bool:
    """Whether something is missing only because it stands there without a value, which is told already."""
    path = in_file(error["loc"])
    return path in emptied or (
        error["type"] in ("too_short", "value_error") and any(path == each[:-1] for each in emptied)
    )


def unknown_key(path: Path, root: type[BaseModel] = FileSettings) -> str:
    """``unknown key 'qeue', did you mean 'queue'?``; without a near word the keys that may stand there."""
    key = str(path[-1])
    allowed = keys_at(path[:-1], root)
    if near := suggestion(key, allowed):
        return f"unknown key '{key[:80]}'{near}"
    if root is FileSettings and path[0] == "lookups" and len(path) == 3:
        return (
            f"there is no kind of lookup '{key[:80]}'; installed kinds are {', '.join(KINDS)}; is the package of the "
            "plug-in installed, in the environment that runs ariroute?"
        )
    return f"unknown key '{key[:80]}'" + (f"; known here: {', '.join(allowed)}" if allowed else "")


def unknown_name(what: str, name: str, section: str, known: Mapping[str, Any]) -> str:
    """The sentence for a name that ``section`` does not have."""
    near = suggestion(name, known)
    if not near:
        near = f"; {section} has: {', '.join(list(known)[:10])}" if known else f"; the file has no {section}"
    return f"there is no {what} '{name[:80]}'{near}"


def keys_at(path: Path, root: type[BaseModel] = FileSettings) -> list[str]:
    """The keys that the grammar knows at ``path``, as they stand in the file."""
    return [key for model in models_at(path, root) for key in keys_of(model)]


def keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def models_at(path: Path, root: type[BaseModel] = FileSettings) -> list[type[BaseModel]]:
    """The settings models that may stand at ``path``."""
    found: list[Any] = [root]
    for part in path:
        found = [inner for annotation in found for inner in _inside(annotation, part)]
    return [annotation for annotation in found if _is_model(annotation)]


def _inside(annotation: Any, part: str | int) -> Iterator[Any]:
    if _is_model(annotation):
        for name, field in annotation.model_fields.items():
            if part == (field.alias or name):
                yield from flat(field.annotation)
    elif get_origin(annotation) in (list, dict):
        yield from flat(get_args(annotation)[-1])


def flat(annotation: Any) -> Iterator[Any]:
    """The types that ``annotation`` allows, without unions and pydantic's additions."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from flat(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for argument in get_args(annotation):
            yield from flat(argument)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _at(path: Path, places: Places) -> tuple[int, int]:
    """A wrong value is shown at the value, a wrong mapping or list at its key."""
    known = places.known(path)
    return places.value(known) if known in places.scalars else places.of(known)


def _choice(expected: str, written: str) -> str:
    choices = [word.strip("' ") for part in expected.split(" or ") for word in part.split(", ")]
    choices = ["true" if word == "True" else word for word in choices]
    listed = " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
    if written in choices:
        return f"must be {listed}, without quotes"
    return f"must be {listed}" + (f", not '{written[:60]}'{suggestion(written, choices)}" if written else "")
