"""The TCP relay: each fault does to both sides what it says, and to nobody else."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from ariroute.lab.loopback import LoopbackServer
from ariroute.lab.relay import Newcomers, Relay, Way
from ariroute.lab.waiting import until


class Echo(LoopbackServer):
    """Says back what it hears; ends the connection at ``quit``."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""
        self.ended = 0

    async def listen(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.transports.add(writer.transport)
        try:
            while (data := await reader.read(1000)) and data != b"quit":
                self.heard += data
                writer.write(data)
        except OSError:
            pass
        self.ended += 1
        writer.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as echo:
        yield echo


@pytest.fixture
def relay(echo: Echo) -> Iterator[Relay]:
    with Relay(echo.port) as relay:
        yield relay


@pytest.fixture
def line(relay: Relay) -> Iterator[socket.socket]:
    with connected(relay) as line:
        yield line


def connected(relay: Relay) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", relay.port), timeout=5)
    line.settimeout(5)
    return line


def said_back(line: socket.socket, text: bytes) -> bytes:
    line.sendall(text)
    return line.recv(1000)


def hears_nothing(line: socket.socket, seconds: float = 0.1) -> bool:
    line.settimeout(seconds)
    try:
        return line.recv(1000) is None
    except TimeoutError:
        return True
    finally:
        line.settimeout(5)


def test_without_a_fault_bytes_and_the_end_pass_both_ways(relay: Relay, echo: Echo, line: socket.socket) -> None:
    assert said_back(line, b"hello") == b"hello"
    assert (relay.passed[Way.OUT], relay.passed[Way.BACK]) == (5, 5)
    assert (relay.accepted, len(relay.connections)) == (1, 1)
    line.sendall(b"quit")
    assert line.recv(10) == b""
    until(lambda: not relay.connections, "the relay sees the end")


def test_the_client_end_reaches_the_server(relay: Relay, echo: Echo) -> None:
    with connected(relay) as line:
        assert said_back(line, b"hello") == b"hello"
    until(lambda: echo.ended == 1, "the server sees the end")


def test_a_reset_reaches_both_sides_and_new_connections_work(relay: Relay, echo: Echo, line: socket.socket) -> None:
    said_back(line, b"hello")
    relay.reset()
    with pytest.raises(ConnectionResetError):
        line.recv(10)
    until(lambda: echo.ended == 1, "the server sees it too")
    with connected(relay) as other:
        assert said_back(other, b"again") == b"again"


def test_a_blackhole_swallows_both_ways_and_what_lost_bytes_stays_dead(
    relay: Relay, echo: Echo, line: socket.socket
) -> None:
    said_back(line, b"hello")
    relay.lose()
    line.sendall(b"lost")
    assert hears_nothing(line)
    assert (echo.heard, relay.lost[Way.OUT]) == (b"hello", 4)
    relay.mend()
    line.sendall(b"more")
    assert hears_nothing(line)
    with connected(relay) as other:
        assert said_back(other, b"new") == b"new"
    assert echo.heard == b"hellonew"


def test_half_open_back_then_the_server_hears_and_the_client_does_not_even_see_the_end(
    relay: Relay, echo: Echo, line: socket.socket
) -> None:
    said_back(line, b"hello")
    relay.lose(Way.BACK)
    line.sendall(b"heard")
    until(lambda: echo.heard == b"helloheard", "the server hears")
    line.sendall(b"quit")
    until(lambda: echo.ended == 1, "the server ended")
    assert hears_nothing(line)


def test_half_open_out_then_the_client_hears_and_the_server_does_not(
    relay: Relay, echo: Echo, line: socket.socket
) -> None:
    relay.slow(Way.BACK, delay=0.1)
    line.sendall(b"hello")
    until(lambda: echo.heard == b"hello", "the server hears")
    relay.lose(Way.OUT)
    assert line.recv(10) == b"hello"
    line.sendall(b"lost")
    assert hears_nothing(line)
    assert echo.heard == b"hello"


def test_what_is_held_arrives_when_the_link_is_mended(relay: Relay, echo: Echo, line: socket.socket) -> None:
    said_back(line, b"hello")
    relay.hold()
    line.sendall(b"later")
    assert hears_nothing(line)
    relay.mend()
    assert line.recv(10) == b"later"


def test_slow_then_each_piece_takes_its_time(relay: Relay, line: socket.socket) -> None:
    relay.slow(Way.OUT, delay=0.1)
    relay.slow(Way.BACK, bytes_per_second=100)
    began = time.monotonic()
    line.sendall(b"x" * 10)
    assert len(line.recv(1000)) == 5  # a piece of what passes in a twentieth of a second
    assert len(line.recv(1000)) == 5
    assert 0.2 <= time.monotonic() - began < 2.0


def test_what_is_slow_is_not_waited_for_once_mended(relay: Relay, line: socket.socket) -> None:
    relay.slow(delay=60.0)
    line.sendall(b"hello")
    assert hears_nothing(line)
    relay.mend()
    assert line.recv(10) == b"hello"


def test_newcomers_are_reset_while_those_there_live_on(relay: Relay, line: socket.socket) -> None:
    said_back(line, b"hello")
    relay.newcomers = Newcomers.RESET
    with pytest.raises(ConnectionResetError), connected(relay) as other:
        other.recv(10)
    assert said_back(line, b"there") == b"there"
    assert (relay.accepted, relay.turned_away) == (2, 1)


def test_newcomers_are_left_without_a_word(relay: Relay, echo: Echo) -> None:
    relay.newcomers = Newcomers.IGNORED
    with connected(relay) as other:
        other.sendall(b"hello")
        assert hears_nothing(other)
    assert echo.heard == b""


def test_without_a_server_newcomers_are_reset(relay: Relay, echo: Echo) -> None:
    echo.stop()
    with pytest.raises(ConnectionResetError), connected(relay) as other:
        other.recv(10)


def test_stopped_it_refuses_and_started_again_it_is_where_it_was(relay: Relay, line: socket.socket) -> None:
    port = relay.port
    said_back(line, b"hello")
    relay.stop()
    with pytest.raises(ConnectionRefusedError):
        connected(relay)
    relay.start()
    assert relay.port == port
    with connected(relay) as other:
        assert said_back(other, b"hello") == b"hello"
