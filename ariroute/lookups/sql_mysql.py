"""MariaDB and MySQL by asyncmy: statements prepared on the server, a read-only session, the deadline held there too."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any

from ariroute.database_address import Address
from ariroute.errors import LookupFailed, UnusableInput
from ariroute.flow.facts import Failure
from ariroute.lookups.pool import ConnectionLost, Row
from ariroute.lookups.sql_address import hosts_of, unreachable
from ariroute.lookups.sql_meter import Meter
from ariroute.lookups.sql_statement import Statement

FOREIGN = "the answer is not one of a MariaDB or MySQL server"

# Error numbers: mariadb.com/kb/en/mariadb-error-codes; from 2000 on they are the client's.
REFUSALS = frozenset({1040, 1044, 1045, 1049, 1129, 1130, 1203, 1226, 1698, 2003, 2059})
LOST = frozenset(
    {0, 1053, 1077, 1079, 1080, 1152, 1153, 1158, 1159, 1160, 1161, 1243, 1615, 1927, 2006, 2013, 2055, 4031}
)
LATE = frozenset({1205, 1317, 1969, 3024})
NO_VALUES = frozenset({1046, 1054, 1142, 1143, 1146, 1305, 1370, 1792, 2014}) | REFUSALS
"""Errors whose messages quote names, and no values, which may be personal."""

IN_CLEAR = ("mysql_clear_password", "dialog", "mysql_old_password")


class Mysql:
    """One server and the query to ask. Raises UnusableInput when asyncmy is not installed."""

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
            import asyncmy
        except ImportError as error:
            raise UnusableInput("MariaDB and MySQL need a driver: pip install 'ariroute[mysql]'") from error
        self._library = asyncmy
        self._address = address
        self._query = statement.written(lambda _: "?")
        self._timeout = timeout
        self._max_size = max_size
        self._options = {
            "user": address.user,
            "password": password.encode(),  # as a text asyncmy takes Latin 1 alone
            "database": address.database,
            "unix_socket": socket or None,
            "ssl": tls,
            "local_infile": False,
            "autocommit": True,
            # Only encrypted: any server that is asked for a caller could ask for the password.
            "auth_plugin_map": {} if tls else dict.fromkeys(IN_CLEAR, refuse),
        }

    async def connect(self) -> MysqlConnection:
        connection: Any = None
        try:
            host = "" if self._options["unix_socket"] else (await hosts_of(self._address))[0]
            connection = await self._library.connect(host=host, port=self._address.port, **self._options)
            await connection.query(session_settings(connection.server_version, self._timeout))
            prepared = await connection.prepare(self._query)
            return MysqlConnection(connection, prepared, Meter(connection._transport, self._max_size))
        except BaseException as error:
            if connection:
                end(connection)
            if isinstance(error, Exception):
                raise failure_of(error) from error
            raise


class MysqlConnection:
    """A connection with the query prepared on it."""

    def __init__(self, connection: Any, prepared: Any, meter: Meter) -> None:
        self._connection = connection
        self._prepared = prepared
        self._meter = meter

    @property
    def usable(self) -> bool:
        return bool(self._connection.connected)

    async def first(self, values: Sequence[str]) -> Row | None:
        self._meter.begin()
        try:
            found = await self._prepared.execute(values)
        except Exception as error:
            self._meter.check()
            raise failure_of(error) from error
        if not found.rows:
            return None
        return [(column[0], value) for column, value in zip(found.description, found.rows[0], strict=True)]

    def abort(self) -> None:
        end(self._connection)


def end(connection: Any) -> None:
    """Abort; asyncmy's own close() waits for the other end's goodbye where there is TLS."""
    if connection._transport is not None:
        connection._transport.abort()
    connection.close()


def session_settings(version: str, timeout: float) -> str:
    """What makes a session read-only, ends its statements in time, and sends one row at most."""
    if "MariaDB" in version:
        return f"SET SESSION tx_read_only = 1, sql_select_limit = 1, max_statement_time = {timeout:.3f}"
    limit = max(1, round(timeout * 1000))
    return f"SET SESSION transaction_read_only = 1, sql_select_limit = 1, max_execution_time = {limit}"


def refuse(_: Any) -> None:
    """In place of what would send the password as it is. Raises LookupFailed."""
    raise LookupFailed(Failure.REFUSED, "the server asks for the password in clear text: set tls: true")


def failure_of(error: Exception) -> LookupFailed:
    """The named failure for what asyncmy or the socket raised."""
    from asyncmy.errors import MySQLError

    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    match cause:
        case LookupFailed():
            return cause
        case OSError():
            return unreachable(cause)
        case MySQLError() if cause.args and isinstance(cause.args[0], int):
            return server_said(cause.args[0], str(cause.args[-1]))
    return LookupFailed(Failure.NOT_JSON, f"{FOREIGN}: {type(error).__name__}")


def server_said(number: int, text: str) -> LookupFailed:
    """By error number."""
    if number in LOST:
        return ConnectionLost("the server closed the connection")
    if number in LATE:
        return LookupFailed(Failure.TIMEOUT, f"the server cancelled the query (error {number})")
    shown = f": {text[:200]}" if number in NO_VALUES else ""
    return LookupFailed(
        Failure.REFUSED if number in REFUSALS else Failure.ERROR, f"error {number} of the server{shown}"
    )
