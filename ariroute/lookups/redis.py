"""Lookups in Redis: one key, which holds a hash, a JSON object or one text."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, FieldType
from ariroute.lookups.address import checked_address
from ariroute.lookups.base import SourceSettings, Surroundings
from ariroute.lookups.json import parsed, record_at
from ariroute.lookups.pick import PATH_PATTERN
from ariroute.lookups.pool import Pool, Row
from ariroute.lookups.redis_link import Address, Command, RedisLink, ServerError, unreadable
from ariroute.lookups.resolver import Resolver
from ariroute.lookups.template import Place, pieces_of, places_in
from ariroute.lookups.texts import typed_texts
from ariroute.tls import TlsSettings, tls_context
from ariroute.values import ByteSize, Secret

PORT = 6379
DATABASE = re.compile(r"/?|/[0-9]{1,4}", re.ASCII)
SAFE = re.compile(r"[\w+@. -]{1,256}")
"""What free text may be made of to stand in a key: nothing that keys are built with (``:``), nor a wildcard."""

REFUSALS = {
    "WRONGPASS": "the server refuses user or password",
    "NOAUTH": "the server wants a password: give password, and user if it has several",
    "NOPERM": "the server does not let this user read the key (ACL)",
    "LOADING": "the server is still loading its data",
    "MASTERDOWN": "the server is a replica without its master",
}
OTHERS = {
    "MOVED": "the server is part of a cluster, which is not supported: name a server that has all keys",
    "BUSY": "the server is busy with a script",
}
Holds = Literal["hash", "json", "text"]


def usable_url(text: str) -> str:
    """Raises ValueError with the remedy."""
    parts = checked_address(text, ("redis", "rediss"), "redis://127.0.0.1:6379/0")
    if not DATABASE.fullmatch(parts.path) or parts.query or parts.fragment:
        raise ValueError("after the host stands the number of the database and nothing else: redis://127.0.0.1:6379/0")
    return text


def usable_key(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a key is made of printable characters")
    pieces_of(text)
    return text


class RedisSettings(SourceSettings):
    """Read one key of a Redis server (or of one that speaks its protocol, such as Valkey)."""

    url: Annotated[str, AfterValidator(usable_url)] = Field(
        description="redis://HOST:PORT/DATABASE, or rediss:// for TLS.", examples=["redis://127.0.0.1:6379/0"]
    )
    key: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(usable_key)] = Field(
        description="The key; values of the contact may stand in it.", examples=["customer:{caller.e164}"]
    )
    holds: Holds = Field(default="hash", description="What the key holds: a hash, a JSON object, or one text.")
    record: str = Field(
        default="",
        pattern=PATH_PATTERN,
        description="With holds: json, where in the object the record is, such as data.customer.",
    )
    user: str = Field(default="", description="A user of the server's ACL; without it the default user.")
    password: Secret | None = None
    tls: TlsSettings | None = None
    max_size: ByteSize = Field(default=256 * 1024, ge=1, description="A longer answer fails as 'too_large'.")
    connections: int = Field(default=8, ge=1, le=1000, description="Open at once; further questions wait.")

    @model_validator(mode="after")
    def _fits_together(self) -> RedisSettings:
        if self.record and self.holds != "json":
            raise ValueError("'record' goes with 'holds: json' only")
        if self.tls and not self.url.startswith("rediss:"):
            raise ValueError("'tls' goes with rediss:// only")
        if self.user and self.password is None:
            raise ValueError("'user' needs a 'password'")
        return self

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset(place.name for place in places_in(pieces_of(self.key)))

    @property
    def at_once(self) -> int:
        return self.connections

    def fields_for(self, given: Mapping[str, FieldType] | None) -> Mapping[str, FieldType]:
        """As of every kind; one text is one field."""
        fields = super().fields_for(given)
        if self.holds == "text" and len(fields) != 1:
            raise ValueError("with 'holds: text' there is exactly one field: the text")
        return fields


class RedisSource:
    """A Redis server, with connections of its own. None is opened before the first question."""

    def __init__(self, settings: RedisSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._around = surroundings
        self._fields = dict(surroundings.fields)
        self._key = pieces_of(settings.key)
        self._pool: Pool | None = None

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        """Make the pool; no server is asked yet. Raises UnusableInput for certificates that cannot be used."""
        parts = urlsplit(self._settings.url)
        address = Address(parts.hostname or "", parts.port or PORT, self._tls() if parts.scheme == "rediss" else None)
        # The administrator chose this host, and nothing that a caller or a server says leads to another.
        resolver = Resolver(allowed=[(address.host, address.port)])
        first = greeting(self._settings, parts.path.strip("/"))

        async def connect() -> Reading:
            link = await RedisLink.open(address, resolver, self._settings.max_size)
            try:
                await link.ask(*first)
            except BaseException as error:
                link.abort()
                if isinstance(error, ServerError):
                    raise login_failure(error) from error
                raise
            return Reading(link, self._settings.holds, list(self._fields))

        self._pool = Pool(connect, self._settings.connections)

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        assert self._pool is not None
        key = self.key_for(inputs)
        row = await self._pool.first([key]) if key else None
        if row is None:
            return None
        if self._settings.holds == "json":
            return record_at(parsed(row[0][1]), self._settings.record)
        return typed_texts({name: text_of(value) for name, value in row}, self._fields)

    async def close(self) -> None:
        if self._pool:
            self._pool.close()

    def _tls(self) -> ssl.SSLContext:
        if self._settings.tls:
            return tls_context(self._settings.tls, self._around.folder, f"lookup {self._around.name}")
        return ssl.create_default_context()

    def key_for(self, inputs: Mapping[str, str]) -> str:
        """The key for these inputs, empty when a value is. Raises LookupFailed when one could lead to another key."""
        parts = [piece if isinstance(piece, str) else key_part(piece, inputs) for piece in self._key]
        return "".join(parts) if all(parts) else ""


class Reading:
    """One connection of the pool, asking for one key."""

    def __init__(self, link: RedisLink, holds: Holds, fields: Sequence[str]) -> None:
        self._link = link
        self._holds = holds
        self._fields = fields

    @property
    def usable(self) -> bool:
        return self._link.usable

    async def first(self, values: Sequence[str]) -> Row | None:
        """What the key holds: a hash's declared fields, or the whole under the first field. Raises LookupFailed."""
        (key,) = values
        try:
            if self._holds == "hash":
                texts, there = await self._link.ask(("HMGET", key, *self._fields), ("EXISTS", key))
                if not isinstance(texts, list) or len(texts) != len(self._fields) or not isinstance(there, int):
                    raise unreadable()
                known = there or any(text is not None for text in texts)
                return list(zip(self._fields, texts, strict=True)) if known else None
            (text,) = await self._link.ask(("GET", key))
        except ServerError as error:
            raise failure_of(error, self._holds) from error
        if not isinstance(text, bytes | None):
            raise unreadable()
        return None if text is None else [(self._fields[0], text)]

    def abort(self) -> None:
        self._link.abort()


