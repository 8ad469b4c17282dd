"""Whatever stands in the file, loading it ends in a configuration or in a ConfigError."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ariroute.config.load import Config, json_schema, load_rules, load_text
from ariroute.config.model import FileSettings
from ariroute.config.words import keys_of
from ariroute.errors import ConfigError

FIXTURES = Path(__file__).parents[1] / "fixtures"
GOOD = (FIXTURES / "good" / "everything.yaml").read_text()
PLAIN: dict[str, Any] = YAML(typ="safe", pure=True).load(GOOD)

KEYS = sorted(
    {key for node in json_schema()["$defs"].values() for key in node.get("properties", {})}
    | set(keys_of(FileSettings))
    | {"crm", "gold", "support", "mon-fri", "<<", "", "0", "outcome.crm"}
)
ODD_TEXTS = st.sampled_from(
    ["gold", "crm", "support", "800ms", "${env:A}", "${file:/nowhere}", "08:00-17:00", "SE", "+4670", "crm.orders > 1"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | ODD_TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=6), inner, max_size=5)
    ),
    max_leaves=25,
)
FILES = st.dictionaries(st.sampled_from(keys_of(FileSettings)), VALUES, max_size=9)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def attempt(text: str) -> Config | None:
    """The configuration, or None when the file is refused as it should be: with at least one mistake, each in words."""
    try:
        return load_text(text, "f.yaml")
    except ConfigError as error:
        problems = error.problems
    assert problems
    assert all(problem.text.strip() and problem.file == "f.yaml" for problem in problems)
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    return None


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in items for inner in places(item, (*path, key)))]


PLACES = [path for path in places(PLAIN) if path]


@RELAXED
@given(st.text())
@example("%YAML 1.a\n---\n")
@example("a: !<x> \ud800")
@example("? - a\n: b")
@example("1" * 5000)
@example("a: " + "9" * 400)
@example("a: 1e999")
@example("{" * 1000)
@example("[" * 1000)
@example("&a [*a]")
@example("\x00")
@example("- - - - - - - - - - - - - - - - - - - - - - - - - - - - -")
def test_any_text_is_loaded_or_refused(text: str) -> None:
    attempt(text)


@RELAXED
@given(st.binary())
@example(b"\xff\xfe\x00v")
@example(b"\xef\xbb\xbf")
def test_any_bytes_are_loaded_or_refused(tmp_path_factory: Any, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    with suppress(ConfigError):
        load_rules(path)


@RELAXED
@given(FILES)
def test_any_content_under_the_right_keys_is_loaded_or_refused(data: dict[str, Any]) -> None:
    attempt(json.dumps(data, allow_nan=True))


@settings(RELAXED, max_examples=150)
@given(st.sampled_from(PLACES), VALUES | st.just(...))
def test_a_good_file_with_any_one_value_changed_is_loaded_or_refused(path: tuple[Any, ...], value: Any) -> None:
    data = copy.deepcopy(PLAIN)
    holder: Any = data
    for part in path[:-1]:
        holder = holder[part]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    attempt(json.dumps(data, allow_nan=True))


@settings(RELAXED, max_examples=150)
@given(st.data())
def test_a_good_file_with_a_piece_of_text_cut_or_doubled_is_loaded_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 40)))
    at = data.draw(st.integers(0, len(GOOD)))
    inserted = data.draw(
        st.sampled_from(["", GOOD[start:end], "\t", "\n", ":", "{", "]", "'", '"', "- ", "&a ", "*a", "!t "])
    )
    without = GOOD[:start] + GOOD[end:]
    attempt(without[:at] + inserted + without[at:])


@RELAXED
@given(st.sampled_from(sorted((FIXTURES / "good").glob("*.yaml"))))
def test_a_good_file_loaded_again_gives_an_equal_ruleset_and_digest(path: Path) -> None:
    first, second = load_rules(path), load_rules(path)
    assert first.digest == second.digest
    assert first.ruleset == second.ruleset
