"""Where a database is: its address as a flow file writes it, taken apart and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

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
