"""Erasing: the records of one caller or one contact leave the journal, and its files are searched for what is left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ariroute.errors import JournalError
from ariroute.files import why
from ariroute.journal.store import Statement, Store

CHUNK = 1024 * 1024
LONG = 7
"""Characters of a number that is looked for in texts: an extension stands everywhere by chance."""
KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose records: of callers with one of these hashes or numbers, or of one contact.

    ``numbers`` are as they are shown where numbers are kept in full.
    """

    keys: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    contact: str = ""

    def where(self) -> tuple[str, tuple[str, ...]]:
        """The condition on ``contacts``, and its values."""
        if self.contact:
            return "contact = $1", (self.contact,)
        places = [f"${number}" for number in range(1, len(self.keys) + len(self.numbers) + 1)]
        hashes, shown = places[: len(self.keys)], places[len(self.keys) :]
        named = (("caller_key", hashes), ("caller", shown))  # PostgreSQL knows no empty list
        parts = [f"{column} IN ({', '.join(some)})" for column, some in named if some]
        return f"({' OR '.join(parts)})", (*self.keys, *self.numbers)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of it: so many records ``before`` and ``after``.

    ``searched`` are the database's files with their sizes in bytes, none for a server's; ``found`` has how often
    each mark still stands there. ``others`` records, ``rules`` and ``moves`` of agents that are kept name the number
    too: another caller's record, a file's own list of numbers, an agent who is known by it.
    """

    before: int
    after: int
    searched: Mapping[str, int] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)
    others: int = 0
    rules: int = 0
    moves: int = 0

    @property
    def is_proven(self) -> bool:
        """Whether nothing is left but what others' records and the user's own file say."""
        is_told = self.others or self.rules or self.moves
        return not self.after and not [mark for mark in self.found if not (is_told and is_number(mark))]


def count(store: Store, whose: Whose) -> int:
    """How many records there are of them."""
    where, values = whose.where()
    return int(store.read(f"SELECT count(*) FROM contacts WHERE {where}", values)[0][0])  # noqa: S608  # our own names


def erase(store: Store, whose: Whose, files: Collection[Path] = ()) -> Erasure:
    """Delete the records of ``whose`` and overwrite what they leave behind; then look for them in ``files``.

    Raises JournalError.
    """
    where, values = whose.where()
    rows = store.read(f"SELECT contact, caller_key FROM contacts WHERE {where}", values)  # noqa: S608  # our own names
    own = f"SELECT id FROM contacts WHERE {where}"  # noqa: S608  # our own names
    store.write(
        [
            Statement(f"DELETE FROM shadows WHERE contact_id IN ({own})", values),  # noqa: S608  # our own names
            Statement(f"DELETE FROM contacts WHERE {where}", values),  # noqa: S608  # our own names
        ]
    )
    store.wipe()
    numbers = {number for number in whose.numbers if len(number) >= LONG}
    marks = {f'"{contact}"' for contact, _ in rows} | numbers  # so it stands in a record, and no longer id is meant
    if not whose.contact:  # whose caller may have other calls, which stay
        marks |= {key for _, key in rows if key} | {*whose.keys}
    return Erasure(
        len(rows),
        count(store, whose),
        {str(file): file.stat().st_size for file in files if file.exists()},
        search(files, marks),
        _naming(store, "contacts", "detail", numbers),
        _naming(store, "configs", "rules", numbers),
        _naming(store, "moves", "agent || reason || failure", numbers),
    )


def is_number(mark: str) -> bool:
    """Whether ``mark`` is a telephone number, and no hash and no contact."""
    return mark.removeprefix("+").isdigit() and len(mark) < KEY_LENGTH


def search(files: Iterable[Path], marks: Collection[str]) -> dict[str, int]:
    """How often each of ``marks`` stands in ``files``, of those that do. Raises JournalError."""
    wanted = {mark: mark.encode() for mark in marks}
    overlap = max(map(len, wanted.values()), default=1) - 1
    found = dict.fromkeys(wanted, 0)
    for file in files:
        try:
            with file.open("rb") as stream:
                rest = b""
                while chunk := stream.read(CHUNK):
                    piece = rest + chunk
                    for mark, bytes_of in wanted.items():
                        found[mark] += piece.count(bytes_of) - rest.count(bytes_of)
                    rest = piece[-overlap:] if overlap else b""
        except FileNotFoundError:  # the write-ahead log comes and goes
            continue
        except OSError as error:
            raise JournalError(f"{file} cannot be searched: {why(error)}") from error
    return {mark: times for mark, times in found.items() if times}


def _naming(store: Store, table: str, column: str, numbers: Collection[str]) -> int:
    """How many rows of ``table`` have one of ``numbers`` in ``column``."""
    sql = f"SELECT count(*) FROM {table} WHERE {column} LIKE $1"  # noqa: S608  # our own names
    return max((int(store.read(sql, (f"%{number}%",))[0][0]) for number in numbers), default=0)
