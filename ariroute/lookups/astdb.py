"""Lookups in the Asterisk database (AstDB): a value over AMI, or over ARI whether there is one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, FieldType
from ariroute.lookups.base import SourceSettings, Surroundings, some_of
from ariroute.lookups.json import parsed
from ariroute.lookups.record import described
from ariroute.lookups.template import Pieces, pieces_of, places_in
from ariroute.lookups.texts import typed_texts

FIXED = re.compile(r"[A-Za-z0-9_+.*#@:=/-]*", re.ASCII)
FAMILY = re.compile(r"[A-Za-z0-9_+.*#@:=-]+(/[A-Za-z0-9_+.*#@:=-]+)*", re.ASCII)
VALUE = re.compile(r"[\w+.*#@:=-]([\w+.*#@:= -]*[\w+.*#@:=-])?")
"""What a value may put into a key: nothing that separates keys, and nothing that a function's argument could end at."""

LONGEST = 250
"""Bytes of family and key together: from 253 on Asterisk refuses them (``db_get_common()`` in db.c, 22.10.1)."""


def key_pieces(text: str) -> Pieces:
    """The key that ``text`` describes, cut at its places. Raises ValueError with the remedy."""
    pieces = pieces_of(text)
    if not all(FIXED.fullmatch(piece) for piece in pieces if isinstance(piece, str)):
        raise ValueError("besides {...} a key has letters, digits, _ + . * # @ : = - and / only")
    whole = "".join(piece if isinstance(piece, str) else "x" for piece in pieces)
    if "" in whole.split("/"):
        raise ValueError("a part of the key is empty: write it such as {caller.e164} or {caller.number}/tier")
    return pieces


def key_of(pieces: Pieces, inputs: Mapping[str, str]) -> str | None:
    """The key for these inputs; None when a value has nothing of the form that is asked for.

    Raises LookupFailed for a value that would lead to another place.
    """
    parts: list[str] = []
    for piece in pieces:
        value = piece if isinstance(piece, str) else piece.value(inputs)
        if not value:
            return None
        if not isinstance(piece, str) and not VALUE.fullmatch(value):
            raise LookupFailed(Failure.ERROR, f"{piece.name} holds a character that no key has: not asked", asked=False)
        parts.append(value)
    return "".join(parts)


def _family(text: str) -> str:
    if not FAMILY.fullmatch(text):
        raise ValueError("a family has letters, digits, _ + . * # @ : = - only, and / between its parts")
    return text


def _key(text: str) -> str:
    key_pieces(text)
    return text


class AstDbSettings(SourceSettings):
    """Look contacts up in the database of the Asterisk that the call came from."""

    family: Annotated[str, AfterValidator(_family)] = Field(
        description="The family, as in 'database show FAMILY'.", examples=["vip"]
    )
    key: Annotated[str, AfterValidator(_key)] = Field(
        description="The key; values of the contact may stand in it.", examples=["{caller.e164}"]
    )
    exists: bool = Field(
        default=False, description="Ask only whether the key is there: over ARI, so that no AMI is needed."
    )
    format: Literal["text", "json"] = Field(
        default="text", description="json: the value is a JSON object, whose fields conditions read."
    )

    @model_validator(mode="after")
    def one_answer(self) -> AstDbSettings:
        if self.exists and self.format == "json":
            raise ValueError("with exists: true no value is read: leave out format, or exists")
        return self

    @property
    def has_breaker(self) -> bool:
        return False

    @property
    def template_names(self) -> frozenset[str]:
        """The channel is among them where ARI is asked: it evaluates functions for a channel only."""
        contact = ("contact.pbx", "contact.id") if self.exists else ("contact.pbx",)
        return frozenset((*contact, *(place.name for place in places_in(key_pieces(self.key)))))

    def fields_for(self, given: Mapping[str, FieldType] | None) -> Mapping[str, FieldType]:
        if self.format == "json":
            return super().fields_for(given)
        if self.exists:
            return some_of({"exists": "bool"}, given)
        return some_of({"value": "string"}, given, texts=True)


class AstDbSource:
    """The database of whichever PBX the contact came from."""

    def __init__(self, settings: AstDbSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._pbx = surroundings.pbx
        self._fields = surroundings.fields
        self._key = key_pieces(settings.key)

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        """Nothing to open: the daemon holds the connections."""

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        family, key = self._settings.family, key_of(self._key, inputs)
        if key is None:
            return None
        if len(f"{family}/{key}".encode()) > LONGEST:
            raise LookupFailed(Failure.ERROR, f"family and key have more than {LONGEST} bytes: not asked", asked=False)
        pbx = inputs["contact.pbx"]
        if self._settings.exists:
            there = await self._pbx.database_has(pbx, inputs["contact.id"], family, key)
            return {"exists": True} if there else None
        value = await self._pbx.database_value(pbx, family, key)
        return None if value is None else self._record(value)

    async def close(self) -> None:
        """Nothing to close."""

    def _record(self, value: str) -> Mapping[str, Any]:
        if self._settings.format == "text":
            return typed_texts({"value": value}, self._fields)
        found = parsed(value.encode("utf-8", "surrogatepass"))
        if not isinstance(found, dict):
            raise LookupFailed(Failure.NOT_JSON, f"expected a JSON object, got {described(found)}")
        return found
