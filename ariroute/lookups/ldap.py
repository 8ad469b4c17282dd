"""Lookups in an LDAP directory, Active Directory among them: one search, the first entry it finds."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import threading
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, FieldType
from ariroute.lookups.address import checked_address
from ariroute.lookups.base import FieldName, SourceSettings, Surroundings
from ariroute.lookups.ldap_filter import FilterTemplate
from ariroute.lookups.ldap_link import Directory, LdapLink, Question, driver
from ariroute.lookups.pool import Pool
from ariroute.lookups.resolver import Resolver, is_ip
from ariroute.lookups.texts import typed_texts
from ariroute.tls import TlsSettings, tls_context
from ariroute.values import Secret

PORTS = {"ldap": 389, "ldaps": 636}
ATTRIBUTE = r"^([A-Za-z][A-Za-z0-9-]{0,127}|[0-9]+(\.[0-9]+)+)(;[A-Za-z0-9-]+)*$"
SCOPES = {"subtree": "SUBTREE", "one": "LEVEL", "base": "BASE"}
AFTER = 0.25
"""Seconds. The sockets of a thread give up so long after the lookup's deadline, which has the say."""

DN = re.compile(r"^\s*([A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+)\s*=.+")


def usable_url(text: str) -> str:
    """Raises ValueError with the remedy."""
    parts = checked_address(text, PORTS, "ldap://directory.example")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("after the host stands nothing: base, scope and filter are keys of their own")
    return text


def usable_filter(text: str) -> str:
    FilterTemplate.parse(text)
    return text


def usable_base(text: str) -> str:
    if text and not DN.match(text):
        raise ValueError("a base is a distinguished name, such as ou=customers,dc=example,dc=com")
    return text


class LdapSettings(SourceSettings):
    """Search a directory over LDAP; the first entry found is the record."""

    url: Annotated[str, AfterValidator(usable_url)] = Field(
        description="ldap://HOST:PORT, or ldaps:// for TLS.", examples=["ldaps://directory.example"]
    )
    base: Annotated[str, AfterValidator(usable_base)] = Field(
        description="Where in the tree the search begins.", examples=["ou=customers,dc=example,dc=com"]
    )
    filter: Annotated[str, AfterValidator(usable_filter)] = Field(
        description="Which entries; values of the contact may stand in it.",
        examples=["(&(objectClass=person)(telephoneNumber={caller.e164}))"],
    )
    scope: Literal["subtree", "one", "base"] = Field(
        default="subtree", description="All below the base, the level below it, or the base alone."
    )
    attributes: dict[FieldName, Annotated[str, Field(pattern=ATTRIBUTE)]] = Field(
        default_factory=dict,
        description="The attribute that a field is read from, unless it has the field's own name.",
        examples=[{"tier": "employeeType"}],
    )
    user: str = Field(default="", description="Who asks: a distinguished name, or as Active Directory has it.")
    password: Secret | None = None
    start_tls: bool = Field(default=False, description="With ldap://, change to TLS before anything is said.")
    tls: TlsSettings | None = None
    connections: int = Field(default=4, ge=1, le=64, description="Open at once, each with a thread; further ones wait.")

    @model_validator(mode="after")
    def _fits_together(self) -> LdapSettings:
        if bool(self.user) != (self.password is not None):
            raise ValueError("'user' and 'password' belong together; without both the search is anonymous")
        if self.start_tls and self.url.startswith("ldaps:"):
            raise ValueError("'start_tls' goes with ldap://; ldaps:// has TLS from the beginning")
        if self.tls and not self.has_tls:
            raise ValueError("'tls' goes with ldaps:// or start_tls: true")
        return self

    @property
    def has_tls(self) -> bool:
        return self.start_tls or self.url.startswith("ldaps:")

    @property
    def template_names(self) -> frozenset[str]:
        return FilterTemplate.parse(self.filter).names

    @property
    def at_once(self) -> int:
        return self.connections

    def fields_for(self, given: Mapping[str, FieldType] | None) -> Mapping[str, FieldType]:
        """As of every kind; ``attributes`` names some of them."""
        fields = super().fields_for(given)
        for name in self.attributes.keys() - fields.keys():
            raise ValueError(f"'attributes' names the field '{name}', which 'fields' does not have")
        return fields


class LdapSource:
    """A directory, with connections of its own. None is opened before the first question."""

    def __init__(self, settings: LdapSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._around = surroundings
        self._filter = FilterTemplate.parse(settings.filter)
        self._attributes = {name: settings.attributes.get(name, name) for name in surroundings.fields}
        self._threads: set[threading.Thread] = set()
        self._pool: Pool | None = None

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        """Load ldap3 and make the pool; no server is asked yet. Raises UnusableInput: no ldap3, bad certificates."""
        await asyncio.to_thread(driver)
        settings = self._settings
        parts = urlsplit(settings.url)
        directory = Directory(
            host=parts.hostname or "",
            port=parts.port or PORTS[parts.scheme],
            user=settings.user,
            password=settings.password.reveal() if settings.password else "",
            tls=self._tls() if settings.has_tls else None,
            start_tls=settings.start_tls,
            patience=settings.timeout + AFTER,
        )
        # The administrator chose this host, and nothing that a caller or a server says leads to another.
        resolver = Resolver(allowed=[(directory.host, directory.port)])
        question = Question(settings.base, SCOPES[settings.scope], tuple(sorted(set(self._attributes.values()))))

        async def connect() -> LdapLink:
            if len(self._threads) >= 2 * settings.connections:
                hung = f"{len(self._threads)} connections to this server are just ending"
                raise LookupFailed(Failure.OVERLOADED, hung, asked=False)
            *others, last = await addresses(directory, resolver)
            for host in others:
                with contextlib.suppress(LookupFailed):
                    return await LdapLink.open(host, directory, question, self._threads)
            return await LdapLink.open(last, directory, question, self._threads)

        self._pool = Pool(connect, settings.connections)

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        assert self._pool is not None
        text = self._filter.filled(inputs)
        row = None if text is None else await self._pool.first([text])
        if row is None:
            return None
        found = {name.lower(): value for name, value in row}
        texts = {name: text_of(name, found.get(each.lower())) for name, each in self._attributes.items()}
        return typed_texts(texts, self._around.fields)

    async def close(self) -> None:
        if self._pool:
            self._pool.close()

    def _tls(self) -> ssl.SSLContext:
        if self._settings.tls:
            return tls_context(self._settings.tls, self._around.folder, f"lookup {self._around.name}")
        return ssl.create_default_context()


async def addresses(directory: Directory, resolver: Resolver) -> list[str]:
    """The addresses of the server's name, found without holding a thread of ours. Raises LookupFailed."""
    if is_ip(directory.host):
        return [directory.host]
    try:
        return [found["host"] for found in await resolver.resolve(directory.host, directory.port)]
    except OSError as error:
        raise LookupFailed(Failure.REFUSED, f"the host name leads nowhere: {error.strerror or error}") from error


def text_of(field: str, value: bytes | None) -> str | None:
    """Raises LookupFailed when ``value`` is no text, such as a photograph."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        raise LookupFailed(Failure.WRONG_TYPE, f"{field} holds no text (it is not UTF-8)") from None
