"""Both JSON libraries give the same."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ariroute import json_text


@pytest.fixture(params=["orjson", "json"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    if request.param == "json":
        monkeypatch.setitem(sys.modules, "orjson", None)
    yield importlib.reload(json_text)
    monkeypatch.undo()
    importlib.reload(json_text)


def test_text_is_compact_and_keeps_its_characters(library: Any) -> None:
    assert library.dumps({"a": 'Åsa "x"\n', "b": [1, None]}) == '{"a":"Åsa \\"x\\"\\n","b":[1,null]}'


@pytest.mark.parametrize("text", ['{"a":1}', b'{"a":1}'])
def test_text_and_bytes_are_read(library: Any, text: str | bytes) -> None:
    assert library.loads(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "{", b"\xff", '{"a":}'])
def test_a_mistake_is_a_value_error(library: Any, text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the contract
        library.loads(text)
