"""Test files, and the cases under ``tests:`` of flow files, with every mistake at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ariroute.cases.build import Builder
from ariroute.cases.case import Suite
from ariroute.cases.grammar import CaseSettings, FileSettings, HeadSettings
from ariroute.cases.table import PLACE, Row, rows
from ariroute.config import words
from ariroute.config.findings import Findings, refusal
from ariroute.config.load import Config, load_rules
from ariroute.config.places import Path as Place
from ariroute.config.places import Places
from ariroute.config.read import Document, read_file
from ariroute.errors import ConfigError, Problem, UnusableInput
from ariroute.values import FromFile, Settings

IN_A_FLOW_FILE = ("version", "include", "base", "flows")
"""Keys by which a flow file is known from a test file."""
MAY_BE_EMPTY = frozenset({"found", "body", "vars", "each"})
NAMES = ("tests.yaml", "*.tests.yaml")
CONTEXT = FromFile(lambda text: text)

Model = TypeVar("Model", bound=Settings)


@dataclass(slots=True)
class Reader:
    """Reads test files. ``config`` is the flow file given for all of them; ``usual`` finds one for those without."""

    config: Path | None
    usual: Callable[[], Path]
    _loaded: dict[Path, Config] = field(default_factory=dict)

    def suites(self, paths: Sequence[Path]) -> list[Suite]:
        """The cases in these files and folders. Raises ConfigError with every mistake, UnusableInput."""
        problems: list[Problem] = []
        found: list[Suite] = []
        for file in {file.resolve(): file for path in paths for file in _files(path)}.values():
            try:
                found += self._file(file)
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(list(dict.fromkeys(problems)))
        return found

    def _file(self, path: Path) -> list[Suite]:
        document = read_file(path)
        if not isinstance(document.data, dict):
            raise refusal([Problem(str(path), 0, 0, "", "must begin with keys, such as 'tests:'")])
        if any(key in document.data for key in IN_A_FLOW_FILE):
            config = self._load(path)
            if "tests" not in config.data:
                raise refusal([Problem(str(path), 0, 0, "", "this flow file has no 'tests:'")])
            return [suite_of(config)]
        findings = Findings(document.places, list(document.problems))
        head = _head(document.data, findings)
        wrong: list[Problem] = []
        configs = list(self._configs(head, path, wrong))
        rules: list[Config | None] = [*configs] or [None]
        suites = [suite for config in rules if (suite := _suite(document, head, config, findings))]
        if findings.problems or wrong:
            raise refusal([*findings.problems, *wrong], [str(path)])
        return suites

    def _configs(self, head: HeadSettings, path: Path, wrong: list[Problem]) -> Iterator[Config]:
        """The configurations that the file at ``path`` is for; the mistakes of those that have some go to ``wrong``."""
        own = [path.parent / name for name in head.routes] if self.config is None else []
        for each in own or [self.config or self.usual()]:
            try:
                yield self._load(each)
            except ConfigError as error:
                wrong += error.problems

    def _load(self, path: Path) -> Config:
        file = path.resolve()  # one flow file, and one coverage, by whatever way the test files name it
        if file not in self._loaded:
            self._loaded[file] = load_rules(path)
        return self._loaded[file]


def suite_of(config: Config) -> Suite:
    """The cases that the flow file of ``config`` has under ``tests:``. Raises ConfigError."""
    findings = Findings(config.places)
    document = Document({"tests": config.data.get("tests", [])}, config.places)
    suite = _suite(document, HeadSettings(), config, findings)
    if suite is None or findings.problems:
        raise refusal(findings.problems, config.files)
    return suite


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted({file for name in NAMES for file in path.rglob(name)})
    if not found:
        raise UnusableInput(f"{path}: there is no tests.yaml and no *.tests.yaml in this folder")
    return found


def _suite(document: Document, head: HeadSettings, config: Config | None, findings: Findings) -> Suite | None:
    """The cases of ``document`` by the rules of ``config``; None when one is wrong, or there are no rules."""
    wrong = len(findings.problems)
    builder = Builder(config, head, findings) if config else None
    items = document.data.get("tests")
    cases = []
    for number, raw in enumerate(_items(items, findings)):
        path: Place = ("tests", number)
        for settings, told in _case(raw, path, findings):
            cases.append(builder.case(settings, told, path) if builder else None)
    good = tuple(case for case in cases if case is not None)
    return Suite(document.places.file, config, good) if config and len(findings.problems) == wrong else None


def _items(items: Any, findings: Findings) -> Sequence[Any]:
    if items is None:
        findings.wrong((), "the key 'tests' is missing: write the cases below it")
    elif not isinstance(items, list):
        findings.wrong(("tests",), words.LIST_WANTED)
    elif not items:
        findings.wrong(("tests",), "must not be empty")
    return items if isinstance(items, list) else ()


def _case(raw: Any, path: Place, findings: Findings) -> Iterator[tuple[CaseSettings, str]]:
    if not isinstance(raw, dict):
        findings.wrong(path, "must hold keys and values: name, call, lookups, expect")
        return
    wrong: dict[Place, str] = {}
    written = list(rows(raw, wrong))
    for place, text in wrong.items():
        findings.wrong_value((*path, *place), text)
    for row in written if not wrong else ():
        if settings := _settings(CaseSettings, row, path, findings):
            yield settings, row.told if settings.name == raw["name"] else ""


def _for_row(places: Places, row: Row, path: Place) -> Places:
    """The same places, to which the file has the values of ``row`` where ``{{ name }}`` stands."""
    scalars = dict(places.scalars)
    for place, value in row.values:
        if written := scalars.get((*path, *place)):
            scalars[(*path, *place)] = replace(written, text=value)
    return replace(places, scalars=scalars)


def _head(data: dict[str, Any], findings: Findings) -> HeadSettings:
    rest = {key: value for key, value in data.items() if key != "tests"}
    return _settings(HeadSettings, Row(rest), (), findings) or HeadSettings()


def _settings(model: type[Model], row: Row, path: Place, findings: Findings) -> Model | None:
    """``row`` as ``model``; None, and every mistake among ``findings``, when it is not."""
    good = True
    for place in _empty(row.raw, ()):
        name = f"'{place[-1]}:' has no value" if isinstance(place[-1], str) else "this list item is empty"
        name += f" with {row.told}" if row.told else ""
        _once(findings, (*path, *place), f"{name}: write one, or delete the line")
        good = False
    try:
        settings = model.model_validate(row.raw, context=CONTEXT, by_alias=True, by_name=False)
    except ValidationError as error:
        places = _for_row(findings.places, row, path)
        items = error.errors(include_url=False, include_input=False)
        for item in items:
            item["loc"] = (*path, *item["loc"])
        for item in items if good else ():
            unfilled = PLACE.search(places.written(words.in_file(item["loc"])))  # its table is told already
            problem = words.problem(item, places, FileSettings)
            if not (unfilled or words.same_mistake(item, items, FileSettings) or problem in findings.problems):
                findings.problems.append(problem)
        return None
    return settings if good else None


def _once(findings: Findings, path: Place, text: str) -> None:
    problem = findings.places.problem(path, text, at=findings.places.value(path))
    if problem not in findings.problems:
        findings.problems.append(problem)


def _empty(value: Any, path: Place) -> Iterator[Place]:
    """The paths of values that are not there, but where an empty one has a meaning."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if key in MAY_BE_EMPTY:
            continue
        if inner is None:
            yield (*path, key)
        elif isinstance(inner, dict | list):
            yield from _empty(inner, (*path, key))
