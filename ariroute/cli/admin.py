"""Asking the running daemon over its admin API: which address, one request, and errors with their remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from ariroute.cli.options import MissingFlowFile, flow_file
from ariroute.errors import DaemonUnreachable, UnusableInput

DEFAULT_ADMIN = "127.0.0.1:8067"
CONNECT_TIMEOUT = 3.0
ANSWER_TIMEOUT = 30.0  # the daemon loads and checks the whole file before it answers a reload

admin_option = click.option(
    "--admin",
    envvar="ARIROUTE_ADMIN",
    show_envvar=True,
    metavar="HOST:PORT",
    show_default=f"daemon.admin of the flow file, else {DEFAULT_ADMIN}",
    help="The daemon's admin address.",
)


def admin_address(config: Path | None) -> str:
    """Where the flow file says the daemon listens. Raises ConfigError when there is a file and it is not usable."""
    from ariroute.config.load import load_rules

    try:
        path = flow_file(config)
    except MissingFlowFile:
        return DEFAULT_ADMIN
    return load_rules(path).daemon.admin


def ask(address: str, method: Literal["GET", "POST"], path: str) -> tuple[int, object]:
    """The HTTP status and the JSON of the daemon at ``address`` (``host:port``); None where the body is no JSON.

    Raises DaemonUnreachable, UnusableInput.
    """
    import requests

    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment has no business between us and loopback
        try:
            answer = session.request(
                method,
                f"http://{address}{path}",
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
    return answer.status_code, _json(answer)


def no_daemon(address: str, status: int) -> DaemonUnreachable:
    """The error for an answer that no ariroute daemon gives."""
    return DaemonUnreachable(
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
