"""systemd-analyze, from PATH or unpacked from Debian's packages: what systemd makes of a unit file, without systemd."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ariroute.lab.debian import LabError, library_folders, loader_command, unpacked

SUITE: Final = "bookworm"
PACKAGES: Final = ("systemd",)
UNITS: Final = ("usr/lib/systemd/system", "lib/systemd/system")


def verify(unit: Path) -> str:
    """What systemd finds wrong with a unit file, unknown keys included; nothing when all is well. Raises LabError."""
    done = _analyze(["verify", "--man=no", str(unit)], unit.parent)
    return (done.stderr + done.stdout).strip()


def exposure(unit: Path) -> float:
    """How exposed the service is, from 0 (sealed) to 10, by ``systemd-analyze security``. Raises LabError."""
    done = _analyze(["security", "--offline=yes", "--no-pager", str(unit)], unit.parent)
    for line in done.stdout.splitlines():
        words = line.split()
        if "Overall exposure level" in line:
            return float(words[words.index("level") + 3])
    raise LabError(f"systemd-analyze security {unit}: {(done.stderr or done.stdout).strip()[-300:]}")


def _analyze(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command, units = _command()
    path = ":".join(map(str, (folder, *units)))
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_UNIT_PATH": f"{path}:"}
    return subprocess.run(
        [*command, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def _command() -> tuple[tuple[str, ...], list[Path]]:
    """The command, and the folders with the units that came with it."""
    if path := shutil.which("systemd-analyze"):
        return (path,), []
    root = unpacked(SUITE, PACKAGES)
    loader, option, folders, program = loader_command(root, root / "usr/bin/systemd-analyze")
    own = [str(folder / "systemd") for folder in library_folders(root)]  # libsystemd-shared
    return (loader, option, ":".join([folders, *own]), program), [root / folder for folder in UNITS]
