"""From the file's settings to the ruleset: names resolved, expressions compiled, every mistake at its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ariroute.config.build_rings import agents_of
from ariroute.config.build_steps import Names as Names
from ariroute.config.build_steps import StepBuilder
from ariroute.config.expressions import Expressions, sentence
from ariroute.config.findings import Findings
from ariroute.config.matching import field_types
from ariroute.config.model import FileSettings, FlowSettings
from ariroute.config.opening import opening_hours
from ariroute.config.places import Path
from ariroute.config.steps import every_step, sets
from ariroute.flow.conditions import NAME, ExpressionError, Language
from ariroute.flow.contact import dialled_party
from ariroute.flow.endpoints import Endpoint
from ariroute.flow.facts import FieldType
from ariroute.flow.hours import Hours
from ariroute.flow.numbers import dialable
from ariroute.flow.queues import Queue, ServiceLevel
from ariroute.flow.tree import Flow, Ruleset, Trigger


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
    expressions = Expressions(_language(settings, hours, findings), field_types(settings), names.damaged, findings)
    agents = agents_of(settings.agents, findings)
    endpoints = {name: Endpoint(text) for name, text in settings.endpoints.items()}
    steps = StepBuilder(settings, names, expressions, agents, findings)
    builder = _FlowBuilder(steps, settings.region, findings)
    flows = {name: builder.flow(name, flow) for name, flow in settings.flows.items()}
    ruleset = Ruleset(flows, _queues(settings), hours, settings.region, settings.timezone, digest, agents, endpoints)
    return Built(ruleset, steps.places, steps.whole)


def _language(settings: FileSettings, hours: Mapping[str, Hours], findings: Findings) -> Language:
    variables = {name for flow in settings.flows.values() for step in every_step(flow.steps) for name in sets(step)}
    lookups = {name: _fields(name, entry.fields, findings) for name, entry in settings.lookups.items()}
    try:
        return Language(lookups, hours, variables, settings.region, settings.timezone)
    except ExpressionError as error:  # a word that the language keeps for itself
        place: Path = ("lookups", error.text) if error.text in settings.lookups else ()
        findings.wrong(place, f"'{error.text}' cannot be a name: {sentence(error)}")
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
class _FlowBuilder:
    steps: StepBuilder
    region: str
    findings: Findings
    triggers: dict[str, str] = field(default_factory=dict)

    def flow(self, name: str, settings: FlowSettings) -> Flow:
        path: Path = ("flows", name)
        self.steps.queue(settings.default, (*path, "default"))
        trigger = self._trigger(name, settings) if settings.trigger else None
        return Flow(name, settings.default, trigger, self.steps.steps(settings.steps, (*path, "steps")))

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
