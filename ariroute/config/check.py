"""What only the whole shows: the ways through the flows, what is known where, deadlines, names in templates."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ariroute.config.build import Built
from ariroute.config.check_asked import Inputs, Walk
from ariroute.config.check_ways import Lengths, check_reached, in_order, warn_of_idle_flows
from ariroute.config.findings import Findings
from ariroute.config.fitting import check_fitting
from ariroute.config.model import FileSettings
from ariroute.config.near import suggestion
from ariroute.config.places import Path
from ariroute.config.steps import every_step, sets
from ariroute.lookups.template import CONTACT_NAMES


def check(settings: FileSettings, built: Built, findings: Findings, *, whole: bool) -> None:
    """Add every mistake of this sort to ``findings``. ``whole`` is false when steps were left out as unreadable."""
    whole = whole and built.whole
    inputs = _inputs(settings)
    _check_inputs(settings, inputs, findings, whole=whole)
    check_fitting(settings, findings, whole=whole)
    _check_omitted(settings, findings, whole=whole)
    if settings.hours and "timezone" not in settings.model_fields_set:
        findings.wrong(("hours",), "opening hours need a time zone: add the key 'timezone', such as Europe/Stockholm")
    flows = built.ruleset.flows
    for flow in flows.values():
        check_reached(flow.steps, built.places, findings)
    order = in_order(flows, built.places, findings)
    lengths = Lengths(built.places, findings)
    for name in order:
        lengths.flow(flows[name])
    warn_of_idle_flows(flows, findings)
    walk = Walk(settings, inputs, built.places, findings, whole)
    for name in order:
        walk.flow(flows[name])
    if whole:
        _warn_of_idle_lookups(settings.lookups.keys() - walk.used, findings)


def _inputs(settings: FileSettings) -> Inputs:
    return {name: sorted(entry.body.template_names - CONTACT_NAMES) for name, entry in settings.lookups.items()}


def _check_inputs(settings: FileSettings, inputs: Inputs, findings: Findings, *, whole: bool) -> None:
    """Names in a lookup's template: of the contact, a field of another lookup, or a variable."""
    fields = {f"{name}.{key}" for name, entry in settings.lookups.items() for key in entry.fields}
    variables = _variables(settings)
    damaged = tuple(problem.path for problem in findings.problems if problem.path.startswith("lookups"))
    for name, needed in ((lookup, needed) for lookup, names in inputs.items() for needed in names):
        path: Path = ("lookups", name, settings.lookups[name].kind)
        source = needed.partition(".")[0]
        if source == name:
            findings.wrong(path, f"'{{{needed}}}' comes from this lookup itself: it is not known before it is asked")
        elif source == "vars":
            if whole and needed not in variables:
                findings.wrong(path, f"'{{{needed}}}' is set by no step{suggestion(needed, variables)}")
        elif needed not in fields and not any(place.startswith(f"lookups.{source}") for place in damaged):
            meant = suggestion(needed, (*CONTACT_NAMES, *fields))
            findings.wrong(path, f"'{{{needed}}}' is not a value that a contact or a lookup has{meant}")


def _check_omitted(settings: FileSettings, findings: Findings, *, whole: bool) -> None:
    """What the journal is never to keep must be there: a misspelt name would be kept for months."""
    if settings.journal is None or not whole:
        return
    fields = {f"{name}.{key}" for name, entry in settings.lookups.items() for key in entry.fields}
    known = {*fields, *_variables(settings), "caller.name"}
    for index, name in enumerate(settings.journal.omit):
        path: Path = ("journal", "omit", index)
        if name in ("caller.number", "caller.e164"):
            findings.wrong_value(path, f"{name} is left out by 'numbers: masked', which is the default")
        elif name not in known:
            findings.wrong_value(
                path, f"there is no field or variable '{name}'{suggestion(name, known) or ': see lookups, and set'}"
            )


def _variables(settings: FileSettings) -> Collection[str]:
    flows = settings.flows.values()
    return {f"vars.{name}" for flow in flows for step in every_step(flow.steps) for name in sets(step)}


def _warn_of_idle_lookups(names: Iterable[str], findings: Findings) -> None:
    for name in sorted(names):
        findings.warn(("lookups", name), "is never asked: no step 'lookup' names it")
