"""Host names to addresses, so that a name server that hangs holds neither a caller nor the rest of the daemon.

``getaddrinfo`` knows no deadline and cannot be interrupted: each resolution runs in a daemon thread of its own, few
at a time, and the asker's deadline cuts only the wait.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

THREADS = 4

GetAddrInfo = Callable[..., list[tuple[Any, ...]]]


class Resolver(AbstractResolver):
    """The resolver of one source. Raises OSError when there is no usable address."""

    def __init__(self, getaddrinfo: GetAddrInfo = socket.getaddrinfo) -> None:
        self._getaddrinfo = getaddrinfo
        self.running = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if self.running >= THREADS:
            raise OSError(f"{self.running} name resolutions hang already")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[tuple[Any, ...]]] = loop.create_future()

        def finish(found: list[tuple[Any, ...]] | OSError) -> None:
            self.running -= 1
            if answer.done():
                return
            if isinstance(found, OSError):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def work() -> None:
            found: list[tuple[Any, ...]] | OSError
            try:
                found = self._getaddrinfo(
                    host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
                )
            except (OSError, UnicodeError) as error:
                found = error if isinstance(error, OSError) else OSError(f"not a host name: {error}")
            try:
                loop.call_soon_threadsafe(finish, found)
            except RuntimeError:
                return  # the loop ended before the name server answered

        self.running += 1
        threading.Thread(target=work, name=f"resolve {host}", daemon=True).start()
        return usable(host, port, await answer)

    async def close(self) -> None:
        """Nothing is kept; threads that hang end with the process."""


def usable(host: str, port: int, found: list[tuple[Any, ...]]) -> list[ResolveResult]:
    """The addresses that a customer service may have. Raises OSError when none is left.

    A name that leads to a link-local address (169.254.169.254 gives out cloud credentials), to a multicast or to the
    unspecified one is not followed: whoever holds the name server must not choose it. An administrator who means
    such an address writes it as a number.
    """
    kept = [
        ResolveResult(
            hostname=host,
            host=address[0],
            port=port,
            family=family,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for family, _, protocol, _, address in found
        if follows(address[0])
    ]
    if not kept:
        raise OSError(f"{host} leads to no address that may be asked")
    return kept


def follows(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return not (address.is_link_local or address.is_multicast or address.is_unspecified)
