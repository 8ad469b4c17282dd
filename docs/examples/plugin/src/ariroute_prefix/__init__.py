"""The kind ``prefix``: a record for every caller whose number begins so; the longest beginning that fits counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from ariroute.lookups.base import Kind, SourceSettings, Surroundings, UnusableInput

Prefix = Annotated[str, Field(pattern=r"^\+[0-9]{1,14}$")]
Record = dict[str, str | float | bool]


class PrefixSettings(SourceSettings):
    """What stands under ``prefix:`` in the flow file."""

    of: str = Field(default="caller.e164", description="The number that is looked at.")
    records: dict[Prefix, Record] = Field(min_length=1, description="What is known, by the beginning of the number.")

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset({self.of})


class PrefixSource:
    """Finds the record. It waits for nothing, so there is nothing to open or close."""

    def __init__(self, settings: PrefixSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._around = surroundings

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        """Raises UnusableInput when a record lacks all fields that the flow declares: a slip of the pen."""
        for prefix, record in self._settings.records.items():
            if not record.keys() & self._around.fields.keys():
                raise UnusableInput(f"lookup {self._around.name}: the record of {prefix} has none of its fields")

    async def fetch(self, inputs: Mapping[str, str]) -> Record | None:
        number = inputs[self._settings.of]
        beginnings = (number[:length] for length in range(len(number), 1, -1))
        return next((record for each in beginnings if (record := self._settings.records.get(each))), None)

    async def close(self) -> None:
        pass


PREFIX = Kind(PrefixSettings, PrefixSource)
