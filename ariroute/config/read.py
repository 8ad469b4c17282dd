"""Reading the flow file: YAML 1.2 into plain values, every one with its place.

The YAML is ruamel's; the values are built from its parser's events, one pass and no recursion, so that what this file
format leaves out (aliases, tags, keys given twice, deep nesting) is refused where it stands and before it costs
anything. Scalars follow YAML 1.2's core schema (section 10.3.2): ``no`` and ``08:00`` are texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from ariroute.config.findings import refusal
from ariroute.config.places import Path, Places, Position, Scalar
from ariroute.errors import ConfigError, Problem
from ariroute.files import open_regular, why

SIZE_LIMIT = 1024 * 1024
DEPTH_LIMIT = 20

NULL = frozenset({"", "~", "null", "Null", "NULL"})
TRUE = frozenset({"true", "True", "TRUE"})
FALSE = frozenset({"false", "False", "FALSE"})
WHOLE = re.compile(r"[-+]?[0-9]{1,300}", re.ASCII)
FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?", re.ASCII)
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
LIKE_A_PHONE_NUMBER = re.compile(r"\+[0-9]+|0[0-9]+", re.ASCII)

YAML_SAYS = (
    ("'\\t'", "a tab: indent with spaces"),
    ("'%'", "a text that begins with % must be in quotes"),
    ("'@'", "a text that begins with @ must be in quotes"),
    ("'`'", "a text that begins with ` must be in quotes"),
    ("mapping values are not allowed", "a ':' is not expected here: check the indentation, or put the text in quotes"),
    ("could not find expected ':'", "a key must be followed by ': ' and its value, or by ':' and indented lines"),
    ("while scanning a quoted scalar", "a quote is opened here and never closed"),
    ("unexpected end of stream", "the file ends in the middle of a value"),
    ("expected ',' or ']'", "this list in [ ] lacks a ',' between two values, its ']', or quotes around a text"),
    ("expected ',' or '}'", "this mapping in { } lacks a ',' between two keys, its '}', or quotes around a text"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("sequence entries are not allowed", "a '- ' is not expected here: it begins a list item on a line of its own"),
    (
        "more indented follow up line",
        "the first line of this text must be indented as the others, and not be blanks only",
    ),
    ("undefined alias", "a text that begins with * must be in quotes"),
    ("scanning an alias", "a text that begins with * must be in quotes"),
    ("scanning an anchor", "a text that begins with & must be in quotes"),
)


@dataclass(slots=True)
class Document:
    """A file's content as plain dicts, lists and scalars, the places of it all, and the mistakes found on the way.

    ``folder`` is where relative paths in it start.
    """

    data: Any
    places: Places
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    folder: FilePath = FilePath()

    def folder_of(self, path: Path) -> FilePath:
        """Where a relative file name at ``path`` starts: at the file that says it."""
        source = self.places.source(path)
        return self.folder if source is self.places else FilePath(source.file).parent


def read_file(path: FilePath) -> Document:
    """The document in the file at ``path``. Raises ConfigError when it cannot be read at all."""
    name = str(path)
    try:
        with open_regular(path) as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError([Problem(name, 0, 0, "", f"cannot be read: {why(error)}")]) from None
    except ValueError as error:  # a NUL in the path
        raise ConfigError([Problem(repr(name), 0, 0, "", f"cannot be read: {error}")]) from None
    return read_bytes(content, name)


def read_bytes(content: bytes, file: str) -> Document:
    """The document in ``content``; ``file`` is the name that messages show. Raises ConfigError."""
    if len(content) > SIZE_LIMIT:
        raise ConfigError([Problem(file, 0, 0, "", "is larger than 1 MiB: no flow file needs that")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        problem = Problem(
            file,
            before.count(b"\n") + 1,
            column,
            "",
            "is not UTF-8 here: save the file as UTF-8, without other characters",
        )
        raise ConfigError([problem]) from None
    return read_text(text.replace("\r\n", "\n").replace("\r", "\n"), file)


def read_text(text: str, file: str) -> Document:
    """The document in ``text``. Raises ConfigError when it is not YAML."""
    builder = _Builder(Places(file, text))
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _TooDeep:
        pass
    except MarkedYAMLError as error:
        builder.problems.append(_syntax_problem(error, file))
    except ReaderError as error:
        line, column = builder.places.position(error.position)
        builder.problems.append(
            Problem(file, line, column, "", f"the character U+{_codepoint(error):04X} is not allowed: delete it")
        )
    except (YAMLError, ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        # ruamel's parser lets a few of Python's own errors through for odd directives
        builder.problems.append(Problem(file, 0, 0, "", f"is not YAML: {error}"))
    else:
        return Document(builder.root, builder.places, builder.problems)
    raise refusal(builder.problems)


def scalar(text: str) -> str | int | float | bool | None:
    """The value of an unquoted YAML 1.2 scalar. Numbers too large to be one stay texts."""
    if text in NULL:
        return None
    if text in TRUE or text in FALSE:
        return text in TRUE
    if WHOLE.fullmatch(text):
        return int(text)
    if FRACTION.fullmatch(text):
        number = float(text)
        return number if abs(number) < float("inf") else text
    return text


class _TooDeep(Exception):
    """The nesting limit was passed; the mistake is already in the list."""


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet; ``key`` waits for its value."""

    value: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None
    skip: bool = False


