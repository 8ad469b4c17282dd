"""The machine: Python, the packages, open files, free space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ariroute.doctor.findings import Finding, fault, ok, warning

OLDEST_PYTHON: Final = (3, 11)

FILES_PER_CALL: Final = 4
"""At most: the call's lookups each hold a connection."""
FILES_BESIDES: Final = 128
LOW_SPACE: Final = 1024**3
NO_SPACE: Final = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder that is written to, and the bytes that are free there."""

    use: str
    folder: str
    free: int


@dataclass(frozen=True, slots=True)
class Machine:
    """``broken``: the packages that cannot be imported, and why; ``open_files``: the limit of ``whose`` process."""

    python: tuple[int, int, int]
    ariroute: str
    broken: Mapping[str, str]
    open_files: int
    whose: str
    disks: tuple[Disk, ...]


def versions(found: Machine) -> Iterator[Finding]:
    """Python and ariroute."""
    python = ".".join(map(str, found.python))
    if found.python[:2] < OLDEST_PYTHON:
        yield fault(
            f"Python {python} is older than 3.11",
            why="ariroute is neither written nor tested for it",
            remedy="python3.11 -m venv /opt/ariroute && /opt/ariroute/bin/pip install ariroute",
        )
    else:
        yield ok(f"ariroute {found.ariroute} on Python {python}")


def packages(found: Machine) -> Iterator[Finding]:
    """What ariroute is made of can be imported."""
    for name, why in found.broken.items():
        yield fault(
            f"the package {name} cannot be imported: {why}",
            why="the daemon does not start without it",
            remedy=f"pip install --force-reinstall {name}",
        )
    if not found.broken:
        yield ok("every package that ariroute needs can be imported")


def open_files(found: Machine, max_in_flight: int) -> Iterator[Finding]:
    """As many files and sockets may be open as calls in flight can need."""
    needed = max_in_flight * FILES_PER_CALL + FILES_BESIDES
    if found.open_files < needed:
        yield warning(
            f"{found.whose} may have {found.open_files} files open",
            why=f"{max_in_flight} calls in flight (daemon.max_in_flight) with their lookups can need {needed}; beyond "
            "that no connection is made, and lookups fail",
            remedy=f"LimitNOFILE={max(needed, 8192)}   # [Service] of ariroute's unit; in a shell: ulimit -n {needed}",
        )
    else:
        yield ok(f"{found.whose} may have {found.open_files} files open")


def space(found: Machine) -> Iterator[Finding]:
    """Log and state can be written for some time to come."""
    for disk in found.disks:
        free = f"{disk.free // 1024**2} MiB free for {disk.use}"
        remedy = f"df -h {disk.folder}; du -xh {disk.folder} | sort -h | tail"
        if disk.free < NO_SPACE:
            why = "logs and records of calls are lost now, though calls are still routed"
            yield fault(f"only {free}", disk.folder, why=why, remedy=remedy)
        elif disk.free < LOW_SPACE:
            why = "when it is full, logs and records of calls are lost"
            yield warning(f"only {free}", disk.folder, why=why, remedy=remedy)
        else:
            yield ok(free, disk.folder)
