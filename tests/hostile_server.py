"""A server that speaks no protocol: each of its ways of going wrong, for any client over TCP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from ariroute.lab.loopback import LoopbackServer

DRIP = 0.03


class HostileServer(LoopbackServer):
    """Accepts connections on 127.0.0.1 and then does what ``fault`` says. ``accepted`` counts them.

    ``first`` is sent to begin with: an answer that starts well.
    """

    FAULTS = ("hang", "close", "reset", "garbage", "drip", "flood")

    def __init__(self, fault: str, first: bytes = b"") -> None:
        super().__init__()
        self.fault = fault
        self.accepted = 0
        self.open = 0
        self._first = first
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, port: int) -> asyncio.Server:
        """Open the listening socket."""
        return await asyncio.start_server(self._accept, "127.0.0.1", port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.open += 1
        self.transports.add(writer.transport)
        try:
            with contextlib.suppress(ConnectionError):
                await self._misbehave(reader, writer)
        finally:
            self.open -= 1
            self.transports.discard(writer.transport)
            writer.close()

    async def _misbehave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault in ("close", "reset") and not self._first:
            self._end(writer)
            return
        await reader.read(1)
        writer.write(self._first)
        match self.fault:
            case "close" | "reset":
                await writer.drain()
                self._end(writer)
            case "garbage":
                writer.write(bytes(range(256)) * 8)
                await writer.drain()
                await self._until_closed(reader)
            case "drip":
                drip = asyncio.create_task(self._drip(writer))
                await self._until_closed(reader)
                drip.cancel()
            case "flood":
                while not writer.transport.is_closing():
                    writer.write(b"\x30\x84\x7f\xff\xff\xff" + b"9" * 65530)
                    await writer.drain()
            case _:
                await self._until_closed(reader)

    def _end(self, writer: asyncio.StreamWriter) -> None:
        if self.fault == "reset":
            ours: socket.socket = writer.get_extra_info("socket")
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    @staticmethod
    async def _drip(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"1")
            await asyncio.sleep(DRIP)

    @staticmethod
    async def _until_closed(reader: asyncio.StreamReader) -> None:
        while await reader.read(65536):
            pass
