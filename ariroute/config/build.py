"""From the file's settings to the ruleset: names resolved, expressions compiled, every mistake at its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ariroute.config.findings import Findings
from ariroute.config.matching import field_types, mistyped
from ariroute.config.model import FileSettings, FlowSettings
from ariroute.config.opening import opening_hours
from ariroute.config.places import Path, printable
from ariroute.config.steps import Calculated, Case, QueueStep, Step
from ariroute.config.words import unknown_name
from ariroute.flow import steps as tree
from ariroute.flow.conditions import NAME, Condition, Expression, ExpressionError, Language
from ariroute.flow.contact import dialled_party
from ariroute.flow.facts import FieldType, Scalar
from ariroute.flow.hours import Hours
from ariroute.flow.numbers import dialable
from ariroute.flow.queues import Queue, ServiceLevel
from ariroute.flow.tree import Flow, Ruleset, Trigger


@dataclass(frozen=True, slots=True)
class Names:
    """The names that the file has, those of entries with mistakes included, so that one mistake is told once."""

    lookups: Mapping[str, Any]
    hours: Mapping[str, Any]
    queues: Mapping[str, Any]
    flows: Mapping[str, Any]
    damaged: Collection[str] = ()
    """Lookups and hours that could not be read: what expressions say of them is not judged."""


@dataclass(slots=True)
class Built:
    """The ruleset, and the place in the file of each step and case by its printed path.

    ``whole`` is false when a lookup or a flow is named that the file does not have.
    """

    ruleset: Ruleset
    places: dict[str, Path]
    whole: bool = True


def build(settings: FileSettings, names: Names, findings: Findings, digest: str) -> Built:
    """The ruleset of ``settings``; incomplete where ``findings`` has problems."""
    hours = {name: opening_hours(name, entry, settings.timezone, findings) for name, entry in settings.hours.items()}
    language = _language(settings, hours, findings)
    builder = _Builder(names, language, field_types(settings), settings.region, findings)
    flows = {name: builder.flow(name, flow) for name, flow in settings.flows.items()}
    ruleset = Ruleset(flows, _queues(settings), hours, settings.region, settings.timezone, digest)
    return Built(ruleset, builder.places, builder.whole)


def _language(settings: FileSettings, hours: Mapping[str, Hours], findings: Findings) -> Language:
    variables = {name for flow in settings.flows.values() for name in _variables(flow.steps)}
    lookups = {name: _fields(name, entry.fields, findings) for name, entry in settings.lookups.items()}
    try:
        return Language(lookups, hours, variables, settings.region, settings.timezone)
    except ExpressionError as error:  # a word that the language keeps for itself
        findings.wrong((), f"'{error.text}' cannot be a name: {_sentence(error)}")
        return Language({}, hours, (), settings.region, settings.timezone)


def _fields(lookup: str, fields: Mapping[str, FieldType], findings: Findings) -> dict[str, FieldType]:
    """The fields that conditions can name; the others are mistakes."""
    good = {name: kind for name, kind in fields.items() if NAME.fullmatch(name)}
    for name in fields.keys() - good.keys():
        findings.wrong(
            ("lookups", lookup, "fields", name),
            f"'{name}' cannot name a field: use small letters, digits and _, a letter first",
        )
    return good


def _variables(steps: list[Step]) -> set[str]:
    found: set[str] = set()
    for step in steps:
        found |= set(step.set or ())
        for case in step.branch or ():
            found |= _variables(case.then or [])
    return found


def _queues(settings: FileSettings) -> dict[str, Queue]:
    return {
        name: Queue(
            name,
            queue.priority,
            queue.agents_per_call,
            ServiceLevel(queue.service_level.target, queue.service_level.within) if queue.service_level else None,
        )
        for name, queue in settings.queues.items()
    }


@dataclass(slots=True)
class _Builder:
    names: Names
    language: Language
    types: Mapping[str, str]
    region: str
    findings: Findings
    whole: bool = True
    places: dict[str, Path] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)

    def flow(self, name: str, settings: FlowSettings) -> Flow:
        path: Path = ("flows", name)
        self._known_queue(settings.default, (*path, "default"))
        trigger = self._trigger(name, settings) if settings.trigger else None
        return Flow(name, settings.default, trigger, self._steps(settings.steps, (*path, "steps")))

    def _trigger(self, flow: str, settings: FlowSettings) -> Trigger:
        assert settings.trigger is not None
        path: Path = ("flows", flow, "trigger", "call")
        to: set[str] = set()
        for index, text in enumerate(settings.trigger.call.to):
            item: Path = (*path, "to", index)
            place = item if item in self.findings.places.values else (*path, "to")
            party = dialled_party(text, self.region)
            if not party.number:
                self.findings.wrong_value(
                    place, f"'{text}' is neither a number nor an extension: it can never be dialled"
                )
                continue
            forms = {party.number, party.e164, dialable(text)} - {""}
            self._claim(forms, text, flow, place)
            to |= forms
        if not settings.trigger.call.to:
            self._claim({""}, "any call", flow, path)
        return Trigger("call", frozenset(to))

    def _claim(self, forms: set[str], text: str, flow: str, path: Path) -> None:
        other = next((self.triggers[form] for form in forms if form in self.triggers), None)
        if other == flow:
            self.findings.wrong_value(path, f"'{text}' is given twice")
        elif other:
            self.findings.wrong_value(path, f"'{text}' starts flow '{other}' already: a call can start one flow only")
        for form in forms:
            self.triggers.setdefault(form, flow)

    def _steps(self, steps: list[Step], path: Path) -> tuple[tree.Step, ...]:
        return tuple(self._step(step, (*path, index)) for index, step in enumerate(steps))

    def _step(self, step: Step, path: Path) -> tree.Step:
        shown = self._shown(path)
        if step.lookup is not None:
            return tree.Lookup(shown, self._lookups(step.lookup, (*path, "lookup")))
        if step.branch is not None:
            return self._branch(step.branch, path)
        if step.set is not None:
            values = {name: self._value(value, (*path, "set", name)) for name, value in step.set.items()}
            return tree.Set(shown, {name: value for name, value in values.items() if value is not None})
        return self._end(step, path, shown)

    def _end(self, step: Step | Case, path: Path, shown: str) -> tree.Step:
        """The step that ``queue:``, ``goto:`` or ``hangup:`` stands for, in a step or as a case's short form."""
        if step.queue is not None:
            return self._to_queue(step.queue, path, shown)
        if step.goto is not None:
            if step.goto not in self.names.flows:
                self.whole = False
                text = unknown_name("flow", step.goto, "flows", self.names.flows)
                self.findings.wrong_value((*path, "goto"), text)
            return tree.Goto(shown, step.goto)
        assert step.hangup is not None
        return tree.HangUp(shown, step.hangup)

    def _to_queue(self, queue: QueueStep, path: Path, shown: str) -> tree.ToQueue:
        place = (*path, "queue", "name")
        self._known_queue(queue.name, place if place in self.findings.places.values else (*path, "queue"))
        return tree.ToQueue(shown, queue.name, queue.priority)

    def _known_queue(self, name: str, path: Path) -> None:
        if name not in self.names.queues:
            self.findings.wrong_value(path, unknown_name("queue", name, "queues", self.names.queues))

    def _lookups(self, names: list[str], path: Path) -> tuple[str, ...]:
        for index, name in enumerate(names):
            item = (*path, index) if (*path, index) in self.findings.places.values else path
            if name not in self.names.lookups:
                self.whole = False
                self.findings.wrong_value(item, unknown_name("lookup", name, "lookups", self.names.lookups))
            elif name in names[:index]:
                self.findings.wrong_value(item, f"'{name}' is given twice")
        return tuple(dict.fromkeys(names))

    def _branch(self, cases: list[Case], path: Path) -> tree.Branch:
        built: list[tree.Case] = []
        otherwise: tuple[tree.Step, ...] = ()
        for index, case in enumerate(cases):
            place = (*path, "branch", index)
            steps = self._outcome(case, place)
            if case.when is None and case.match is None:
                otherwise = steps
                if index < len(cases) - 1:
                    self.findings.wrong(place, "'else:' must be the last case: those after it are never reached")
            elif condition := self._condition(case, place):
                self._check_new(condition, built, place)
                built.append(tree.Case(self._shown(place), condition, steps))
        return tree.Branch(self._shown(path), tuple(built), otherwise)

    def _outcome(self, case: Case, path: Path) -> tuple[tree.Step, ...]:
        if case.then is not None:
            return self._steps(case.then, (*path, "then"))
        key = next(name for name in ("queue", "goto", "hangup") if getattr(case, name) is not None)
        return (self._end(case, path, self._shown((*path, key))),)

    def _condition(self, case: Case, path: Path) -> Condition | None:
        if case.when is not None:
            return self._compiled(case.when, (*path, "when"), condition=True)
        assert case.match is not None
        return self._matching({name: _floats(value) for name, value in case.match.items()}, (*path, "match"))

    def _matching(self, fields: Mapping[str, Any], path: Path) -> Condition | None:
        for name, value in fields.items():
            self._check_types(name, value, (*path, name))
        try:
            return self.language.match(fields)
        except ExpressionError:
            for name, value in fields.items():
                self._tell_mismatch(name, value, (*path, name))
        return None

    def _check_types(self, name: str, value: Any, path: Path) -> None:
        kind = "string" if name == "open" else self.types.get(name)
        if kind is None:
            return
        values = value if isinstance(value, list) else [value]
        if wrong := next(filter(None, (mistyped(item, kind) for item in values)), ""):
            self.findings.wrong_value(path, f"{name} {wrong}")

    def _tell_mismatch(self, name: str, value: Any, path: Path) -> None:
        """Tell what is wrong with this one field, so that the mistake stands at its field."""
        try:
            self.language.match({name: value})
        except ExpressionError as error:
            told = any(problem.path == printable(path) for problem in self.findings.problems)
            if not told and not self._damaged(name):
                self.findings.wrong(path, _sentence(error))

    def _check_new(self, condition: Condition, before: list[tree.Case], path: Path) -> None:
        same = next((case for case in before if case.condition.text == condition.text), None)
        if same:
            line = self.findings.places.of(self.places[same.path])[0]
            self.findings.wrong(path, f"is never reached: the case in line {line} has the same condition")

    def _value(self, value: Scalar | Calculated, path: Path) -> Expression | None:
        if isinstance(value, Calculated):
            return self._compiled(value.cel, (*path, "cel"), condition=False)
        plain = _floats(value)
        assert not isinstance(plain, list)
        return self.language.literal(plain)

    def _compiled(self, text: str, path: Path, *, condition: bool) -> Expression | None:
        try:
            return self.language.condition(text) if condition else self.language.expression(text)
        except ExpressionError as error:
            if not self._damaged(text):
                at = self.findings.places.inside(path, error.line, error.column)
                excerpt = self.findings.places.excerpt(at)
                self.findings.wrong(path, _sentence(error), at=at, excerpt=excerpt)
        return None

    def _damaged(self, text: str) -> bool:
        return any(re.search(rf"\b{re.escape(name)}\b", text) for name in self.names.damaged)

    def _shown(self, path: Path) -> str:
        shown = printable(path)
        self.places[shown] = path
        return shown


def _floats(value: Any) -> Any:
    """``value`` with whole numbers as floats, the way facts have them."""
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if type(value) is int else value


def _sentence(error: ExpressionError) -> str:
    return f"{error.message}, did you mean {error.suggestion}?" if error.suggestion else error.message
