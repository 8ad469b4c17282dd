"""The value types that settings are written in: durations with a unit, sizes with a unit, secrets that do not print.

Each room keeps its own settings model (pydantic, frozen, unknown keys refused); these are the words they share.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)", re.ASCII)
SIZE = re.compile(r"(\d{1,9})(B|KiB|MiB|GiB)", re.ASCII)
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
REFERENCE = re.compile(r"\$\{(env|file|credential):([^}]+)\}")
LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
HOST_LENGTH = 253
WRITTEN_AS = 'a secret never stands in this file: write "${env:NAME}" or "${file:/path}"'


def seconds(text: object) -> float:
    """Seconds in a duration such as ``800ms``, ``2s``, ``1.5m``, ``24h``; a bare number is refused.

    Raises ValueError. A bare number is a trap: ``2500`` meant as milliseconds becomes 41 minutes.
    """
    if isinstance(text, bool) or not isinstance(text, str):
        raise ValueError(f"a duration needs a unit: write {text}ms, {text}s, {text}m or {text}h")
    match = DURATION.fullmatch(text)
    if not match:
        raise ValueError(f"'{text}' is not a duration: write a number and a unit, such as 800ms, 2s, 5m, 24h")
    return float(match[1]) * SECONDS[match[2]]


def size(text: object) -> int:
    """Bytes in a size such as ``256KiB``. Raises ValueError."""
    match = SIZE.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"'{text}' is not a size: write a number and a unit, such as 512B, 256KiB, 1MiB, 2GiB")
    return int(match[1]) * BYTES[match[2]]


def duration_text(value: float) -> str:
    """``value`` seconds as a file has it: ``800ms``, ``5m``; the largest unit that gives a whole number."""
    for unit, length in reversed(SECONDS.items()):
        if value >= length and round(value / length, 6).is_integer():
            return f"{round(value / length)}{unit}"
    return f"{value:g}s"


def size_text(value: int) -> str:
    """``value`` bytes as a file has it: ``256KiB``."""
    unit = next(unit for unit in reversed(BYTES) if value % BYTES[unit] == 0 and (value or unit == "B"))
    return f"{value // BYTES[unit]}{unit}"


def checked_host(host: str) -> str:
    """``host`` (a name, or an IP address without brackets) if it can be one. Raises ValueError.

    A name's parts are 1 to 63 letters, digits, ``-`` and ``_`` (RFC 1123, and what containers are called); a name
    that ends in a number is an IPv4 address (WHATWG URL, "ends in a number").
    """
    name = host.removesuffix(".")
    try:
        if ":" in host:
            IPv6Address(host)
            return host
        labels = name.encode("idna" if not name.isascii() else "ascii").decode().split(".")
        if labels[-1].isdigit():
            IPv4Address(name)
            return host
    except ValueError:  # UnicodeError is one
        labels = []
    if not labels or len(name) > HOST_LENGTH or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"'{host[:80]}' can never be a host: write a name such as pbx.example, or an IP address")
    return host


@dataclass(frozen=True, slots=True)
class FromFile:
    """The validation context of settings that a user wrote, in contrast to settings made by code.

    ``reveal`` turns a text with references such as ``${env:NAME}`` into the secret; it raises ValueError.
    """

    reveal: Callable[[str], str]


def _duration(value: object, info: ValidationInfo) -> float:
    if isinstance(value, float) and not isinstance(info.context, FromFile):
        return value
    return seconds(value)


def _size(value: object, info: ValidationInfo) -> int:
    if type(value) is int and not isinstance(info.context, FromFile):
        return value
    return size(value)


Duration = Annotated[
    float,
    BeforeValidator(_duration),
    Field(json_schema_extra={"type": "string", "pattern": f"^{DURATION.pattern}$", "examples": ["800ms", "2s"]}),
]
"""Seconds, written with a unit. Code (not a file) may give a float, which is seconds."""

ByteSize = Annotated[
    int,
    BeforeValidator(_size),
    Field(json_schema_extra={"type": "string", "pattern": f"^{SIZE.pattern}$", "examples": ["256KiB"]}),
]
"""Bytes, written with a unit. Code (not a file) may give an int."""


class Secret:
    """A text that is never printed: ``str``, ``repr`` and formatting show ``***``; :meth:`reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret(***)"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a secret cannot be pickled")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def build(value: object, info: ValidationInfo) -> Secret:
            if isinstance(value, Secret):
                return value
            if not isinstance(value, str):
                raise ValueError(WRITTEN_AS)
            return cls(cls._from_file(value, info.context) if isinstance(info.context, FromFile) else value)

        return core_schema.with_info_plain_validator_function(build)

    @classmethod
    def _from_file(cls, text: str, context: FromFile) -> str:
        if not REFERENCE.search(text):
            raise ValueError(WRITTEN_AS)
        return context.reveal(text)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": REFERENCE.pattern,
            "description": "A secret, by reference.",
            "examples": ["${env:ARI_SECRET}"],
        }


class PrivateText(Secret):
    """A text that is not printed but may be written out; what is secret in it comes by reference.

    For things like HTTP headers: ``application/json``, ``Bearer ${env:TOKEN}``.
    """

    __slots__ = ()

    @classmethod
    def _from_file(cls, text: str, context: FromFile) -> str:
        return context.reveal(text)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "examples": ["Bearer ${env:TOKEN}"]}


class Settings(BaseModel):
    """Base of every settings model: frozen, unknown keys refused, no silent conversion of types.

    A model is built when it is first used: most are only parts of the flow file's model, which is built as a whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True, defer_build=True)
