"""Settings of lookups and notifications against what the rest of the file says: fields that are not declared."""

from __future__ import annotations

from ariroute.config.findings import Findings
from ariroute.config.model import FileSettings


def check_fitting(settings: FileSettings, findings: Findings) -> None:
    """Add what does not fit to ``findings``."""
    for name, entry in settings.lookups.items():
        for keys, text in entry.body.misfits(entry.fields):
            findings.wrong(("lookups", name, entry.kind, *keys), text)
