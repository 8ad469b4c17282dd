"""Host names to addresses, so that a name server that hangs holds neither a caller nor the rest of the daemon.

``getaddrinfo`` knows no deadline and cannot be interrupted: each resolution runs in a daemon thread of its own, few
at a time, and the asker's deadline cuts only the wait.

Whoever holds the name server must not choose an address that lies within: 169.254.169.254 gives out cloud credentials,
127.0.0.1 is the PBX itself. Such an address is asked only where the file lists the host as one that may lead there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ariroute.lookups.template import check_origin

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult

THREADS = 4

PORTS = {"http": 80, "https": 443}

GetAddrInfo = Callable[..., list[tuple[Any, ...]]]


class Resolver:
    """The resolver of one source. Raises OSError when there is no usable address.

    ``allowed`` are hosts and ports that may lead anywhere.
    """

    def __init__(
        self, getaddrinfo: GetAddrInfo = socket.getaddrinfo, *, allowed: Collection[tuple[str, int]] = ()
    ) -> None:
        self._getaddrinfo = getaddrinfo
        self._allowed = allowed
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
        return usable(host, port, await answer, anywhere=(host, port) in self._allowed)

    async def close(self) -> None:
        """Nothing is kept; threads that hang end with the process."""


def usable(host: str, port: int, found: list[tuple[Any, ...]], *, anywhere: bool = False) -> list[ResolveResult]:
    """The addresses that a service may have. Raises OSError when none is left.

    ``localhost`` means this machine by its name (RFC 6761) and may lead there.
    """
    inside = host == "localhost" or host.endswith(".localhost")
    kept: list[ResolveResult] = [
        {
            "hostname": host,
            "host": address[0],
            "port": port,
            "family": family,
            "proto": protocol,
            "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        }
        for family, _, protocol, _, address in found
        if anywhere or not (within := lies_within(address[0])) or (inside and within == "loopback")
    ]
    if not kept:
        raise OSError(f"{host} leads to no address that may be asked (allow)")
    return kept


def lies_within(text: str) -> str:
    """What is special about an address that a stranger must not choose; empty for all others."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    for word, special in (
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("unspecified", address.is_unspecified),
    ):
        if special:
            return word
    return ""


def usable_origin(text: str) -> str:
    """``text`` as ``scheme://host:port``, in lower case. Raises ValueError unless it is nothing more than that."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("in [ ] stands an IPv6 address, such as http://[::1]:8000") from None
    check_origin(parts.scheme, parts.netloc)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"'{text[:80]}' is more than an address: write scheme://host:port")
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or PORTS[parts.scheme]}"


def check_literal(origin: str) -> None:
    """Raises ValueError for an address written as a number that is link-local, multicast or unspecified.

    127.0.0.1 says by itself that this machine is meant.
    """
    host = urlsplit(origin).hostname or ""
    try:
        within = lies_within(host)
    except ValueError:
        return
    if within not in ("", "loopback"):
        raise ValueError(f"{host} is a {within} address: if it is meant, write allow: [{origin}]")


def is_ip(host: str) -> bool:
    """Whether ``host`` is an address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
