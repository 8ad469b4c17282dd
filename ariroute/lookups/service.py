"""Requests to one service over HTTP: connections of its own, authentication, and limits on what comes back.

Lookups and notifications share this. Redirects are not followed, proxies of the environment are not used, cookies are
not kept. Nothing here keeps the deadline: whoever asks does.
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from ariroute.errors import LookupFailed, UnusableInput
from ariroute.flow.facts import Failure
from ariroute.lookups.body import PrivateTemplate, header_value
from ariroute.lookups.http_auth import Auth, HeaderName
from ariroute.lookups.oauth import TokenKeeper
from ariroute.lookups.resolver import check_literal, usable_origin
from ariroute.lookups.template import UrlTemplate
from ariroute.tls import TlsSettings, tls_context
from ariroute.values import Settings

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from ariroute.lookups.session import Session

TOKEN_ANSWER_LIMIT = 64 * 1024

T = TypeVar("T")
Read = Callable[["ClientResponse"], Awaitable[T]]


def usable_url(text: str) -> str:
    UrlTemplate.parse(text)
    return text


Url = Annotated[str, AfterValidator(usable_url)]


class ServiceSettings(Settings):
    """Where a service is, and how ariroute speaks to it."""

    url: Url = Field(
        description="Values of the contact may stand in path and query.",
        examples=["https://crm.example/customers/{caller.e164}"],
    )
    headers: dict[HeaderName, PrivateTemplate] = Field(
        default_factory=dict, description="Sent with every request; values of the contact may stand in them."
    )
    auth: Auth | None = Field(default=None, description="How ariroute names itself to the service.")
    tls: TlsSettings | None = Field(default=None, description="Own authorities, and a certificate of the daemon's own.")
    allow: list[Annotated[str, AfterValidator(usable_origin)]] = Field(
        default_factory=list,
        description="Addresses (scheme://host:port) of `url` or the token endpoint whose host may lead into this "
        "machine or its network segment: loopback by name, link-local, multicast.",
    )
    connections: int = Field(default=16, ge=1, le=1000, description="Open at once; further requests wait.")

    @model_validator(mode="after")
    def fits_together(self) -> ServiceSettings:
        if self.auth and self.auth.header.lower() in {name.lower() for name in self.headers}:
            raise ValueError(f"the header {self.auth.header} stands under auth and under headers: once is enough")
        for origin in self.allow:
            if origin not in self.origins:
                raise ValueError(f"allow: {origin} is not asked here; asked: {', '.join(sorted(self.origins))}")
        for origin in sorted(self.origins - set(self.allow)):
            check_literal(origin)
        return self

    @property
    def origins(self) -> frozenset[str]:
        """Whom it asks: fixed text of the file, with the port."""
        urls = [self.url] + ([self.auth.oauth2.token_url] if self.auth and self.auth.oauth2 else [])
        return frozenset(usable_origin(UrlTemplate.parse(url).origin) for url in urls)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent. ``url`` is encoded."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


class Service:
    """A service, with connections of its own. ``what`` names its user in messages: ``lookup crm``."""

    def __init__(self, what: str, settings: ServiceSettings, folder: Path, *, accept: str = "application/json") -> None:
        self._what = what
        self._settings = settings
        self._folder = folder
        self._accept = accept
        self._session: Session | None = None
        oauth = settings.auth.oauth2 if settings.auth else None
        self._keeper = TokenKeeper(what, oauth, self._post) if oauth else None
        self._fixed: dict[str, str] = {}
        self._templated: dict[str, PrivateTemplate] = {}

    async def start(self) -> None:
        """Make the pool of connections; none is opened yet. Raises UnusableInput: a header or a file is not usable."""
        from ariroute.lookups.session import Session

        self._fixed = fixed_headers(self._what, self._settings, self._accept)
        self._templated = {name: text for name, text in self._settings.headers.items() if text.places}
        tls = self._settings.tls
        allowed = frozenset(map(_host_and_port, self._settings.allow))
        context = tls_context(tls, self._folder, self._what) if tls else None
        self._session = Session(self._settings.connections, allowed=allowed, tls=context)

    def headers(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """The headers of one request. Raises LookupFailed for a value that is not of its form."""
        found = self._fixed
        if self._templated:
            found = found | {name: header_value(text, inputs) for name, text in self._templated.items()}
        return found

    async def send(self, request: Request, read: Read[T]) -> T:
        """What ``read`` makes of the answer. Raises LookupFailed.

        A token that the service refuses (401) is replaced, once.
        """
        if self._keeper is None:
            return await self._exchange(request, request.headers, read)
        for last in (False, True):
            token = await self._keeper.token()
            try:
                headers = {**request.headers, "Authorization": f"Bearer {token}"}
                return await self._exchange(request, headers, read if last else _or_refused(read))
            except _TokenRefused:
                self._keeper.reject(token)
        raise AssertionError("the second answer is read, whatever it is")

    async def close(self) -> None:
        if self._keeper:
            await self._keeper.close()
        if self._session:
            await self._session.close()

    async def _exchange(self, request: Request, headers: Mapping[str, str], read: Read[T]) -> T:
        assert self._session is not None
        return await self._session.exchange(request.method, request.url, headers, read, request.body)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        async def read(response: ClientResponse) -> tuple[int, bytes]:
            return response.status, await whole_body(response, TOKEN_ANSWER_LIMIT)

        own = {"Accept-Encoding": "identity", "User-Agent": "ariroute", **headers}
        return await self._exchange(Request("POST", url, own, body), own, read)


class _TokenRefused(Exception):
    """The service answered 401 to a token."""


def _or_refused(read: Read[T]) -> Read[T]:
    async def first(response: ClientResponse) -> T:
        if response.status == 401:
            raise _TokenRefused
        return await read(response)

    return first


def _host_and_port(origin: str) -> tuple[str, int]:
    parts = urlsplit(origin)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def fixed_headers(what: str, settings: ServiceSettings, accept: str) -> dict[str, str]:
    """What every request carries. Raises UnusableInput when a value cannot be a header."""
    own = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "ariroute"}
    given = {name: _fixed_text(text) for name, text in settings.headers.items()}
    overridden = {name.lower() for name in given}
    headers = {name: value for name, value in own.items() if name.lower() not in overridden}
    headers |= (settings.auth.headers() if settings.auth else {}) | given
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise UnusableInput(
                f"{what}: header {name} holds a line break or another character that a header cannot; "
                "look at the secret it is made of"
            )
    return headers


def _fixed_text(text: PrivateTemplate) -> str:
    """The text without its values, which are checked when they come."""
    return "".join(piece for piece in text.pieces if isinstance(piece, str))


async def whole_body(response: ClientResponse, limit: int) -> bytes:
    """The body, unpacked. Raises LookupFailed as soon as it is longer than ``limit`` bytes, packed or unpacked."""
    if (response.content_length or 0) > limit:
        raise too_large(limit)
    unpack = unpacker(response.headers.get("Content-Encoding", "identity").strip().lower())
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
