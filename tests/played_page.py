"""A page of the documentation as a reader plays it: its files, its commands, what it shows and what it tells to change.

So a page cannot drift: the acceptance tests do what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar


@dataclass(frozen=True, slots=True)
class File:
    """A fenced block with what belongs into a file."""

    path: str
    text: str
    at_the_end: bool


@dataclass(frozen=True, slots=True)
class Command:
    """An indented line."""

    line: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A fenced block with output; `…` stands for anything."""

    text: str

    def matches(self, output: str) -> bool:
        """Whether these lines are in `output`, in this order."""
        lines = (re.escape(line).replace("…", ".*") for line in self.text.splitlines())
        return re.search(".*".join(lines), output, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Change:
    """In the file `path` change `old` to `new`; without a path it is the flow file."""

    path: str
    old: str
    new: str


Deed = TypeVar("Deed")

_FILE: Final = re.compile(r"`(/[^`]+)`")
_CHANGE: Final = re.compile(r"In (?:the flow file|`(\S+?)`) change `(.+?)` to `(.+?)`")


def steps(
    document: str, deeds: Callable[[str], Iterable[Deed]] = lambda prose: ()
) -> Iterator[File | Command | Shown | Change | Deed]:
    """What the reader does and sees, in order; `deeds` says what else a piece of prose asks for."""
    prose = ""
    for piece in re.split(r"(?m)^(```\w+\n(?:.*\n)*?```$|(?: {4}.*\n)+)", document):
        if piece.startswith("```"):
            language, _, text = piece.removesuffix("```").removeprefix("```").partition("\n")
            yield Shown(text) if language == "text" else _file(prose, text)
        elif piece.startswith("    "):
            yield from (Command(line.strip()) for line in piece.splitlines())
        else:
            prose = piece
            yield from deeds(prose)
            if found := _CHANGE.search(prose):
                yield Change(found[1] or "", found[2], found[3])


def _file(prose: str, text: str) -> File:
    sentence = prose[: list(_FILE.finditer(prose))[-1].end()].strip().rpartition("\n")[2]
    return File(_FILE.findall(prose)[-1], text, "At the end of" in sentence)
