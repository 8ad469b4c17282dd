"""``ariroute explain``: why a call goes where it goes, or why a past one went there, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ariroute.cli.options import call_description, complete_flow, config_option, flow_file, json_option
from ariroute.cli.output import say, show, show_json
from ariroute.errors import ArirouteError, UnknownName, UnusableInput

if TYPE_CHECKING:
    from ariroute.cli.recorded import Told

LAST: Final = "last"
OF_THE_PAST: Final = {LAST: ("caller", "pbx")}
"""The options that may go with a call of the journal."""


def complete_what(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The flows, and ``last``, for the shell's completion."""
    last = [LAST] if LAST.startswith(incomplete) else []
    return [*complete_flow(context, parameter, incomplete), *last]


@click.command()
@click.argument("what", default="", shell_complete=complete_what, metavar="[FLOW|UNIQUEID|last]")
@call_description
@config_option
@json_option
def explain(what: str, config: Path | None, as_json: bool, **call: Any) -> None:
    """Tell in sentences where a call goes and why.

    And why it goes nowhere else: of every branch, each case that was taken, not taken, or not looked at; of menus,
    hours and splits the other ways.

    With a FLOW the call is a rehearsal, described as for "ariroute test". With the UNIQUEID of a past call, or with
    last, it is that of the journal, told by the rules of then: what the lookups said, and what Asterisk did with it
    afterwards. Of the options only --pbx goes with these, and --caller with last. A flow that is called last comes
    first.

    \b
    Example:
      ariroute explain support --caller +46701234567 --name Ann --set crm.loyalty=gold
      ariroute explain last
      ariroute explain last --caller +46701234567
      ariroute explain 1795132793.12
    """
    path = flow_file(config)
    if _is_past(path, what):
        _tell_past(path, what, call, as_json=as_json)
        return
    from ariroute.cli.account import account
    from ariroute.cli.rehearsal import Call, rehearse

    try:
        rehearsal = rehearse(path, Call(flow=what, **call))
    except UnknownName as error:
        if not what or _is_flow(path, what):
            raise
        if not _is_channel(path, what):
            raise UnknownName(f"{error} (a past call is named by its uniqueid, or last)") from None
        _tell_past(path, what, call, as_json=as_json)
        return
    told = account(rehearsal.walked)
    if as_json:
        plain = rehearsal.to_plain()
        del plain["trace"]  # that is what `ariroute test --json` is for
        show_json(plain | told.to_plain())
    else:
        show("\n".join(told.lines()))
    for remark in rehearsal.remarks:
        say(f"note: {remark}")


def _is_past(path: Path, what: str) -> bool:
    """Whether ``what`` names a past call and can be no flow: their names have no dots, and uniqueids have one."""
    return "." in what if what != LAST else not _is_flow(path, what)


def _is_flow(path: Path, what: str) -> bool:
    from ariroute.config.journal import flows_in

    return what in flows_in(path)


def _is_channel(path: Path, what: str) -> bool:
    """Whether the journal, if there is one, has a channel with this id: who makes a channel over ARI may choose any."""
    from ariroute.config.journal import journal_of_file
    from ariroute.journal.reader import Reader

    try:
        store = journal_of_file(path).open()
    except ArirouteError:
        return False
    with closing(store):
        return Reader(store).by_contact(what) is not None


def _tell_past(path: Path, what: str, call: Mapping[str, Any], *, as_json: bool) -> None:
    told = past(path, what, call)
    if as_json:
        show_json(told.to_plain())
    else:
        show("\n".join(told.lines()))
    for remark in told.remarks:
        say(f"note: {remark}")


def past(path: Path, what: str, call: Mapping[str, Any]) -> Told:
    """The call of the journal that ``what`` names. Raises UnusableInput for options that describe a rehearsal."""
    from ariroute.cli.recorded import tell
    from ariroute.config.journal import journal_of_file
    from ariroute.journal.reader import Reader, Wanted

    for name in (name for name, value in call.items() if value and name not in OF_THE_PAST.get(what, ("pbx",))):
        raise UnusableInput(f"--{name.replace('_', '-')} describes a call to rehearse, and '{what}' is a past one")
    journal, pbx = journal_of_file(path), call.get("pbx", "")
    with closing(journal.open()) as store:
        reader = Reader(store)
        if what == LAST:
            caller = call.get("caller", "")
            record = reader.last(Wanted(pbx=pbx, keys=journal.keys_of(caller) if caller else ()))
        else:
            record = reader.by_contact(what, pbx)
        if record is None:
            raise UnusableInput(_not_there(what, call))
        return tell(record, reader, journal.timezone)


def _not_there(what: str, call: Mapping[str, Any]) -> str:
    where = f" on {call['pbx']}" if call.get("pbx") else ""
    if what == LAST:
        who = f" of {call['caller']}" if call.get("caller") else ""
        return f"the journal has no call{who}{where}"
    return (
        f"the journal has no call '{what}'{where}: 'ariroute calls' lists those it has; a call is there a moment after "
        "its decision, and until journal.keep or journal.largest ends it"
    )
