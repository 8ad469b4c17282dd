"""PostgreSQL by asyncpg: bound parameters, a session that is read-only, and the deadline held by the server too."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any

from ariroute.database_address import Address
from ariroute.errors import LookupFailed, UnusableInput
from ariroute.flow.facts import Failure
from ariroute.lookups.pool import ConnectionLost, Row
from ariroute.lookups.sql_address import hosts_of, unreachable
from ariroute.lookups.sql_frames import connection_class, guard
from ariroute.lookups.sql_meter import Meter
from ariroute.lookups.sql_statement import Statement

FOREIGN = "the answer is not one of a PostgreSQL server"

REFUSALS = ("28", "3D000", "53300", "57P03")
"""SQLSTATEs (or classes): wrong user or password, no such database, too many connections, starting up."""
LOST = ("08", "57P01", "57P02", "57P05")
"""The connection broke; the server stops, crashed, or ended an idle session."""
LATE = ("57014", "55P03")
"""The statement was cancelled by its timeout; a lock was not to be had in time."""
DATA = ("22", "23", "P0")
"""Classes of errors about a value, and those that a function on the server raises itself. Their messages may quote
what was asked, and that may be personal."""


class Postgres:
    """One server and the query to ask. Raises UnusableInput when asyncpg is not installed."""

    def __init__(
        self,
        address: Address,
        statement: Statement,
        timeout: float,
        max_size: int,
        *,
        password: str,
        socket: str,
        tls: ssl.SSLContext | None,
    ) -> None:
        try:
            import asyncpg
        except ImportError as error:
            raise UnusableInput("PostgreSQL needs a driver: pip install 'ariroute[postgres]'") from error
        guard(asyncpg)
        self._library = asyncpg
        self._connection_class = connection_class(asyncpg)
        self._address = address
        self._socket = socket
        self._max_size = max_size
        # A cast tells the server that each parameter is a text; another type is a cast in the query.
        self._query = statement.written(lambda number: f"(${number}::text)")
        self._settings = {
            "application_name": "ariroute",
            "default_transaction_read_only": "on",
            "statement_timeout": str(max(1, round(timeout * 1000))),
            "jit": "off",  # compiling takes longer than finding one row
        }
        # Empty instead of absent, False instead of None: else asyncpg reads PGPASSWORD, .pgpass and PGSSLMODE.
        self._password = password
        self._tls = tls or False

    async def connect(self) -> PostgresConnection:
        connection: Any = None
        try:
            hosts = [self._socket] if self._socket else await hosts_of(self._address)
            connection = await self._library.connect(
                host=hosts,
                port=self._address.port,
                user=self._address.user,
                database=self._address.database,
                password=self._password,
                ssl=self._tls,
                timeout=None,  # the runner holds the one deadline
                server_settings=self._settings,
                target_session_attrs="any",
                connection_class=self._connection_class,
            )
            prepared = await connection.prepare(self._query)
            return PostgresConnection(connection, prepared, Meter(connection._transport, self._max_size))
        except BaseException as error:
            if connection:
                connection.terminate()
            if isinstance(error, Exception):
                raise failure_of(error) from error
            raise


class PostgresConnection:
    """A connection with the query prepared on it."""

    def __init__(self, connection: Any, prepared: Any, meter: Meter) -> None:
        self._connection = connection
        self._prepared = prepared
        self._meter = meter

    @property
    def usable(self) -> bool:
        return not self._connection.is_closed()

    async def first(self, values: Sequence[str]) -> Row | None:
        self._meter.begin()
        try:
            found = await self._prepared.fetchrow(*values)  # asks the server for one row only
        except Exception as error:
            self._meter.check()
            raise failure_of(error) from error
        return None if found is None else list(found.items())

    def abort(self) -> None:
        self._connection.terminate()


def failure_of(error: Exception) -> LookupFailed:
    """The named failure for what asyncpg or the socket raised."""
    import asyncpg

    match error:
        case asyncpg.InvalidCachedStatementError() | asyncpg.OutdatedSchemaCacheError():
            return ConnectionLost("the table was altered since the query was prepared")
        case asyncpg.PostgresError():
            return server_said(error)
        case OSError():
            return unreachable(error)
        case asyncpg.InterfaceError():
            return ConnectionLost(f"the connection was lost: {error}")
    return LookupFailed(Failure.NOT_JSON, f"{FOREIGN}: {type(error).__name__}")


def server_said(error: Any) -> LookupFailed:
    """By SQLSTATE (PostgreSQL 15, appendix A)."""
    state = error.sqlstate or ""
    if state.startswith(LOST):
        return ConnectionLost("the server closed the connection")
    if state.startswith(LATE):
        return LookupFailed(Failure.TIMEOUT, f"the server cancelled the query ({state})")
    name = type(error).__name__.removesuffix("Error")
    text = name if state.startswith(DATA) else str(error).partition("\n")[0][:200]
    reason = Failure.REFUSED if state.startswith(REFUSALS) else Failure.ERROR
    return LookupFailed(reason, f"PostgreSQL: {text} ({state})")
