"""The connections to one service, by aiohttp, and what fails on them by name.

aiohttp takes 0.15 s of CPU to load. That is done where the first session is opened, with this module, and not where a
flow file is read.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from ssl import SSLContext
from typing import TypeVar

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
)
from aiohttp.abc import AbstractResolver
from yarl import URL

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.resolver import Resolver

T = TypeVar("T")


class Names(Resolver, AbstractResolver):
    """Our resolver, as aiohttp wants one."""


class Session:
    """A pool of at most ``connections``; none is opened yet. Whoever asks holds the one deadline.

    ``allowed`` are hosts and ports that may lead anywhere (:class:`Resolver`). Without ``kept``, each request has a
    connection of its own.
    """

    def __init__(
        self,
        connections: int,
        *,
        allowed: Collection[tuple[str, int]] = (),
        tls: SSLContext | None = None,
        kept: bool = True,
    ) -> None:
        connector = TCPConnector(
            limit=connections,
            resolver=Names(allowed=allowed),
            ttl_dns_cache=30,
            ssl=tls or True,
            force_close=not kept,
        )
        self._client = ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=None),
            trust_env=False,
            auto_decompress=False,  # aiohttp inflates without our limit
        )

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        read: Callable[[ClientResponse], Awaitable[T]],
        body: bytes | None = None,
    ) -> T:
        """What ``read`` makes of the answer; ``url`` is encoded. Raises LookupFailed."""
        try:
            async with self._client.request(
                method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
            ) as response:
                return await read(response)
        except (ClientError, OSError, ValueError, zlib.error) as error:
            raise failure_of(error) from error

    async def close(self) -> None:
        await self._client.close()


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
