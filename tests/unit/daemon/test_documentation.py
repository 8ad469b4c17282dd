"""docs/configuration.md tells every field of the line `routed` and every metric."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from ariroute.daemon.metrics import Metrics
from ariroute.daemon.report import report
from ariroute.errors import JournalError
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.journal.retention import Limits
from ariroute.journal.store import Store
from ariroute.journal.writer import Journal

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")


def unopened() -> Store:
    raise JournalError("nobody opens this one")


def names(heading: str, *, below: str) -> set[str]:
    """The names in the first column of the table with this heading, further down than ``below``."""
    table = PAGE.split(below, 1)[1].split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)", row)}


def test_every_field_of_the_line_routed_is_told() -> None:
    contact = Contact("1.0", datetime(2026, 11, 21, tzinfo=UTC))
    line = report(contact, Decision("1.0", "support", QueueDestination("gold", 20), "because"), 0.1, mask=False)

    assert names("Field", below="leaves one line, `routed`") == {*line, "channel", "found_by"}


def test_every_metric_is_told() -> None:
    daemon = Metrics()
    daemon.watch_journal(Journal(unopened, 100, Limits(1.0, 1)))
    metrics = list(text_string_to_metric_families(daemon.render().decode()))
    known = {f"{each.name}_total" if each.type == "counter" else each.name for each in metrics}

    assert {"ariroute_lookups_total", "ariroute_journal_records_total"} <= known
    assert {name for name in known if name.startswith("ariroute_")} <= names("Metric", below="### Health and metrics")
