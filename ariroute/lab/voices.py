"""Text-to-speech from Debian's packages, unpacked without root: flite, espeak-ng and sox as commands in a folder."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ariroute.lab.debian import LabError, loader_command, unpacked

SUITE: Final = "sid"
PROGRAMS: Final = ("flite", "espeak-ng", "sox")


def install(folder: Path, programs: Sequence[str] = PROGRAMS) -> Path:
    """Make these programs commands in `folder`, to be put in front of PATH. The first use fetches them (10 MB each).

    Raises LabError where they cannot be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in programs:
        root = unpacked(SUITE, (name,))
        command = [*loader_command(root, root / "usr/bin" / name), *_options(name, root)]
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    return folder


def _options(name: str, root: Path) -> list[str]:
    """What a program must be told when it does not lie where it was built for."""
    if name != "espeak-ng":
        return []
    for data in root.glob("usr/lib/*/espeak-ng-data"):
        return ["--path", str(data.parent)]
    raise LabError(f"{root} holds no data of espeak-ng; delete that folder and try again")
