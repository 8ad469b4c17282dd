"""Facts in the form that CEL type-checks: one protobuf record per lookup, made from its declared fields.

Strings and truth values are wrappers (``StringValue``), so a field may be empty (null) and ``has()`` works. Numbers
are ``google.protobuf.Value``, because CEL refuses ``crm.orders > 100`` for a field typed double (no overload for
double and int) and lets a Value be compared with both 100 and 100.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2, wrappers_pb2

from ariroute.flow.facts import FieldType, Scalar

PACKAGE = "record"

_TYPES: dict[str, str] = {
    "string": ".google.protobuf.StringValue",
    "bool": ".google.protobuf.BoolValue",
    "number": ".google.protobuf.Value",
    "any": ".google.protobuf.Value",
    "text": "",  # a plain string that is never null
}


class WrongType(Exception):
    """A field holds a value of another type than declared; ``str()`` names the field."""


class Records:
    """The record types of one language. ``fields`` maps a record's name to its fields and their types."""

    def __init__(self, fields: Mapping[str, Mapping[str, FieldType | str]]) -> None:
        self.fields = fields
        self.pool = _pool(fields)
        self._classes = {
            name: message_factory.GetMessageClass(self.pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
            for name in fields
        }

    def make(self, name: str, values: Mapping[str, Scalar]) -> Any:
        """The record ``name`` holding ``values``; what is not declared is left out. Raises WrongType."""
        converted: dict[str, Any] = {}
        for field, kind in self.fields[name].items():
            value = values.get(field)
            if value is None:
                continue
            try:
                converted[field] = _CONVERT[kind](value)
            except (TypeError, ValueError, OverflowError):
                raise WrongType(f"{field} is not {_NAMES[kind]}") from None
        return self._classes[name](**converted)


def _pool(records: Mapping[str, Mapping[str, FieldType | str]]) -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    dependencies = []
    for module in (wrappers_pb2, struct_pb2):
        known = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(known)
        pool.Add(known)
        dependencies.append(known.name)
    file = descriptor_pb2.FileDescriptorProto(
        name="records.proto", package=PACKAGE, syntax="proto3", dependency=dependencies
    )
    for name, fields in records.items():
        message = file.message_type.add(name=name)
        # Else protobuf refuses two fields whose JSON names would meet, such as a_b and a__b.
        message.options.deprecated_legacy_json_field_conflicts = True
        for number, (field, kind) in enumerate(fields.items(), 1):
            wrapper = _TYPES[kind]
            added = message.field.add(name=field, number=number, label=1)
            added.type = 11 if wrapper else 9  # type: ignore[assignment]  # the stubs want an enum, the wire a number
            if wrapper:
                added.type_name = wrapper
    pool.Add(file)
    return pool


def _text(value: Scalar) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
    return value


def _number(value: Scalar) -> dict[str, float]:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError
    return {"number_value": float(value)}


def _bool(value: Scalar) -> dict[str, bool]:
    if not isinstance(value, bool):
        raise TypeError
    return {"value": value}


def _any(value: Scalar) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"bool_value": value}
    return {"string_value": _text(value)} if isinstance(value, str) else _number(value)


_CONVERT: dict[str, Callable[[Scalar], Any]] = {
    "string": lambda value: {"value": _text(value)},
    "number": _number,
    "bool": _bool,
    "any": _any,
    "text": _text,
}

_NAMES = {
    "string": "text",
    "number": "a finite number",
    "bool": "true or false",
    "any": "a plain value",
    "text": "text",
}
