"""The normal form of a file: indentation by two, one blank line between sections, double quotes; comments stay.

ruamel writes the file anew from what it read, comments included. Whether that changed anything but the layout is then
checked by our own reader, which knows nothing of how it was written: the values and the comments must be the same,
in the same order, and the normal form of the result must be the result.
"""

from __future__ import annotations

import re
from io import StringIO
from itertools import pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import ScalarEvent
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from ariroute.config.findings import refusal
from ariroute.config.read import Document, read_bytes, read_text
from ariroute.errors import UnusableInput

ROUNDS = 4
"""A comment may move by a column or two when it is written for the first time."""

ANY_WIDTH = 1 << 20
COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")
NEEDS_ESCAPES = re.compile(r'["\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff]')


def normal_form(content: bytes, file: str) -> str:
    """The text of ``content`` in normal form; ``file`` is its name in messages.

    Raises ConfigError when it cannot be read, UnusableInput when it has no normal form with the same content.
    """
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    document = _read(content, file)
    if document.data is None:
        return text
    made = text
    for _ in range(ROUNDS):
        before, made = made, _written(made, file)
        if made == before:
            break
    else:
        raise _refused(file, "its layout does not settle")
    if _read(made.encode(), file).data != document.data:
        raise _refused(file, "a value would change")
    if comments(made) != comments(text):
        raise _refused(file, "a comment would be lost or moved")
    return made


def _refused(file: str, why: str) -> UnusableInput:
    return UnusableInput(f"{file}: cannot be brought into normal form, {why}: it is left as it is")


def _read(content: bytes, file: str) -> Document:
    document = read_bytes(content, file)
    if document.problems:
        raise refusal(document.problems)
    return document


def _written(text: str, file: str) -> str:
    """``text`` as ruamel writes it, with our blank lines."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = ANY_WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    stream = StringIO()
    try:
        content = yaml.load(text)
        _requote(content)
        yaml.dump(content, stream)
        return _spaced(stream.getvalue(), file)
    except (YAMLError, ValueError, TypeError, AttributeError, IndexError, KeyError, AssertionError) as error:
        raise _refused(file, f"the YAML library cannot write it ({type(error).__name__})") from None


def _requote(value: Any) -> None:
    """Double quotes for single ones, where that needs no escapes."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        if isinstance(inner, SingleQuotedScalarString) and not NEEDS_ESCAPES.search(inner):
            value[key] = DoubleQuotedScalarString(inner)
        _requote(inner)


def _spaced(text: str, file: str) -> str:
    """One blank line before each section and the comments above it; never two; no blanks at the ends of lines."""
    lines = text.split("\n")
    places = read_text(text, file).places
    literal = _literal_lines(text)
    sections = {row - 1 for path, (row, _) in places.keys.items() if len(path) == 1}
    begins = {_first_comment(lines, row) for row in sections if row}
    several = {path[0] for path in places.keys if len(path) == 2}
    long = {row - 1 for path, (row, _) in places.keys.items() if len(path) == 1 and path[0] in several}
    apart = {_first_comment(lines, row) for row in long} | {
        _first_comment(lines, after) for before, after in pairwise(sorted(sections)) if before in long
    }
    made: list[str] = []
    for row, line in enumerate(lines):
        if row in literal:
            made.append(line)
            continue
        if row in begins & apart and made and made[-1]:
            made.append("")
        if line.strip() or (made and made[-1]):
            made.append(line.rstrip())
    return "\n".join(made).strip("\n") + "\n"


def _first_comment(lines: list[str], row: int) -> int:
    """The first of the lines of comments that stand directly above ``row``; else the row itself."""
    while row and lines[row - 1].startswith("#"):
        row -= 1
    return row


def _literal_lines(text: str) -> set[int]:
    """The lines within texts of several lines: what is blank there belongs to the text."""
    found: set[int] = set()
    for start, end in _scalars(text):
        first = text.count("\n", 0, start)
        found.update(range(first + 1, first + 1 + text.count("\n", start, end)))
    return found


def comments(text: str) -> list[str]:
    """The comments of ``text``, in their order."""
    bare, at = [], 0
    for start, end in _scalars(text):
        bare += [text[at:start], "\n" if text[start : start + 1] == "\n" else "x"]
        at = end
    bare.append(text[at:])
    return [found.rstrip() for found in COMMENT.findall("".join(bare))]


def _scalars(text: str) -> list[tuple[int, int]]:
    """From where to where keys and values stand; of a block the lines that are its own, without its first line."""
    found = []
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, ScalarEvent):
            start, end = event.start_mark.index, event.end_mark.index
            if event.style in ("|", ">"):
                end = _block_end(text, start, end)
                start = min(start + len(text[start:end].split("\n")[0]), end)
            found.append((start, end))
    return found


def _block_end(text: str, start: int, end: int) -> int:
    """Where the block ends whose scalar YAML lets run on over the comments and blank lines behind it."""
    head, *lines = text[start:end].split("\n")
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    first = next((line for line in lines if line.strip()), "")
    inside = len(first) - len(first.lstrip(" ")) if first else margin
    while lines and (not lines[-1].strip() or len(lines[-1]) - len(lines[-1].lstrip(" ")) < inside):
        lines.pop()
    return start + len("\n".join([head, *lines]))
