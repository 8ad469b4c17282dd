"""The journal in a file of SQLite: WAL, so that readers and the writer do not wait for each other."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ariroute.errors import JournalError
from ariroute.journal.store import Row, Statement, migrations

PLACEHOLDER = re.compile(r"\$([0-9]+)")
BUSY = 5.0
"""Seconds to wait for another process that writes, such as ``ariroute erase``."""


class SqliteStore:
    """See :class:`ariroute.journal.store.Store`. ``only_read`` opens a file that is there and changes nothing."""

    def __init__(self, path: Path, *, only_read: bool = False) -> None:
        self.path = path
        with self._told():
            mode = "ro" if only_read else "rwc"
            self._base = sqlite3.connect(
                f"file:{path}?mode={mode}", uri=True, timeout=BUSY, isolation_level=None, check_same_thread=False
            )
            if not only_read:
                self._base.execute("PRAGMA journal_mode = WAL")
                self._base.execute("PRAGMA synchronous = NORMAL")

    def migrate(self) -> None:
        with self._told():
            (version,) = self._base.execute("PRAGMA user_version").fetchone()
            for number, sql in migrations():
                if number > version:
                    self._base.executescript(f"BEGIN; {sql}; PRAGMA user_version = {number}; COMMIT;")

    def write(self, statements: Iterable[Statement]) -> None:
        with self._told():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                for sql, values in statements:
                    self._base.execute(_numbered(sql), values)
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def read(self, sql: str, values: Row = ()) -> list[Row]:
        with self._told():
            return self._base.execute(_numbered(sql), values).fetchall()

    def stream(self, sql: str, values: Row = ()) -> Iterator[Row]:
        with self._told():
            yield from self._base.execute(_numbered(sql), values)

    def close(self) -> None:
        self._base.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise JournalError(f"the journal {self.path}: {error}") from error


def _numbered(sql: str) -> str:
    return PLACEHOLDER.sub(r"?\1", sql)
