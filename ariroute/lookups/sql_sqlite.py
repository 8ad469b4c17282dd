"""SQLite files: opened read-only, asked in threads of their own, stopped at the deadline from within."""

from __future__ import annotations

import asyncio
import contextlib
import math
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from ariroute.errors import LookupFailed, UnusableInput
from ariroute.files import open_regular, why
from ariroute.flow.facts import Failure
from ariroute.lookups.pool import Row
from ariroute.lookups.sql_meter import OVERHEAD
from ariroute.lookups.sql_statement import Statement

STEPS = 1000
"""Of SQLite's virtual machine between two looks at the clock: some microseconds."""

Print = tuple[int, int]
"""What tells one file from another that was renamed over it: device and inode."""

BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT})
REASONS = {
    **dict.fromkeys(BUSY, Failure.TIMEOUT),
    sqlite3.SQLITE_CANTOPEN: Failure.REFUSED,
    sqlite3.SQLITE_IOERR: Failure.REFUSED,
    sqlite3.SQLITE_PERM: Failure.REFUSED,
    sqlite3.SQLITE_NOTADB: Failure.NOT_JSON,
    sqlite3.SQLITE_CORRUPT: Failure.NOT_JSON,
    sqlite3.SQLITE_TOOBIG: Failure.TOO_LARGE,
}


class Sqlite:
    """One file. Making it opens the file once: raises UnusableInput when it cannot be used or does not fit the query.

    Blocks meanwhile.
    """

    def __init__(self, path: Path, statement: Statement, timeout: float, max_size: int) -> None:
        self._path = path
        self._timeout = timeout
        self._max_size = max_size
        self._query = statement.written(lambda _: "?")
        try:
            with contextlib.closing(opened(path, timeout, max_size)) as database:
                database.execute(f"EXPLAIN {self._query}", [""] * len(statement.places))
        except sqlite3.Error as error:
            if code_of(error) not in BUSY:
                raise UnusableInput(f"{path}: {error}") from error
        except OSError as error:
            raise UnusableInput(f"{path} cannot be read: {why(error)}") from error

    async def connect(self) -> SqliteConnection:
        return SqliteConnection(self._path, self._query, self._timeout, self._max_size)


class SqliteConnection:
    """The file, open in a thread of its own from the first question on."""

    usable = True

    def __init__(self, path: Path, query: str, timeout: float, max_size: int) -> None:
        self._path = path
        self._query = query
        self._timeout = timeout
        self._max_size = max_size
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"sqlite {path.name}")
        self._database: sqlite3.Connection | None = None
        self._print: Print | None = None
        self._until = math.inf

    async def first(self, values: Sequence[str]) -> Row | None:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._first, values)
        except sqlite3.Error as error:
            raise failure_of(error) from error
        except OSError as error:
            raise LookupFailed(Failure.REFUSED, f"{self._path} cannot be read: {why(error)}") from error

    def abort(self) -> None:
        """End it; a query that runs is interrupted, and the thread closes the file after it."""
        self._until = -math.inf
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    def _first(self, values: Sequence[str]) -> Row | None:
        self._until = min(self._until, time.monotonic() + self._timeout)
        current = fingerprint(self._path)
        if self._database is None or self._print != current:
            self._close()
            self._database = opened(self._path, self._timeout, self._max_size)
            self._database.set_progress_handler(self._is_late, STEPS)
            self._print = current
        with contextlib.closing(self._database.execute(self._query, values)) as cursor:
            row = cursor.fetchone()
            self._until = math.inf
            return row and [(column[0], value) for column, value in zip(cursor.description, row, strict=True)]

    def _is_late(self) -> bool:
        return time.monotonic() > self._until

    def _close(self) -> None:
        if self._database:
            self._database.close()
            self._database = None


def opened(path: Path, timeout: float, max_size: int) -> sqlite3.Connection:
    """The file, for reading only; a lock is waited for ``timeout`` seconds. Raises sqlite3.Error, OSError.

    A text or blob much longer than ``max_size`` bytes is not even read.
    """
    open_regular(path).close()
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    database = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)
    database.text_factory = as_text
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max_size + OVERHEAD)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.execute("PRAGMA query_only = 1")
    return database


def as_text(value: bytes) -> str:
    """Text that is not UTF-8 loses what cannot be read; SQLite itself does not check it."""
    return value.decode(errors="replace")


def fingerprint(path: Path) -> Print:
    found = path.stat()
    return found.st_dev, found.st_ino


def code_of(error: sqlite3.Error) -> int:
    """The primary result code (https://sqlite.org/rescode.html); 0 when the module itself raised the error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def failure_of(error: sqlite3.Error) -> LookupFailed:
    return LookupFailed(REASONS.get(code_of(error), Failure.ERROR), f"SQLite: {error}")
