"""``ariroute staffing release`` and ``resume``: let go of all agents, and take them over again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ariroute.cli.admin import admin_address, admin_option, ask, no_daemon
from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, flow_file, json_option
from ariroute.cli.output import say, show, show_json
from ariroute.errors import AmiError, DaemonUnreachable, PbxRefused, PbxUnreachable, UnusableInput

if TYPE_CHECKING:
    from ariroute.asterisk.settings import AmiSettings

Done = Mapping[str, Mapping[str, Sequence[str]]]
"""For each PBX what was ``undone`` and what ``failed``, in words."""

UNTIL: Final = "nobody is moved until 'ariroute staffing resume'"


@click.command()
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Without a daemon: the folder in which it has kept what was before; left out, it is looked for.",
)
@admin_option
@config_option
@json_option
def release(state: Path | None, admin: str | None, config: Path | None, as_json: bool) -> int:
    """Undo what the staffing has changed in Asterisk, and leave all agents alone.

    Each agent is again in the queues, and paused or not, as before ariroute moved them first, unless somebody changed
    that meanwhile. Who talks goes on talking. Nobody is moved until "ariroute staffing resume", also after the daemon
    was started again; calls are routed as ever.

    When no daemon runs it is undone all the same, over AMI, by the file that the daemon has kept (run it as the
    daemon's user or as root).

    \b
    Example:
      ariroute staffing release
    """
    if admin:
        return _told(admin, "release", as_json)
    try:
        return _told(admin_address(config), "release", as_json)
    except DaemonUnreachable as error:
        done = _alone(flow_file(config), state, error)
    return _shown({"pbxs": done}, f"released without a daemon: {UNTIL}", as_json)


@click.command()
@admin_option
@config_option
@json_option
def resume(admin: str | None, config: Path | None, as_json: bool) -> int:
    """Take the agents over again, after "ariroute staffing release".

    Those too who were left alone because somebody had changed their queues.

    \b
    Example:
      ariroute staffing resume
    """
    return _told(admin or admin_address(config), "resume", as_json)


def _told(address: str, what: str, as_json: bool) -> int:
    code, answer = ask(address, "POST", f"/staffing/{what}")
    match code, answer:
        case 200, dict() as found if isinstance(found.get("pbxs"), dict):
            said = {
                "release": f"released by the daemon at {address}: {UNTIL}",
                "resume": f"resumed: the daemon at {address} moves agents again",
            }
            return _shown(found, said[what], as_json)
        case 422, {"problems": list(problems)}:
            raise UnusableInput("\n".join(map(str, problems)))
    raise no_daemon(address, code)


def _shown(answer: Mapping[str, Any], said: str, as_json: bool) -> int:
    """What was undone is data; what could not be, and ``said``, are words."""
    pbxs: Done = answer["pbxs"]
    if as_json:
        show_json(answer)
    for name, each in pbxs.items():
        if not as_json:
            for line in each.get("undone", ()):
                show(f"{name}: {line}")
        for line in each.get("failed", ()):
            say(f"{name}: {line}")
    has_failed = any(each.get("failed") for each in pbxs.values())
    if not all(each.get("failed") and not each.get("undone") for each in pbxs.values()):
        say(said)
    return ExitCode.UNREACHABLE if has_failed else ExitCode.OK


def _alone(path: Path, state: Path | None, gone: DaemonUnreachable) -> Done:
    """Undo by the files of the daemon that has gone. Raises DaemonUnreachable where there is none, UnusableInput."""
    from asyncio import run

    from ariroute.config.load import load

    amis = {name: pbx.ami for name, pbx in load(path).pbxs.items() if pbx.ami}
    places = {name: _places(path, name, state) for name in amis}
    found = {name: next((each for each in looked if each.exists()), None) for name, looked in places.items()}
    if not any(found.values()):
        looked = ", ".join(str(each) for each in dict.fromkeys(each for some in places.values() for each in some))
        raise DaemonUnreachable(
            f"{gone}\nWithout it there is nothing to be undone: no file tells what was before"
            + (f" ({looked}); --state FOLDER names another place" if looked else ", as no PBX has AMI")
        )
    return {name: run(_undone(amis[name], file)) for name, file in found.items() if file}


def _places(path: Path, pbx: str, state: Path | None) -> list[Path]:
    """Where the file may lie: in ``state``, or as the daemon looks for it, in a shell and as a service."""
    from ariroute.daemon.staffing.kept import place_of
    from ariroute.journal.opening import STATE

    if state:
        return [place_of(path, pbx, {"STATE_DIRECTORY": str(state)})]
    return [place_of(path, pbx), place_of(path, pbx, {"STATE_DIRECTORY": STATE})]


async def _undone(settings: AmiSettings, file: Path) -> Mapping[str, Sequence[str]]:
    from ariroute.daemon.staffing.alone import release_alone

    try:
        return await release_alone(settings, file)
    except (AmiError, PbxRefused, PbxUnreachable) as error:
        return {"undone": [], "failed": [f"{error}; nothing has changed"]}
