"""``ariroute reload``: ask the running daemon to take the changed flow file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ariroute.cli.admin import admin_address, admin_option, ask, no_daemon
from ariroute.cli.exits import ExitCode
from ariroute.cli.options import config_option, json_option
from ariroute.cli.output import say, show, show_json
from ariroute.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Reload:
    """The daemon's answer: what changed and the new digest, or the problems for which it kept the old file."""

    changed: tuple[str, ...] = ()
    digest: str = ""
    problems: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """JSON types, as ``--json`` prints it."""
        if self.problems:
            return {"reloaded": False, "problems": list(self.problems)}
        return {"reloaded": True, "changed": list(self.changed), "digest": self.digest}


@click.command()
@admin_option
@config_option
@json_option
def reload(admin: str | None, config: Path | None, as_json: bool) -> int:
    """Tell the running daemon to read its flow file again.

    All or nothing: a file with mistakes is refused with every one of them, and the daemon goes on with the
    rules it has. Calls being routed finish by the rules they began with.

    \b
    Example:
      ariroute reload
    """
    try:
        address = admin or admin_address(config)
    except ConfigError as error:
        tell(Reload(problems=tuple(str(problem) for problem in error.problems)), as_json)
        say("not reloaded: the daemon was not asked, and goes on with the rules it has")
        return ExitCode.UNUSABLE_INPUT
    answer = post_reload(address)
    tell(answer, as_json)
    if answer.problems:
        say(f"not reloaded: the daemon at {address} goes on with the rules it has")
        return ExitCode.UNUSABLE_INPUT
    effect = "routes by the new file" if answer.changed else "sees no change"
    say(f"reloaded: the daemon at {address} {effect}")
    return ExitCode.OK


def tell(answer: Reload, as_json: bool) -> None:
    """What changed, or the problems: data, one per line."""
    if as_json:
        show_json(answer.to_plain())
    elif lines := answer.problems or answer.changed:
        show("\n".join(lines))


def post_reload(address: str) -> Reload:
    """Ask the daemon at ``address`` (``host:port``) to reload. Raises DaemonUnreachable, UnusableInput."""
    status, body = ask(address, "POST", "/reload")
    match status, body:
        case 200, {"changed": list(changed), "digest": str(digest)}:
            return Reload(changed=tuple(str(line) for line in changed), digest=digest)
        case 422, {"problems": list(problems)} if problems:
            return Reload(problems=tuple(str(line) for line in problems))
    raise no_daemon(address, status)
