"""A replay for people: tables of what goes elsewhere, and contacts that do with both traces side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text
from rich.tree import Tree

from ariroute.cli.output import printable, ruled, show, show_drawn
from ariroute.cli.trace_tree import grow
from ariroute.replay.changes import apart

if TYPE_CHECKING:
    from rich.table import Table

    from ariroute.config.load import Config
    from ariroute.flow.trace import TraceEntry
    from ariroute.replay.changes import Changed, Changes


def show_changes(changes: Changes, rules: Config, against: str) -> None:
    """All of it, on standard output."""
    zone = rules.ruleset.timezone
    for line in summary(changes, rules, against):
        show(line)
    tables = [moves_table(changes), destinations_table(changes)] if changes.moves else []
    if changes.untold:
        tables.append(causes_table(changes))
    for table in tables:
        show("")
        show_drawn(table)
    for changed in changes.examples():
        show("")
        show_drawn(side_by_side(changed, zone))


def summary(changes: Changes, rules: Config, against: str) -> list[str]:
    """The result in sentences."""
    zone = rules.ruleset.timezone
    if not changes.read or changes.since is None or changes.until is None:
        return ["No contact is recorded for this time."]
    than = "than they did" if against == "recorded" else f"than by {against}"
    lines = [
        f"{contacts(changes.read)} from {moment_text(changes.since, zone)} to {moment_text(changes.until, zone)}, "
        f"by the rules of {printable(rules.file)}:",
        f"  {changes.moved} go elsewhere {than} ({changes.share:.1f} % of the {changes.told} of which it can be said)",
    ]
    if changes.relabelled:
        what = ", ".join(f"{count} in {name}" for name, count in changes.beside.most_common())
        lines.append(f"  {changes.relabelled} go to the same place with something else beside them ({what})")
    if changes.untold:
        lines.append(f"  {changes.untold.total()} cannot be told, as something was not recorded")
    return lines


def contacts(count: int) -> str:
    """``1 contact``, ``1,200 contacts``."""
    return f"{count:,} contact{'' if count == 1 else 's'}"


def moment_text(at: float, zone: str) -> str:
    """``2026-11-21 09:00:12``."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def moves_table(changes: Changes) -> Table:
    """From where to where, and how many."""
    table = ruled("From", "To", numbers=("Contacts",))
    for (old, new), count in changes.moves.most_common():
        table.add_row(printable(old), printable(new), str(count))
    return table


def destinations_table(changes: Changes) -> Table:
    """Each destination, before and after."""
    table = ruled("Destination", numbers=("Before", "After", "Difference"))
    for name, old, new in changes.destinations():
        table.add_row(printable(name), str(old), str(new), f"{new - old:+d}" if new != old else "")
    return table


def causes_table(changes: Changes) -> Table:
    """Why contacts cannot be told."""
    table = ruled("Cannot be told, as", "Such as", numbers=("Contacts",))
    for cause, count in changes.untold.most_common():
        table.add_row(printable(cause), printable(changes.first_untold[cause]), str(count))
    return table


def side_by_side(changed: Changed, zone: str) -> Table:
    """One contact: what was done then, and what these rules do."""
    row = changed.recorded
    title = f"{row.contact}: {row.caller} to {row.dialled}, {moment_text(row.arrived, zone)}"
    table = ruled("Before", "After")
    table.title, table.title_justify = printable(title), "left"
    traces = [decision.trace if decision else () for decision in (changed.before, changed.after)]
    table.add_row(*map(_tree, changed.move, traces, apart(*traces)))
    return table


def _tree(where: str, trace: Sequence[TraceEntry], marks: Sequence[bool]) -> Tree:
    """The trace under where it led; what the other trace does not have stands out."""
    root = Tree(Text(printable(where), style="bold"), guide_style="dim")
    for node, mark in zip(grow(root, trace), marks, strict=True):
        node.style = "bold" if mark else "none"
    return root
