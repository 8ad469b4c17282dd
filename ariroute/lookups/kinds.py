"""The kinds of lookup. A new kind is one file with its settings and its class, and one line here.

Installed packages add kinds as well (:mod:`ariroute.lookups.plugins`). They are found when this module is imported,
which is when a flow file is read or its schema is made, once in a process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, create_model, model_validator

from ariroute.flow.facts import FieldType
from ariroute.lookups import plugins
from ariroute.lookups.astdb import AstDbSettings, AstDbSource
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
from ariroute.lookups.channel import ChannelSettings, ChannelSource
from ariroute.lookups.csv import CsvSettings, CsvSource
from ariroute.lookups.http import HttpSettings, HttpSource
from ariroute.lookups.ldap import LdapSettings, LdapSource
from ariroute.lookups.pbx import PbxFacts
from ariroute.lookups.queue import QueueLookupSettings, QueueSource
from ariroute.lookups.redis import RedisSettings, RedisSource
from ariroute.lookups.sql import SqlSettings, SqlSource
from ariroute.values import Settings

OWN: dict[str, Kind] = {
    "http": Kind(HttpSettings, HttpSource),
    "csv": Kind(CsvSettings, CsvSource),
    "redis": Kind(RedisSettings, RedisSource),
    "ldap": Kind(LdapSettings, LdapSource),
    "sql": Kind(SqlSettings, SqlSource),
    "queue": Kind(QueueLookupSettings, QueueSource),
    "astdb": Kind(AstDbSettings, AstDbSource),
    "channel": Kind(ChannelSettings, ChannelSource),
}


def _one_of_kinds(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": [name, *_needed(kind)]} for name, kind in KINDS.items()]


def _needed(kind: Kind) -> list[str]:
    """``fields``, unless the kind can have fields of its own."""
    return ["fields"] if kind.settings.fields_for is SourceSettings.fields_for else []


class Entry(Settings):
    """One lookup as the flow file has it: exactly one kind by its name, and what all kinds share."""

    model_config = ConfigDict(json_schema_extra=_one_of_kinds)

    declared: Fields | None = Field(
        default=None,
        alias="fields",
        description="The fields that conditions may read, with their types. Required, but for kinds with own fields.",
    )
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
            had = ", ".join(given) or f"none; the kinds are {', '.join(KINDS)}"
            raise ValueError(f"a lookup has exactly one kind: this one has {had}")
        self.body.fields_for(self.declared)
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

    @property
    def fields(self) -> Mapping[str, FieldType]:
        """The fields that conditions may read."""
        return self.body.fields_for(self.declared)

    def common(self) -> LookupSettings:
        """What the runner needs to know."""
        return LookupSettings(
            fields=dict(self.fields),
            timeout=self.body.timeout,
            cache=self.cache or self.body.usual_cache,
            max_in_flight=self.body.max_in_flight,
            at_once=self.body.at_once,
            has_breaker=self.body.has_breaker,
        )

    def factory(self, name: str, surroundings: Surroundings) -> Callable[[PbxFacts], Source]:
        """What makes this lookup's source, each time a new one. That raises UnusableInput."""
        body, make = self.body, KINDS[self.kind].source
        around = replace(surroundings, name=name, fields=self.fields)

        def made(pbx: PbxFacts) -> Source:
            with no_surprise(name):
                return make(body, replace(around, pbx=pbx))

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
