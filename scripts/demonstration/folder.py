"""The folder of a run, `.cache/demo/1` and on: one for each demo that runs at the same time, emptied at the next start.

A lock that the kernel drops when we die tells which of them are in use.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ariroute.lab.debian import LabError

ROOT: Final = Path(__file__).resolve().parents[2]
EXAMPLE: Final = ROOT / "docs/examples/demo"
HOME: Final = ROOT / ".cache/demo"
_STATE: Final = "demo.json"
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class State:
    """What a running demo tells others: its process, where SIP calls go, and the daemon's admin address."""

    pid: int
    sip_port: int
    admin: str


@contextlib.contextmanager
def taken(home: Path = HOME) -> Iterator[Path]:
    """Hold an empty folder under `home`. Raises LabError when a hundred demos run already."""
    home.mkdir(parents=True, exist_ok=True)
    for number in range(1, _MOST + 1):
        with (home / f"{number}.lock").open("a") as lock:
            if not _locked(lock.fileno()):
                continue
            folder = home / str(number)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                (folder / _STATE).unlink(missing_ok=True)
            return
    raise LabError(f"{home}: {_MOST} demos run already; end one of them")


def announce(folder: Path, state: State) -> None:
    """Tell others that the demo in `folder` takes calls."""
    new = folder / f"{_STATE}.new"
    new.write_text(json.dumps(asdict(state)) + "\n", encoding="utf-8")
    new.replace(folder / _STATE)


def running(home: Path = HOME) -> list[tuple[Path, State]]:
    """The demos that take calls now, in the order of their folders."""
    found = []
    for lock in sorted(home.glob("*.lock"), key=lambda path: (len(path.name), path.name)):
        folder = lock.with_suffix("")
        with contextlib.suppress(OSError, ValueError, TypeError):
            state = State(**json.loads((folder / _STATE).read_text(encoding="utf-8")))
            with lock.open("a") as file:
                if not _locked(file.fileno()):
                    found.append((folder, state))
    return found


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def shown(path: Path) -> str:
    """`path` as to be typed where we were started."""
    here = Path.cwd()
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)
