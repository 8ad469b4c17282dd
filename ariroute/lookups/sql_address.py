"""How a database server's address is reached: its IP addresses, TLS under its name, and what failed."""

from __future__ import annotations

import os
import ssl
from typing import Any

from ariroute.database_address import Address
from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.resolver import Resolver


async def hosts_of(address: Address) -> list[str]:
    """The IP addresses of the host. Raises OSError when there is none that may be asked."""
    # A name may lead to this machine: Debian calls it 127.0.1.1 itself. No database gives out what HTTP does there.
    resolver = Resolver(allowed=[(address.host, address.port)])
    return [found["host"] for found in await resolver.resolve(address.host, address.port)]


class Named(ssl.SSLContext):
    """TLS for a server whose name is known though it is connected to by its IP address."""

    name = ""

    def wrap_bio(self, *args: Any, **more: Any) -> ssl.SSLObject:
        """As in the standard library; ``server_hostname`` is always our name."""
        return super().wrap_bio(*args, **{**more, "server_hostname": self.name})


def unreachable(error: OSError) -> LookupFailed:
    """The named failure for what the socket or TLS raised."""
    if isinstance(error, ssl.SSLError):
        return LookupFailed(Failure.REFUSED, f"TLS: {error}")
    return LookupFailed(Failure.REFUSED, f"no connection: {os.strerror(error.errno) if error.errno else error}")


def known_as(host: str, context: ssl.SSLContext) -> ssl.SSLContext:
    """``context``, for a server that must prove to be ``host``."""
    context.__class__ = Named
    assert isinstance(context, Named)
    context.name = host
    return context
