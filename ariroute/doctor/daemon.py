"""The daemon: does it run, is it this version, and with this file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ariroute.doctor.findings import Finding, fault, note, ok, warning


@dataclass(frozen=True, slots=True)
class DaemonFacts:
    """What answers at the admin address; ``error`` why nothing does. ``open_files`` and their limit are 0 if untold."""

    address: str
    error: str = ""
    version: str = ""
    ready: bool = False
    standing_by: bool = False
    digest: str = ""
    pbxs: Mapping[str, Mapping[str, Any]] | None = None
    open_files: int = 0
    most_files: int = 0


def runs(found: DaemonFacts, path: str) -> Iterator[Finding]:
    """It is there, and takes calls."""
    if found.error:
        yield fault(
            f"no daemon answers: {found.error}",
            found.address,
            why="every call goes to the default queue of the dialplan, undecided",
            remedy=f"sudo systemctl start ariroute   # or: ariroute run -c {path}",
        )
        return
    if found.standing_by:
        yield note("the daemon stands by for another one", found.address)
    elif not found.ready:
        reasons = "; ".join(f"{name}: {why}" for name, why in _reasons(found)) or "an Asterisk is not connected"
        yield fault(
            f"the daemon runs and is not ready: {reasons}",
            found.address,
            why="calls of an Asterisk that is not connected go to the default queue, undecided",
            remedy="ariroute status; journalctl -u ariroute -n 50",
        )
    else:
        yield ok("the daemon runs and is ready", found.address)


def _reasons(found: DaemonFacts) -> Iterator[tuple[str, str]]:
    for name, pbx in (found.pbxs or {}).items():
        if not pbx.get("ready"):
            yield name, str(pbx.get("refused") or "not connected")


def version(found: DaemonFacts, installed: str) -> Iterator[Finding]:
    """It is the version that is installed."""
    if found.error or not found.version:
        return
    if found.version != installed:
        yield warning(
            f"the daemon that runs is ariroute {found.version}, and {installed} is installed",
            found.address,
            why="what the new version mends is not mended; check and test speak of the new one",
            remedy="sudo systemctl restart ariroute",
        )
    else:
        yield ok(f"the daemon that runs is ariroute {installed}")


def digest(found: DaemonFacts, ours: str, path: str) -> Iterator[Finding]:
    """What is in force is what stands in the file."""
    if found.error or not found.digest:
        return
    if found.digest != ours:
        yield warning(
            "the daemon has another configuration in force than the one in the file",
            path,
            why="the file was changed and not reloaded, or the daemon runs with another one: calls go by other rules",
            remedy="ariroute reload",
        )
    else:
        yield ok("the configuration in force is the one in the file", path)


def amis(found: DaemonFacts) -> Iterator[Finding]:
    """Its connections to AMI are up."""
    for name, pbx in (found.pbxs or {}).items():
        ami = pbx.get("ami") or {}
        if ami.get("failure"):
            yield warning(
                f"{name}: the daemon's AMI is down: {ami['failure']}",
                why="queue and astdb lookups fail until it is back",
                remedy="ariroute status",
            )
