"""A TCP relay between the daemon and its Asterisk, whose connections a test may break or make deaf."""

from __future__ import annotations

import asyncio
from typing import cast

from ariroute.lab.loopback import LoopbackServer


class Relay(LoopbackServer):
    """Passes bytes on to a port of 127.0.0.1, both ways. Use as a context manager; ``url`` is where it listens."""

    def __init__(self, to: int) -> None:
        super().__init__()
        self.to = to
        self.is_deaf = False
        """Whether bytes are swallowed instead of passed on, as behind a dead link."""
        self._piping: set[asyncio.Task[None]] = set()

    def reset(self) -> None:
        """Break every connection, without a word to either side."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._abort_all)

    async def listen(self, port: int) -> asyncio.Server:
        """Open the listening socket."""
        return await asyncio.start_server(self._accept, "127.0.0.1", port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Our own task: the one that asyncio would make reports being cancelled as an error (3.11).
        task = asyncio.get_running_loop().create_task(self._join(reader, writer))
        self._piping.add(task)
        task.add_done_callback(self._piping.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.transports.add(writer.transport)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.transport.abort()
            return
        self.transports.add(far_writer.transport)
        await asyncio.gather(self._pipe(reader, far_writer), self._pipe(far_reader, writer))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if not self.is_deaf:
                    writer.write(data)
        except OSError:
            pass
        finally:
            writer.transport.abort()
            self.transports.discard(writer.transport)

    def _abort_all(self) -> None:
        for transport in list(self.transports):
            cast(asyncio.WriteTransport, transport).abort()
