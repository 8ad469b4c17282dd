"""What a lookup answered. Found, missing and failed are three different things, and a field may be empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

Scalar = str | float | bool | None
"""A field's value as conditions see it; None is an empty field. Whole numbers are floats, as in JSON."""

FieldType = Literal["string", "number", "bool"]


def fits(kind: FieldType, value: object) -> bool:
    """Whether a field of this kind can hold ``value``; one that cannot makes its lookup a failed one."""
    if value is None:
        return True
    match kind:
        case "string":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool)


EMPTY: Mapping[str, Scalar] = MappingProxyType({})


class Outcome(StrEnum):
    """How a lookup ended. The flow reads it as ``outcome.NAME``."""

    FOUND = "found"
    MISSING = "missing"
    FAILED = "failed"


class Failure(StrEnum):
    """Why a lookup failed: a closed set, so that traces, metrics and tests use the same words."""

    TIMEOUT = "timeout"
    REFUSED = "refused"  # no connection: refused, unreachable, no such host, TLS
    STATUS = "status"  # an HTTP status other than 2xx and 404
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"  # not the format announced, broken, or nested too deep
    WRONG_TYPE = "wrong_type"  # a declared field holds another type
    BREAKER_OPEN = "breaker_open"  # not asked: the source failed too often just now
    OVERLOADED = "overloaded"  # not asked: too many requests wait for this source
    ERROR = "error"  # anything else; the detail says what


@dataclass(frozen=True, slots=True)
class Answer:
    """One lookup's answer.

    ``fields`` holds declared fields only; one that is absent is empty. ``took`` is seconds. ``origin`` says where
    the answer came from: the source itself, a fresh cache entry, a stale one used because the source failed, or
    given by a test; empty when nobody was asked. ``began`` is how many seconds after the others of its step it was
    asked, as it waited for them.
    """

    lookup: str
    outcome: Outcome
    fields: Mapping[str, Scalar] = field(default_factory=lambda: EMPTY)
    failure: Failure | None = None
    detail: str = ""
    took: float = 0.0
    origin: Literal["source", "cache", "stale", "given", ""] = "source"
    began: float = 0.0

    def to_plain(self) -> dict[str, Any]:
        """This answer as JSON types, the way traces and ``--json`` show it."""
        plain: dict[str, Any] = {
            "lookup": self.lookup,
            "outcome": str(self.outcome),
            "fields": dict(self.fields),
        }
        if self.failure:
            plain |= {"failure": str(self.failure), "detail": self.detail}
        if self.began:
            plain["began_ms"] = round(self.began * 1000, 3)
        return plain | {"ms": round(self.took * 1000, 3), "origin": self.origin}
