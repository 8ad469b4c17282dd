"""Variables of the caller's channel: what the dialplan, or the caller's carrier, knows of the call.

A name is never made of data: over ARI ``AST_CONFIG(manager.conf,...)`` reads a password and ``CURL(file:///...)`` a
file. So only plain variables are read, and functions of a closed set with checked arguments, all of which only show
what the channel itself has.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from ariroute.flow.facts import FieldType
from ariroute.lookups.base import FieldName, SourceSettings, Surroundings, some_of
from ariroute.lookups.texts import typed_texts

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}", re.ASCII)
CALL = re.compile(r"([A-Z_]+)\((.*)\)", re.ASCII)
FUNCTIONS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        name: re.compile(arguments, re.ASCII)
        for name, arguments in {
            "CALLERID": r"num|name|ani|ani2|dnid|rdnis|num-pres|name-pres|tag",
            "CHANNEL": (
                r"accountcode|channeltype|context|exten|language|linkedid|musicclass|name|uniqueid|userfield"
                r"|pjsip,(call-id|local_uri|remote_uri|remote_addr|request_uri|secure)"
            ),
            "PJSIP_HEADER": r"read,[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(,[1-9][0-9]?)?",
            "REDIRECTING": r"(from|orig|to)-(num|name)|reason|count",
        }.items()
    }
)
MOST = 32
"""Each is a request of its own."""


def readable(name: str) -> str:
    """``name`` if it is one that may be read. Raises ValueError with what is allowed."""
    if PLAIN.fullmatch(name):
        return name
    call = CALL.fullmatch(name)
    arguments = FUNCTIONS.get(call[1]) if call else None
    if call is None or arguments is None:
        raise ValueError(
            f"'{name[:80]}' cannot be read: write the name of a variable, such as CRM_PLAN, or one of the functions "
            f"{', '.join(FUNCTIONS)}"
        )
    if not arguments.fullmatch(call[2]):
        raise ValueError(f"'{name[:80]}' cannot be read: {call[1]} takes {SHOWN[call[1]]}")
    return name


SHOWN: Mapping[str, str] = MappingProxyType(
    {
        "CALLERID": "one of num, name, ani, ani2, dnid, rdnis, num-pres, name-pres and tag",
        "CHANNEL": "such as accountcode, language, linkedid or pjsip,call-id; docs/lookups/channel.md has them all",
        "PJSIP_HEADER": "read and the name of a header: PJSIP_HEADER(read,X-Plan)",
        "REDIRECTING": "such as from-num, orig-num or reason",
    }
)


class ChannelSettings(SourceSettings):
    """Read variables of the caller's channel, over ARI."""

    variables: dict[FieldName, Annotated[str, AfterValidator(readable)]] = Field(
        min_length=1,
        max_length=MOST,
        description="For each field the variable or function that is read.",
        examples=[{"plan": "CRM_PLAN", "header": "PJSIP_HEADER(read,X-Plan)"}],
    )

    @property
    def has_breaker(self) -> bool:
        return False

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset({"contact.pbx", "contact.id"})

    def fields_for(self, given: Mapping[str, FieldType] | None) -> Mapping[str, FieldType]:
        return some_of(dict.fromkeys(self.variables, "string"), given, texts=True)


class ChannelSource:
    """The caller's channel, on whichever PBX it is."""

    def __init__(self, settings: ChannelSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._pbx = surroundings.pbx
        self._fields = surroundings.fields

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        """Nothing to open: the daemon holds the connection."""

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any]:
        """The declared variables; one that is not set is an empty field, so that a call is never 'missing'."""
        pbx, channel = inputs["contact.pbx"], inputs["contact.id"]
        asked = {field: self._settings.variables[field] for field in self._fields}
        texts = await asyncio.gather(*(self._pbx.variable(pbx, channel, name) for name in asked.values()))
        return typed_texts(dict(zip(asked, texts, strict=True)), self._fields)

    async def close(self) -> None:
        """Nothing to close."""
