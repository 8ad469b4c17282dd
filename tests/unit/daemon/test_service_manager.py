"""What a service manager is told, over the socket that it listens on."""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ariroute.daemon.service_manager import ServiceManager


class Listener:
    """systemd's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    def heard(self) -> list[str]:
        """What has come since the last look."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    listener = Listener(str(tmp_path / "notify") if request.param == "path" else f"@ariroute-{uuid.uuid4().hex}")
    yield listener
    listener.close()


def test_words_are_told_in_lines(listener: Listener) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": listener.address})
    assert manager.is_there

    manager.status("routing calls: pbx1 connected")
    manager.status("routing calls: pbx1 connected")
    manager.ready()
    manager.stopping(5.0)

    assert listener.heard() == [
        "STATUS=routing calls: pbx1 connected\n",
        "READY=1\n",
        "STOPPING=1\nEXTEND_TIMEOUT_USEC=15000000\n",
    ]


def test_a_status_stays_one_line(listener: Listener) -> None:
    ServiceManager({"NOTIFY_SOCKET": listener.address}).status("one\nREADY=1")

    assert listener.heard() == ["STATUS=one; READY=1\n"]


def test_a_reload_has_a_beginning_at_a_time_and_an_end_also_when_it_fails(listener: Listener) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": listener.address})
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    with pytest.raises(ValueError, match="refused"), manager.reloading():
        raise ValueError("refused")

    began, ended = listener.heard()
    assert began.startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert before <= int(began.split("=")[2]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert ended == "READY=1\n"


async def test_the_event_loop_gives_two_signs_of_life_in_the_time_after_which_it_counts_as_hung(
    listener: Listener,
) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": listener.address, "WATCHDOG_USEC": "40000"})
    async with manager.watched():
        assert listener.heard() == ["WATCHDOG=1\n"]
        time.sleep(0.1)  # noqa: ASYNC251  # an event loop that hangs says nothing
        assert listener.heard() == []
        while not listener.heard():  # noqa: ASYNC110  # a socket sets no event
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)
    listener.heard()
    await asyncio.sleep(0.05)
    assert listener.heard() == []


@pytest.mark.parametrize("told", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "x"}])
async def test_where_nobody_watches_no_sign_is_given(listener: Listener, told: dict[str, str]) -> None:
    async with ServiceManager({"NOTIFY_SOCKET": listener.address, **told}).watched():
        assert listener.heard() == []


async def test_a_watchdog_of_another_process_is_not_ours(listener: Listener) -> None:
    told = {"NOTIFY_SOCKET": listener.address, "WATCHDOG_USEC": "40000"}
    async with ServiceManager({**told, "WATCHDOG_PID": "1"}).watched():
        assert listener.heard() == []
    async with ServiceManager({**told, "WATCHDOG_PID": str(os.getpid())}).watched():
        assert listener.heard() == ["WATCHDOG=1\n"]


@pytest.mark.parametrize("address", ["", "vsock:2:1", "relative"])
def test_without_a_socket_that_we_know_nobody_is_told(address: str) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": address})
    manager.ready()

    assert not manager.is_there


def test_a_manager_that_is_gone_is_logged_once_and_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    manager.ready()
    manager.stopping(1.0)

    assert caplog.text.count("cannot be told") == 1
