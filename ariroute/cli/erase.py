"""``ariroute erase``: what the journal has of one caller or one call is removed, and that is proven."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ariroute.cli.check import counted
from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, flow_file, json_option
from ariroute.cli.output import say, show, show_json
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from ariroute.config.journal import JournalOfFile
    from ariroute.journal.erasing import Erasure, Whose


@click.command()
@click.argument("number", default="")
@click.option("--contact", default="", metavar="UNIQUEID", help="One call instead, such as that of a withheld number.")
@click.option("--dry-run", is_flag=True, help="Only say how many records there are.")
@config_option
@json_option
def erase(number: str, contact: str, dry_run: bool, config: Path | None, as_json: bool) -> int:
    """Remove everything that the journal has of the caller NUMBER, for ever.

    The records are deleted, with what shadows noted of them; the database is written anew, so that nothing of them
    is left in free pages or in the write-ahead log; then its files are searched for the number, its hash and the
    calls' ids. Masked callers are found by the hash. Needs to be allowed to write the database; the daemon may run.

    Ends with 1 when something was found that should not be there.

    \b
    Example:
      ariroute erase +46701234567 --dry-run
      ariroute erase +46701234567
      ariroute erase --contact 1763629200.17
    """
    from ariroute.config.journal import journal_of_file
    from ariroute.journal.erasing import count
    from ariroute.journal.erasing import erase as erased

    if bool(number) == bool(contact):
        raise click.UsageError("name a NUMBER, or a call with --contact UNIQUEID")
    journal = journal_of_file(flow_file(config))
    whose = whose_of(journal, number, contact)
    if dry_run:
        with closing(journal.open()) as store:
            before = count(store, whose)
        show_json({"records": before}) if as_json else show(f"{_records(before)} would be erased")
        return ExitCode.OK
    with closing(journal.open()) as store:  # which makes no journal where there is none
        count(store, whose)
    with closing(journal.open(only_read=False)) as store:
        done = erased(store, whose, journal.files())
    if as_json:
        show_json(to_plain(done))
    else:
        for line in told(done):
            show(line)
    if not done.is_proven:
        say("something is left: erase again, and report it if it stays")
    return ExitCode.OK if done.is_proven else ExitCode.NOT_AS_EXPECTED


def whose_of(journal: JournalOfFile, number: str, contact: str) -> Whose:
    """Whose records are meant. Raises UnusableInput for what is no number or is masked, and as the key does."""
    from ariroute.flow.contact import party
    from ariroute.journal.erasing import Whose

    if contact:
        return Whose(contact=contact)
    caller = party(number, "", journal.region)
    if not caller.number or "*" in number:
        raise UnusableInput(f"{number}: not a telephone number: write it in full, such as +46701234567")
    keys = journal.keys_of(number)
    return Whose(keys, tuple(dict.fromkeys(filter(None, (caller.e164, caller.number)))))


def told(done: Erasure) -> list[str]:
    """What was done, and what was found then, for people."""
    lines = [f"{_records(done.before)} erased; {done.after} left"]
    if not done.searched:
        lines.append("the server's tables were written anew; its backups and its own log are not ours to search")
    elif not done.found:
        files = " and ".join(f"{file} ({size} bytes)" for file, size in done.searched.items())
        lines.append(f"searched {files}: nothing is there of the number, its hash or the calls' ids")
    else:
        lines += [f"still there, {times} times: {mark}" for mark, times in sorted(done.found.items())]
    if done.rules:
        lines.append(f"note: the number stands in {done.rules} of the kept rules, because the flow file names it")
    if done.others:
        lines.append(f"note: {_records(done.others)} of other calls name the number, in a condition or an answer")
    if done.moves:
        lines.append(f"note: the number stands in {counted(done.moves, 'move')} of agents: it is the name of one")
    return lines


def to_plain(done: Erasure) -> dict[str, Any]:
    """JSON types, as ``--json`` prints it."""
    return {
        "before": done.before,
        "after": done.after,
        "searched": dict(done.searched),
        "found": dict(done.found),
        "in_other_records": done.others,
        "in_rules": done.rules,
        "in_moves": done.moves,
        "proven": done.is_proven,
    }


def _records(number: int) -> str:
    return "1 record" if number == 1 else f"{number} records"
