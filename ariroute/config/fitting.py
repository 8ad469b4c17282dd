"""Settings of lookups and notifications against what the rest of the file says: values that nothing brings."""

from __future__ import annotations

from ariroute.config.findings import Findings
from ariroute.config.model import FileSettings
from ariroute.config.near import suggestion
from ariroute.lookups.notify import DECISION_NAMES
from ariroute.lookups.template import CONTACT_NAMES


def check_fitting(settings: FileSettings, findings: Findings) -> None:
    """Add what does not fit to ``findings``."""
    for name, entry in settings.lookups.items():
        for keys, text in entry.body.misfits(entry.fields):
            findings.wrong(("lookups", name, entry.kind, *keys), text)
    _check_notices(settings, findings)


def _check_notices(settings: FileSettings, findings: Findings) -> None:
    """Names in what is sent: of the contact, the decision, a lookup's field or a variable."""
    fields = {f"{name}.{key}" for name, entry in settings.lookups.items() for key in entry.fields}
    known = {*CONTACT_NAMES, *DECISION_NAMES, *fields}
    damaged = tuple(problem.path for problem in findings.problems if problem.path.startswith("lookups"))
    for notice, item in settings.notify.items():
        for name in sorted({place.name for place in item.places} - known):
            source = name.partition(".")[0]
            if source == "vars" or any(place.startswith(f"lookups.{source}") for place in damaged):
                continue
            text = f"'{{{name}}}' is not a value that a decision has{suggestion(name, known)}"
            findings.wrong(("notify", notice), text)
