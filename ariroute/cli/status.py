"""``ariroute status``: how the running daemon does, its connections and its lookups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ariroute.cli.admin import admin_address, admin_option, ask, no_daemon
from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, json_option
from ariroute.cli.output import printable, say, show_drawn, show_json
from ariroute.cli.staffing_state import is_frozen, is_released

if TYPE_CHECKING:
    from rich.table import Table


@click.command()
@admin_option
@config_option
@json_option
def status(admin: str | None, config: Path | None, as_json: bool) -> int:
    """Show how the running daemon does.

    Each PBX: whether calls of it are routed, over what, its version, the calls being routed, AMI, and the mode of the
    staffing. Each lookup: whether its breaker lets questions through, how many are under way, the answers in its cache.
    Then what is amiss, of the journal too. Exit code 3 while the daemon is not ready; one that stands by is as it
    should be.

    \b
    Example:
      ariroute status
    """
    address = admin or admin_address(config)
    code, found = ask(address, "GET", "/status")
    match found:
        case {"ready": bool(ready), "pbxs": dict(pbxs), "lookups": dict(lookups), **more} if code == 200:
            standing_by = more.get("standing_by") is True
            journal = more.get("journal")
        case _:
            raise no_daemon(address, code)
    if as_json:
        show_json(found)
    else:
        show_drawn(table(PBX_COLUMNS, [_pbx(name, each) for name, each in pbxs.items()]))
        if lookups:
            show_drawn(table(LOOKUP_COLUMNS, [_lookup(name, each) for name, each in lookups.items()]))
    for text in [STANDING_BY] if standing_by else [*_remarks(pbxs), *_journal(journal)]:
        say(text)
    return ExitCode.OK if ready or standing_by else ExitCode.UNREACHABLE


STANDING_BY = "standing by: another daemon routes the calls"

PBX_COLUMNS = ("PBX", "ARI", "Requests over", "Asterisk", "Calls being routed", "AMI", "Staffing")
LOOKUP_COLUMNS = ("Lookup", "Breaker", "Failures in a row", "Asked again in (s)", "In flight", "Cached")


def table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    """The rows for people."""
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in columns:
        drawn.add_column(title)
    for row in rows:
        drawn.add_row(*map(printable, row))
    return drawn


def _pbx(name: str, pbx: Mapping[str, Any]) -> tuple[str, ...]:
    ami = pbx.get("ami")
    return (
        name,
        "ready" if pbx.get("ready") else "up" if pbx.get("up") else "down",
        str(pbx.get("transport") or "-"),
        str(pbx.get("version") or "-"),
        str(pbx.get("in_flight", "-")),
        "-" if not ami else "up" if ami.get("up") else "down",
        _staffing(pbx.get("staffing") or {}),
    )


def _staffing(state: Mapping[str, Any]) -> str:
    """The mode, and whether it acts by it."""
    mode = str(state.get("mode") or "-")
    return f"{mode}, stands still" if is_frozen(state) else f"{mode}, released" if is_released(state) else mode


def _lookup(name: str, lookup: Mapping[str, Any]) -> tuple[str, ...]:
    pause = lookup.get("seconds_to_probe") or 0
    return (
        name,
        str(lookup.get("breaker", "-")),
        str(lookup.get("failures_in_a_row", "-")),
        f"{pause:.1f}" if pause else "-",
        str(lookup.get("in_flight", "-")),
        str(lookup.get("cached", "-")),
    )


def _remarks(pbxs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Why something is down, in the daemon's own words."""
    found = [f"{name}: {pbx['refused']}" for name, pbx in pbxs.items() if pbx.get("refused")]
    amis = {name: pbx.get("ami") or {} for name, pbx in pbxs.items()}
    found += [f"{name}: AMI is down: {ami['failure']}" for name, ami in amis.items() if ami.get("failure")]
    staffings = {name: pbx.get("staffing") or {} for name, pbx in pbxs.items() if not amis[name].get("failure")}
    return found + [f"{name}: no agent is moved: {each['why']}" for name, each in staffings.items() if is_frozen(each)]


def _journal(journal: object) -> list[str]:
    """What is amiss with the record of decisions; calls are routed all the same."""
    if not isinstance(journal, dict):
        return []
    found = [f"journal: {journal['failure']}"] if journal.get("failure") else []
    lost = journal.get("dropped", 0) + journal.get("refused", 0)
    return [*found, f"journal: {lost} records were lost since the daemon was started"] if lost else found
