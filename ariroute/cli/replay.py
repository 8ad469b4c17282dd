"""``ariroute replay``: recorded contacts through changed rules, and which of them would go elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import click

from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, flow_file, journal_option
from ariroute.cli.output import say, show, show_json
from ariroute.cli.simulation import Visits, show_simulation
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from ariroute.config.load import Config
    from ariroute.journal.reader import Reader, Recorded
    from ariroute.replay.changes import Changes
    from ariroute.replay.estimates import Simulation

FOR_EVER = datetime.max.replace(tzinfo=UTC).timestamp()
SQLITE = b"SQLite format 3\0"
MOST = re.compile(r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,6})?)(?P<percent>%?)", re.ASCII)


class Limit(NamedTuple):
    """How many contacts may go elsewhere: so many, or percent of those of which it can be said."""

    number: float
    percent: bool

    def kept_by(self, changes: Changes) -> bool:
        """Whether no more of them go elsewhere."""
        return (changes.share if self.percent else changes.moved) <= self.number

    def __str__(self) -> str:
        return f"{self.number:g}{' %' if self.percent else ''}"


@click.command()
@config_option
@journal_option
@click.option(
    "--since", default="", metavar="TIME", help="From here on: yesterday, 1h, 09:00 or 2026-11-20T09:00; left out, all."
)
@click.option("--until", default="", metavar="TIME", help="Up to here; left out, all.")
@click.option("--flow", "flows", multiple=True, metavar="FLOW", help="Only what this flow took then; repeatable.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="No more than so many contacts, the oldest.")
@click.option(
    "--against",
    default="recorded",
    show_default=True,
    metavar="FILE",
    help="Compare with the decisions of then, or with what the rules of another flow file would have made.",
)
@click.option(
    "--show",
    "listed",
    type=click.IntRange(0, 10_000),
    default=5,
    show_default=True,
    metavar="N",
    help="List so many of the contacts that change, with both traces.",
)
@click.option(
    "--max-changed", default="", metavar="PERCENT", help="Exit code 1 when more go elsewhere: 5%, or a number of them."
)
@click.option("--simulate", is_flag=True, help="Estimate what these rules would do to waits and service levels, too.")
@click.option(
    "--agents",
    multiple=True,
    metavar="QUEUE=NUMBER",
    help="With --simulate: so many agents serve gold (gold=4), or both (gold+standard=6), instead of those in the "
    "record; repeatable.",
)
@click.option(
    "--wrap-up",
    default="0s",
    show_default=True,
    metavar="TIME",
    help="With --simulate: how long an agent gets no call of the queue after each talk.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True, help="How."
)
def replay(
    config: Path | None,
    journal: Path | None,
    since: str,
    until: str,
    flows: tuple[str, ...],
    limit: int | None,
    against: str,
    listed: int,
    max_changed: str,
    simulate: bool,
    agents: tuple[str, ...],
    wrap_up: str,
    form: str,
) -> int:
    """Walk recorded contacts again by other rules, and say which would go elsewhere.

    Every contact in the journal goes through the flow file of --config with the answers that its lookups gave then, by
    the engine that routes calls; nothing is asked, nothing is done. What was never recorded is not made up: such
    contacts are counted by what is lacking.

    \b
    Example:
      ariroute replay --since yesterday --config new.yaml
      ariroute replay --since 7d -c new.yaml --max-changed 5% --format html > changes.html
      ariroute replay --since yesterday -c new.yaml --simulate --wrap-up 15s
    """
    from ariroute.config.load import load_rules
    from ariroute.replay.changes import Changes
    from ariroute.replay.comparison import Comparison
    from ariroute.replay.walker import QuickWalker

    visits = Visits(agents, wrap_up) if simulate else None
    if visits and (flows or against != "recorded"):
        raise UnusableInput("--simulate needs every call, as it was: leave out --flow and --against")
    if visits and form == "html":
        raise UnusableInput("--simulate is told as text and as JSON only: leave out --format html")
    most = limit_of(max_changed) if max_changed else None
    path = flow_file(config)
    rules = load_rules(path)
    other = None if against == "recorded" else load_rules(Path(against))
    begin, end = span(since, until, rules.ruleset.timezone)
    with opened(journal or path) as reader:
        changes = Changes(listed)
        comparison = Comparison(
            QuickWalker(rules), changes, reader.rules, QuickWalker(other) if other else None, visits
        )
        wanted = taken(reader.between(begin, end), flows, limit)
        for _ in progressing(comparison.play(wanted)):
            pass
    tell(changes, rules, against, form, visits.simulated(rules.ruleset) if visits else None)
    return verdict(changes, most)


def limit_of(text: str) -> Limit:
    """What --max-changed says. Raises UnusableInput."""
    match = MOST.fullmatch(text)
    if not match:
        raise UnusableInput(f"--max-changed {text}: write a share such as 5%, or a number of contacts")
    return Limit(float(match["number"]), bool(match["percent"]))


def span(since: str, until: str, timezone: str) -> tuple[float, float]:
    """The moments of --since and --until, seconds since 1970. Raises UnusableInput."""
    from ariroute.moments import past_moment

    now = datetime.now(ZoneInfo(timezone))
    begin = past_moment(since, now, timezone, "--since").timestamp() if since else 0.0
    end = past_moment(until, now, timezone, "--until").timestamp() if until else FOR_EVER
    if end <= begin:
        raise UnusableInput(f"--until {until} is not after --since {since}: nothing lies between")
    return begin, end


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """The journal that the flow file at ``path`` keeps, or that SQLite file. Raises UnusableInput, JournalError."""
    from ariroute.config.journal import journal_of_file
    from ariroute.journal.opening import open_store
    from ariroute.journal.reader import Reader
    from ariroute.journal.settings import JournalSettings

    if is_sqlite(path):
        store = open_store(JournalSettings(url=f"sqlite:{path.absolute()}"), Path(), only_read=True)
    else:
        store = journal_of_file(path).open()
    try:
        yield Reader(store)
    finally:
        store.close()


def is_sqlite(path: Path) -> bool:
    """Whether ``path`` is a file of SQLite."""
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False


def taken(records: Iterable[Recorded], flows: tuple[str, ...], limit: int | None) -> Iterator[Recorded]:
    """Those that ``flows`` took, if any are named; ``limit`` at most."""
    count = 0
    for recorded in records:
        if flows and recorded.flow not in flows:
            continue
        if count == limit:
            return
        count += 1
        yield recorded


def progressing(counts: Iterable[int]) -> Iterator[int]:
    """The same, and on a terminal how far it is, on standard error."""
    import sys
    import time

    begun = due = time.monotonic()
    told = sys.stderr is not None and sys.stderr.isatty()
    due += 1.0
    for count in counts:
        if told and not count % 256 and (now := time.monotonic()) >= due:
            due = now + 1.0
            click.echo(f"\r{count:,} contacts, {count / (now - begun):,.0f} a second ", nl=False, err=True)
        yield count
    if told and due > begun + 1.0:
        click.echo("\r\x1b[K", nl=False, err=True)


def tell(changes: Changes, rules: Config, against: str, form: str, simulation: Simulation | None) -> None:
    """Print the result."""
    if form == "json":
        result = {"config": rules.file, "digest": rules.digest, "against": against, **changes.to_plain()}
        show_json(result | ({"simulation": simulation.to_plain()} if simulation else {}))
        return
    if form == "html":
        from ariroute.cli.replay_page import html

        show(html(changes, rules, against))
        return
    from ariroute.cli.replay_text import show_changes

    show_changes(changes, rules, against)
    if simulation:
        show_simulation(simulation)


def verdict(changes: Changes, most: Limit | None) -> int:
    """The exit code, and why."""
    if most is None:
        return ExitCode.OK
    if not changes.told:
        say("no contact could be replayed, so nothing is known of these rules: is --since early enough?")
        return ExitCode.NOT_AS_EXPECTED
    if most.kept_by(changes):
        return ExitCode.OK
    say(f"{changes.moved} of {changes.told} contacts go elsewhere ({changes.share:.1f} %); at most {most} may")
    return ExitCode.NOT_AS_EXPECTED
