"""A TCP relay whose connections a test may break, silence, slow down or refuse: for ARI, its websocket and AMI alike.

Each fault is there until :meth:`Relay.mend`, and may be set from any thread while bytes flow:

========== ==================================================== ===========================================
reset      :meth:`Relay.reset`                                  both sides get a TCP reset, once
blackhole  ``lose()``                                           bytes of both ways are swallowed
half-open  ``lose(Way.OUT)`` or ``lose(Way.BACK)``              those of one way; its closing does not arrive
stalled    ``hold()``                                           nothing passes, nothing is lost
slow       ``slow(delay=0.2)``, ``slow(bytes_per_second=1000)`` each piece takes its time
refused    ``newcomers = Newcomers.RESET``, or ``IGNORED``      new connections; those that are there live on
========== ==================================================== ===========================================

Bytes that TCP has lost for good never come again, so a connection that lost some stays dead when the link is mended:
its sides have to find that out, and new connections work. One that was held goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from ariroute.lab.loopback import LoopbackServer

_PIECE: Final = 65536
_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing sends a reset, and drops what was not sent."""


class Way(Enum):
    """Which way bytes go."""

    OUT = "to the server"
    BACK = "to the client"


class Link(Enum):
    """What becomes of bytes that go one way."""

    OPEN = "passed on"
    HELD = "held back until the link is mended"
    LOST = "swallowed"


class Newcomers(Enum):
    """What becomes of new connections."""

    SERVED = "joined with the server"
    RESET = "reset at once"
    IGNORED = "accepted, and left without a word"


class Pace(NamedTuple):
    """Seconds that each piece takes: ``delay``, and its length at this speed."""

    delay: float = 0.0
    bytes_per_second: float = float("inf")

    @property
    def piece(self) -> int:
        """The most bytes that go at once: what passes in a twentieth of a second."""
        return int(max(1.0, min(self.bytes_per_second / 20, float(_PIECE))))


class Peer(NamedTuple):
    """One side of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def reset(self) -> None:
        """End it with a TCP reset."""
        if own := self.writer.get_extra_info("socket"):
            with contextlib.suppress(OSError):
                own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.writer.transport.abort()


@dataclass(slots=True, eq=False)
class Connection:
    """A client and the server, joined."""

    client: Peer
    server: Peer
    torn: set[Way] = field(default_factory=set)
    """Ways that have lost bytes."""

    def ends(self, way: Way) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Where bytes of this way come from, and where they go."""
        if way is Way.OUT:
            return self.client.reader, self.server.writer
        return self.server.reader, self.client.writer

    def reset(self) -> None:
        """Break both sides."""
        self.client.reset()
        self.server.reset()


