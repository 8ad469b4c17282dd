"""Settings of lookups and notices against what the rest of the file says: values that nothing brings."""

from __future__ import annotations

from ariroute.config.findings import Findings
from ariroute.config.model import FileSettings
from ariroute.config.near import suggestion
from ariroute.config.steps import every_step, sets
from ariroute.lookups.notify import DECISION_NAMES
from ariroute.lookups.template import CONTACT_NAMES


def check_fitting(settings: FileSettings, findings: Findings, *, whole: bool) -> None:
    """Add what does not fit to ``findings``. ``whole`` is false when steps were left out as unreadable."""
    for name, entry in settings.lookups.items():
        for keys, text in entry.body.misfits(entry.fields):
            findings.wrong(("lookups", name, entry.kind, *keys), text)
    _check_notices(settings, findings, whole=whole)


def _check_notices(settings: FileSettings, findings: Findings, *, whole: bool) -> None:
    """Names in what is sent: of the contact, the decision, a lookup's field or a variable; and whether it is sent."""
    steps = [step for flow in settings.flows.values() for step in every_step(flow.steps)]
    fields = {f"{name}.{key}" for name, entry in settings.lookups.items() for key in entry.fields}
    variables = {f"vars.{name}" for step in steps for name in sets(step)}
    known = {*CONTACT_NAMES, *DECISION_NAMES, *fields, *variables}
    damaged = tuple(problem.path for problem in findings.problems if problem.path.startswith("lookups"))
    sent = {name for step in steps for name in step.notify or ()}
    for notice, item in settings.notify.items():
        for name in sorted({place.name for place in item.places} - known):
            source = name.partition(".")[0]
            if (source == "vars" and not whole) or any(place.startswith(f"lookups.{source}") for place in damaged):
                continue
            text = f"'{{{name}}}' is not a value that a decision has{suggestion(name, known)}"
            findings.wrong(("notify", notice), text)
        if whole and notice not in sent:
            findings.warn(("notify", notice), "is never sent: no step 'notify' names it")
