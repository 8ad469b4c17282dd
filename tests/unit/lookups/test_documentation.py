"""Every kind of lookup has a page of its own under docs/lookups, with every key of its settings on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from ariroute.config.words import flat
from ariroute.lookups.kinds import OWN

DOCS = Path(__file__).parents[3] / "docs"
OVERVIEW = (DOCS / "lookups.md").read_text(encoding="utf-8")


def page(kind: str) -> str:
    return (DOCS / "lookups" / f"{kind}.md").read_text(encoding="utf-8")


def keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def inner_models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The settings models below, those in lists and mappings too."""
    for part in flat(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part
            for field in part.model_fields.values():
                yield from inner_models(field.annotation)
        elif get_origin(part) in (dict, list, tuple):
            yield from inner_models(get_args(part)[-1])


@pytest.mark.parametrize("kind", OWN)
def test_a_kind_has_a_page_and_the_overview_leads_there(kind: str) -> None:
    assert page(kind).startswith(f"# `{kind}`")
    assert f"](lookups/{kind}.md)" in OVERVIEW


@pytest.mark.parametrize("kind", OWN)
def test_every_key_has_a_row_in_a_table_of_its_page(kind: str) -> None:
    firsts = re.findall(r"^\| *(`[^|]+`) *\|", page(kind), re.MULTILINE)
    documented = {name for first in firsts for name in re.findall(r"`([^`]+)`", first)}
    assert set(keys(OWN[kind].settings)) - documented == set()


@pytest.mark.parametrize("kind", OWN)
def test_every_key_further_in_is_on_the_page(kind: str) -> None:
    fields = OWN[kind].settings.model_fields.values()
    inner = {key for field in fields for model in inner_models(field.annotation) for key in keys(model)}
    text = page(kind)
    assert {key for key in inner if not re.search(rf"\b{re.escape(key)}\b", text)} == set()


def test_no_page_is_left_over() -> None:
    assert {path.stem for path in (DOCS / "lookups").glob("*.md")} <= OWN.keys()
