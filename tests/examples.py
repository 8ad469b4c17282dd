"""The examples of docs/examples and what each says of itself in try.yaml: test lines, and one call to place.

::

    test: ["support --caller +46701234567 --set crm.loyalty=gold --expect gold"]   # arguments of `ariroute test`
    call: {from: "+46701234567", to: support, press: "1", expect: {queue: gold, priority: 20}}
    services: [customers]        # stand-ins that must run during the call; see SERVICES in test_examples.py
    env: {NAME: value}           # environment that the flow file names, beyond the secrets of Asterisk
    agents: {anna: idle}         # phones: idle, busy (refuses) or silent (rings for ever)
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[1] / "docs" / "examples"


class Expected(BaseModel):
    """Where the call must end: exactly one of the first four. Where it depends on the time, one of a list of queues."""

    model_config = ConfigDict(extra="forbid")

    queue: str | list[str] | None = None
    voicemail: str | None = None
    dial: str | None = None
    hangup: int | None = None
    priority: int | None = None


class TryCall(BaseModel):
    """The call to place. ``press`` are the digits that the caller sends once the line is answered."""

    model_config = ConfigDict(extra="forbid")

    caller: str = Field(alias="from")
    name: str = "Ann"
    to: str = "support"
    press: str = ""
    expect: Expected


class Try(BaseModel):
    """A whole try.yaml."""

    model_config = ConfigDict(extra="forbid")

    test: list[str] = Field(min_length=1)
    call: TryCall
    services: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    agents: dict[str, Literal["idle", "busy", "silent"]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """One folder of docs/examples that holds a try.yaml."""

    folder: Path
    trial: Try = field(repr=False)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def text(self) -> str:
        """The flow file."""
        return (self.folder / "ariroute.yaml").read_text(encoding="utf-8")

    def copied(self, target: Path, changes: dict[str, str]) -> Path:
        """A copy of the folder with ``changes`` made in its flow files; the path of the main one.

        Each key of ``changes`` that stands in a file is replaced everywhere in it.
        """
        copy = target / self.name
        shutil.copytree(self.folder, copy)
        for path in copy.rglob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            for old, new in changes.items():
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")
        return copy / "ariroute.yaml"


def examples() -> list[Example]:
    """All of them, by name."""
    return [Example(path.parent, read(path)) for path in sorted(FOLDER.glob("*/try.yaml"))]


def read(path: Path) -> Try:
    """One try.yaml; pydantic's ValidationError says what is wrong with it."""
    data: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return Try.model_validate(data)


def folders_without_try() -> list[str]:
    """Examples that say nothing of how to try them."""
    return [path.name for path in FOLDER.iterdir() if path.is_dir() and not (path / "try.yaml").exists()]


def secrets(text: str) -> set[str]:
    """The environment variables that a flow file names."""
    return set(re.findall(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}", text))


def environment(example: Example, **given: str) -> dict[str, str]:
    """Ours, with what the example's flow file names."""
    return {**os.environ, **example.trial.env, **given}
