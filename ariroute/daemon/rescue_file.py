"""What a dead daemon leaves for :mod:`ariroute.rescue`: where its calls are, and how to get at them.

It lies in the folder that systemd makes for a service (RuntimeDirectory=), in memory, for its user alone, and is gone
when the service has ended. Without such a folder nothing is written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from ariroute.asterisk.settings import AriSettings
from ariroute.json_text import dumps
from ariroute.rescue import FILE

log = logging.getLogger("ariroute.daemon")


class RescueFile:
    """Kept true: a PBX that another daemon has taken over is in it no more."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        folder = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
        self._file = Path(folder) / FILE if folder else None
        self._lock = ""
        self._pbxs: dict[str, AriSettings] = {}

    def write(self, pbxs: Mapping[str, AriSettings], lock: Path | None) -> None:
        """From now on calls of these PBXs are ours. ``lock`` is what the daemons of a pair share."""
        self._pbxs = dict(pbxs)
        self._lock = str(lock.absolute()) if lock else ""
        self._save()

    def drop(self, pbx: str) -> None:
        """Another daemon has this one's calls."""
        if self._pbxs.pop(pbx, None):
            self._save()

    def _save(self) -> None:
        if self._file is None:
            return
        text = dumps({"lock": self._lock, "pbxs": {name: _plain(ari) for name, ari in self._pbxs.items()}})
        fresh = self._file.with_suffix(".new")
        try:
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(text)
            fresh.rename(self._file)
        except OSError as error:  # no reason not to route
            log.warning("what the rescue of calls needs cannot be written: %s: %s", self._file, error.strerror)


def _plain(ari: AriSettings) -> dict[str, str]:
    return {"url": ari.url, "user": ari.user, "password": ari.password.reveal(), "app": ari.app}
