"""``ariroute calls``: the calls of the journal, what was decided, and what Asterisk did with them then."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import click

from ariroute.cli.options import config_option, flow_file, json_option, limit_option, since_option, until_option
from ariroute.cli.output import printable, say, show_drawn, show_json
from ariroute.cli.wording import span_text
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from rich.table import Table

    from ariroute.config.journal import JournalOfFile
    from ariroute.journal.reader import Recorded, Wanted

HANDED: Final = (
    *("handed over", "gone", "passed on", "hung up", "left before the decision"),
    *("left to the guard", "left ringing", "left to another program"),
)
"""How a contact may leave the daemon (:mod:`ariroute.daemon.calls`)."""


@click.command()
@since_option
@until_option
@click.option("--queue", default="", metavar="QUEUE", help="Decided for this queue.")
@click.option("--flow", default="", metavar="FLOW", help="Decided by this flow.")
@click.option("--caller", default="", metavar="NUMBER", help="Of this caller; unknown: without a number.")
@click.option("--pbx", default="", metavar="NAME", help="Taken from this PBX.")
@click.option(
    "--outcome",
    default="",
    metavar="WORD",
    help="What became of it: waiting, answered, abandoned, timeout ... (QUEUESTATUS) or unknown; or how it left "
    "ariroute: gone, hung-up, passed-on, left-to-the-guard ...",
)
@click.option("--slow", default="", metavar="TIME", help="Decided after so long or more, such as 500ms.")
@click.option("--default", "by_default", is_flag=True, help="Taken by the flow's default.")
@limit_option
@config_option
@json_option
def calls(config: Path | None, as_json: bool, limit: int, **filters: Any) -> None:
    """List the calls of the journal, the latest first.

    Where each went and how long that took to decide, and what Asterisk did then, if it told over AMI: who answered
    after how long, how long they talked, or how else it ended. "ariroute explain UNIQUEID" tells all of one call.

    Needs the section journal of the flow file. Moments are in the flow file's time zone.

    \b
    Example:
      ariroute calls --since today --queue gold --outcome abandoned
      ariroute calls --caller +46701234567
      ariroute calls --since yesterday --until today --limit 100000 --json | jq length
    """
    from ariroute.cli.recorded import summary
    from ariroute.config.journal import journal_of_file
    from ariroute.journal.reader import Reader

    journal = journal_of_file(flow_file(config))
    wanted = wanted_of(journal, **filters)
    with closing(journal.open()) as store:
        found = list(Reader(store).find(wanted, limit=limit + 1))
    shown = found[:limit]
    if as_json:
        show_json([summary(record, journal.timezone) for record in shown])
    elif shown:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else NARROW
        show_drawn(table(shown, ZoneInfo(journal.timezone), datetime.now().astimezone(), width))
    if not shown:
        say("no such call is in the journal" if any(filters.values()) else "the journal has no calls yet")
    if len(found) > limit:
        say(f"note: the latest {limit}; there are more: --limit {5 * limit}, or --since and --until")


def wanted_of(
    journal: JournalOfFile, *, since: str, until: str, caller: str, slow: str, outcome: str, **same: Any
) -> Wanted:
    """The records that the options ask for. Raises UnusableInput for what cannot be meant."""
    from ariroute.journal.reader import Wanted
    from ariroute.moments import past_moment
    from ariroute.values import seconds

    now, word = datetime.now().astimezone(), outcome_of(outcome)
    try:
        longest = seconds(slow) if slow else None
    except ValueError as error:
        raise UnusableInput(f"--slow: {error}") from None
    return Wanted(
        since=past_moment(since, now, journal.timezone, "--since").timestamp() if since else None,
        until=past_moment(until, now, journal.timezone, "--until").timestamp() if until else None,
        slow=longest,
        outcome=word if word not in HANDED else "",
        handed=word if word in HANDED else "",
        keys=journal.keys_of(caller) if caller else (),
        **same,
    )


def outcome_of(text: str) -> str:
    """The outcome that is meant, as the journal has it; empty when none is. Raises UnknownName."""
    from ariroute.asterisk.queue_events import STATUSES
    from ariroute.cli.given import known

    words = ("waiting", "answered", "abandoned", *STATUSES.values(), "unknown", *HANDED)
    return known("outcome", text.lower().replace("-", " "), words) if text else ""


COLUMNS: Final = ("PBX", "Time", "Caller", "Dialled", "Flow", "To", "Decided in", "Then", "Uniqueid")
NARROW: Final = 110
"""On a terminal of fewer characters the columns that tell least are left out."""


def table(records: list[Recorded], zone: ZoneInfo, now: datetime, width: int = NARROW) -> Table:
    """The calls for people; of today the time alone."""
    from rich.table import Table

    left_out = {"Dialled", "Flow", "Decided in"} if width < NARROW else set()
    if len({record.pbx for record in records}) == 1:
        left_out.add("PBX")
    drawn, today = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0)), now.astimezone(zone).date()
    titles = [title for title in COLUMNS if title not in left_out]
    for title in titles:
        drawn.add_column(title, no_wrap=title != "Then", justify="right" if title == "Decided in" else "left")
    for record in records:
        cells = cells_of(record, zone, today)
        drawn.add_row(*(printable(cells[title]) for title in titles))
    return drawn


def cells_of(record: Recorded, zone: ZoneInfo, today: date) -> dict[str, str]:
    """One call, by the columns' titles."""
    arrived = datetime.fromtimestamp(record.arrived, zone)
    return {
        "PBX": record.pbx,
        "Time": f"{arrived:%H:%M:%S}" if arrived.date() == today else f"{arrived:%Y-%m-%d %H:%M:%S}",
        "Caller": record.caller,
        "Dialled": record.dialled,
        "Flow": record.flow,
        "To": to(record),
        "Decided in": span_text(record.took),
        "Then": then(record),
        "Uniqueid": record.contact,
    }


def to(record: Recorded) -> str:
    """Where it was sent: ``gold 20``, ``voicemail 100``; in brackets how it left without a decision."""
    if not record.destination:
        return f"({record.handed})"
    where = f"{record.queue} {record.priority}" if record.queue else record.destination
    return f"{where} (default)" if record.by_default else where


def then(record: Recorded) -> str:
    """What became of it, in a few words."""
    elsewhere = f" in {record.outcome_queue}" if record.outcome_queue not in ("", record.queue) else ""
    after = "" if record.wait is None else f" after {span_text(record.wait)}"
    match record.outcome:
        case "":
            return "" if record.handed == "handed over" or not record.destination else record.handed
        case "waiting":
            return f"waiting{elsewhere}, position {record.position}"
        case "answered":
            talked = "" if record.talk is None else f", talked {span_text(record.talk)}"
            return f"{record.agent or 'answered'}{elsewhere}{after}{talked}"
        case outcome:
            return f"{outcome}{elsewhere}{after}"
