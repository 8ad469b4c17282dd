"""The JSON Schema of the flow file, for editors and for validators; made from the same models that load it."""

from __future__ import annotations

from typing import Any

from ariroute.config.model import FileSettings
from ariroute.values import DURATION, SIZE, duration_text, size_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DAYS = "mon|tue|wed|thu|fri|sat|sun"
DATE = r"\d{4}-\d{2}-\d{2}"


def json_schema() -> dict[str, Any]:
    """The schema as plain JSON types. It cannot tell whether a name used exists: ``ariroute check`` does."""
    schema = FileSettings.model_json_schema(by_alias=True, mode="validation")
    tidy(schema)
    days = schema["$defs"]["HoursEntry"]
    spans = days.pop("additionalProperties")
    days |= {
        "additionalProperties": False,
        "patternProperties": {
            rf"^({DAYS})(-({DAYS}))?( *, *({DAYS})(-({DAYS}))?)*$": spans,
            rf"^{DATE}( *\.\. *{DATE})?$": spans,
        },
    }
    # queues and flows may stand in other files, named here or lying in conf.d: only the loader sees those
    del schema["required"]
    schema["anyOf"] = [{"required": ["version"]}, {"required": ["include"]}, {"required": ["base"]}]
    return {"$schema": DIALECT, "title": "ariroute flow file"} | {k: v for k, v in schema.items() if k != "title"}


def part_schema() -> dict[str, Any]:
    """The same for a file that is included or lies in ``conf.d``: nothing is required."""
    return {key: value for key, value in json_schema().items() if key != "anyOf"}


def tidy(node: Any) -> None:
    """Defaults as a file has them; no null where a file has none; no titles that only repeat the key."""
    if isinstance(node, list):
        for item in node:
            tidy(item)
        return
    if not isinstance(node, dict):
        return
    for inner in list(node.values()):
        tidy(inner)
    _without_null(node)
    _written_default(node)
    if isinstance(node.get("title"), str):
        del node["title"]


def _without_null(node: dict[str, Any]) -> None:
    """An absent key is None in Python; in the file it is absent."""
    if "default" in node and node["default"] is None and "anyOf" in node:
        del node["default"]
        node["anyOf"] = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        if len(node["anyOf"]) == 1:
            node |= node.pop("anyOf")[0]


def _written_default(node: dict[str, Any]) -> None:
    default, pattern = node.get("default"), node.get("pattern")
    if isinstance(default, int | float) and pattern == f"^{DURATION.pattern}$":
        node["default"] = duration_text(default)
    if isinstance(default, int) and pattern == f"^{SIZE.pattern}$":
        node["default"] = size_text(default)
        for key in ("minimum", "maximum"):
            node.pop(key, None)
