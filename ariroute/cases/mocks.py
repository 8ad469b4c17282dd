"""What a case says a lookup answers, as the answer that the lookup would give.

A ``body`` and a ``status`` are read by the lookup itself, so that a wrong path in its settings fails the case.
"""

from __future__ import annotations

from typing import Any

from ariroute.cases.case import Mock
from ariroute.cases.grammar import BAD_JSON, MockSettings, QueueFigures
from ariroute.config.findings import Findings
from ariroute.config.load import Config
from ariroute.config.near import suggestion
from ariroute.config.places import Path
from ariroute.errors import LookupFailed
from ariroute.flow.facts import Answer, Failure, FieldType, Outcome, Scalar
from ariroute.lookups.http import HttpSettings, HttpSource
from ariroute.lookups.pbx import NoPbx, QueueState
from ariroute.lookups.queue import QueueLookupSettings, figures
from ariroute.lookups.record import checked, typed
from ariroute.values import duration_text


def mock_of(config: Config, name: str, settings: MockSettings, findings: Findings, path: Path) -> Mock | None:
    """The mock of the lookup ``name``; None, and a mistake among ``findings``, for what it can never answer."""
    answer = _answer(config, name, settings, findings, path)
    return Mock(answer, settings.takes) if answer else None


def _answer(config: Config, name: str, settings: MockSettings, findings: Findings, path: Path) -> Answer | None:
    if settings.found is not None:
        return _found(config, name, settings.found, findings, (*path, "found"))
    if settings.missing:
        return Answer(name, Outcome.MISSING, origin="given")
    if settings.error == BAD_JSON:
        return _failed(name, Failure.NOT_JSON, "the answer is not JSON")
    if settings.error is not None:
        return _failed(name, Failure(settings.error))
    timeout = config.lookups[name][0].timeout
    if settings.model_fields_set == {"takes"}:
        if settings.takes > timeout:
            return _failed(name, Failure.TIMEOUT)
        text = f"is within {name}'s timeout of {duration_text(timeout)}: say what it answers then, such as found: {{}}"
        findings.wrong_value((*path, "takes"), f"{duration_text(settings.takes)} {text}")
        return None
    source, kind = config.lookups[name][1](NoPbx()), config.kinds[name]
    if not isinstance(source, HttpSource) or not isinstance(kind, HttpSettings):
        key = "status" if settings.status is not None else "body"
        instead = "error: with the reason" if key == "status" else "found: with its fields"
        findings.wrong((*path, key), f"{name} is no lookup over http: write {instead}")
        return None
    if settings.status is not None:
        return _status(name, settings.status, kind, findings, path)
    return _body(config, name, source, settings.body)


def _found(config: Config, name: str, given: dict[str, Any], findings: Findings, path: Path) -> Answer | None:
    declared = config.lookups[name][0].fields
    fields: dict[str, Scalar] = {}
    good = True
    for field, value in given.items():
        if field not in declared:
            near = suggestion(field, declared) or f"; it has {', '.join(declared)}"
            findings.wrong((*path, field), f"lookup {name} has no field '{field[:80]}'{near}")
            good = False
        elif value is not None:
            good = _take(fields, field, declared[field], value, findings, (*path, field)) and good
    return Answer(name, Outcome.FOUND, fields, origin="given") if good else None


def _take(fields: dict[str, Scalar], field: str, kind: FieldType, value: Any, findings: Findings, path: Path) -> bool:
    try:
        fields[field] = typed(field, kind, value)
    except LookupFailed as error:
        remedy = f': put it in quotes, "{value}"' if kind == "string" else ""
        findings.wrong_value(path, f"{error.detail}{remedy}")
        return False
    return True


def _status(name: str, status: int, kind: HttpSettings, findings: Findings, path: Path) -> Answer | None:
    if status in kind.missing_status:
        return Answer(name, Outcome.MISSING, origin="given")
    if 200 <= status < 300:
        findings.wrong_value((*path, "status"), f"with {status} comes an answer: write body: or found: instead")
        return None
    return _failed(name, Failure.STATUS, f"HTTP status {status}")


def _body(config: Config, name: str, source: HttpSource, body: Any) -> Answer:
    try:
        record = source.record_of(body)
        if record is None:
            return Answer(name, Outcome.MISSING, origin="given")
        return Answer(name, Outcome.FOUND, checked(record, config.lookups[name][0].fields), origin="given")
    except LookupFailed as error:
        return _failed(name, Failure(error.reason), error.detail)


def _failed(name: str, failure: Failure, detail: str = "") -> Answer:
    return Answer(name, Outcome.FAILED, failure=failure, detail=detail, origin="given")


def figures_of(config: Config, queues: dict[str, QueueFigures]) -> dict[str, Mock]:
    """The answers of lookups that ask for these queues' figures."""
    found = {}
    for name, kind in config.kinds.items():
        if isinstance(kind, QueueLookupSettings) and (given := queues.get(kind.name)):
            state = QueueState(
                given.waiting, given.longest_wait, given.agents, given.agents_ready, 0.0, given.talk_time
            )
            known = checked(figures(state, kind.handle_time), config.lookups[name][0].fields)
            found[name] = Mock(Answer(name, Outcome.FOUND, known, origin="given"))
    return found
