"""``ariroute check dialplan``: files of extensions beside the rules by which no call is lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ariroute.cli.check import counted
from ariroute.cli.exits import ExitCode
from ariroute.cli.output import say, show, show_json
from ariroute.config.dialplan import entrances
from ariroute.config.dialplan_files import read
from ariroute.config.dialplan_rules import Fault, Judgement, judge
from ariroute.errors import UnusableInput

REMEDY = "dialplan/extensions-ariroute.conf keeps every rule: include it as it is, or compare these places with it"


def check_dialplan(paths: Sequence[Path], app: str, as_json: bool) -> ExitCode:
    """The exit code; what is wrong is shown. Raises UnusableInput where there is nothing to judge."""
    dialplan = read(paths)
    names = ", ".join(map(str, paths))
    if not entrances(dialplan, app):
        unread = "".join(f"\n{each}" for each in dialplan.unread)
        raise UnusableInput(
            f"{names}: no context gives calls to Stasis({app}): name the file that does, or the application with "
            f"--app; {REMEDY}{unread}"
        )
    judgement = judge(dialplan, app)
    if as_json:
        show_json(
            {
                "files": [str(path) for path in paths],
                "usable": not judgement.losing,
                "problems": [_plain(fault) for fault in judgement.losing],
                "warnings": [_plain(fault) for fault in judgement.risky],
                "not_understood": list(dialplan.unread),
            }
        )
    else:
        _tell(judgement, dialplan.unread)
    if not judgement.losing:
        say(f"{names}: no rule is broken that loses calls" + (f"; {REMEDY}" if judgement.risky else ""))
        return ExitCode.OK
    say(f"{names}: calls would be lost: {counted(len(judgement.losing), 'mistake')}; {REMEDY}")
    return ExitCode.UNUSABLE_INPUT


def _tell(judgement: Judgement, unread: Sequence[str]) -> None:
    lines = [str(fault) for fault in judgement.losing]
    lines += [f"{fault} (warning)" for fault in judgement.risky]
    if lines:
        show("\n".join(lines))
    for text in unread:
        say(f"not understood: {text}")


def _plain(fault: Fault) -> dict[str, str]:
    return {"place": fault.place, "text": fault.text}
