"""Asking the running daemon over its admin API: which address, one request, and errors with their remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import click

from ariroute.cli.options import MissingFlowFile, flow_file
from ariroute.errors import DaemonUnreachable, UnusableInput

DEFAULT_ADMIN = "127.0.0.1:8067"
CONNECT_TIMEOUT = 3.0
ANSWER_TIMEOUT = 30.0  # it checks the whole file before it answers a reload; a stream is never as quiet

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
        answer = _request(session, method, address, path)
    return answer.status_code, _json(answer)


def _request(
    session: Any, method: str, address: str, path: str, query: Mapping[str, str] | None = None, **how: Any
) -> Any:
    import requests

    session.trust_env = False  # a proxy of the environment has no business between us and loopback
    try:
        return session.request(
            method,
            f"http://{address}{path}",
            params=query,
            headers={"X-Ariroute": "1"},
            timeout=(CONNECT_TIMEOUT, ANSWER_TIMEOUT),
            allow_redirects=False,
            **how,
        )
    except ValueError as error:  # requests' own InvalidURL, and what its URL parsers let through
        raise UnusableInput(f"'{address}' is not an address: write HOST:PORT, such as {DEFAULT_ADMIN}") from error
    except requests.RequestException as error:
        raise DaemonUnreachable(
            f"no ariroute daemon answers at {address} ({_cause(error)}): start it with 'ariroute run', "
            "or name its address with --admin HOST:PORT"
        ) from error


def follow(address: str, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The JSON objects that the daemon at ``address`` sends, one a line, as they come.

    Raises DaemonUnreachable, also when it ends or falls silent; UnusableInput when it refuses the query.
    """
    import requests

    with requests.Session() as session:
        answer = _request(session, "GET", address, path, query, stream=True)
        match answer.status_code, answer.headers.get("Content-Type", ""):
            case 422, _:
                raise UnusableInput("\n".join(map(str, _problems(_json(answer)))))
            case 200, kind if kind.startswith("application/jsonl"):
                pass
            case 404, _:
                raise DaemonUnreachable(f"the daemon at {address} does not tell of calls: is it an older version?")
            case status, _:
                raise no_daemon(address, status)
        try:
            for line in answer.iter_lines(chunk_size=None):
                if line:
                    yield json.loads(line)
        except requests.RequestException as error:
            raise DaemonUnreachable(f"the daemon at {address} {_cause_of_end(error)}") from error
        except ValueError as error:
            raise no_daemon(address, answer.status_code) from error
    raise DaemonUnreachable(f"the daemon at {address} has ended")


def _cause_of_end(error: Exception) -> str:
    return "has fallen silent" if "timed out" in str(error).lower() else "has ended"


def _problems(found: object) -> list[object]:
    problems = found.get("problems") if isinstance(found, dict) else None
    return problems if isinstance(problems, list) else ["the daemon has refused that, and does not say why"]


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
