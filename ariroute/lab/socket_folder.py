"""A folder for a Unix socket, whose path the kernel takes 107 characters of at most."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

LONGEST: Final = 100
"""Characters of a socket's path that are always fine; ``sun_path`` in unix(7) has 108 with its end."""
NAME: Final = 20
"""Characters of a socket's own name, at most."""
SHORT: Final = "/tmp"  # noqa: S108  # a folder of our own is made in it, for nobody else's eyes


def fits(path: Path) -> bool:
    """Whether a socket at ``path`` can be made."""
    return len(str(path)) <= LONGEST


def socket_folder(prefix: str) -> Path:
    """A new folder with a short path: where temporary files go, and in /tmp where that is too long a path itself."""
    made = Path(tempfile.gettempdir()) / f"{prefix}12345678" / ("s" * NAME)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=None if fits(made) else SHORT))