class _Builder:
    """Takes the parser's events and builds the document."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.problems: list[Problem] = []
        self.root: Any = None
        self._stack: list[_Open] = []
        self._documents = 0

    def take(self, event: Event) -> None:
        match event:
            case ScalarEvent() | AliasEvent() | MappingStartEvent() | SequenceStartEvent():
                self._node(event)
            case MappingEndEvent() | SequenceEndEvent():
                self._stack.pop()
            case DocumentStartEvent():
                self._document(event)

    def _document(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if event.version or event.tags:
            self._refuse(event, (), "a %YAML or %TAG line has no place in this file: delete it")
        if self._documents > 1:
            self._refuse(event, (), "a second document begins here: one file holds one configuration, remove '---'")

    def _node(self, event: NodeEvent) -> None:
        parent = self._stack[-1] if self._stack else None
        if parent and isinstance(parent.value, dict) and parent.key is None:
            self._key(parent, event)
            return
        path = self._path(parent)
        position = _position(event)
        self.places.values.setdefault(path, position)
        value = self._value(event, path)
        self._place(parent, value)
        if isinstance(value, dict | list):
            self._open(event, value, path)

    def _path(self, parent: _Open | None) -> Path:
        if parent is None:
            return ()
        if isinstance(parent.value, dict):
            return (*parent.path, parent.key or "")
        return (*parent.path, len(parent.value))

    def _value(self, event: NodeEvent, path: Path) -> Any:
        if isinstance(event, AliasEvent):
            self._refuse(event, path, "YAML aliases (*name) are not used in this file: write the value out")
            return None
        self._check_decoration(event, path)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path)
        return {} if isinstance(event, MappingStartEvent) else []

    def _scalar(self, event: ScalarEvent, path: Path) -> Any:
        text = self._whole_characters(event, path)
        written = Scalar(event.start_mark.index, event.end_mark.index, event.style or "", text)
        self.places.scalars.setdefault(path, written)
        if event.style:
            return text
        if LIKE_A_PHONE_NUMBER.fullmatch(text):
            self._refuse(event, path, f'a telephone number must be in quotes, or it loses its + or 0: "{text[:40]}"')
            return text
        return scalar(text)

    def _place(self, parent: _Open | None, value: Any) -> None:
        if parent is None:
            if self._documents == 1:
                self.root = value
        elif isinstance(parent.value, list):
            parent.value.append(value)
        else:
            if not parent.skip:
                parent.value[parent.key or ""] = value
            parent.key = None

    def _open(self, event: NodeEvent, value: dict[str, Any] | list[Any], path: Path) -> None:
        if len(self._stack) >= DEPTH_LIMIT:
            self._refuse(event, path[:4], f"nested more than {DEPTH_LIMIT} levels deep: use goto and further flows")
            raise _TooDeep
        self._stack.append(_Open(value, path))

    def _key(self, parent: _Open, event: NodeEvent) -> None:
        if not isinstance(event, ScalarEvent):
            braces = isinstance(event, MappingStartEvent) and event.flow_style
            remedy = ": put a text that begins with {{ in quotes" if braces else ""
            self._refuse(event, parent.path, f"a key must be a plain word{remedy}")
            raise _TooDeep
        self._check_decoration(event, parent.path)
        key = self._whole_characters(event, parent.path)
        path = (*parent.path, key)
        assert isinstance(parent.value, dict)
        parent.key, parent.skip = key, key in parent.value
        if parent.skip:
            self._refuse(event, path, f"'{key}' is given twice: the first is in line {self.places.of(path)[0]}")
        elif key == "<<":
            self._refuse(event, path, "YAML merging (<<) is not used in this file: write the keys out")
            parent.skip = True
        self.places.keys.setdefault(path, _position(event))

    def _whole_characters(self, event: ScalarEvent, path: Path) -> str:
        text = str(event.value)
        if HALF_CHARACTER.search(text):
            self._refuse(
                event, path, "an escape from \\ud800 to \\udfff is half a character: write the character itself"
            )
            return HALF_CHARACTER.sub("?", text)
        return text

    def _check_decoration(self, event: NodeEvent, path: Path) -> None:
        if event.anchor is not None:
            self._refuse(
                event, path, "YAML anchors (&name) are not used in this file: write the value out where it is used"
            )
        if getattr(event, "tag", None) is not None:
            self._refuse(
                event, path, "YAML tags (!name) are not used in this file: delete it, and use quotes for a text"
            )

    def _refuse(self, event: Event, path: Path, text: str) -> None:
        self.problems.append(self.places.problem(path, text, at=_position(event)))


def _position(event: Event) -> Position:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _codepoint(error: ReaderError) -> int:
    character = error.character
    if isinstance(character, bytes):
        return character[0]
    return ord(character) if isinstance(character, str) else int(character)


def _syntax_problem(error: MarkedYAMLError, file: str) -> Problem:
    said = f"{error.context or ''} {error.problem or ''}"
    text = next((ours for theirs, ours in YAML_SAYS if theirs in said), "")
    begun = any(word in said for word in ("quoted scalar", "while parsing a flow", "could not find"))
    mark = (error.context_mark if begun else error.problem_mark) or error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    words = " ".join("".join(takewhile(lambda c: c != "\n", said)).split())
    return Problem(file, line, column, "", text or f"is not YAML here: {words}")
