"""docs/configuration.md names every key of every settings model, at its place, with its default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from ariroute.config.load import json_schema
from ariroute.config.model import FileSettings
from ariroute.config.shapes import Calculated
from ariroute.config.words import flat

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text()
HEADING = re.compile(r"^#+ `([^`]+)`$", re.MULTILINE)
ROW = re.compile(r"^\| (`.+?`) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)


def models(annotation: Any, place: str, seen: dict[str, type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Every settings model by the first place in the file where it stands."""
    for kind in flat(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if kind not in seen.values():
                seen[place or "FILE"] = kind
                for name, field in kind.model_fields.items():
                    models(field.annotation, f"{place}.{field.alias or name}".strip("."), seen)
        elif get_origin(kind) in (dict, list):
            models(get_args(kind)[-1], place + (".NAME" if get_origin(kind) is dict else "[]"), seen)
    return seen


MODELS = models(FileSettings, "", {})
MODELS["flows.NAME.steps[].set.NAME"] = Calculated  # behind a validator of its own


def sections() -> dict[str, str]:
    parts = HEADING.split(PAGE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(section: str) -> Iterator[tuple[str, str]]:
    for keys, _, default, _ in ROW.findall(sections()[section]):
        for key in re.findall(r"`([^`]+)`", keys):
            yield key, default


@pytest.mark.parametrize("place", MODELS)
def test_every_key_is_documented_and_no_other(place: str) -> None:
    known = {field.alias or name for name, field in MODELS[place].model_fields.items()}
    documented = {key for key, _ in rows(place)}
    if place == "hours.NAME":  # its days are names, not keys of the model
        documented &= known
    assert documented == known


@pytest.mark.parametrize("place", MODELS)
def test_every_default_is_as_documented(place: str) -> None:
    schema = json_schema()
    properties = schema if place == "FILE" else schema["$defs"][MODELS[place].__name__]
    required = set(properties.get("required", ()))
    for key, default in rows(place):
        written = properties["properties"].get(key, {}).get("default")
        if key in required:
            assert default == "**required**", key
        elif written not in (None, "", {}, []):
            shown = str(written).lower() if isinstance(written, bool) else str(written)
            assert default in (f"`{shown}`", "as below"), key


def test_every_heading_is_a_place() -> None:
    assert set(sections()) - {"FILE"} <= set(MODELS)
