"""Lookups in a database (PostgreSQL, MariaDB, MySQL, an SQLite file): one reading query with bound parameters."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Annotated, Any, Protocol
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ariroute.database_address import Address, Engine
from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, FieldType
from ariroute.lookups.base import SourceSettings, Surroundings
from ariroute.lookups.pool import Connection, Pool, Row
from ariroute.lookups.sql_address import known_as
from ariroute.lookups.sql_meter import too_large
from ariroute.lookups.sql_statement import Statement
from ariroute.tls import SqlTls, or_a_switch, switched, tls_context
from ariroute.values import ByteSize, Secret

COLUMNS_SHOWN = 20
HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def usable_address(text: str) -> str:
    Address.parse(text)
    return text


def usable_query(text: str) -> str:
    Statement.parse(text)
    return text


def absolute(path: str) -> str:
    if path and not path.startswith("/"):
        raise ValueError("write the whole path of the socket, such as /run/mysqld/mysqld.sock")
    return path


class SqlSettings(SourceSettings):
    """Look contacts up in a database; the first row of the answer is the record, none means no such customer."""

    url: Annotated[str, AfterValidator(usable_address)] = Field(
        description="Where the database is, without a password; a path after sqlite: is relative to the flow file.",
        examples=["postgresql://ariroute@db.example/crm", "mariadb://ariroute@127.0.0.1/crm", "sqlite:customers.db"],
    )
    query: Annotated[str, AfterValidator(usable_query)] = Field(
        description="One SELECT; values of the contact are bound parameters such as :caller.e164.",
        examples=["SELECT loyalty, orders FROM customers WHERE phone = :caller.e164"],
    )
    password: Secret | None = Field(default=None, description="Of the database's user.")
    socket: Annotated[str, AfterValidator(absolute)] = Field(
        default="",
        description="A server's Unix socket, which is used instead of host and port.",
        examples=["/run/mysqld/mysqld.sock", "/run/postgresql/.s.PGSQL.5432"],
    )
    tls: Annotated[SqlTls | None, BeforeValidator(switched)] = Field(
        default=None,
        description="Encrypt, and verify the server's certificate and name; files of your own are named.",
        json_schema_extra=or_a_switch,
    )
    connections: int = Field(default=4, ge=1, le=100, description="Open at once; further questions wait.")
    max_size: ByteSize = Field(
        default=64 * 1024, ge=1, le=16 * 1024 * 1024, description="A longer row fails as 'too_large'."
    )

    @model_validator(mode="after")
    def fitting(self) -> SqlSettings:
        given = [key for key in ("password", "socket", "tls") if getattr(self, key)]
        if self.address.engine == "sqlite" and given:
            raise ValueError(f"an SQLite file knows no {', '.join(given)}: leave it out")
        if self.socket and self.tls:
            raise ValueError("a Unix socket does not leave the machine and has no TLS: leave out one of them")
        return self

    @cached_property
    def address(self) -> Address:
        return Address.parse(self.url)

    @cached_property
    def statement(self) -> Statement:
        return Statement.parse(self.query)

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset(place.name for place in self.statement.places)

    @property
    def at_once(self) -> int:
        return self.connections


class Driver(Protocol):
    """What knows one engine. Made when the source starts; raises UnusableInput then if its library is missing."""

    async def connect(self) -> Connection:
        """A new connection. Raises LookupFailed. A cancellation leaves nothing open."""


class SqlSource:
    """A database, with connections of its own; the first is opened by the first question."""

    def __init__(self, settings: SqlSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._around = surroundings
        self._pool: Pool | None = None

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        """Get ready without asking a server, which may be down just now; an SQLite file is opened once.

        Raises UnusableInput: the driver is not installed, a file cannot be used.
        """
        # In a thread: it imports a library, and reads files.
        driver = await asyncio.to_thread(self._driver)
        self._pool = Pool(driver.connect, self._settings.connections)

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        assert self._pool is not None
        values = [bindable(place.name, place.value(inputs)) for place in self._settings.statement.places]
        row = await self._pool.first(values)
        if row is None:
            return None
        check_size(row, self._settings.max_size)
        return record(row, self._around.fields)

    async def close(self) -> None:
        if self._pool:
            self._pool.close()

    def _driver(self) -> Driver:
        settings, folder = self._settings, self._around.folder
        if settings.address.engine == "sqlite":
            from ariroute.lookups.sql_sqlite import Sqlite

            path = folder / settings.address.database
            return Sqlite(path, settings.statement, settings.timeout, settings.max_size)
        tls = settings.tls and tls_context(settings.tls, folder, f"lookup {self._around.name}")
        return server_driver(settings.address.engine)(
            settings.address,
            settings.statement,
            settings.timeout,
            settings.max_size,
            password=settings.password.reveal() if settings.password else "",
            socket=settings.socket,
            tls=known_as(settings.address.host, tls) if tls else None,
        )


def server_driver(engine: Engine) -> Callable[..., Driver]:
    """The class for this engine of a server, imported only now."""
    if engine == "postgresql":
        from ariroute.lookups.sql_postgres import Postgres

        return Postgres
    from ariroute.lookups.sql_mysql import Mysql

    return Mysql


def bindable(name: str, value: str) -> str:
    """``value`` if a database can take it as text. Raises LookupFailed, as not the database's fault."""
    if "\0" in value or HALF_CHARACTER.search(value):
        raise LookupFailed(Failure.ERROR, f"{name} holds a character that no database takes: not asked", asked=False)
    return value


def check_size(row: Row, limit: int) -> None:
    """Raises LookupFailed (too_large) when the texts and bytes of ``row`` are longer than ``limit`` bytes."""
    size = 0
    for _, value in row:
        if isinstance(value, str):
            size += len(value.encode(errors="replace"))
        elif isinstance(value, bytes | bytearray | memoryview):
            size += len(value)
    if size > limit:
        raise too_large(limit)


def record(row: Row, fields: Mapping[str, FieldType]) -> dict[str, Any]:
    """The declared columns of ``row``. Raises LookupFailed (wrong_type) when one is not there, or there twice."""
    columns = [name for name, _ in row]
    for name in fields:
        if columns.count(name) != 1:
            many = "two columns" if name in columns else "no column"
            known = ", ".join(columns[:COLUMNS_SHOWN])
            raise LookupFailed(Failure.WRONG_TYPE, f"the query gives {many} '{name}': it gives {known}")
    return {name: plain(name, value, fields[name]) for name, value in row if name in fields}


def plain(name: str, value: Any, kind: FieldType) -> Any:
    """A driver's value as a fact has it. Raises LookupFailed (wrong_type) for bytes; other types are checked later.

    MariaDB, MySQL and SQLite have no type for true and false, so there 1 and 0 are taken for a declared bool.
    """
    match value:
        case bytes() | bytearray() | memoryview():
            raise LookupFailed(Failure.WRONG_TYPE, f"{name} holds bytes: convert it to text in the query")
        case int() if kind == "bool" and value in (0, 1):
            return bool(value)
        case Decimal():
            return float(value) if value.is_finite() else math.nan
        case date() | time():  # a datetime is a date
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case UUID() | IPv4Address() | IPv6Address() | IPv4Interface() | IPv6Interface():
            return str(value)
    return value
