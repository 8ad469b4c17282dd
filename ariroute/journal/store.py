"""What the journal asks of a database: numbered migrations, writes in one transaction, reads in pieces.

Every statement is written once, with PostgreSQL's placeholders (``$1``), and serves both databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Any, NamedTuple, Protocol

Row = tuple[Any, ...]


class Statement(NamedTuple):
    """One SQL statement and its values, in the order of ``$1``, ``$2``."""

    sql: str
    values: Row = ()


class Store(Protocol):
    """One open database, used by one thread. Each method raises JournalError when the database does not do it."""

    def migrate(self) -> None:
        """Bring the tables to this version's form; a database of a newer version is refused."""

    def write(self, statements: Iterable[Statement]) -> None:
        """Carry all of them out, or none."""

    def read(self, sql: str, values: Row = ()) -> list[Row]:
        """All rows."""

    def stream(self, sql: str, values: Row = ()) -> Iterator[Row]:
        """The rows one by one, however many there are."""

    def close(self) -> None:
        """Close it; twice does no harm."""


def migrations() -> Sequence[tuple[int, str]]:
    """The numbered migrations, each with its SQL, in their order."""
    folder = files("ariroute.journal") / "migrations"
    found = [(int(item.name.partition("_")[0]), item) for item in folder.iterdir() if item.name.endswith(".sql")]
    return [(number, item.read_text(encoding="utf-8")) for number, item in sorted(found, key=lambda each: each[0])]