class Relay(LoopbackServer):
    """Passes bytes on to a port of 127.0.0.1, both ways. Use as a context manager; ``url`` is where it listens."""

    def __init__(self, to: int, port: int = 0) -> None:
        super().__init__(port)
        self.to = to
        self.newcomers = Newcomers.SERVED
        self.connections: set[Connection] = set()
        """Those that are open now."""
        self.accepted = 0
        self.turned_away = 0
        """Newcomers that were reset, ignored, or found no server."""
        self.passed: Counter[Way] = Counter()
        """Bytes."""
        self.lost: Counter[Way] = Counter()
        """Bytes."""
        self._links = dict.fromkeys(Way, Link.OPEN)
        self._paces = dict.fromkeys(Way, Pace())
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    # The faults

    def reset(self) -> None:
        """Break every connection; returns when that is done."""
        self._do(self._reset_all)

    def lose(self, *ways: Way) -> None:
        """Swallow what goes these ways, both without any."""
        self._set_links(ways, Link.LOST)

    def hold(self, *ways: Way) -> None:
        """Hold back what goes these ways, both without any."""
        self._set_links(ways, Link.HELD)

    def slow(self, *ways: Way, delay: float = 0.0, bytes_per_second: float = float("inf")) -> None:
        """Let each piece that goes these ways, both without any, take its time."""
        self._paces |= dict.fromkeys(ways or tuple(Way), Pace(delay, bytes_per_second))
        self._do(self._tell)

    def mend(self) -> None:
        """No fault any more, except in connections that lost bytes."""
        self.newcomers = Newcomers.SERVED
        self._paces = dict.fromkeys(Way, Pace())
        self._set_links((), Link.OPEN)

    @property
    def is_deaf(self) -> bool:
        """Whether bytes are swallowed both ways; settable, as a short word for :meth:`lose` and :meth:`mend`."""
        return set(self._links.values()) == {Link.LOST}

    @is_deaf.setter
    def is_deaf(self, deaf: bool) -> None:
        if deaf:
            self.lose()
        else:
            self.mend()

    def _set_links(self, ways: tuple[Way, ...], link: Link) -> None:
        self._links |= dict.fromkeys(ways or tuple(Way), link)
        self._do(self._tell)

    def _tell(self) -> None:
        """Wake whoever waits for the link to be another."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _do(self, action: Callable[[], None]) -> None:
        """Run ``action`` in the thread of the relay, and return when it has run; at once where there is none yet."""
        if self._loop is None or self._loop.is_closed() or threading.current_thread() is self._thread:
            action()
            return
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(act)
        done.wait(5)

    def _reset_all(self) -> None:
        for connection in list(self.connections):
            connection.reset()

    # Connections

    async def listen(self, port: int) -> asyncio.Server:
        """Open the listening socket."""
        return await asyncio.start_server(self._accept, "127.0.0.1", port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.transports.add(writer.transport)
        if self._ending is None or self._ending.is_set():  # it came in the last moment
            writer.transport.abort()
            return
        # Our own task: the one that asyncio would make reports being cancelled as an error (3.11).
        task = asyncio.get_running_loop().create_task(self._join(Peer(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, client: Peer) -> None:
        self.accepted += 1
        server = await self._reach() if self.newcomers is Newcomers.SERVED else None
        if server is None:
            await self._turn_away(client)
            return
        connection = Connection(client, server)
        self.connections.add(connection)
        self.transports.add(server.writer.transport)
        try:
            await self.converse(connection)
        finally:
            self.connections.discard(connection)
            for peer in (client, server):
                peer.writer.transport.abort()
                self.transports.discard(peer.writer.transport)

    async def _turn_away(self, client: Peer) -> None:
        self.turned_away += 1
        if self.newcomers is Newcomers.IGNORED:
            with contextlib.suppress(OSError):
                await client.reader.read(-1)
        client.reset()
        self.transports.discard(client.writer.transport)

    async def _reach(self) -> Peer | None:
        try:
            return Peer(*await asyncio.open_connection("127.0.0.1", self.to))
        except OSError:
            return None

    async def converse(self, connection: Connection) -> None:
        """Pass on what both sides say, until both have ended."""
        await asyncio.gather(*(self._pipe(connection, way) for way in Way))

    async def _pipe(self, connection: Connection, way: Way) -> None:
        reader, _ = connection.ends(way)
        try:
            while data := await reader.read(_PIECE):
                await self.send(connection, way, data)
            await self.end(connection, way)
        except OSError:
            connection.reset()

    async def send(self, connection: Connection, way: Way, data: bytes) -> None:
        """Pass ``data`` on, as the link is now. Raises OSError where that side has gone."""
        while data:
            size = self._paces[way].piece
            await self._send_piece(connection, way, data[:size])
            data = data[size:]

    async def _send_piece(self, connection: Connection, way: Way, data: bytes) -> None:
        await self._pause(way, len(data))
        await self._released(way)
        if self._links[way] is Link.LOST:
            connection.torn.add(way)
        if way in connection.torn:
            self.lost[way] += len(data)
            return
        _, writer = connection.ends(way)
        self.passed[way] += len(data)
        writer.write(data)
        await writer.drain()

    async def end(self, connection: Connection, way: Way) -> None:
        """Pass on that no more comes this way, unless the link has lost it."""
        await self._released(way)
        if self._links[way] is Link.LOST:
            connection.torn.add(way)
        if way not in connection.torn:
            connection.ends(way)[1].close()

    async def _released(self, way: Way) -> None:
        while self._links[way] is Link.HELD:
            await self._changed.wait()

    async def _pause(self, way: Way, length: int) -> None:
        """Let the time pass that a piece of this length takes; shorter when the pace is changed meanwhile."""
        pace = self._paces[way]
        with contextlib.suppress(TimeoutError):
            if seconds := pace.delay + length / pace.bytes_per_second:
                async with asyncio.timeout(seconds):
                    while self._paces[way] is pace:
                        await self._changed.wait()
