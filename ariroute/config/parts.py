"""A configuration in several files, read as one document in which every value knows its file.

A folder stands for its ``ariroute.yaml`` and the ``conf.d/*.yaml`` beside it. Any file may name more with ``include``.
Sections are put together; a name that two files give is a mistake. A file with ``base`` is a site: it changes single
values of the configuration it names, and nothing of its structure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from ariroute.config.findings import refusal
from ariroute.config.places import Path, Places
from ariroute.config.read import Document, read_bytes, read_file
from ariroute.errors import ConfigError, Problem

MAIN = "ariroute.yaml"
PARTS = "conf.d"
FILE_LIMIT = 200
LISTED = "tests"
"""The one section that is a list: what files have there is put one behind the other."""
DEPTH_LIMIT = 8
"""A file included by the main file is one deep."""

Identity = tuple[int, int]


def read_all(path: FilePath) -> Document:
    """The configuration at ``path``, a file or a folder. Raises ConfigError when one of its files is not YAML."""
    if path.is_dir():
        parts = _parts_of(path / PARTS)
        return _Joined().whole(path / MAIN, [part for part in parts if part.suffix == ".yaml"], _overlooked(parts))
    if path.name == MAIN and (parts := _parts_of(path.parent / PARTS)):
        return _Joined().whole(path, [], (_not_read(path, parts),))
    return _Joined().whole(path)


def read_text_with_parts(text: str, file: str, folder: FilePath) -> Document:
    """As :func:`read_all` for a text; what it includes is looked for from ``folder``."""
    return _Joined().text(read_bytes(text.encode("utf-8", "surrogatepass"), file), folder)


def _parts_of(folder: FilePath) -> list[FilePath]:
    with suppress(OSError):
        return sorted(each for each in folder.iterdir() if each.suffix in (".yaml", ".yml") and each.name[0] != ".")
    return []


def _overlooked(parts: list[FilePath]) -> tuple[Problem, ...]:
    text = "is not read: files of conf.d are called *.yaml"
    return tuple(Problem(str(part), 0, 0, "", text) for part in parts if part.suffix != ".yaml")


def _not_read(path: FilePath, parts: list[FilePath]) -> Problem:
    text = f"the files of {parts[0].parent} are not read: to use them, name the folder, -c {path.parent}"
    return Problem(str(path), 0, 0, "", text)


@dataclass(slots=True)
class _Joined:
    """Reads files one after the other and puts what they hold together."""

    places: Places = field(default_factory=lambda: Places("", ""))
    data: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False
    """One file at least cannot be read, so that what is missing elsewhere may stand there."""
    seen: dict[Identity, str] = field(default_factory=dict)
    chain: list[str] = field(default_factory=list)

    def whole(self, main: FilePath, parts: Sequence[FilePath] = (), warnings: Sequence[Problem] = ()) -> Document:
        """The configuration in ``main``, what it includes, and ``parts``."""
        document = read_file(main)
        if isinstance(document.data, dict) and "base" in document.data:
            return _site(document, main.parent)
        with suppress(OSError):
            found = main.stat()
            self.seen[(found.st_dev, found.st_ino)] = str(main)
        return self._with_parts(document, main.parent, parts, warnings)

    def text(self, document: Document, folder: FilePath) -> Document:
        if isinstance(document.data, dict) and "base" in document.data:
            return _site(document, folder)
        return self._with_parts(document, folder, (), ())

    def _with_parts(
        self, document: Document, folder: FilePath, parts: Sequence[FilePath], warnings: Sequence[Problem]
    ) -> Document:
        document.folder, document.warnings = folder, list(warnings)
        if not isinstance(document.data, dict):
            return document
        self.chain.append(document.places.file)
        self.places, self.data = document.places, document.data
        self.problems += document.problems
        self._includes(document, folder, ())
        for part in parts:
            if identity := self._unread(part, document.places, ()):
                self._take(part, identity, document.places, ())
        if self.broken:
            raise refusal(self.problems, self.places.files)
        return replace(document, problems=self.problems)

    def _includes(self, document: Document, folder: FilePath, inside: Path) -> None:
        """Take the files that ``document`` includes."""
        if not isinstance(document.data, dict) or "include" not in document.data:
            return
        named = document.data.pop("include")
        for place, text in self._named(named, document.places):
            path = folder / text
            if identity := self._unread(path, document.places, place):
                self._take(path, identity, document.places, place)

    def _named(self, named: Any, places: Places) -> Iterator[tuple[Path, str]]:
        if named is None or named == []:
            text = "names no file: write one, such as [flows/sales.yaml], or delete the line"
            self.problems.append(places.problem(("include",), text))
            return
        for index, text in enumerate(named if isinstance(named, list) else [named]):
            place: Path = ("include", index) if isinstance(named, list) else ("include",)
            if isinstance(text, str) and text and "\0" not in text:
                yield place, text
            else:
                self._wrong(places, place, "must name files: include: [flows/sales.yaml]")

    def _unread(self, path: FilePath, places: Places, place: Path) -> Identity | None:
        """What the file at ``path`` is known by; None, and a mistake, when it cannot be read or has been."""
        try:
            found = path.stat()
        except OSError:
            identity = None  # reading it tells why
        else:
            identity = (found.st_dev, found.st_ino)
        if identity in self.seen:
            if place:  # else a file of conf.d that another one includes
                self._wrong(places, place, self._again(path, self.seen[identity]))
            return None
        if len(self.seen) >= FILE_LIMIT:
            self.broken = True
            self._wrong(places, place, f"more than {FILE_LIMIT} files: put several together")
            return None
        if len(self.chain) > DEPTH_LIMIT:
            self.broken = True
            self._wrong(places, place, f"files include each other more than {DEPTH_LIMIT} deep: include it further up")
            return None
        return identity or (-1, len(self.seen))

    def _again(self, path: FilePath, first: str) -> str:
        if first not in self.chain:
            return f"{path} is read already, as {first}"
        return f"goes round in a circle: {' -> '.join((*self.chain[self.chain.index(first) :], first))}"

    def _take(self, path: FilePath, identity: Identity, places: Places, place: Path) -> None:
        self.seen[identity] = str(path)
        try:
            part = read_file(path)
        except ConfigError as error:
            self.broken = True
            whole = [problem for problem in error.problems if not problem.line and place]
            self.problems += [problem for problem in error.problems if problem not in whole]
            for problem in whole:
                self._wrong(places, place, f"{problem.file} {problem.text}")
            self.places.files.append(str(path))
            return
        self.places.files.append(str(path))
        self.problems += part.problems
        if part.data is None:
            return
        if not isinstance(part.data, dict):
            self.problems.append(Problem(str(path), 0, 0, "", "must begin with keys, such as 'flows:'"))
            return
        if "base" in part.data:
            self._wrong(part.places, ("base",), "a site is named with -c itself, and not included")
            del part.data["base"]
        self.chain.append(str(path))
        self._includes(part, path.parent, place)
        self.chain.pop()
        self._join(part)

    def _join(self, part: Document) -> None:
        for section, content in part.data.items():
            there = self.data.get(section)
            if section not in self.data:
                self.data[section] = content
                self.places.elsewhere[(section,)] = part.places
            elif isinstance(there, dict) and isinstance(content, dict):
                self._merge(section, there, content, part.places)
            elif section == LISTED and isinstance(there, list) and isinstance(content, list):
                self._append(there, content, part.places)
            elif section != "version" or there != content:
                self._twice((section,), part.places)
        self.places.add(part.places)

    def _merge(self, section: str, there: dict[str, Any], content: dict[str, Any], places: Places) -> None:
        for name, value in content.items():
            if name in there:
                self._twice((section, name), places)
            else:
                there[name] = value
                self.places.elsewhere[(section, name)] = places

    def _append(self, there: list[Any], content: list[Any], places: Places) -> None:
        moved = places.moved(LISTED, len(there))
        for number in range(len(there), len(there) + len(content)):
            self.places.elsewhere[(LISTED, number)] = moved
        self.places.add(moved)
        there += content

    def _twice(self, path: Path, places: Places) -> None:
        line, column = self.places.of(path)
        first = f"{self.places.source(path).file}:{line}:{column}"
        self._wrong(places, path, f"'{path[-1]}' is given twice: the first is at {first}")

    def _wrong(self, places: Places, path: Path, text: str) -> None:
        self.problems.append(places.problem(path, text, at=places.value(path) if path[:1] == ("include",) else None))


def _site(site: Document, folder: FilePath) -> Document:
    """The configuration that ``site`` names as its base, with the values that it changes."""
    named = site.data.pop("base")
    if not isinstance(named, str) or not named or "\0" in named:
        raise _not_a_base(site, "must name a file or a folder: base: ../ariroute.yaml")
    try:
        whole = _base(site, folder / named)
    except ConfigError as error:
        if any(not problem.line and problem.file == str(_main_of(folder / named)) for problem in error.problems):
            raise _not_a_base(site, "; ".join(map(str, error.problems))) from None
        raise refusal([*site.problems, *error.problems], [site.places.file]) from None
    if isinstance(whole.data, dict):
        _overlay(whole, whole.data, site, site.data, ())
    whole.places.files.insert(0, site.places.file)
    return replace(whole, problems=[*site.problems, *whole.problems])


def _base(site: Document, path: FilePath) -> Document:
    document = read_file(_main_of(path))
    if isinstance(document.data, dict) and "base" in document.data:
        raise _not_a_base(site, f"{path} is a site itself: name the base of that one")
    return read_all(path)


def _main_of(path: FilePath) -> FilePath:
    return path / MAIN if path.is_dir() else path


def _not_a_base(site: Document, text: str) -> ConfigError:
    return refusal([*site.problems, site.places.problem(("base",), text, at=site.places.value(("base",)))])


def _overlay(whole: Document, there: dict[str, Any], site: Document, changed: dict[str, Any], at: Path) -> None:
    for key, value in changed.items():
        path = (*at, key)
        if key not in there:
            text = f"{whole.places.file} has no such value here: a site changes values that stand there, add it there"
            site.problems.append(site.places.problem(path, text))
        elif isinstance(value, dict) and isinstance(there[key], dict):
            _overlay(whole, there[key], site, value, path)
        elif _structure(value) or _structure(there[key]):
            text = "a site changes single values (texts, numbers, lists of them), not steps and not what else has keys"
            site.problems.append(site.places.problem(path, text))
        else:
            there[key] = value
            whole.places.replace(path, site.places)


def _structure(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value))
