"""``ariroute queues``: each queue of the flow file beside its live figures from Asterisk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ariroute.cli.options import config_option, flow_file, json_option
from ariroute.cli.output import say, show_drawn, show_json
from ariroute.errors import PbxRefused

if TYPE_CHECKING:
    from rich.table import Table

    from ariroute.asterisk.ami import QueueSummary
    from ariroute.asterisk.settings import AmiSettings
    from ariroute.config.load import Config
    from ariroute.flow.queues import Queue


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue of the flow file on one PBX. The live figures are None when that Asterisk does not have the queue.

    ``logged_in`` counts members whose device is reachable, paused ones included; ``longest_wait`` is seconds;
    ``agents_per_call`` is logged-in members per caller waiting, None while nobody waits.
    """

    pbx: str
    queue: str
    priority: int
    in_asterisk: bool
    logged_in: int | None = None
    available: int | None = None
    callers: int | None = None
    longest_wait: int | None = None
    agents_per_call: float | None = None
    agents_per_call_wanted: float | None = None


@click.command()
@click.option("--pbx", default="", metavar="NAME", show_envvar=True, help="Only this PBX; all when left out.")
@config_option
@json_option
def queues(pbx: str, config: Path | None, as_json: bool) -> None:
    """Show each queue of the flow file with its live figures.

    Logged in and available agents, callers waiting, the longest wait in seconds, and agents logged in per
    caller waiting, beside the number wanted. Asks Asterisk over AMI (asterisk.NAME.ami in the flow file).

    \b
    Example:
      ariroute queues --pbx pbx1
    """
    from asyncio import run

    from ariroute.config.load import load

    loaded = load(flow_file(config))
    rows = [
        row
        for name, settings in asked_pbxs(loaded, pbx).items()
        for row in queue_rows(name, loaded.ruleset.queues, run(summaries(settings)))
    ]
    if as_json:
        show_json([asdict(row) for row in rows])
    else:
        show_drawn(table(rows))
    for row in rows:
        if not row.in_asterisk:
            say(f"note: {row.pbx} has no queue {row.queue}: add it to queues.conf")


def asked_pbxs(config: Config, name: str) -> Mapping[str, AmiSettings]:
    """The PBXs to ask, by name. Raises UnknownName, and PbxRefused when AMI is not configured."""
    from ariroute.cli.given import known

    names = [known("PBX", name, config.pbxs)] if name else list(config.pbxs)
    found = {each: ami for each in names if (ami := config.pbxs[each].ami)}
    if not found:
        raise PbxRefused(
            "the live figures need AMI, and the flow file does not say how to reach it: add ami with address, user "
            f"and password to asterisk.{names[0] if names else 'NAME'}"
        )
    return found


async def summaries(settings: AmiSettings) -> Sequence[QueueSummary]:
    """The live figures of every queue that this Asterisk has. Raises PbxUnreachable, PbxRefused, AmiError."""
    from ariroute.asterisk.ami import Ami

    async with Ami(settings) as ami:
        return await ami.queue_summary()


def queue_rows(pbx: str, queues: Mapping[str, Queue], live: Sequence[QueueSummary]) -> list[QueueRow]:
    """One row per queue of the flow file, in its order."""
    by_name = {summary.queue: summary for summary in live}
    return [_row(pbx, queue, by_name.get(queue.name)) for queue in queues.values()]


def _row(pbx: str, queue: Queue, live: QueueSummary | None) -> QueueRow:
    if live is None:
        return QueueRow(pbx, queue.name, queue.priority, False, agents_per_call_wanted=queue.agents_per_call)
    return QueueRow(
        pbx,
        queue.name,
        queue.priority,
        True,
        logged_in=live.logged_in,
        available=live.available,
        callers=live.callers,
        longest_wait=live.longest_hold_time,
        agents_per_call=round(live.logged_in / live.callers, 2) if live.callers else None,
        agents_per_call_wanted=queue.agents_per_call,
    )


COLUMNS = (
    "PBX",
    "Queue",
    "Priority",
    "Logged in",
    "Available",
    "Callers",
    "Longest wait (s)",
    "Agents per call",
    "Wanted",
)


def table(rows: Sequence[QueueRow]) -> Table:
    """The rows for people; a dash stands for what is not known or does not apply."""
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, title in enumerate(COLUMNS):
        drawn.add_column(title, justify="left" if number < 2 else "right")
    for row in rows:
        drawn.add_row(*_cells(row))
    return drawn


def _cells(row: QueueRow) -> list[str]:
    live: list[Any] = [row.logged_in, row.available, row.callers, row.longest_wait, row.agents_per_call]
    if not row.in_asterisk:
        live[0] = "not in Asterisk"
    figures = [row.priority, *live, row.agents_per_call_wanted]
    return [row.pbx, row.queue, *("-" if figure is None else str(figure) for figure in figures)]
