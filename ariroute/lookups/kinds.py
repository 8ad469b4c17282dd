"""The kinds of lookup. A new kind is one file with its settings and its class, and one line here.

Installed packages add kinds as well (:mod:`ariroute.lookups.plugins`). They are found when this module is imported,
which is when a flow file is read or its schema is made, once in a process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, create_model, model_validator

from ariroute.lookups import plugins
from ariroute.lookups.base import (
    CacheSettings,
    Fields,
    Kind,
    LookupSettings,
    Source,
    SourceSettings,
    Surroundings,
    no_surprise,
)
from ariroute.lookups.csv import CsvSettings, CsvSource
from ariroute.lookups.http import HttpSettings, HttpSource
from ariroute.values import Settings

OWN: dict[str, Kind] = {
    "http": Kind(HttpSettings, HttpSource),
    "csv": Kind(CsvSettings, CsvSource),
}


def _one_of_kinds(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": [name]} for name in KINDS]


class Entry(Settings):
    """One lookup as the flow file has it: exactly one kind by its name, and what all kinds share."""

    model_config = ConfigDict(json_schema_extra=_one_of_kinds)

    fields: Fields
    cache: CacheSettings | None = Field(default=None, description="Keep answers; without it every contact asks.")

    @model_validator(mode="before")
    @classmethod
    def no_broken_plugin(cls, given: object) -> object:
        for name in PLUGINS.faults.keys() - KINDS.keys():
            if isinstance(given, dict) and name in given:
                raise ValueError(PLUGINS.faults[name])
        return given

    @model_validator(mode="after")
    def one_kind(self) -> Entry:
        given = [name for name in KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            known = ", ".join(KINDS)
            raise ValueError(f"a lookup has exactly one kind ({known}); this one has {', '.join(given) or 'none'}")
        return self

    @property
    def kind(self) -> str:
        return next(name for name in KINDS if getattr(self, name) is not None)

    @property
    def body(self) -> SourceSettings:
        """The settings under the kind's name."""
        body = getattr(self, self.kind)
        assert isinstance(body, SourceSettings)
        return body

    def common(self) -> LookupSettings:
        """What the runner needs to know."""
        return LookupSettings(
            fields=self.fields,
            timeout=self.body.timeout,
            cache=self.cache,
            max_in_flight=self.body.max_in_flight,
            at_once=self.body.at_once,
        )

    def factory(self, name: str, surroundings: Surroundings) -> Callable[[], Source]:
        """What makes this lookup's source, each time a new one. That raises UnusableInput."""
        body, make = self.body, KINDS[self.kind].source
        around = Surroundings(name, self.fields, surroundings.region, surroundings.folder)

        def made() -> Source:
            with no_surprise(name):
                return make(body, around)

        return made


PLUGINS = plugins.found(OWN, reserved={*dir(Entry), *Entry.model_fields})
KINDS: dict[str, Kind] = {**OWN, **PLUGINS.kinds}

if TYPE_CHECKING:
    LookupEntry = Entry
else:
    LookupEntry = create_model(
        "LookupEntry",
        __base__=Entry,
        __doc__=Entry.__doc__,
        **{name: (kind.settings | None, None) for name, kind in KINDS.items()},
    )
"""The model of one item under ``lookups:``, made from :data:`KINDS`."""
