"""A server on 127.0.0.1 in a thread of its own: the ground under the lab's HTTP services."""

from __future__ import annotations

import asyncio
import threading
from typing import Self


class LoopbackServer:
    """Runs an asyncio server in a thread, from `start()` to `stop()` or as a context manager.

    A subclass says in `listen()` how a connection is served and reports its transports in `transports`, so that nothing
    is left open at the end.
    """

    def __init__(self, port: int = 0) -> None:
        """`port` 0 takes a free one."""
        self.port = port
        self.transports: set[asyncio.BaseTransport] = set()
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def listen(self, port: int) -> asyncio.Server:
        """Open the listening socket on 127.0.0.1."""
        raise NotImplementedError

    async def serve(self) -> None:
        """Serve until `stop()` is called or the task is cancelled."""
        self._ending = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        server = await self.listen(self.port)
        try:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._ending.wait()
        finally:
            server.close()
            for transport in list(self.transports):
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()

    def start(self) -> None:
        """Start serving in a thread, after a `stop()` on the same port. Raises OSError where it cannot be had."""
        self._ready.clear()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """End the thread and every connection."""
        if self._loop and self._ending and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self.serve())
        except OSError as error:
            self._failure = error
            self._ready.set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
