"""SQL lookups against what is no database, or none any more: the right word, in time, and nothing left open."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sql_lookups import MARGIN, asking, one, timed, unused_port

from ariroute.flow.facts import Failure, Outcome
from ariroute.lab.database import PrivateDatabase
from ariroute.values import Secret

SCHEMES = ("postgresql", "mariadb")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

BUSY = 0.5
"""Seconds, in place of MARGIN, where there are hundreds of tries: one of them meets a busy machine."""

GREETING = (
    b"\x0a5.5.5-10.11.6-MariaDB\x00\x01\x00\x00\x00saltsalt\x00\xfe\xf7\x2d\x02\x00\xff\x81\x15"
    b"\x00\x00\x00\x00\x00\x00\x1d\x00\x00\x00saltsaltsalt\x00mysql_native_password\x00"
)


def packet(payload: bytes, number: int) -> bytes:
    """As MariaDB frames what it says."""
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


class Impostor:
    """A listener on 127.0.0.1 that treats each connection as `serve` does; `open` counts those that are not closed."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()
        self.open = 0
        self.met = 0

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._run(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.met += 1
        try:
            with contextlib.suppress(OSError):
                await self._serve(reader, writer)
        finally:
            self.open -= 1
            writer.close()

    async def until_all_left(self) -> None:
        """Until the other end has closed every connection. Raises TimeoutError."""
        async with asyncio.timeout(2):
            while self._tasks:
                await asyncio.wait(self._tasks)


@asynccontextmanager
async def impostor(serve: Serve) -> AsyncIterator[tuple[Impostor, int]]:
    """The impostor and its port."""
    each = Impostor(serve)
    server = await asyncio.start_server(each.accept, "127.0.0.1", 0)
    async with server:
        yield each, server.sockets[0].getsockname()[1]


def url(scheme: str, port: int) -> str:
    return f"{scheme}://ariroute@127.0.0.1:{port}/crm"


async def read_all(reader: asyncio.StreamReader) -> None:
    while await reader.read(4096):
        pass


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_all(reader)


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    pass


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def web_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>no</html>\r\n")
    await writer.drain()


async def noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(bytes(range(256)) * 40)
    await writer.drain()


async def silent_after_greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """MariaDB speaks first; PostgreSQL waits to be spoken to, and then asks for an MD5 password."""
    writer.write(packet(GREETING, 0))
    await read_all(reader)


async def silent_after_first_words(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(b"R" + struct.pack("!II", 12, 5) + b"salt")
    await read_all(reader)


FAULTS = [
    ("postgresql", hang, Failure.TIMEOUT),
    ("postgresql", close, Failure.REFUSED),
    ("postgresql", reset, Failure.REFUSED),
    ("postgresql", silent_after_first_words, Failure.TIMEOUT),
    ("mariadb", hang, Failure.TIMEOUT),
    ("mariadb", close, Failure.REFUSED),
    ("mariadb", reset, Failure.REFUSED),
    ("mariadb", web_page, Failure.NOT_JSON),
    ("mariadb", noise, Failure.NOT_JSON),
    ("mariadb", silent_after_greeting, Failure.TIMEOUT),
]


@pytest.mark.parametrize(("scheme", "serve", "word"), FAULTS)
async def test_fault_has_its_word_in_time_and_leaves_nothing_open(scheme: str, serve: Serve, word: Failure) -> None:
    async with impostor(serve) as (each, port), asking(url(scheme, port), timeout=0.3) as runner:
        await one(runner)  # the libraries are imported
        answer, took = await timed(runner)
        assert (answer.failure, answer.fields) == (word, {})
        assert answer.detail
        assert took < 0.3 + MARGIN
        assert each.met == 2
        await each.until_all_left()


@pytest.mark.parametrize("serve", [web_page, noise])
async def test_postgres_that_is_none_fails_in_time(serve: Serve) -> None:
    """What it is depends on where its bytes end: a broken connection, no PostgreSQL, or a wait for the rest."""
    async with impostor(serve) as (each, port), asking(url("postgresql", port), timeout=0.3) as runner:
        answer, took = await timed(runner)
        assert answer.failure in (Failure.REFUSED, Failure.NOT_JSON, Failure.TIMEOUT)
        assert took < 0.3 + MARGIN
        await each.until_all_left()


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_any_bytes_at_all_end_in_a_word(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    said = b""

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        writer.write_eof()
        await read_all(reader)

    loop = asyncio.get_running_loop()
    async with impostor(babble) as (each, port):

        async def answered() -> Failure | None:
            async with asking(url(scheme, port), timeout=0.3) as runner:
                answer, took = await timed(runner)
            assert took < 0.3 + BUSY
            return answer.failure

        @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(broken_words(scheme))
        def tried(words: bytes) -> None:
            nonlocal said
            said = words
            failure = asyncio.run_coroutine_threadsafe(answered(), loop).result(10)
            assert failure in (Failure.REFUSED, Failure.NOT_JSON, Failure.TIMEOUT, Failure.ERROR)

        await asyncio.to_thread(tried)
        await each.until_all_left()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def broken_words(scheme: str) -> st.SearchStrategy[bytes]:
    """Bytes; bytes in the frames of the protocol; and its right first words, cut or followed by bytes."""
    if scheme == "mariadb":
        framed = st.binary(max_size=60).map(lambda body: packet(body, 0))
        begun = st.binary(max_size=40).map(lambda body: packet(GREETING, 0) + packet(body, 2))
        cut = st.integers(0, len(GREETING)).map(lambda end: packet(GREETING[:end], 0))
        return st.one_of(st.binary(max_size=200), framed, begun, cut)
    kinds = st.sampled_from(b"RSKZEN1T2DCtnA")
    message = st.tuples(kinds, st.binary(max_size=40)).map(
        lambda both: bytes([both[0]]) + struct.pack("!I", len(both[1]) + 4) + both[1]
    )
    login = b"R" + struct.pack("!II", 8, 0)
    return st.one_of(
        st.binary(max_size=200), st.lists(message, max_size=4).map(b"".join), message.map(lambda words: login + words)
    )


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_port_where_nobody_listens_is_refused_at_once(scheme: str) -> None:
    with unused_port() as taken:
        async with asking(url(scheme, taken.getsockname()[1]), timeout=2.0) as runner:
            answer, took = await timed(runner)
    assert (answer.failure, answer.detail) == (Failure.REFUSED, "no connection: Connection refused")
    assert took < 1.0


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_listener_that_never_accepts_is_cut_at_the_deadline(scheme: str) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        async with asking(url(scheme, full.getsockname()[1]), timeout=0.3) as runner:
            await one(runner)
            answer, took = await timed(runner)
    assert answer.failure == Failure.TIMEOUT
    assert took < 0.3 + MARGIN


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_host_that_does_not_exist_is_refused(scheme: str) -> None:
    async with asking(f"{scheme}://ariroute@nowhere.invalid/crm", timeout=5.0) as runner:
        answer = await one(runner)
    assert answer.failure == Failure.REFUSED
    assert answer.detail.startswith("no connection: ")


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_tls_handshake_that_hangs_is_cut_and_closed(scheme: str) -> None:
    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if scheme == "mariadb":
            flags = 0x81FFFFFE | 0x0800  # as in the greeting, with CLIENT_SSL
            greeting = bytearray(GREETING)
            place = greeting.index(b"saltsalt\x00") + 9
            greeting[place : place + 2] = struct.pack("<H", flags & 0xFFFF)
            writer.write(packet(bytes(greeting), 0))
        else:
            await reader.read(8)
            writer.write(b"S")
        await read_all(reader)

    async with impostor(begin) as (each, port), asking(url(scheme, port), tls=True, timeout=0.3) as runner:
        await one(runner)
        answer, took = await timed(runner)
        assert answer.failure == Failure.TIMEOUT
        assert took < 0.3 + MARGIN
        await each.until_all_left()


@pytest.mark.parametrize("plugin", [b"mysql_clear_password", b"dialog", b"mysql_old_password"])
async def test_password_is_not_sent_in_clear(plugin: bytes) -> None:
    heard = bytearray()

    async def ask_for_it(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(packet(GREETING, 0))
        heard.extend(await reader.read(4096))
        writer.write(packet(b"\xfe" + plugin + b"\x00" + (b"\x02Password: " if plugin == b"dialog" else b""), 2))
        while data := await reader.read(4096):
            heard.extend(data)

    secret = Secret("s3cret-of-mine")
    async with impostor(ask_for_it) as (each, port):
        async with asking(url("mariadb", port), timeout=0.5, password=secret) as runner:
            answer = await one(runner)
        await each.until_all_left()
    assert (answer.failure, answer.detail) == (
        Failure.REFUSED,
        "the server asks for the password in clear text: set tls: true",
    )
    assert b"ariroute" in heard
    assert b"s3cret" not in heard


class Relay:
    """Passes bytes to a real server and back; `freeze()` stops passing on what is connected, as a firewall does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._frozen: asyncio.Event = asyncio.Event()

    def freeze(self) -> None:
        self._frozen.set()
        self._frozen = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frozen = self._frozen
        back, forth = await asyncio.open_connection("127.0.0.1", self._port)
        ways = [asyncio.create_task(self._pass(*way)) for way in ((reader, forth), (back, writer))]
        stop = asyncio.create_task(frozen.wait())
        await asyncio.wait([*ways, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in (*ways, stop):
            task.cancel()
        await asyncio.wait([*ways, stop])
        if frozen.is_set():
            await read_all(reader)
        forth.close()

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


async def test_connections_that_a_firewall_forgot_cost_one_lookup(database: PrivateDatabase) -> None:
    relay = Relay(database.port)
    async with impostor(relay) as (each, port):
        async with asking(url(database.scheme, port), timeout=0.5) as runner:
            found = await asyncio.gather(*(one(runner, f"+4670{n}") for n in range(4)))
            assert {answer.outcome for answer in found} == {Outcome.MISSING}
            assert each.open == 4
            relay.freeze()
            begun = time.monotonic()
            assert (await one(runner)).failure == Failure.TIMEOUT
            assert time.monotonic() - begun < 0.5 + MARGIN
            for _ in range(4):
                assert (await one(runner)).outcome == Outcome.FOUND
        await each.until_all_left()
