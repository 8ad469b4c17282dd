"""What the private servers of lookups share: their ports, their end, and the wait until they answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Self

from ariroute.lab.debian import LabError
from ariroute.lab.leash import Leashed
from ariroute.lab.ports import Ports

READY = 20.0
"""Seconds that a server may take to answer."""


class PrivateServer:
    """A server in `folder` on free ports of 127.0.0.1, from `start()` to `close()`; a context manager."""

    program: ClassVar[str]

    def __init__(self, folder: Path, ports: int) -> None:
        self._folder = folder
        self._ports = Ports(ports)
        self._process: Leashed | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises LabError."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it; the ports stay ours until `close()`."""
        if self._process:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End it by SIGKILL."""
        if self._process:
            self._process.kill()
            self._process = None

    def close(self) -> None:
        """End it and give the ports back."""
        self.stop()
        self._ports.close()

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._process is not None
        return self._process.pid

    def _wait(self, ask: Callable[[], object], log: Path) -> None:
        """Wait until `ask` raises nothing. Raises LabError with the end of `log` when the server does not come up."""
        until = time.monotonic() + READY
        while time.monotonic() < until:
            try:
                ask()
                return
            except (OSError, LabError):
                if self._process and self._process.returncode is not None:
                    break
                time.sleep(0.01)
        said = log.read_text(errors="replace").strip()[-400:]
        self.stop()
        raise LabError(f"{self.program} does not start: {said}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
