"""The one door to the configuration: :func:`load` for the daemon, :func:`load_rules` for everything without secrets."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ariroute.config import words
from ariroute.config.build import Names, build
from ariroute.config.check import check
from ariroute.config.check_staffing import staffing_of, warn_of_idle_staffing
from ariroute.config.findings import Findings, refusal
from ariroute.config.lint import lint
from ariroute.config.model import DaemonSettings, FileSettings, PbxSettings
from ariroute.config.parts import read_all, read_text_with_parts
from ariroute.config.places import Path as Place
from ariroute.config.places import Places
from ariroute.config.read import Document
from ariroute.config.repair import usable_part
from ariroute.config.schema import json_schema
from ariroute.config.secrets import Secrets
from ariroute.config.speech import SpeechSettings
from ariroute.errors import Problem
from ariroute.flow.tree import Ruleset
from ariroute.journal.settings import JournalSettings
from ariroute.lookups.base import LookupSettings, Source, SourceSettings, Surroundings
from ariroute.lookups.calendar import Calendar
from ariroute.lookups.kinds import PLUGINS
from ariroute.lookups.notify import NotifySettings
from ariroute.lookups.pbx import PbxFacts
from ariroute.staffing.rules import StaffingRules
from ariroute.values import FromFile

__all__ = ["Config", "DaemonSettings", "PbxSettings", "json_schema", "load", "load_live", "load_rules", "load_text"]

DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Config:
    """One configuration, ready for use. ``digest`` names its content: layout and comments do not change it.

    ``lookups`` holds for each lookup what the runner needs to know and what makes its source, given whom to
    ask about the PBX.
    """

    file: str
    digest: str
    pbxs: Mapping[str, PbxSettings]
    lookups: Mapping[str, tuple[LookupSettings, Callable[[PbxFacts], Source]]]
    ruleset: Ruleset
    daemon: DaemonSettings
    warnings: tuple[Problem, ...] = ()
    kinds: Mapping[str, SourceSettings] = field(default_factory=dict)
    """For each lookup what stands under its kind's name."""
    calendars: tuple[Calendar, ...] = ()
    """The keepers of the hours' calendars: to be started by whoever runs."""
    files: tuple[str, ...] = ()
    """All files that were read, the main one first."""
    notify: Mapping[str, tuple[NotifySettings, Path]] = field(default_factory=dict)
    """Whom the step notify tells, and the folder where relative paths in its settings start."""
    speech: SpeechSettings | None = None
    journal: JournalSettings | None = None
    """The record of decisions, if one is to be kept."""
    journal_folder: Path = Path()
    """Where a relative file name in its settings starts."""
    staffing: StaffingRules | None = None
    """Whether and how agents are moved between queues."""
    data: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What all files together say, secrets as references."""
    places: Places = field(default_factory=lambda: Places("", ""), compare=False, repr=False)
    """Where everything stands in the files."""


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration at ``path``, a file or a folder (:mod:`ariroute.config.parts`), secrets resolved.

    Raises ConfigError with every mistake found.
    """
    return _load(read_all(path), path, Secrets(environ), runs=True)


def load_rules(path: Path) -> Config:
    """As :func:`load`, but secrets are not looked up and ``asterisk:`` may be absent: for checks and rehearsals."""
    return _load(read_all(path), path, Secrets(None), runs=False)


