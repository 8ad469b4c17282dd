"""The service manager (systemd), told how the daemon does: ready, reloading, stopping, alive, and a line of status.

The protocol is sd_notify(3)'s: datagrams of ``NAME=value`` lines to the socket that ``NOTIFY_SOCKET`` names. Without
one every word goes nowhere, so that the daemon says the same wherever it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping

log = logging.getLogger("ariroute.daemon")

LIFE_SIGNS = 2
"""Signs of life within the time after which a service counts as hung, as sd_watchdog_enabled(3) recommends."""
SPARE = 10.0
"""Seconds that a stop may take on top of the time for the calls being routed."""


class ServiceManager:
    """Whoever started this process and watches it, if anybody does.

    Nothing here raises: a manager that cannot be told is logged once, and calls are routed on.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._watchdog = _watchdog(environ)
        self._is_deaf = False
        self._status = ""

    @property
    def is_there(self) -> bool:
        """Whether somebody watches, who starts the daemon again when it ends."""
        return self._address is not None

    def ready(self) -> None:
        """The start is over, or a reload."""
        self._tell(READY="1")

    def status(self, line: str) -> None:
        """What ``systemctl status`` shows; the same again is not sent again."""
        if line != self._status:
            self._status = line
            self._tell(STATUS=line.replace("\n", "; "))

    def stopping(self, within: float) -> None:
        """The end has begun and takes up to ``within`` seconds, for which the manager is to wait."""
        self._tell(STOPPING="1", EXTEND_TIMEOUT_USEC=str(_microseconds(within + SPARE)))

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """Within, the configuration is read again."""
        self._tell(RELOADING="1", MONOTONIC_USEC=str(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000))
        try:
            yield
        finally:
            self.ready()

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Within, the event loop gives signs of life: one that hangs gives none, and is ended and started again."""
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None

        def alive() -> None:
            nonlocal timer
            self._tell(WATCHDOG="1")
            timer = loop.call_later(self._watchdog / LIFE_SIGNS, alive)

        if self._watchdog:
            alive()
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()

    def _tell(self, **values: str) -> None:
        if self._address is None:
            return
        words = "".join(f"{name}={value}\n" for name, value in values.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as speaking:
                speaking.sendto(words.encode(), self._address)
        except OSError as error:
            if not self._is_deaf:
                log.warning("the service manager cannot be told how the daemon does (NOTIFY_SOCKET): %s", error)
            self._is_deaf = True
        else:
            self._is_deaf = False


def _address(text: str) -> str | None:
    """The address that ``NOTIFY_SOCKET`` gives: a path, or with ``@`` a name of Linux's abstract ones; None without."""
    if text.startswith("@"):
        return f"\0{text[1:]}"
    return text if text.startswith("/") else None


def _watchdog(environ: Mapping[str, str]) -> float:
    """Seconds without a sign of life after which we are taken for hung; 0 when nobody looks."""
    within, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(os.getpid()))
    if not within.isdecimal() or pid != str(os.getpid()):
        return 0.0
    return int(within) / 1_000_000


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)
