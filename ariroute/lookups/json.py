"""JSON from a source that may be broken or hostile: to one record, or a named failure."""

from __future__ import annotations

import json
import math
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any, NoReturn

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.pick import at, first, steps_of
from ariroute.lookups.record import described


def parsed(body: bytes | bytearray) -> Any:
    """The value in ``body``. Raises LookupFailed (not_json).

    Stricter than :func:`json.loads`: UTF-8 only, no NaN or infinity (``1e999`` included), no key twice. Numbers of
    more than 4300 digits and nesting beyond the interpreter's recursion limit are refused by Python itself.
    """
    try:
        return DECODER.decode(body.removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError:
        raise LookupFailed(Failure.NOT_JSON, "the answer is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise LookupFailed(Failure.NOT_JSON, f"the answer is not JSON: {error}") from None
    except ValueError as error:
        raise LookupFailed(Failure.NOT_JSON, str(error)[:200]) from None
    except RecursionError:
        raise LookupFailed(Failure.NOT_JSON, "the answer is nested too deep") from None


def record_at(value: Any, path: str, *, false_is_empty: bool = False) -> Mapping[str, Any] | None:
    """The record at ``path`` of an answer; None when null, absent or an empty list stands there.

    With a path (``.`` is the answer itself) a list stands for its first element; without one the answer must be an
    object. Raises LookupFailed (not_json).
    """
    here = first(at(value, path, steps_of(path), false_is_empty=false_is_empty)) if path else value
    if here is None and path:
        return None
    if not isinstance(here, dict):
        place = f" at {path}" if path else ""
        raise LookupFailed(Failure.NOT_JSON, f"expected an object{place}, got {described(here)}")
    return here


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object of the answer")
    return found


def finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number in the answer is too large")
    return number


def refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_float=finite, parse_constant=refuse)
