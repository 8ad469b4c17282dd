"""``ariroute shadow``: live calls decided a second time by other rules, which act on nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, flow_file
from ariroute.cli.output import printable, say, show
from ariroute.cli.replay import limit_of
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from ariroute.cli.replay import Limit
    from ariroute.config.load import Config
    from ariroute.journal.store import Store
    from ariroute.replay.changes import Changed, Changes
    from ariroute.replay.shadow import Shadow


@click.command()
@config_option
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Follow the journal of this flow file, or this journal.db; left out, that of --config.",
)
@click.option(
    "--for", "lasting", default="", metavar="TIME", help="End after so long, such as 1h; left out, at Ctrl-C."
)
@click.option(
    "--ask",
    is_flag=True,
    help="Ask lookups for real where the record does not say what these rules want to know; numbers must be kept in "
    "full (journal.numbers).",
)
@click.option(
    "--max-changed",
    default="",
    metavar="PERCENT",
    help="Exit code 1 when more have gone elsewhere at the end: 5%, or a number of them.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print each difference, and at last the summary, as JSON in a line."
)
def shadow(config: Path | None, journal: Path | None, lasting: str, ask: bool, max_changed: str, as_json: bool) -> int:
    """Decide live calls a second time by the flow file of --config, and tell which would go elsewhere.

    Follows the journal of the daemon that routes. Nothing is acted on: no call, no queue and no notice knows of it.
    What differs is printed, and recorded in the journal's table shadows.

    \b
    Example:
      ariroute shadow --config new.yaml --journal /etc/ariroute/ariroute.yaml --for 1h
    """
    import asyncio

    from ariroute.config.load import load_live, load_rules

    most = limit_of(max_changed) if max_changed else None
    within = length_of(lasting) if lasting else None
    path = flow_file(config)
    rules = load_live(path) if ask else load_rules(path)
    told = JsonLines(rules) if as_json else Lines(rules)
    changes = asyncio.run(followed(rules, stores(journal or path), told, within, ask=ask))
    return verdict(changes, most)


def length_of(text: str) -> float:
    """Seconds that --for says. Raises UnusableInput."""
    from ariroute.values import seconds

    try:
        return seconds(text)
    except ValueError as error:
        raise UnusableInput(f"--for: {error}") from None


def stores(path: Path) -> Callable[..., Store]:
    """What opens the journal that the flow file at ``path`` keeps, or that SQLite file. Raises UnusableInput."""
    from functools import partial

    from ariroute.cli.replay import is_sqlite
    from ariroute.config.journal import journal_of_file
    from ariroute.journal.opening import open_store
    from ariroute.journal.settings import JournalSettings

    if is_sqlite(path):
        return partial(open_store, JournalSettings(url=f"sqlite:{path.absolute()}"), Path())
    return journal_of_file(path).open


async def followed(
    rules: Config, open_store: Callable[..., Store], told: Lines, within: float | None, *, ask: bool
) -> Changes:
    """Follow until the time is over or a signal comes; what was found."""
    import asyncio
    import signal
    import time
    from functools import partial

    from ariroute.replay.asking import Asking
    from ariroute.replay.shadow import LOOK_EVERY, Shadow

    asking = Asking(rules) if ask else None
    if asking:
        await asking.start()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    if within is not None:
        loop.call_later(within, ended.set)
    following = None
    try:
        read, write = (partial(open_store, only_read=only_read) for only_read in (True, False))
        following = await asyncio.to_thread(Shadow, rules, read, write, time.time, asking)
        told.began()
        last = False
        while not last:
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LOOK_EVERY)
            last = ended.is_set()  # and one look more, for what was recorded until then
            told.found(await following.look())
            told.trouble(following.trouble)
        told.ended(following, asking.asked if asking else 0)
        return following.changes
    finally:
        if following:
            await asyncio.to_thread(following.close)
        if asking:
            await asking.close()


class Lines:
    """Differences as lines for people, on standard output; words on standard error."""

    def __init__(self, rules: Config) -> None:
        self._rules = rules
        self._trouble = ""

    def began(self) -> None:
        say(f"following the journal by the rules of {self._rules.file} ({self._rules.digest}); Ctrl-C ends it")

    def trouble(self, why: str) -> None:
        """Say once what is wrong, and once that it is over."""
        if why != self._trouble:
            say(f"{why}; trying again" if why else "the journal is there again")
        self._trouble = why

    def found(self, found: list[Changed]) -> None:
        for changed in found:
            show(self.line(changed))

    def line(self, changed: Changed) -> str:
        from ariroute.cli.replay_text import moment_text

        row, (before, after) = changed.recorded, changed.move
        what = f"{before} > {after}" if before != after else f"{before}, but other {' and '.join(changed.beside)}"
        at = moment_text(row.arrived, self._rules.ruleset.timezone)
        return f"{at}  {printable(row.contact)}  {row.caller or 'withheld'} to {row.dialled}: {what}"

    def ended(self, shadow: Shadow, asked: int) -> None:
        """The summary."""
        changes = shadow.changes
        show(
            f"{changes.read} calls: {changes.moved} would have gone elsewhere ({changes.share:.1f} % of {changes.told})"
        )
        for (before, after), count in changes.moves.most_common():
            show(f"  {count}  {before} > {after}")
        if changes.relabelled:
            show(f"  {changes.relabelled} would have gone to the same place with something else beside them")
        for cause, count in changes.untold.most_common():
            show(f"  {count} cannot be told: {cause}")
        if asked:
            say(f"{asked} questions were put to lookups")
        if lost := shadow.unrecorded + shadow.waiting:
            say(f"{lost} differences could not be recorded")


class JsonLines(Lines):
    """The same for programs: one JSON object in a line for each difference, and one for the summary."""

    def line(self, changed: Changed) -> str:
        from ariroute.json_text import dumps

        return dumps({name: value for name, value in changed.to_plain().items() if name != "before"})

    def ended(self, shadow: Shadow, asked: int) -> None:
        from ariroute.json_text import dumps

        plain: dict[str, Any] = shadow.changes.to_plain()
        del plain["examples"]
        unrecorded = shadow.unrecorded + shadow.waiting
        show(dumps({"summary": plain | {"asked": asked, "unrecorded": unrecorded, "digest": self._rules.digest}}))


def verdict(changes: Changes, most: Limit | None) -> int:
    """The exit code, and why."""
    if most is None:
        return ExitCode.OK
    if changes.read and not changes.told:
        say("of no call it could be told where it would have gone, so nothing is known of these rules")
        return ExitCode.NOT_AS_EXPECTED
    if most.kept_by(changes):
        return ExitCode.OK
    say(f"{changes.moved} of {changes.told} contacts would have gone elsewhere; at most {most} may")
    return ExitCode.NOT_AS_EXPECTED
