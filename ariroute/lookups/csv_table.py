"""A CSV file packed for looking up: in memory that holds little more than its text, and is found by binary search.

Rows stand as lines of JSON, one behind the other; behind them the sorted 64-bit fingerprints of their keys, then in the
same order where each row begins. Whoever packs and whoever looks up share the memory and nothing else, so the packing
of a large file is done by another process (:mod:`ariroute.lookups.csv_packing`). Measured in docs/decisions.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from hashlib import blake2b
from typing import BinaryIO

from ariroute.flow.facts import Scalar
from ariroute.lookups.table import Line, Reading, Task

WORD = 8
"""Bytes of a fingerprint, of a place and of the number of rows, which stands at the end."""


TWICE_LIMIT = 1000
"""So many keys that stand twice are looked for: in a file that was pasted twice it is every one."""

ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def fingerprint_of(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=WORD).digest(), sys.byteorder)


def pack(task: Task, out: BinaryIO) -> int:
    """Read the file and write the packed table to ``out``; the number of its rows.

    Raises ConfigError with up to 20 mistakes.
    """
    reading = Reading(task)
    marks, places, numbers = array("Q"), array("Q"), array("Q")
    place = 0
    for line in reading.lines():
        row = _row(line)
        out.write(row)
        marks.append(fingerprint_of(line.key))
        places.append(place)
        numbers.append(line.number)
        place += len(row)
    order = sorted(range(len(marks)), key=marks.__getitem__)
    _check_keys(reading, order, marks, places, numbers, out)
    reading.check()
    out.seek(place)
    out.write(bytes(-place % WORD))
    array("Q", (marks[each] for each in order)).tofile(out)
    array("Q", (places[each] for each in order)).tofile(out)
    array("Q", [len(order)]).tofile(out)
    out.flush()
    return len(order)


def _row(line: Line) -> bytes:
    return ENCODER.encode([line.key, *line.values]).encode() + b"\n"


def _check_keys(
    reading: Reading,
    order: Sequence[int],
    marks: Sequence[int],
    places: Sequence[int],
    numbers: Sequence[int],
    out: BinaryIO,
) -> None:
    """Tell keys that stand twice. The same fingerprint may be a coincidence: the rows themselves decide."""
    seen: dict[str, int] = {}
    mark = -1
    for index, each in enumerate(order):
        if marks[each] != mark:
            if index + 1 == len(order) or marks[order[index + 1]] != marks[each]:
                continue
            seen, mark = {}, marks[each]
        out.flush()
        out.seek(places[each])
        key = json.loads(out.readline())[0]
        if key in seen:
            reading.twice(numbers[each], key, seen[key])
            if len(reading.problems) > TWICE_LIMIT:
                return
        else:
            seen[key] = numbers[each]


class Table:
    """A packed table, open for looking up. ``close`` gives its memory back."""

    def __init__(self, file: int, fields: Sequence[str]) -> None:
        """``file`` is the descriptor of what :func:`pack` has written; it may be closed afterwards."""
        self._fields = tuple(fields)
        self._map = mmap.mmap(file, 0, prot=mmap.PROT_READ)
        self._view = memoryview(self._map)
        size = len(self._view)
        (rows,) = self._view[size - WORD :].cast("Q")
        start = size - WORD - 2 * WORD * rows
        self._marks = self._view[start : start + WORD * rows].cast("Q")
        self._places = self._view[start + WORD * rows : size - WORD].cast("Q")

    def __len__(self) -> int:
        return len(self._marks)

    def get(self, key: str) -> dict[str, Scalar] | None:
        """The fields of the row with this key that are not empty; None when there is no such row."""
        mark = fingerprint_of(key)
        place = bisect_left(self._marks, mark)
        while place < len(self._marks) and self._marks[place] == mark:
            begin = self._places[place]
            found, *values = json.loads(self._map[begin : self._map.find(b"\n", begin)])
            if found == key:
                pairs = zip(self._fields, values, strict=True)
                return {name: value for name, value in pairs if value is not None}
            place += 1
        return None

    def close(self) -> None:
        self._marks.release()
        self._places.release()
        self._view.release()
        self._map.close()


def memory_file() -> BinaryIO:
    """A file that is in memory alone and has no name."""
    return os.fdopen(os.memfd_create("ariroute-csv"), "w+b")


def packed_here(task: Task) -> Table:
    """The table of ``task``, packed by this process. Raises ConfigError."""
    with memory_file() as file:
        pack(task, file)
        return Table(file.fileno(), list(task.fields))
