"""``ariroute staffing release`` and ``resume``: let go of all agents, and take them over again."""

from __future__ import annotations

from pathlib import Path

import click

from ariroute.cli.admin import admin_address, admin_option, ask, no_daemon
from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, json_option
from ariroute.cli.output import say, show, show_json
from ariroute.errors import UnusableInput


@click.command()
@admin_option
@config_option
@json_option
def release(admin: str | None, config: Path | None, as_json: bool) -> int:
    """Undo what the staffing has changed in Asterisk, and leave all agents alone.

    Each agent is again in the queues, and paused or not, as before ariroute moved them first, unless somebody changed
    that meanwhile. The daemon moves nobody until "ariroute staffing resume", also after it was started again; calls
    are routed as ever.

    \b
    Example:
      ariroute staffing release
    """
    return _told(admin or admin_address(config), "release", as_json)


@click.command()
@admin_option
@config_option
@json_option
def resume(admin: str | None, config: Path | None, as_json: bool) -> int:
    """Take the agents over again, after "ariroute staffing release".

    \b
    Example:
      ariroute staffing resume
    """
    return _told(admin or admin_address(config), "resume", as_json)


def _told(address: str, what: str, as_json: bool) -> int:
    code, answer = ask(address, "POST", f"/staffing/{what}")
    match code, answer:
        case 200, {"pbxs": dict(pbxs)}:
            pass
        case 422, {"problems": list(problems)}:
            raise UnusableInput("\n".join(map(str, problems)))
        case _:
            raise no_daemon(address, code)
    if as_json:
        show_json(answer)
    for name, each in pbxs.items():
        if not as_json:
            for line in each.get("undone", ()):
                show(f"{name}: {line}")
        for line in each.get("failed", ()):
            say(f"{name}: {line}")
    say(f"{what}d: the daemon at {address} {EFFECTS[what]}")
    return ExitCode.UNREACHABLE if any(each.get("failed") for each in pbxs.values()) else ExitCode.OK


EFFECTS = {
    "release": "moves nobody until 'ariroute staffing resume'",
    "resume": "moves agents again",
}
