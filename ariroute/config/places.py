"""Where each value of the flow file stands: from a path, ``("flows", "support", "steps", 0)``, to line and column.

A configuration may be spread over several files; a path then leads to one of them first. Lines and columns count from
1, as editors show them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ariroute.errors import Problem

Path = tuple[str | int, ...]
Position = tuple[int, int]

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
LINE_FOLD = re.compile(r"[ \t]*\r?\n[ \t\r\n]*")
ESCAPED_FOLD = re.compile(r"\\\r?\n[ \t]*")
ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as it is written: ``start`` and ``end`` are offsets into the file's text, quotes included."""

    start: int
    end: int
    style: str
    text: str


@dataclass(slots=True)
class Places:
    """The places of every key and value of one file, or of several that make one configuration, by path.

    ``file`` and ``text`` are those of the main file, ``files`` the names of all; ``elsewhere`` holds the paths at and
    below which another file's places count.
    """

    file: str
    text: str
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    scalars: dict[Path, Scalar] = field(default_factory=dict)
    elsewhere: dict[Path, Places] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = self.files or [self.file]

    def source(self, path: Path) -> Places:
        """The places of the file in which the value at ``path`` stands."""
        for end in range(len(path), 0, -1) if self.elsewhere else ():
            if found := self.elsewhere.get(path[:end]):
                return found
        return self

    def add(self, other: Places) -> None:
        """Know the places of ``other`` too, where there is none yet; whose they are stands in ``elsewhere``."""
        for mine, theirs in ((self.keys, other.keys), (self.values, other.values)):
            for path, position in theirs.items():
                mine.setdefault(path, position)
        for path, scalar in other.scalars.items():
            self.scalars.setdefault(path, scalar)

    def moved(self, section: str, by: int) -> Places:
        """The same places, but the items of the list ``section`` have numbers that are higher by ``by``."""

        def elsewhere(path: Path) -> Path:
            if len(path) < 2 or path[0] != section or not isinstance(path[1], int):
                return path
            return (section, path[1] + by, *path[2:])

        keys = {elsewhere(path): position for path, position in self.keys.items()}
        values = {elsewhere(path): position for path, position in self.values.items()}
        return Places(
            self.file, self.text, keys, values, {elsewhere(path): each for path, each in self.scalars.items()}
        )

    def replace(self, path: Path, other: Places) -> None:
        """What is at ``path`` and below stands in ``other``."""
        self.elsewhere[path] = other
        size = len(path)
        for mine, theirs in ((self.keys, other.keys), (self.values, other.values)):
            for old in [each for each in mine if each[:size] == path]:
                del mine[old]
            mine |= {each: position for each, position in theirs.items() if each[:size] == path}
        for old in [each for each in self.scalars if each[:size] == path]:
            del self.scalars[old]
        self.scalars |= {each: scalar for each, scalar in other.scalars.items() if each[:size] == path}

    def of(self, path: Path) -> Position:
        """The place of the key or list item at ``path``, or of the nearest thing around it that is in the file."""
        for end in range(len(path), 0, -1):
            found = self.keys.get(path[:end]) or self.values.get(path[:end])
            if found:
                return found
        return (1, 1)

    def value(self, path: Path) -> Position:
        """The place of the value at ``path``, where it differs from that of its key."""
        return self.values.get(path) or self.of(path)

    def written(self, path: Path) -> str:
        """The value at ``path`` as it stands in the file, without its quotes; empty when it is no single value."""
        scalar = self.scalars.get(path)
        return scalar.text if scalar else ""

    def known(self, path: Path) -> Path:
        """The longest beginning of ``path`` that is in the file."""
        while path and path not in self.values and path not in self.keys:
            path = path[:-1]
        return path

    def inside(self, path: Path, line: int, column: int) -> Position:
        """The place in the file of a line and column (from 1) within the text at ``path``."""
        if (source := self.source(path)) is not self:
            return source.inside(path, line, column)
        scalar = self.scalars.get(path)
        if scalar is None:
            return self.value(path)
        if scalar.style == "|":
            return self._inside_block(scalar, line, column)
        before = scalar.text.split("\n")[: line - 1]
        wanted = sum(len(part) + 1 for part in before) + column - 1
        return self.position(self._source_offset(scalar, wanted))

    def problem(self, path: Path, text: str, *, at: Position | None = None, excerpt: str = "") -> Problem:
        """A mistake at ``path``; ``at`` is given where the place is not that of the key."""
        line, column = at or self.of(path)
        return Problem(self.source(path).file, line, column, printable(path), text, excerpt)

    def excerpt(self, path: Path, at: Position) -> str:
        """The line at ``at`` of the file with ``path``, a caret under the column; a long line is cut around it."""
        lines = self.source(path).text.splitlines()
        source = lines[at[0] - 1] if at[0] <= len(lines) else ""
        first = max(0, at[1] - 61)
        shown = "".join(c if c.isprintable() else " " for c in source[first : first + 100])
        return f"  {shown}\n  {' ' * (at[1] - 1 - first)}^"

    def position(self, offset: int) -> Position:
        """The place of the character number ``offset`` of the file."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - line_start + 1

    def _inside_block(self, scalar: Scalar, line: int, column: int) -> Position:
        first, _ = self.position(scalar.start)
        lines, wanted = self.text.splitlines(), scalar.text.split("\n")
        row = first + line
        source = lines[row - 1] if row <= len(lines) else ""
        bare = wanted[line - 1] if line <= len(wanted) else ""
        indent = len(source) - len(source.lstrip(" ")) - (len(bare) - len(bare.lstrip(" ")))
        return row, max(indent, 0) + column

    def _source_offset(self, scalar: Scalar, wanted: int) -> int:
        """Where the character number ``wanted`` of a plain, quoted or folded value stands in the file's text."""
        at, done = scalar.start + (scalar.style in ("'", '"')), 0
        if scalar.style == ">":
            at = self.text.find("\n", scalar.start) + 1
            at += len(self.text[at:]) - len(self.text[at:].lstrip(" \n"))
        while done < wanted and at < scalar.end:
            length, width = self._next(scalar.style, at)
            at, done = at + length, done + width
        return min(at, max(scalar.end - 1, scalar.start))

    def _next(self, style: str, at: int) -> tuple[int, int]:
        """How many characters of the file the next thing at ``at`` takes, and how many of the value it makes."""
        if style == '"' and self.text[at] == "\\":
            if fold := ESCAPED_FOLD.match(self.text, at):
                return len(fold[0]), 0
            return ESCAPE_LENGTHS.get(self.text[at + 1], 2), 1
        if style == "'" and self.text.startswith("''", at):
            return 2, 1
        if fold := LINE_FOLD.match(self.text, at):
            return len(fold[0]), max(1, fold[0].count("\n") - 1)
        return 1, 1


def printable(path: Sequence[str | int]) -> str:
    """``path`` as messages and traces show it: ``flows.support.steps[1].branch[0].when``; list items count from 0."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            word = part if PLAIN_KEY.fullmatch(part) else repr(part[:80])
            shown += f".{word}" if shown else word
    return shown
