"""What a contender is: a name, a line about it, what it needs installed, and how its router starts."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ariroute.lab.debian import LabError, cache_folder
from ariroute.lab.leash import Leashed, spawn

ROUTERS: Final = Path(__file__).resolve().parents[1] / "routers"
READY: Final = "ready"
START_DEADLINE: Final = 30.0


class Missing(LabError):
    """A contender cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a router is told of the place where it works."""

    directory: Path
    ari_url: str
    ari_user: str
    ari_password: str
    customers_url: str
    fastagi_port: int


@dataclass(frozen=True, slots=True)
class Contender:
    """`prepare` installs what is needed into the user's cache (raises Missing); `start` starts the router.

    `start` is None where Asterisk does everything itself. `name` is also the end of the dialplan context `bench-NAME`.
    """

    name: str
    about: str
    prepare: Callable[[], None] = lambda: None
    start: Callable[[Site], Leashed] | None = None


def start_script(name: str, command: Sequence[str], site: Site) -> Leashed:
    """Start a router that says `ready` when it is. Raises Missing with the end of what it wrote otherwise."""
    log = site.directory / f"{name}.log"
    with log.open("wb") as output:
        router = spawn(command, output=output, cwd=site.directory)
    wait_until(lambda: READY in log.read_text(errors="replace").splitlines(), router, name, log)
    return router


def wait_until(is_ready: Callable[[], bool], router: Leashed, name: str, log: Path) -> None:
    """Return once the router is ready. Raises Missing, and ends it, where it ends first or takes too long."""
    deadline = time.monotonic() + START_DEADLINE
    while not is_ready():
        if router.returncode is not None or time.monotonic() > deadline:
            router.kill()
            raise Missing(f"{name} did not start: {log.read_text(errors='replace').strip()[-600:]}")
        time.sleep(0.05)


def virtual_environment(name: str, requirements: Sequence[str]) -> Path:
    """The Python of an environment in the user's cache that holds `requirements`. Raises Missing."""
    stamp = hashlib.sha256(" ".join([sys.version, *requirements]).encode()).hexdigest()[:12]
    folder = cache_folder() / "bench" / f"{name}-{stamp}"
    python = folder / "bin/python"
    if not (folder / "installed").exists():
        install([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)])
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        install([*pip, *requirements])
        (folder / "installed").touch()
    return python


def install(command: Sequence[str]) -> None:
    """Run an installer. Raises Missing with its last words."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(str(error)) from None
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip()[-300:]
        raise Missing(f"`{' '.join(command[-3:])}` failed: {words}")
