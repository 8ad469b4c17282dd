"""The kinds of lookup. A new kind is one file with its settings and its class, and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, create_model, model_validator

from ariroute.lookups.base import (
    CacheSettings,
    Fields,
    LookupSettings,
    Source,
    SourceSettings,
    Surroundings,
)
from ariroute.lookups.csv import CsvSettings, CsvSource
from ariroute.lookups.http import HttpSettings, HttpSource
from ariroute.values import Settings


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: the model of what stands under its name in the file, and what makes a source of it."""

    settings: type[SourceSettings]
    source: Callable[[Any, Surroundings], Source]


KINDS: dict[str, Kind] = {
    "http": Kind(HttpSettings, HttpSource),
    "csv": Kind(CsvSettings, CsvSource),
}


class Entry(Settings):
    """One lookup as the flow file has it: exactly one kind by its name, and what all kinds share."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in KINDS]})

    fields: Fields
    cache: CacheSettings | None = Field(default=None, description="Keep answers; without it every contact asks.")

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
        """What makes this lookup's source, each time a new one."""
        body, make = self.body, KINDS[self.kind].source
        around = Surroundings(name, self.fields, surroundings.region, surroundings.folder)
        return lambda: make(body, around)


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
