"""Kinds that packages add: taken when they are right, a sentence with the remedy when they are not, never an error."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ariroute.errors import ConfigError, UnusableInput
from ariroute.lookups.base import Kind, SourceSettings, Surroundings, no_surprise
from ariroute.lookups.kinds import OWN, Entry
from ariroute.lookups.plugins import GROUP, Plugins, found


class GreetingSettings(SourceSettings):
    """Settings as a plug-in has them."""

    word: str


class NoSchemaSettings(SourceSettings):
    """Settings with something that no JSON Schema can say."""

    part: slice


class Greeting:
    """A source as a plug-in has it."""

    template_names: frozenset[str] = frozenset()

    def __init__(self, settings: GreetingSettings, surroundings: Surroundings) -> None:
        self._word = settings.word

    async def start(self) -> None: ...

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        return {"word": self._word}

    async def close(self) -> None: ...


GREETING = Kind(GreetingSettings, Greeting)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that plug-ins are taken from."""
    module = ModuleType("ariroute_greeting")
    monkeypatch.setitem(sys.modules, "ariroute_greeting", module)
    vars(module)["GREETING"] = GREETING
    return module


def point(name: str = "greeting", value: str = "ariroute_greeting:GREETING") -> EntryPoint:
    return EntryPoint(name, value, GROUP)


def plugins(*points: EntryPoint) -> Plugins:
    return found(OWN, reserved={*dir(Entry), *Entry.model_fields}, points=points)


def test_a_kind_is_found_by_its_name(package: ModuleType) -> None:
    assert plugins(point()) == Plugins({"greeting": GREETING}, {})


def fault(*points: EntryPoint) -> str:
    plugged = plugins(*points)
    assert plugged.kinds == {}
    (text,) = plugged.faults.values()
    return text


def test_one_that_cannot_be_imported_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, line in {
        "lacking": "import there_is_no_such_module",
        "raising": "raise RuntimeError('on fire')",
        "leaving": "raise SystemExit(3)",
        "garbled": "def (:",
    }.items():
        (tmp_path / f"ariroute_{name}.py").write_text(f"{line}\n")
    monkeypatch.syspath_prepend(tmp_path)
    told = {name: fault(point(name, f"ariroute_{name}:KIND")) for name in ("lacking", "raising", "leaving", "garbled")}

    begin = "the plug-in '{}' of an unknown package cannot be used: "
    reasons = {name: text.removeprefix(begin.format(name)) for name, text in told.items()}
    assert reasons["lacking"] == "ModuleNotFoundError: No module named 'there_is_no_such_module'"
    assert reasons["raising"] == "RuntimeError: on fire"
    assert reasons["leaving"] == "it calls exit()"
    assert reasons["garbled"].startswith("SyntaxError: ")


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [
        (GreetingSettings, "is not a Kind of ariroute.lookups.base"),
        (Kind(dict, Greeting), "are not a SourceSettings of ariroute.lookups.base"),  # type: ignore[arg-type]
        (Kind(GreetingSettings, None), "cannot be called"),  # type: ignore[arg-type]
        (Kind(NoSchemaSettings, Greeting), "PydanticInvalidForJsonSchema"),
    ],
)
def test_what_is_no_kind_is_refused(package: ModuleType, attribute: object, reason: str) -> None:
    vars(package)["GREETING"] = attribute

    assert reason in fault(point())


@pytest.mark.parametrize("name", ["http", "csv"])
def test_the_name_of_an_own_kind_cannot_be_taken(package: ModuleType, name: str) -> None:
    assert "ariroute has a kind of that name itself" in fault(point(name))


@pytest.mark.parametrize("name", ["fields", "cache", "kind", "model_fields", "copy", "Greeting", "a-b", "x" * 33, "1"])
def test_a_name_that_no_kind_can_have_is_refused(package: ModuleType, name: str) -> None:
    assert "no kind can have that name" in fault(point(name))


def test_when_two_packages_take_one_name_then_neither_has_it(package: ModuleType) -> None:
    assert "another package has a plug-in of the same name" in fault(point(), point())


def test_a_broken_one_leaves_the_others(package: ModuleType) -> None:
    plugged = plugins(point("broken", "ariroute_greeting:NOTHING"), point())

    assert (list(plugged.kinds), list(plugged.faults)) == (["greeting"], ["broken"])


def test_what_a_source_raises_while_it_starts_is_unusable_input() -> None:
    with pytest.raises(UnusableInput, match="lookup vip: cannot be started: ZeroDivisionError: "), no_surprise("vip"):
        _ = 1 / 0
    with pytest.raises(ConfigError), no_surprise("vip"):
        raise ConfigError([])
