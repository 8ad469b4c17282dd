"""The JSON Schema of test files, and the flow file's with the grammar of its ``tests:``, for editors and validators."""

from __future__ import annotations

from typing import Any

from ariroute.cases.grammar import FileSettings
from ariroute.cases.table import PLACE
from ariroute.config.schema import DIALECT, tidy

FROM_A_ROW = {"$ref": "#/$defs/FromRow"}
LIMITED = ("enum", "const", "pattern")
LIMITED_TYPES = ("integer", "number", "boolean")


def file_schema() -> dict[str, Any]:
    """The schema of a test file. It cannot tell whether a name used exists: ``ariroute test -f`` does."""
    schema = _schema()
    return {"$schema": DIALECT, "title": "ariroute test file"} | {k: v for k, v in schema.items() if k != "title"}


def with_cases(flow_schema: dict[str, Any]) -> dict[str, Any]:
    """The flow file's schema with the grammar of cases at ``tests``."""
    schema = _schema()
    tests = flow_schema["properties"]["tests"] | {"items": schema["properties"]["tests"]["items"]}
    properties = flow_schema["properties"] | {"tests": tests}
    return flow_schema | {"properties": properties, "$defs": flow_schema["$defs"] | schema["$defs"]}


def _schema() -> dict[str, Any]:
    schema = FileSettings.model_json_schema(by_alias=True, mode="validation")
    tidy(schema)
    schema["$defs"] = {name: _with_rows(node) for name, node in schema["$defs"].items()}
    schema["$defs"]["FromRow"] = {"type": "string", "pattern": PLACE.pattern, "description": "A value of each row."}
    return schema


def _with_rows(node: Any) -> Any:
    """``node`` so that ``{{ name }}`` may stand wherever a text is not any text."""
    if isinstance(node, list):
        return [_with_rows(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") in LIMITED_TYPES or any(key in node for key in LIMITED):
        described = {key: node[key] for key in ("description", "default") if key in node}
        rest = {key: value for key, value in node.items() if key not in described}
        return {"anyOf": [rest, FROM_A_ROW], **described}
    if {"type": "string"} in node.get("anyOf", ()):
        return node
    inner = {key: _with_rows(value) for key, value in node.items() if key in ("anyOf", "items", "additionalProperties")}
    if "properties" in node:
        inner["properties"] = {name: _with_rows(value) for name, value in node["properties"].items()}
    return node | inner
