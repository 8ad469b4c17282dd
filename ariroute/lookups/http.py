"""Lookups over HTTP: one GET to a customer service that answers with a JSON object."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorSSLError,
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    ServerDisconnectedError,
    TCPConnector,
    encode_basic_auth,
)
from aiohttp.hdrs import CONTENT_ENCODING
from pydantic import AfterValidator, Field, model_validator
from yarl import URL

from ariroute.errors import LookupFailed, UnusableInput
from ariroute.flow.facts import Failure
from ariroute.lookups.base import SourceSettings, Surroundings
from ariroute.lookups.json import parsed, record_at
from ariroute.lookups.resolver import Resolver
from ariroute.lookups.template import UrlTemplate
from ariroute.values import ByteSize, PrivateText, Secret, Settings

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)  # RFC 9110 section 5.6.2
OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})


def usable_url(text: str) -> str:
    UrlTemplate.parse(text)
    return text


def settable_header(name: str) -> str:
    if not TOKEN.fullmatch(name):
        raise ValueError(f"'{name}' is not the name of a header")
    if name.lower() in OWN_HEADERS:
        raise ValueError(f"the header {name} is set by ariroute itself")
    return name


class BasicAuth(Settings):
    """A user and a password, sent as HTTP Basic authentication."""

    user: str
    password: Secret


class Auth(Settings):
    """How ariroute names itself to the service: one of these."""

    basic: BasicAuth | None = None
    bearer: Secret | None = None

    @model_validator(mode="after")
    def one_way(self) -> Auth:
        if (self.basic is None) == (self.bearer is None):
            raise ValueError("write either basic: {user: ..., password: ...} or bearer: ...")
        return self


class HttpSettings(SourceSettings):
    """Ask a customer service over HTTP; it answers with one JSON object, or 404 for an unknown caller."""

    url: Annotated[str, AfterValidator(usable_url)] = Field(
        description="Values of the contact may stand in path and query.",
        examples=["https://crm.example/customers/{caller.e164}"],
    )
    record: str = Field(
        default="",
        pattern=r"^(\.|[^.\s]+(\.[^.\s]+)*)?$",
        description="Where in the answer the record is, such as data.customer; of a list the first.",
    )
    headers: dict[Annotated[str, AfterValidator(settable_header)], PrivateText] = Field(
        default_factory=dict, description="Sent with every request."
    )
    auth: Auth | None = None
    missing_status: list[int] = Field(default=[404], description="Statuses that mean: no such customer.")
    max_size: ByteSize = Field(default=256 * 1024, ge=1, description="A longer answer fails as 'too_large'.")
    connections: int = Field(default=16, ge=1, le=1000, description="Open at once; further requests wait.")

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset(UrlTemplate.parse(self.url).names)

    @property
    def at_once(self) -> int:
        return self.connections


class HttpSource:
    """A customer service, with connections of its own."""

    def __init__(self, settings: HttpSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._name = surroundings.name
        self._template = UrlTemplate.parse(settings.url)
        self._missing = frozenset(settings.missing_status)
        self._session: ClientSession | None = None

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset(self._template.names)

    async def start(self) -> None:
        """Make the pool of connections; none is opened yet. Raises UnusableInput for an impossible header."""
        self._session = ClientSession(
            connector=TCPConnector(limit=self._settings.connections, resolver=Resolver(), ttl_dns_cache=30),
            headers=request_headers(self._name, self._settings),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=None),  # the runner holds the one deadline
            trust_env=False,
            auto_decompress=False,  # aiohttp inflates without our limit
        )

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        assert self._session is not None
        url = URL(self._template.origin + self._template.target(inputs), encoded=True)
        try:
            async with self._session.get(url, allow_redirects=False) as response:
                return await self._record(response)
        except (ClientError, OSError, ValueError, zlib.error) as error:
            raise failure_of(error) from error

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def _record(self, response: ClientResponse) -> Mapping[str, Any] | None:
        if response.status in self._missing:
            return None
        if not 200 <= response.status < 300:
            raise LookupFailed(Failure.STATUS, status_text(response))
        body = await whole_body(response, self._settings.max_size)
        return record_at(parsed(body), self._settings.record)


def request_headers(lookup: str, settings: HttpSettings) -> dict[str, str]:
    """What every request carries. Raises UnusableInput when a value cannot be a header."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "ariroute"}
    if settings.auth and settings.auth.basic:
        basic = settings.auth.basic
        headers["Authorization"] = encode_basic_auth(basic.user, basic.password.reveal())
    if settings.auth and settings.auth.bearer:
        headers["Authorization"] = f"Bearer {settings.auth.bearer.reveal()}"
    headers |= {name: secret.reveal() for name, secret in settings.headers.items()}
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise UnusableInput(
                f"lookup {lookup}: header {name} holds a line break or another character that a header cannot; "
                "look at the secret it is made of"
            )
    return headers


async def whole_body(response: ClientResponse, limit: int) -> bytes:
    """The body, unpacked. Raises LookupFailed as soon as it is longer than ``limit`` bytes, packed or unpacked."""
    if (response.content_length or 0) > limit:
        raise too_large(limit)
    unpack = unpacker(response.headers.get(CONTENT_ENCODING, "identity").strip().lower())
    body = bytearray()
    read = 0
    while not response.content.at_eof():
        chunk = await response.content.readany()
        read += len(chunk)
        body += unpack(chunk, limit + 1 - len(body)) if unpack else chunk
        if len(body) > limit or read > limit:
            raise too_large(limit)
    return bytes(body)


def unpacker(encoding: str) -> Callable[[bytes, int], bytes] | None:
    """What unpacks a body, never to more than it is told. Raises LookupFailed for an encoding nobody asked for."""
    if encoding in ("", "identity"):
        return None
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise LookupFailed(Failure.NOT_JSON, "the answer has a content encoding that was not asked for")
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress  # 32: gzip or zlib, by the header


def too_large(limit: int) -> LookupFailed:
    return LookupFailed(Failure.TOO_LARGE, f"the answer is longer than {limit} bytes (max_size)")


def status_text(response: ClientResponse) -> str:
    moved = " (redirects are not followed: write the final address)" if response.status // 100 == 3 else ""
    return f"HTTP {response.status}{moved}"


def failure_of(error: Exception) -> LookupFailed:
    """The named failure for what aiohttp, the socket or zlib raised. Most special first."""
    match error:
        case TimeoutError():
            return LookupFailed(Failure.TIMEOUT, "the connection timed out")
        case ClientConnectorCertificateError() | ClientConnectorSSLError():
            return LookupFailed(Failure.REFUSED, f"TLS: {error}")
        case ClientConnectorDNSError():
            return LookupFailed(Failure.REFUSED, f"the host name leads nowhere: {error.os_error}")
        case ClientPayloadError() | ServerDisconnectedError():
            return LookupFailed(Failure.REFUSED, "the connection was closed before the answer was complete")
        case OSError():
            why = os.strerror(error.errno) if error.errno else str(error)
            return LookupFailed(Failure.REFUSED, f"no connection: {why}")
        case ClientResponseError():
            return LookupFailed(Failure.NOT_JSON, "the answer is not HTTP")
        case zlib.error():
            return LookupFailed(Failure.NOT_JSON, "the answer is packed and cannot be unpacked")
    return LookupFailed(Failure.ERROR, f"{type(error).__name__}: {error}")
