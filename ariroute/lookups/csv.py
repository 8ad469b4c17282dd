"""Lookups in a CSV file: read whole, kept in memory, read again when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from ariroute.lookups.base import SourceSettings, Surroundings
from ariroute.lookups.template import NAME


class CsvSettings(SourceSettings):
    """Look contacts up in a CSV file with a header line, UTF-8; it is read again when it changes."""

    path: str = Field(min_length=1, description="Relative to the flow file.", examples=["vip.csv"])
    key: str = Field(min_length=1, description="The column that is searched.", examples=["phone"])
    input: str = Field(
        default="caller.e164",
        pattern=f"^{NAME.pattern}$",
        description="What is searched for; with caller.e164 the column holds telephone numbers.",
    )
    delimiter: str = Field(default=",", min_length=1, max_length=1)

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset({self.input})


class CsvSource:
    """A CSV file."""

    def __init__(self, settings: CsvSettings, surroundings: Surroundings) -> None:
        self._settings = settings

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        pass

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        raise NotImplementedError

    async def close(self) -> None:
        pass
