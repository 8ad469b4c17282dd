"""``ariroute staffing``: the tiers and their agents as the running daemon sees them, and commands beneath it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from ariroute.cli.admin import admin_address, admin_option, ask, no_daemon
from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, json_option
from ariroute.cli.output import say, show, show_drawn, show_json, show_live, width
from ariroute.cli.staffing_agents import agents
from ariroute.cli.staffing_moves import moves
from ariroute.cli.staffing_release import release, resume
from ariroute.cli.staffing_state import is_frozen
from ariroute.cli.status import STANDING_BY
from ariroute.errors import DaemonUnreachable, UnusableInput

if TYPE_CHECKING:
    from rich.console import RenderableType

EVERY: Final = 1.0
"""Seconds from one look to the next with --watch."""


@click.group(invoke_without_command=True)
@click.option("--watch", is_flag=True, help="Look again each second until Ctrl-C; with --json a line each time.")
@click.option("--agents", "with_agents", is_flag=True, help="Show each agent too: where they serve, and what they do.")
@click.option("--pbx", default="", metavar="NAME", help="Only this PBX; all when left out.")
@admin_option
@config_option
@json_option
@click.pass_context
def staffing(
    context: click.Context,
    watch: bool,
    with_agents: bool,
    pbx: str,
    admin: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Show how the tiers are staffed.

    For each tier the agents per call that it is to have, and has now and had over the last 15 minutes; for how much of
    these minutes' time with calls it had them ("held"); its calls and how many of them wait, its agents and how many
    it needs, who is borrowed from other tiers, and why it is as it is. Then the latest moves of agents, with the
    reason for each; in the mode advise these are the moves that would be made.

    Asks the running daemon. Exit code 3 while it is to move agents and cannot, such as while AMI is down.

    \b
    Example:
      ariroute staffing
      ariroute staffing --watch --agents
      ariroute staffing --json | jq '.pbxs.pbx1.tiers[] | select(.short > 0)'
    """
    if context.invoked_subcommand:
        _refuse_misplaced(context)
        return ExitCode.OK
    address = admin or admin_address(config)
    if watch:
        return _watch(address, pbx, with_agents=with_agents, as_json=as_json)
    found = staffing_of(address, pbx)
    if as_json:
        show_json(found)
    elif found["pbxs"]:
        show_drawn(_drawn(found, with_agents=with_agents))
    if not found["pbxs"]:
        say("nobody can be moved: no PBX of the flow file has AMI (asterisk.NAME.ami)")
    if found.get("standing_by") is True:
        say(STANDING_BY)
        return ExitCode.OK
    return ExitCode.UNREACHABLE if any(is_frozen(status) for status in found["pbxs"].values()) else ExitCode.OK


for _command in (moves, agents, release, resume):
    staffing.add_command(_command)


def _refuse_misplaced(context: click.Context) -> None:
    """An option before the subcommand would be read, and have no effect."""
    for option in context.command.params:
        name = option.name or ""
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"write {option.opts[-1]} behind {context.invoked_subcommand}, if it knows that")


def staffing_of(address: str, pbx: str = "") -> dict[str, Any]:
    """What the daemon at ``address`` says of its staffing; of one PBX if it is named.

    Raises DaemonUnreachable, UnusableInput, UnknownName.
    """
    from ariroute.cli.given import known

    code, found = ask(address, "GET", "/staffing")
    match code, found:
        case 200, {"pbxs": dict(pbxs)} as answer:
            assert isinstance(answer, dict)
            return {**answer, "pbxs": {pbx: pbxs[known("PBX", pbx, pbxs)]}} if pbx else answer
        case 404, _:
            raise DaemonUnreachable(f"the daemon at {address} does not tell of staffing: is it an older version?")
    raise no_daemon(address, code)


def _watch(address: str, pbx: str, *, with_agents: bool, as_json: bool) -> int:
    if as_json:
        return _lines(address, pbx)
    if not sys.stdout.isatty():
        raise UnusableInput(
            "--watch draws on a terminal: for a pipe or a file add --json, which gives a line each second"
        )
    show_live(_pictures(address, pbx, with_agents=with_agents), EVERY)
    return ExitCode.OK


def _lines(address: str, pbx: str) -> int:
    import time

    while True:
        show(json.dumps(staffing_of(address, pbx)))
        sys.stdout.flush()
        time.sleep(EVERY)


def _pictures(address: str, pbx: str, *, with_agents: bool) -> Iterator[RenderableType]:
    """One look after the other. A daemon that is started again is waited for; one that was never there is an error."""
    found, note = staffing_of(address, pbx), ""
    while True:
        yield _drawn(found, with_agents=with_agents, note=note)
        try:
            found, note = staffing_of(address, pbx), ""
        except DaemonUnreachable as error:
            note = f"this is as it was: {error}"


def _drawn(found: Mapping[str, Any], *, with_agents: bool, note: str = "") -> RenderableType:
    from ariroute.cli.staffing_tables import picture

    return picture(found, datetime.now(UTC), width(), with_agents=with_agents, note=note)
