"""``ariroute staffing moves``: the moves of agents that the journal has, and why each was made."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from ariroute.cli.options import config_option, flow_file, json_option, limit_option, since_option, until_option
from ariroute.cli.output import say, show_drawn, show_json

if TYPE_CHECKING:
    from ariroute.journal.moves import Moved


@click.command()
@since_option
@until_option
@click.option("--agent", default="", metavar="NAME", help="Of this agent.")
@click.option("--queue", default="", metavar="QUEUE", help="To or from this queue.")
@click.option("--pbx", default="", metavar="NAME", help="On this PBX.")
@limit_option
@config_option
@json_option
def moves(config: Path | None, as_json: bool, limit: int, since: str, until: str, **same: str) -> None:
    """List the moves of agents between queues, the latest first, with the reason for each.

    In the mode advise they are the moves that would have been made. Needs the section journal of the flow file.
    Moments are in the flow file's time zone.

    \b
    Example:
      ariroute staffing moves --since 1h --queue platinum
      ariroute staffing moves --agent anna --since yesterday --until today
    """
    from ariroute.config.journal import journal_of_file
    from ariroute.journal.moves import MovesWanted
    from ariroute.journal.moves import moves as moves_in
    from ariroute.moments import past_moment

    journal, now = journal_of_file(flow_file(config)), datetime.now(UTC)
    wanted = MovesWanted(
        since=past_moment(since, now, journal.timezone, "--since").timestamp() if since else None,
        until=past_moment(until, now, journal.timezone, "--until").timestamp() if until else None,
        **same,
    )
    with closing(journal.open()) as store:
        found = moves_in(store, wanted, limit + 1)
    zone = ZoneInfo(journal.timezone)
    if as_json:
        show_json([to_plain(move, zone) for move in found[:limit]])
    elif found:
        _draw(found[:limit], zone, now)
    if not found:
        say("no such move is in the journal" if any((since, until, *same.values())) else "the journal has no moves yet")
    if len(found) > limit:
        say(f"note: the latest {limit}; there are more: --limit {5 * limit}, or --since and --until")


def to_plain(move: Moved, zone: ZoneInfo) -> dict[str, Any]:
    """JSON types, as ``--json`` prints it and the daemon tells it."""
    return {
        "at": datetime.fromtimestamp(move.at, zone).isoformat(timespec="milliseconds"),
        "pbx": move.pbx,
        "agent": move.agent,
        "from": list(move.left),
        "to": move.queue,
        "why": move.why,
        "reason": move.reason,
        "mode": move.mode,
        "done": move.done,
        "failure": move.failure,
    }


def _draw(found: list[Moved], zone: ZoneInfo, now: datetime) -> None:
    from ariroute.cli.staffing_tables import Moments, moves_table

    several = len({move.pbx for move in found}) > 1
    rows = [(datetime.fromtimestamp(move.at, zone), to_plain(move, zone)) for move in found]
    show_drawn(moves_table(rows, Moments(zone, now), with_pbx=several))