def load_live(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """As :func:`load_rules`, but with the secrets of the lookups, so that their sources can be asked."""
    document = read_all(path)
    rules = _load(document, path, Secrets(None), runs=False)
    document.data.pop("asterisk", None)
    live = _load(document, path, Secrets(environ), runs=False)
    return replace(live, digest=rules.digest, pbxs=rules.pbxs, ruleset=replace(live.ruleset, digest=rules.digest))


def load_text(text: str, file: str = "text", folder: Path = Path()) -> Config:
    """As :func:`load_rules` for a text; relative paths in it start at ``folder``."""
    return _load(read_text_with_parts(text, file, folder), Path(file), Secrets(None), runs=False)


def _load(document: Document, path: Path, secrets: Secrets, *, runs: bool) -> Config:
    findings = Findings(document.places, list(document.problems), list(document.warnings))
    data, emptied = _filled(document, findings)
    settings = _settings(data, emptied, findings, FromFile(secrets.reveal))
    digest = _digest(data)
    if settings is None:
        raise refusal([*findings.problems, *document.warnings], findings.places.files)
    if runs and not data.get("asterisk"):
        findings.wrong((), "the section 'asterisk' is missing: the daemon needs an Asterisk to serve")
    whole = not any(problem.path.startswith("flows") for problem in findings.problems)
    names = _names(data, emptied, settings, whole=whole)
    built = build(settings, names, findings, digest)
    check(settings, built, findings, whole=whole)
    staffing = staffing_of(settings, names.queues, document.folder_of(("staffing", "agents", "csv")), findings)
    calendars = _calendars(settings, built.ruleset, document, findings)
    _check_journal(settings, document, findings)
    if findings.problems:
        raise refusal([*findings.problems, *document.warnings], findings.places.files)
    lint(settings, data, built, findings)
    warn_of_idle_staffing(settings, staffing, findings)
    return Config(
        str(path),
        digest,
        settings.asterisk,
        _lookups(settings, document),
        built.ruleset,
        settings.daemon,
        (*findings.warnings, *secrets.warnings, *_plugin_warnings(document.places.file)),
        {name: entry.body for name, entry in settings.lookups.items()},
        calendars,
        tuple(document.places.files),
        {name: (item, document.folder_of(("notify", name, "tls"))) for name, item in settings.notify.items()},
        settings.speech,
        settings.journal,
        document.folder_of(("journal", "url")),
        staffing,
        data,
        document.places,
    )


def _lookups(
    settings: FileSettings, document: Document
) -> dict[str, tuple[LookupSettings, Callable[[PbxFacts], Source]]]:
    found = {}
    for name, entry in settings.lookups.items():
        folder = document.folder_of(("lookups", name, entry.kind, "path"))
        found[name] = (entry.common(), entry.factory(name, Surroundings("", region=settings.region, folder=folder)))
    return found


def _calendars(
    settings: FileSettings, ruleset: Ruleset, document: Document, findings: Findings
) -> tuple[Calendar, ...]:
    """The keepers of the hours' calendars; those in files are read."""
    found = []
    for name, entry in settings.hours.items():
        if entry.calendar is None:
            continue
        path: Place = ("hours", name, "calendar")
        hours = ruleset.hours[name]
        calendar = Calendar(name, entry.calendar, document.folder_of((*path, "file")), hours.timezone, hours.agenda)
        try:
            calendar.load()
        except ValueError as error:
            findings.wrong_value((*path, "file") if (*path, "file") in document.places.values else path, str(error))
        found.append(calendar)
    return tuple(found)


def _check_journal(settings: FileSettings, document: Document, findings: Findings) -> None:
    """A folder beside the flow file comes with it; an absolute one may be on the daemon's machine only."""
    address = settings.journal and settings.journal.address
    if address and address.engine == "sqlite" and not Path(address.database).is_absolute():
        folder = Path(address.database).parent
        if not (document.folder_of(("journal", "url")) / folder).is_dir():
            findings.wrong_value(
                ("journal", "url"), f"beside the flow file there is no folder '{folder}': make it, or name another file"
            )


def _filled(document: Document, findings: Findings) -> tuple[dict[str, Any], list[Place]]:
    """The file's content without keys that have no value, and these; each of them is a mistake."""
    if not isinstance(document.data, dict):
        text = "is empty" if document.data is None else "must begin with keys, such as 'version: 1'"
        raise refusal([*findings.problems, Problem(document.places.file, 0, 0, "", text)])
    empty = [path for path in _empty(document.data, ()) if not _may_be_empty(path)]
    for path in reversed(empty):
        name = f"'{path[-1]}:' has no value" if isinstance(path[-1], str) else "this list item is empty"
        if not any(problem.line == findings.places.value(path)[0] for problem in document.problems):
            findings.wrong(path, f"{name}: write one, or delete the line")
        holder = document.data
        for part in path[:-1]:
            holder = holder[part]
        del holder[path[-1]]
    return document.data, empty


def _empty(value: Any, path: Place) -> Iterator[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if inner is None:
            yield (*path, key)
        elif isinstance(inner, dict | list):
            yield from _empty(inner, (*path, key))


def _may_be_empty(path: Place) -> bool:
    """``else:`` has no value; in ``match:`` null stands for an empty field; ``tests:`` is read by those who run it."""
    return path[-1] == "else" or "match" in path[-3:-1] or path[0] == "tests"


def _settings(data: dict[str, Any], emptied: list[Place], findings: Findings, context: FromFile) -> FileSettings | None:
    try:
        return FileSettings.model_validate(data, context=context, by_alias=True, by_name=False)
    except ValidationError as error:
        told = {problem.path for problem in findings.problems}
        items = error.errors(include_url=False, include_input=False)
        new = [item for item in items if not words.same_mistake(item, items) and not words.of_empty(item, emptied)]
        found = [words.problem(item, findings.places) for item in new]
        findings.problems += [problem for problem in found if not problem.path or problem.path not in told]
        return usable_part(data, error, context)


def _names(data: dict[str, Any], emptied: list[Place], settings: FileSettings, *, whole: bool) -> Names:
    def section(name: str) -> Mapping[str, Any]:
        value = data.get(name)
        without: dict[str, Any] = {str(path[1]): {} for path in emptied if path[0] == name and len(path) == 2}
        return {**value, **without} if isinstance(value, dict) else {}

    damaged = {*section("lookups"), *section("hours")} - {*settings.lookups, *settings.hours}
    for name, entry in settings.lookups.items():
        damaged |= {
            f"{name}.{field}" for field in section("lookups")[name].get("fields", ()) if field not in entry.fields
        }
    if not whole:
        damaged.add("vars")
    return Names(
        section("lookups"),
        section("hours"),
        section("queues"),
        section("flows"),
        damaged,
        endpoints=section("endpoints"),
        agents=section("agents"),
        notices=section("notify"),
    )


def _plugin_warnings(file: str) -> list[Problem]:
    """What is wrong with installed packages that would add kinds of lookup; this file uses none of those kinds."""
    return [Problem(file, 0, 0, "", text) for text in PLUGINS.faults.values()]


def _digest(data: dict[str, Any]) -> str:
    """The name of what decides: cases that only test it are left out."""
    decides = {key: value for key, value in data.items() if key != "tests"}
    normal = json.dumps(decides, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(normal.encode()).hexdigest()[:DIGEST_LENGTH]
