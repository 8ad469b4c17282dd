"""``ariroute staffing agents``: the members of the queues that run, as the CSV file of agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ariroute.cli.options import config_option, flow_file, json_option
from ariroute.cli.output import say, show, show_json

if TYPE_CHECKING:
    from ariroute.asterisk.queue_events import QueueMember
    from ariroute.asterisk.settings import AmiSettings
    from ariroute.config.agents_found import Row
    from ariroute.config.load import Config


@click.command()
@click.option("--pbx", default="", metavar="NAME", help="Only this PBX; all when left out.")
@config_option
@json_option
def agents(pbx: str, config: Path | None, as_json: bool) -> None:
    """Write the agents who are logged in now as a CSV file.

    A row for each member of the flow file's queues, with the queues where they are one and their penalty there as skill
    order: to be completed, and named by staffing.agents.csv. Agents of the file that is named already stay as they are
    there, logged in or not; those with queues in the flow file itself are left out. Asks Asterisk over AMI
    (asterisk.NAME.ami in the flow file), and changes nothing.

    \b
    Example:
      ariroute staffing agents > agents.new.csv
    """
    from asyncio import run

    from ariroute.cli.queues import asked_pbxs
    from ariroute.config.agents_found import csv_text
    from ariroute.config.load import load

    loaded = load(flow_file(config))
    members = [member for settings in asked_pbxs(loaded, pbx).values() for member in run(members_of(settings))]
    rows = rows_for(loaded, members)
    if as_json:
        show_json([asdict(row) for row in rows])
    else:
        show(csv_text(rows).removesuffix("\n"))
    for text in remarks(loaded, members, rows):
        say(text)


async def members_of(settings: AmiSettings) -> Sequence[QueueMember]:
    """The members of every queue of this Asterisk. Raises PbxUnreachable, PbxRefused, AmiError."""
    from ariroute.asterisk.ami import Ami

    async with Ami(settings) as ami:
        return await ami.members()


def rows_for(config: Config, members: Sequence[QueueMember]) -> list[Row]:
    """The rows for these ``members`` beside what the file says already."""
    from ariroute.config.agents_found import rows_of

    own = _with_queues(config)
    known = config.staffing.agents.values() if config.staffing else ()
    interfaces = {agent.interface.casefold() for agent in known if agent.name in own}
    telephones = config.ruleset.agents.by_name
    return rows_of(
        [member for member in members if member.interface.casefold() not in interfaces],
        list(config.ruleset.queues),
        [agent for agent in known if agent.name not in own],
        {agent.endpoint.casefold(): agent.name for agent in telephones.values() if agent.name not in own},
        [name for agent in telephones.values() for name in (agent.name, *agent.also)],
    )


def remarks(config: Config, members: Sequence[QueueMember], rows: Sequence[Row]) -> list[str]:
    """What the rows cannot say."""
    queues = config.ruleset.queues
    here = [member for member in members if member.queue in queues]
    told = [f"{len(rows)} {'agent' if len(rows) == 1 else 'agents'}"]
    if own := _with_queues(config):
        told.append(f"left out, with queues in the flow file itself: {', '.join(own)}")
    if fixed := sorted({member.interface for member in here if not member.dynamic}):
        told.append(f"paused and not removed when moved, as members of queues.conf or realtime: {', '.join(fixed)}")
    in_rows = {interface.casefold() for row in rows for interface in (row.dial, row.member)}
    in_file = {agent.interface.casefold() for agent in config.staffing.agents.values()} if config.staffing else set()
    unnamed = {member.interface for member in here if member.interface.casefold() not in in_rows | in_file}
    if unnamed:
        told.append(f"left out, as the flow file cannot name such an interface: {', '.join(sorted(unnamed))}")
    return told


def _with_queues(config: Config) -> list[str]:
    """The agents whom the flow file itself gives queues."""
    entries = config.data.get("agents", {})
    return [name for name, entry in entries.items() if isinstance(entry, Mapping) and "queues" in entry]
