"""ariroute as it is installed and run: configuration, conditions, trace, metrics, log at level info in a file."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import Literal

from ariroute.lab.leash import Leashed, spawn
from ariroute.lab.ports import Ports
from scripts.benchmark.contenders.base import ROUTERS, Contender, Site, wait_until

CREDENTIALS = "ari.secret"
_FLOW = ROUTERS / "ariroute.yaml"


def configuration(site: Site, name: str, transport: Literal["websocket", "http"], admin: str) -> str:
    """The flow file of this contender; the password goes into a file of its own beside it."""
    text = _FLOW.read_text(encoding="utf-8")
    values = {
        "ARI_URL": site.ari_url,
        "ARI_USER": site.ari_user,
        "SECRET_FILE": str(site.directory / CREDENTIALS),
        "APP": f"bench-{name}",
        "TRANSPORT": transport,
        "CUSTOMERS_URL": site.customers_url,
        "ADMIN": admin,
    }
    for key, value in values.items():
        text = text.replace(f"<{key}>", value)
    return text


def _start(site: Site, name: str, transport: Literal["websocket", "http"]) -> Leashed:
    with Ports(1) as ports:
        admin = f"127.0.0.1:{ports.numbers[0]}"
    flow, log = site.directory / f"{name}.yaml", site.directory / f"{name}.log"
    write_secret(site.directory, site.ari_password)
    flow.write_text(configuration(site, name, transport, admin), encoding="utf-8")
    daemon = spawn_daemon(daemon_command(flow), log, site.directory)
    wait_until(partial(is_ready, admin), daemon, name, log)
    return daemon


def write_secret(directory: Path, password: str) -> Path:
    """Write the password of ARI where flow files of the bench look for it."""
    secret = directory / CREDENTIALS
    secret.touch(mode=0o600)
    secret.write_text(password)
    return secret


def daemon_command(flow: Path) -> list[str]:
    """The installed command."""
    return [str(Path(sys.executable).with_name("ariroute")), "run", "-c", str(flow)]


def spawn_daemon(command: list[str], log: Path, directory: Path) -> Leashed:
    """Start the daemon with its log in a file."""
    with log.open("wb") as output:
        return spawn(command, output=output, cwd=directory)


def is_ready(admin: str) -> bool:
    """Whether the daemon says so itself."""
    try:
        with urllib.request.urlopen(f"http://{admin}/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


WEBSOCKET = Contender(
    "ariroute-ws",
    "ariroute, requests over the event websocket",
    start=partial(_start, name="ariroute-ws", transport="websocket"),
)
HTTP = Contender(
    "ariroute-http",
    "ariroute, requests over HTTP keep-alive",
    start=partial(_start, name="ariroute-http", transport="http"),
)
