"""What the journal asks of a database: numbered migrations, writes in one transaction, reads in pieces.

Every statement is written once, with PostgreSQL's placeholders (``$1``), and serves both databases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, Protocol

from ariroute.errors import JournalError

Row = tuple[Any, ...]


class Statement(NamedTuple):
    """One SQL statement and its values, in the order of ``$1``, ``$2``."""

    sql: str
    values: Row = ()


class RecordRefused(JournalError):
    """The database works, and does not take these values: trying again does not help."""


class Store(Protocol):
    """One open database, used by one thread. Each method raises JournalError when the database does not do it.

    After a JournalError that is no :class:`RecordRefused` it is to be closed; a new one may do better.
    """

    def migrate(self) -> None:
        """Bring the tables to this version's form; a database of a newer version is refused."""

    def check(self) -> None:
        """Raise JournalError unless the tables are of this version's form."""

    def write(self, statements: Sequence[Statement]) -> None:
        """Carry all of them out, or none. Raises RecordRefused when it is one of them that cannot be carried out."""

    def read(self, sql: str, values: Row = ()) -> list[Row]:
        """All rows."""

    def stream(self, sql: str, values: Row = ()) -> Iterator[Row]:
        """The rows one by one, however many there are."""

    def size(self) -> int:
        """Bytes that the records take, without what deleted ones have left free."""

    def on_disk(self) -> int:
        """Bytes that the journal takes of the disk."""

    def give_back(self) -> None:
        """Give some of what deleted records have left free back to the disk, where the database does not do so."""

    def wipe(self) -> None:
        """Leave nothing in the database's files of what was deleted. It may take long, and holds up who writes."""

    def close(self) -> None:
        """Close it; twice does no harm."""


@cache
def migrations() -> Sequence[tuple[int, str]]:
    """The numbered migrations, each with its SQL, in their order."""
    folder = files("ariroute.journal") / "migrations"
    found = [(int(item.name.partition("_")[0]), item) for item in folder.iterdir() if item.name.endswith(".sql")]
    return [(number, item.read_text(encoding="utf-8")) for number, item in sorted(found, key=lambda each: each[0])]


def newest() -> int:
    """The version of the tables that this program knows."""
    return migrations()[-1][0]


def missing(version: int, place: str) -> Sequence[tuple[int, str]]:
    """The migrations that tables of ``version`` (0: there are none) lack. Raises JournalError for newer ones."""
    if version > newest():
        raise JournalError(
            f"{place} was written by a newer ariroute (its tables have version {version}, here {newest()} is known): "
            "upgrade this one, or name another place in journal.url"
        )
    return [(number, sql) for number, sql in migrations() if number > version]


def check_version(version: int, place: str) -> None:
    """Raise JournalError unless ``version`` is this program's: only who writes the journal changes its tables."""
    if missing(version, place):
        older = "has no records yet" if version == 0 else "was last written by an older ariroute"
        raise JournalError(f"{place} {older}: start the daemon of this version")
