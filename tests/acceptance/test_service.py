"""The installed daemon under a service manager: what it says on its socket, and what it says when it hung."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_daemon import until

from .conftest import NewDaemon, Site


class Manager:
    """systemd's end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))
        self.environ = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "200000"}
        self._heard: list[str] = []

    def heard(self) -> list[str]:
        """The lines that have come so far."""
        while True:
            try:
                self._heard += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self._heard

    def forget(self) -> None:
        """Begin anew."""
        self.heard()
        self._heard.clear()

    def until_told(self, line: str) -> None:
        until(lambda: line in self.heard(), lambda: f"{line}, and not only {self._heard}")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


def test_the_manager_hears_of_its_start_its_life_its_reloads_and_where_it_hung(
    site: Site, new_daemon: NewDaemon, manager: Manager
) -> None:
    daemon = new_daemon(site)
    daemon.environ = manager.environ
    daemon.launch()
    manager.until_told("READY=1")
    assert daemon.is_ready
    manager.until_told("STATUS=routing calls: pbx1 connected")

    manager.forget()
    manager.until_told("WATCHDOG=1")
    manager.forget()
    daemon.signal(signal.SIGHUP)
    manager.until_told("RELOADING=1")
    manager.until_told("READY=1")

    daemon.signal(signal.SIGABRT)  # as systemd does when there were no signs of life
    assert daemon.wait() == -signal.SIGABRT
    assert any("Fatal Python error: Aborted" in line for line in daemon.said())
    assert any("ariroute" in line and "in run" in line for line in daemon.said())