def greeting(settings: RedisSettings, database: str) -> list[Command]:
    """What is said first on a new connection."""
    commands: list[Command] = []
    if settings.password is not None:
        user = (settings.user,) if settings.user else ()
        commands.append(("AUTH", *user, settings.password.reveal()))
    if database.strip("0"):
        commands.append(("SELECT", database))
    return commands


def key_part(place: Place, inputs: Mapping[str, str]) -> str:
    """The value for ``place``. Raises LookupFailed."""
    value = place.value(inputs)
    if value and not place.is_checked and not SAFE.fullmatch(value):
        raise LookupFailed(
            Failure.ERROR,
            f"{place.name} has a character that may lead to another key, or more than 256 of them: not asked",
            asked=False,
        )
    return value


def text_of(value: bytes | None) -> str | None:
    """Raises LookupFailed when ``value`` is no text."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        raise LookupFailed(Failure.NOT_JSON, "the answer is not UTF-8") from None


def login_failure(error: ServerError) -> LookupFailed:
    """The failure when the server does not take what is said first. Older servers call all of that ERR."""
    text = "the server refuses the login or the database: check user, password and the number in url"
    return LookupFailed(Failure.REFUSED, REFUSALS.get(error.code, text))


def failure_of(error: ServerError, holds: Holds) -> LookupFailed:
    """The failure when the server does not take the question."""
    if error.code == "WRONGTYPE":
        return LookupFailed(Failure.WRONG_TYPE, f"the key does not hold a {'hash' if holds == 'hash' else 'text'}")
    if error.code in REFUSALS:
        return LookupFailed(Failure.REFUSED, REFUSALS[error.code])
    return LookupFailed(Failure.ERROR, OTHERS.get(error.code, error.detail))
