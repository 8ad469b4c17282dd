"""Reading a CSV file: its rows with their keys, and every mistake in it at once."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from ariroute.errors import ConfigError, Problem
from ariroute.files import open_regular, why
from ariroute.flow.facts import FieldType, Scalar
from ariroute.flow.numbers import dialable, e164, is_e164

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
COLUMN = re.compile(r"[^\W\d_][\w -]{0,39}")
COLUMNS_SHOWN = 20
BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

SIZE_LIMIT = 256 * 1024 * 1024
PROBLEM_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be read. With a ``region`` the keys are telephone numbers read there; None takes them as they stand.

    The rows hold ``fields`` alone; of these the columns of ``optional`` need not be there. ``delimiter`` stands between
    two cells.
    """

    path: str
    key: str
    fields: Mapping[str, FieldType]
    region: str | None
    delimiter: str = ","
    optional: Sequence[str] = ()


class Line(NamedTuple):
    """One row: its line in the file, its key, and the values of the fields in their order, None where empty."""

    number: int
    key: str
    values: list[Scalar]


class Reading:
    """One pass over one file; ``problems`` are the mistakes found so far, ``header`` the columns."""

    def __init__(self, task: Task) -> None:
        self._path = Path(task.path)
        self._key = task.key
        self._fields = task.fields
        self._region = task.region
        self._delimiter = task.delimiter
        self._optional = task.optional
        self.problems: list[Problem] = []
        self.header: list[str] = []

    def lines(self) -> Iterator[Line]:
        """The rows that have no mistake. Raises ConfigError when the file as a whole cannot be read."""
        try:
            with TextIOWrapper(open_regular(self._path), encoding="utf-8-sig", newline="") as file:
                if os.fstat(file.fileno()).st_size > SIZE_LIMIT:
                    raise self._unusable(f"is larger than {SIZE_LIMIT >> 20} MiB: keep so many rows in a database")
                yield from self._rows(csv.reader(file, delimiter=self._delimiter, strict=True))
        except OSError as error:
            raise self._unusable(f"cannot be read: {why(error)}") from error
        except UnicodeDecodeError as error:
            raise self._unusable("is not UTF-8: save it as 'CSV UTF-8'") from error

    def twice(self, line: int, key: str, first: int) -> None:
        """Tell that the row in ``line`` has the same key as one before."""
        self._wrong(line, f"{self._key} {key} stands in line {first} already")

    def check(self) -> None:
        """Raises ConfigError with up to 20 of the mistakes, in the order of the file."""
        if self.problems:
            raise ConfigError(sorted(self.problems, key=lambda problem: problem.line)[:PROBLEM_LIMIT])

    def _unusable(self, text: str) -> ConfigError:
        return ConfigError([Problem(str(self._path), 0, 0, "", text)])

    def _rows(self, lines: Iterator[list[str]]) -> Iterator[Line]:
        try:
            self.header = header = self._header(next(lines, []))
            if self.problems:
                return
            place = header.index(self._key)
            columns = [
                (name, header.index(name) if name in header else None, kind) for name, kind in self._fields.items()
            ]
            for cells in lines:
                number: int = lines.line_num  # type: ignore[attr-defined]  # _csv.reader has it
                if key := self._keyed(header, cells, place, number):
                    yield Line(number, key, [self._value(name, cells, at, kind, number) for name, at, kind in columns])
                if len(self.problems) >= PROBLEM_LIMIT:
                    break
        except csv.Error as error:
            self._wrong(lines.line_num, f"not CSV: {error}")  # type: ignore[attr-defined]  # as above

    def _header(self, cells: Sequence[str]) -> list[str]:
        header = [cell.strip() for cell in cells]
        wanted = (self._key, *self._fields)
        missing = [name for name in wanted if name not in (*header, *self._optional)]
        for name in duplicates(header):
            if name in wanted or not missing:
                self._wrong(1, f"the column '{name}' stands twice in the header")
        for name in missing:
            self._wrong(1, f"there is no column '{name}' in the header{columns_text(header, wanted)}")
        return header

    def _keyed(self, header: Sequence[str], cells: Sequence[str], place: int, line: int) -> str:
        """The row's key; empty for an empty line or after a mistake."""
        if (len(cells) != len(header) or not cells[place].strip()) and not any(cell.strip() for cell in cells):
            return ""
        if len(cells) != len(header):
            self._wrong(line, f"{len(cells)} cells, the header has {len(header)}")
            return ""
        text = cells[place].strip()
        key = text if self._region is None else international(text, self._region)
        if not key:
            wanted = "is empty" if not text else f"'{text[:40]}' is not a telephone number"
            where = f" in region {self._region}" if text and self._region else ""
            self._wrong(line, f"{self._key} {wanted}{where}")
        return key

    def _value(self, name: str, cells: Sequence[str], at: int | None, kind: FieldType, line: int) -> Scalar:
        """The value of the cell number ``at``; None where it is empty, or there is no such column."""
        text = "" if at is None else cells[at].strip()
        try:
            return converted(text, kind) if text else None
        except ValueError as error:
            self._wrong(line, f"{name} {error}")
        return None

    def _wrong(self, line: int, text: str) -> None:
        self.problems.append(Problem(str(self._path), line, 1, "", text))


def columns_text(header: Sequence[str], wanted: Collection[str]) -> str:
    """``; columns: phone, tier``; without words of a file that may be no table at all, such as one of passwords."""
    names = [name for name in header if name]
    if not names:
        return "; columns: none"
    for sign in ";\t|,":
        if len(header) == 1 and any(name in map(str.strip, header[0].split(sign)) for name in wanted):
            return f"; its columns seem to be separated by {sign!r}: set delimiter"
    if len(names) > 1 and all(COLUMN.fullmatch(name) for name in names):
        return f"; columns: {', '.join(names[:COLUMNS_SHOWN])}"
    return ": is this the right file?"


def duplicates(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if name and names.count(name) > 1})


def international(text: str, region: str) -> str:
    """``text`` as E.164, empty when it is not a telephone number.

    As a caller's own number is made, so that both are one. What looks like E.164 and is of no valid range stays as it
    is: such numbers are used in tests, and a caller never has one.
    """
    if is_e164(text):
        return text
    bare = dialable(text)
    return e164(bare, region) or (bare if E164.fullmatch(bare) else "")


def converted(text: str, kind: FieldType) -> Scalar:
    """The value of a cell that is not empty. Raises ValueError; float() alone would take ``1_000`` and ``nan``."""
    if kind == "string":
        return text
    if kind == "number":
        if not NUMBER.fullmatch(text):
            raise ValueError(f"'{text[:40]}' is not a number: write 12 or 12.5")
        return float(text)
    if text.lower() not in BOOLS:
        raise ValueError(f"'{text[:40]}' is not a bool: write true or false")
    return BOOLS[text.lower()]
