"""The journal in PostgreSQL by asyncpg: an event loop of its own, run by the thread that uses the store.

A server that hangs must not hold that thread: every request has a deadline, after which the connection is given up.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeVar

from ariroute.database_address import Address
from ariroute.errors import JournalError
from ariroute.journal.store import RecordRefused, Row, Statement, check_version, missing

Result = TypeVar("Result")

CONNECT = 5.0
"""Seconds for a connection to be there."""
WRITE = 10.0
"""Seconds for a transaction; the server ends its statements a little earlier."""
READ = 60.0
"""Seconds for a question, or for the next piece of a long answer."""
WIPE = 3600.0
"""Seconds for writing the tables anew."""
PIECE = 1000
"""Rows fetched at once of a long answer."""
LOCK = 0x61724A4C
"""Advisory lock: of several daemons that start together one makes the tables."""

VERSION = "SELECT coalesce(max(version), 0) FROM journal_version"
VERSIONS = "CREATE TABLE IF NOT EXISTS journal_version (version INTEGER PRIMARY KEY)"
IS_THERE = "SELECT to_regclass('journal_version') IS NOT NULL"
ESTIMATE = """
SELECT CAST(count(*) * (SELECT coalesce(avg(pg_column_size(one.*)), 0) + $1
                        FROM (SELECT * FROM {table} ORDER BY id DESC LIMIT 1000) AS one) AS BIGINT)
FROM {table}
"""
OVERHEAD = 28 + 150
"""Bytes of a row in PostgreSQL beside its values: header and pointer, and its entries in five indexes."""
ON_DISK = "SELECT CAST(sum(pg_total_relation_size(name)) AS BIGINT) FROM unnest($1::regclass[]) AS name"
TABLES = ("contacts", "configs", "shadows", "moves")

VALUES = ("22", "23", "42", "54")
"""Classes of SQLSTATE that say something of a statement or its values, and nothing of the server (appendix A)."""


class PostgresStore:
    """See :class:`ariroute.journal.store.Store`. Raises JournalError when the server or its driver is not there."""

    def __init__(
        self, address: Address, password: str, tls: ssl.SSLContext | None = None, *, only_read: bool = False
    ) -> None:
        try:
            import asyncpg
        except ImportError as error:
            raise JournalError("a journal in PostgreSQL needs a driver: pip install 'ariroute[postgres]'") from error
        self._library = asyncpg
        self._place = f"the journal in PostgreSQL, {address.database} at {address.host}:{address.port}"
        self._loop = asyncio.new_event_loop()
        self._base: Any = None
        try:
            self._base = self._run(lambda: self._connected(address, password, tls, only_read), CONNECT)
        except BaseException:
            self.close()
            raise

    def migrate(self) -> None:
        self._run(self._migrated, WRITE)

    def check(self) -> None:
        check_version(self._run(self._version, READ), self._place)

    def write(self, statements: Sequence[Statement]) -> None:
        self._run(lambda: self._written(statements), WRITE)

    def read(self, sql: str, values: Row = ()) -> list[Row]:
        rows = self._run(lambda: self._base.fetch(sql, *values), READ)
        return [tuple(row) for row in rows]

    def stream(self, sql: str, values: Row = ()) -> Iterator[Row]:
        transaction = self._base.transaction(isolation="repeatable_read", readonly=True)
        self._run(transaction.start, READ)
        try:
            cursor = self._run(lambda: self._base.cursor(sql, *values), READ)
            while rows := self._run(lambda: cursor.fetch(PIECE), READ):
                yield from (tuple(row) for row in rows)
        finally:
            if not self._base.is_closed():
                self._run(transaction.rollback, READ)

    def size(self) -> int:
        return sum(int(self.read(ESTIMATE.format(table=table), (OVERHEAD,))[0][0]) for table in ("contacts", "moves"))

    def on_disk(self) -> int:
        return int(self.read(ON_DISK, (TABLES,))[0][0])

    def give_back(self) -> None:
        """The server does so itself (autovacuum)."""

    def wipe(self) -> None:
        self._run(self._wiped, WIPE)

    def close(self) -> None:
        if self._loop.is_closed():
            return
        if self._base is not None:
            self._base.terminate()
            self._base = None
        self._loop.run_until_complete(asyncio.sleep(0))  # what waits to be closed is
        self._loop.close()

    async def _connected(self, address: Address, password: str, tls: ssl.SSLContext | None, only_read: bool) -> Any:
        return await self._library.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            database=address.database,
            password=password,  # empty instead of absent: else asyncpg reads PGPASSWORD and .pgpass
            ssl=tls or False,  # False instead of None: else asyncpg reads PGSSLMODE
            timeout=None,
            command_timeout=None,
            server_settings={
                "application_name": "ariroute journal",
                "default_transaction_read_only": "on" if only_read else "off",
                "statement_timeout": str(round((READ if only_read else WRITE) * 900)),
                "jit": "off",
            },
        )

    async def _version(self) -> int:
        return int(await self._base.fetchval(VERSION)) if await self._base.fetchval(IS_THERE) else 0

    async def _migrated(self) -> None:
        async with self._base.transaction():
            await self._base.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await self._base.execute(VERSIONS)
            for number, sql in missing(await self._version(), self._place):
                await self._base.execute(sql)
                await self._base.execute("INSERT INTO journal_version (version) VALUES ($1)", number)

    async def _wiped(self) -> None:
        await self._base.execute("SET statement_timeout = 0")
        await self._base.execute("VACUUM (FULL) contacts")  # writes the tables anew, without what was deleted

    async def _written(self, statements: Sequence[Statement]) -> None:
        async with self._base.transaction():
            for sql, same in groupby(statements, lambda statement: statement.sql):
                await self._base.executemany(sql, [statement.values for statement in same])  # one round trip

    def _run(self, begin: Callable[[], Awaitable[Result]], within: float) -> Result:
        """The result of what ``begin`` begins. Raises JournalError, RecordRefused."""
        try:
            return self._loop.run_until_complete(_limited(begin, within))
        except TimeoutError as error:
            self._give_up()
            raise JournalError(f"{self._place}: no answer within {within:g} s") from error
        except OSError as error:
            self._give_up()
            raise JournalError(f"{self._place}: {_of_socket(error)}") from error
        except self._library.PostgresError as error:
            raise self._server_said(error) from error
        except (self._library.DataError, UnicodeError, OverflowError) as error:
            raise RecordRefused(f"{self._place}: {type(error).__name__}") from error  # its text quotes the value
        except (self._library.InterfaceError, self._library.InternalClientError) as error:
            self._give_up()
            raise JournalError(f"{self._place}: {str(error).partition(chr(10))[0]}") from error

    def _give_up(self) -> None:
        if self._base is not None:
            self._base.terminate()

    def _server_said(self, error: Any) -> JournalError:
        state, name = error.sqlstate or "", type(error).__name__.removesuffix("Error")
        if state.startswith(VALUES):
            return RecordRefused(f"{self._place}: {name} ({state})")  # its text may quote the value
        return JournalError(f"{self._place}: {str(error).partition(chr(10))[0][:200]} ({state})")


async def _limited(begin: Callable[[], Awaitable[Result]], within: float) -> Result:
    async with asyncio.timeout(within):
        return await begin()


def _of_socket(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error}"
    return f"no connection: {os.strerror(error.errno) if error.errno else error}"
