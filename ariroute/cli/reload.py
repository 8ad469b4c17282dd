"""``ariroute reload``: ask the running daemon to take the changed flow file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ariroute.cli.exits import ExitCode
from ariroute.cli.options import MissingFlowFile, config_option, flow_file, json_option
from ariroute.cli.output import say, show, show_json
from ariroute.errors import ConfigError, DaemonUnreachable, UnusableInput

DEFAULT_ADMIN = "127.0.0.1:8067"
CONNECT_TIMEOUT = 3.0
ANSWER_TIMEOUT = 30.0  # the daemon loads and checks the whole file before it answers


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
@click.option(
    "--admin",
    envvar="ARIROUTE_ADMIN",
    show_envvar=True,
    metavar="HOST:PORT",
    show_default=f"daemon.admin of the flow file, else {DEFAULT_ADMIN}",
    help="The daemon's admin address.",
)
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


def admin_address(config: Path | None) -> str:
    """Where the flow file says the daemon listens. Raises ConfigError when there is a file and it is not usable."""
    from ariroute.config.load import load_rules

    try:
        path = flow_file(config)
    except MissingFlowFile:
        return DEFAULT_ADMIN
    return load_rules(path).daemon.admin


def post_reload(address: str) -> Reload:
    """Ask the daemon at ``address`` (``host:port``) to reload. Raises DaemonUnreachable, UnusableInput."""
    import requests

    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment has no business between us and loopback
        try:
            answer = session.post(
                f"http://{address}/reload",
                headers={"X-Ariroute": "1"},
                timeout=(CONNECT_TIMEOUT, ANSWER_TIMEOUT),
                allow_redirects=False,
            )
        except ValueError as error:  # requests' own InvalidURL, and what its URL parsers let through
            raise UnusableInput(f"'{address}' is not an address: write HOST:PORT, such as {DEFAULT_ADMIN}") from error
        except requests.RequestException as error:
            raise DaemonUnreachable(
                f"no ariroute daemon answers at {address} ({_cause(error)}): start it with 'ariroute run', "
                "or name its address with --admin HOST:PORT"
            ) from error
    return _read(address, answer.status_code, _json(answer))


def _read(address: str, status: int, body: object) -> Reload:
    match status, body:
        case 200, {"changed": list(changed), "digest": str(digest)}:
            return Reload(changed=tuple(str(line) for line in changed), digest=digest)
        case 422, {"problems": list(problems)} if problems:
            return Reload(problems=tuple(str(line) for line in problems))
    raise DaemonUnreachable(
        f"{address} answers {status}, but not as an ariroute daemon does: is the address right? (--admin HOST:PORT)"
    )


def _json(answer: Any) -> object:
    try:
        return answer.json()
    except ValueError:
        return None


def _cause(error: Exception) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return "connection refused" if "refused" in str(error) else "no connection"
