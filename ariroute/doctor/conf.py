"""Asterisk's own configuration files as sections of keys and values, as config.c reads them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

SECTION: Final = re.compile(r"\[([^]]+)\](?:\(([^)]*)\))?")
COMMENT: Final = re.compile(r"(?<!\\);")
BLOCK: Final = re.compile(r";--(?!-)|--;")
NUMBER: Final = re.compile(r"\s*([+-]?[0-9]{1,9})", re.ASCII)
TRUE: Final = frozenset({"yes", "true", "y", "t", "1", "on"})

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Conf:
    """One file. A key may come several times; :meth:`get` gives the last value."""

    sections: Mapping[str, Pairs] = field(default_factory=dict)

    def get(self, section: str, key: str, default: str = "") -> str:
        return next(reversed(self.values(section, key)), default)

    def values(self, section: str, key: str) -> list[str]:
        return [value for name, value in self.sections.get(section, ()) if name == key]

    def is_on(self, section: str, key: str, default: bool) -> bool:
        return self.get(section, key, "yes" if default else "no").lower() in TRUE


def leading_number(text: str) -> int | None:
    """The number with which ``text`` begins, as ``atoi()`` reads it; None where there is none."""
    match = NUMBER.match(text)
    return int(match[1]) if match else None


def without_blocks(lines: Iterable[str]) -> Iterator[str]:
    """The lines without what stands between ``;--`` and ``--;``, which may be nested.

    As ``config_text_file_load()`` has it (config.c, 22.10.1): a comment to the end of the line hides what begins a
    block, and ``;---`` begins none.
    """
    depth = 0
    for line in lines:
        kept, begin = "", 0
        for mark in BLOCK.finditer(line):
            if depth == 0:
                if COMMENT.search(line, begin, mark.start()) or mark[0] == "--;":
                    break
                kept += line[begin : mark.start()]
            depth += 1 if mark[0] == ";--" else -1
            begin = mark.end()
        yield kept if depth else kept + line[begin:]


def parse(lines: Iterable[str]) -> Conf:
    """The sections in these lines; templates pass their pairs on, ``(+)`` adds to a section."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for raw in without_blocks(lines):
        line = COMMENT.split(raw)[0].strip()
        if match := SECTION.fullmatch(line):
            name = match[1]
            options = [each.strip() for each in (match[2] or "").split(",")]
            pairs = found.setdefault(name, [])
            for option in options:
                if option not in ("", "!", "+"):
                    pairs += found.get(option, [])
            continue
        key, equals, value = line.partition("=")
        if equals and name:
            found[name].append((key.strip().lower(), value.removeprefix(">").strip()))
    return Conf({section: tuple(pairs) for section, pairs in found.items()})
