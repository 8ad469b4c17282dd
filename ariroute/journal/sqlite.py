"""The journal in a file of SQLite: WAL, so that readers and the writer do not wait for each other."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from ariroute.errors import JournalError
from ariroute.files import open_regular, why
from ariroute.journal.store import RecordRefused, Row, Statement, check_version, missing

PLACEHOLDER = re.compile(r"\$([0-9]+)")
BUSY = 2.0
"""Seconds to wait for another process that writes: the other daemon of a pair, or ``ariroute erase``."""
OURS = 0x61724A4C
"""SQLite's application_id of a journal: ``arJL``."""
PAGE = 8192
"""Of SQLite's usual 4096 bytes a record takes more than half, so that the rest of each page would stay empty."""
WAL_KEPT = 16 * 1024 * 1024
"""Bytes of the write-ahead log that stay on disk after a long reader had made it grow."""
FREED_AT_ONCE = 2000
"""Pages given back in one go: some milliseconds."""

REFUSED = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_RANGE,
    }
)
"""Codes that say something of a statement or its values, and nothing of the file."""
REMEDIES = {
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked",
    sqlite3.SQLITE_FULL: "make room, or set journal.largest",
    sqlite3.SQLITE_READONLY: "the user that runs ariroute must be allowed to write it and its folder",
    sqlite3.SQLITE_PERM: "the user that runs ariroute must be allowed to write it and its folder",
    sqlite3.SQLITE_CANTOPEN: "its folder must be there, and the user that runs ariroute be allowed to write there",
    sqlite3.SQLITE_NOTADB: "move it away, and a new one is begun",
    sqlite3.SQLITE_CORRUPT: "move it away, and a new one is begun; sqlite3 FILE .recover may save records",
}


class SqliteStore:
    """See :class:`ariroute.journal.store.Store`. ``only_read`` opens a file that is there and changes nothing."""

    def __init__(self, path: Path, *, only_read: bool = False) -> None:
        self.path = path
        self._place = f"the journal {path}"
        self._only_read = only_read
        self._base = self._opened()
        self._print = _print(path)
        self._log = path.with_name(f"{path.name}-wal")
        self._log_print: tuple[int, int] | None = None
        """Of the write-ahead log, since the first transaction; it stays as long as somebody has the file open."""

    def migrate(self) -> None:
        with self._told(), self._transaction():
            version = self._version()
            for number, sql in missing(version, self._place):
                for statement in _statements(sql):
                    self._base.execute(statement)
                self._base.execute(f"PRAGMA user_version = {number}")
            if version == 0:
                self._base.execute(f"PRAGMA application_id = {OURS}")

    def check(self) -> None:
        with self._told():
            check_version(self._version(), self._place)

    def write(self, statements: Sequence[Statement]) -> None:
        self._still_there()
        with self._told(), self._transaction():
            for sql, values in statements:
                self._base.execute(_numbered(sql), values)
        self._log_print = self._log_print or _print(self._log)

    def read(self, sql: str, values: Row = ()) -> list[Row]:
        with self._told():
            return self._base.execute(_numbered(sql), values).fetchall()

    def stream(self, sql: str, values: Row = ()) -> Iterator[Row]:
        with self._told():
            yield from self._base.execute(_numbered(sql), values)

    def size(self) -> int:
        with self._told():
            return (self._pragma("page_count") - self._pragma("freelist_count")) * self._pragma("page_size")

    def on_disk(self) -> int:
        return sum(file.stat().st_size for file in (self.path, self._log) if file.exists())

    def give_back(self) -> None:
        with self._told():
            # As a script: it is carried out step by step, and execute() takes one step where there are no columns.
            self._base.executescript(f"PRAGMA incremental_vacuum({FREED_AT_ONCE})")

    def wipe(self) -> None:
        with self._told():
            self._base.execute("VACUUM")  # what was deleted before pages were overwritten goes with it
            busy, _, _ = self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise JournalError(f"{self._place}: another program reads in it: end that, and erase again")

    def close(self) -> None:
        self._base.close()

    def _opened(self) -> sqlite3.Connection:
        """The open file. Only its owner may read a new one, and what SQLite puts beside it."""
        try:
            if not self._only_read and not self.path.exists():
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            open_regular(self.path).close()
        except FileNotFoundError as error:
            raise JournalError(f"{self._place} is not there: {self._remedy_of_absence()}") from error
        except OSError as error:
            raise JournalError(f"{self._place} cannot be opened: {why(error)}") from error
        uri = f"file:{quote(str(self.path.absolute()))}?mode={'ro' if self._only_read else 'rw'}"
        base: sqlite3.Connection | None = None
        try:
            with self._told():
                base = sqlite3.connect(uri, uri=True, timeout=BUSY, isolation_level=None, check_same_thread=False)
                self._prepare(base)
        except BaseException:
            if base:
                base.close()
            raise
        return base

    def _prepare(self, base: sqlite3.Connection) -> None:
        (tables,) = base.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (whose,) = base.execute("PRAGMA application_id").fetchone()
        if tables and whose != OURS:
            raise JournalError(f"{self._place} is a database of another kind: name another file in journal.url")
        if not self._only_read:
            base.execute("PRAGMA secure_delete = ON")
            base.execute(f"PRAGMA page_size = {PAGE}")  # this and the next have effect on a new file only
            base.execute("PRAGMA auto_vacuum = INCREMENTAL")
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("PRAGMA synchronous = NORMAL")
            base.execute("PRAGMA foreign_keys = ON")  # what a shadow said of a contact goes with it
            base.execute(f"PRAGMA journal_size_limit = {WAL_KEPT}")

    def _remedy_of_absence(self) -> str:
        folder = self.path.parent
        if not folder.is_dir():
            return f"make the folder {folder}, or name another file in journal.url"
        return "nothing has been recorded yet, or journal.url names another file"

    def _still_there(self) -> None:
        """SQLite would go on to write into a file that was removed, and nobody could ever read it.

        What is in a write-ahead log that was removed is saved when this connection is closed, after the error.
        """
        if _print(self.path) != self._print:
            raise JournalError(f"{self._place} was removed or replaced")
        if self._log_print and _print(self._log) != self._log_print:
            raise JournalError(f"{self._place}: its write-ahead log {self._log} was removed or replaced")

    def _version(self) -> int:
        return self._pragma("user_version")

    def _pragma(self, name: str) -> int:
        (value,) = self._base.execute(f"PRAGMA {name}").fetchone()
        return int(value)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._base.execute("COMMIT")
        finally:
            if self._base.in_transaction:  # a full disk has ended it already
                self._base.execute("ROLLBACK")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code, https://sqlite.org/rescode.html
            if code in REFUSED or not code:  # without a code it is the module's own: a value that it cannot bind
                raise RecordRefused(f"{self._place}: {error}") from error
            remedy = REMEDIES.get(code)
            raise JournalError(f"{self._place}: {error}" + (f": {remedy}" if remedy else "")) from error


def _statements(script: str) -> Iterator[str]:
    """The single statements: as a script SQLite would commit what went before it."""
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            yield text
            text = ""


def _print(path: Path) -> tuple[int, int] | None:
    """What tells one file from another of the same name; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@lru_cache(maxsize=256)
def _numbered(sql: str) -> str:
    return PLACEHOLDER.sub(r"?\1", sql)
