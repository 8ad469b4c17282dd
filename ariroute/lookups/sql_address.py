"""Where a database is: the address of an SQL lookup, taken apart and checked."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.resolver import Resolver
from ariroute.values import checked_host

Engine = Literal["postgresql", "mysql", "sqlite"]

SCHEMES: dict[str, Engine] = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
PORTS = {"postgresql": 5432, "mysql": 3306}
FORMS = "postgresql://user@host/database, mariadb://user@host/database, mysql://user@host/database, sqlite:file.db"


@dataclass(frozen=True, slots=True)
class Address:
    """A database server's address, or with engine ``sqlite`` a file's path in ``database``."""

    engine: Engine
    database: str
    user: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, url: str) -> Address:
        """The address in ``url``. Raises ValueError with the remedy, and never with a password."""
        scheme, colon, rest = url.partition(":")
        engine = SCHEMES.get(scheme)
        if not colon or engine is None:
            raise ValueError(f"is not the address of a database: write one of {FORMS}")
        if not rest.isprintable():
            raise ValueError("an address holds no control characters")
        if engine == "sqlite":
            if rest.startswith("//") or not rest:
                raise ValueError("write sqlite:customers.db, or sqlite:/var/lib/customers.db for an absolute path")
            return cls(engine, rest)
        return cls._of_server(engine, url)

    @classmethod
    def _of_server(cls, engine: Engine, url: str) -> Address:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("host or port cannot be: write host:port, with [ ] around an IPv6 address") from None
        if parts.password is not None:
            raise ValueError('no password in an address: write password: "${file:/path}" beside it')
        if parts.query or parts.fragment:
            raise ValueError("nothing may follow the database's name: TLS, socket and timeout are keys of their own")
        user, database = unquote(parts.username or ""), unquote(parts.path.removeprefix("/"))
        if not user or not database or not parts.hostname:
            raise ValueError(f"user, host and database are needed: write {engine}://user@host/database")
        if port == 0:
            raise ValueError("the port is not a number from 1 to 65535")
        return cls(engine, database, user, checked_host(parts.hostname), port or PORTS[engine])

    async def hosts(self) -> list[str]:
        """The IP addresses of the host. Raises OSError when there is none that may be asked."""
        # A name may lead to this machine: Debian calls it 127.0.1.1 itself. No database gives out what HTTP does there.
        resolver = Resolver(allowed=[(self.host, self.port)])
        return [found["host"] for found in await resolver.resolve(self.host, self.port)]


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
