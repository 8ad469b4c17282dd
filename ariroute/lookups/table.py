"""A CSV file as rows by their key, with every mistake in it found at once."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path

from ariroute.errors import ConfigError, Problem
from ariroute.files import open_regular, why
from ariroute.flow.facts import FieldType, Scalar
from ariroute.flow.numbers import dialable, e164

Row = dict[str, Scalar]
Table = dict[str, Row]

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
COLUMN = re.compile(r"[^\W\d_][\w -]{0,39}")
COLUMNS_SHOWN = 20
BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

SIZE_LIMIT = 64 * 1024 * 1024
PROBLEM_LIMIT = 20


def read(path: Path, *, key: str, fields: Mapping[str, FieldType], region: str | None, delimiter: str = ",") -> Table:
    """The rows of the file, declared fields only, by the text in column ``key``.

    With a ``region`` the keys are telephone numbers, kept as E.164 and read in that region; None takes them as they
    stand. An empty cell is an empty field. Raises ConfigError with up to 20 mistakes.
    """
    try:
        with TextIOWrapper(open_regular(path), encoding="utf-8-sig", newline="") as file:
            if os.fstat(file.fileno()).st_size > SIZE_LIMIT:
                raise unusable(path, f"is larger than {SIZE_LIMIT >> 20} MiB: keep so many rows in a database")
            return Reading(path, key, fields, region).table(csv.reader(file, delimiter=delimiter, strict=True))
    except OSError as error:
        raise unusable(path, f"cannot be read: {why(error)}") from error
    except UnicodeDecodeError as error:
        raise unusable(path, "is not UTF-8: save it as 'CSV UTF-8'") from error


def unusable(path: Path, text: str) -> ConfigError:
    return ConfigError([Problem(str(path), 0, 0, "", text)])


class Reading:
    """One pass over one file."""

    def __init__(self, path: Path, key: str, fields: Mapping[str, FieldType], region: str | None) -> None:
        self._path = path
        self._key = key
        self._fields = fields
        self._region = region
        self._problems: list[Problem] = []

    def table(self, lines: Iterator[list[str]]) -> Table:
        """All rows. Raises ConfigError."""
        found: Table = {}
        seen: dict[str, int] = {}
        try:
            header = self._header(next(lines, []))
            for cells in lines:
                line: int = lines.line_num  # type: ignore[attr-defined]  # _csv.reader has it
                key = self._keyed(header, cells, line)
                if key and key in seen:
                    self._wrong(line, f"{self._key} {key} stands in line {seen[key]} already")
                elif key:
                    seen[key] = line
                    found[key] = self._row(header, cells, line)
                if len(self._problems) >= PROBLEM_LIMIT:
                    break
        except csv.Error as error:
            self._wrong(lines.line_num, f"not CSV: {error}")  # type: ignore[attr-defined]  # as above
        if self._problems:
            raise ConfigError(self._problems)
        return found

    def _header(self, cells: Sequence[str]) -> list[str]:
        header = [cell.strip() for cell in cells]
        wanted = (self._key, *self._fields)
        missing = [name for name in wanted if name not in header]
        for name in duplicates(header):
            if name in wanted or not missing:
                self._wrong(1, f"the column '{name}' stands twice in the header")
        for name in missing:
            self._wrong(1, f"there is no column '{name}' in the header{columns_text(header, wanted)}")
        if self._problems:
            raise ConfigError(self._problems)
        return header

    def _keyed(self, header: Sequence[str], cells: Sequence[str], line: int) -> str:
        """The row's key; empty for an empty line or after a mistake."""
        if not any(cell.strip() for cell in cells):
            return ""
        if len(cells) != len(header):
            self._wrong(line, f"{len(cells)} cells, the header has {len(header)}")
            return ""
        text = cells[header.index(self._key)].strip()
        key = text if self._region is None else international(text, self._region)
        if not key:
            wanted = "is empty" if not text else f"'{text[:40]}' is not a telephone number"
            place = f" in region {self._region}" if text and self._region else ""
            self._wrong(line, f"{self._key} {wanted}{place}")
        return key

    def _row(self, header: Sequence[str], cells: Sequence[str], line: int) -> Row:
        row: Row = {}
        for name, cell in zip(header, cells, strict=True):
            if name in self._fields and cell.strip():
                try:
                    row[name] = converted(cell.strip(), self._fields[name])
                except ValueError as error:
                    self._wrong(line, f"{name} {error}")
        return row

    def _wrong(self, line: int, text: str) -> None:
        self._problems.append(Problem(str(self._path), line, 1, "", text))


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
    """``text`` as E.164, empty when it is not a telephone number."""
    bare = dialable(text)
    return bare if E164.fullmatch(bare) else e164(bare, region)


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
