"""A customer service from hell: each first path segment names one way in which an HTTP answer can go wrong.

Whatever follows the segment is ignored, so `/hang/customers/+46701234567` hangs. `hits` counts requests per segment,
and `redirected` among them shows that somebody followed a redirect.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import functools
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable

from ariroute.lab.loopback import LoopbackServer

HUGE_BYTES = 200 * 1024 * 1024
BOMB_BYTES = 300 * 1024 * 1024
_MIB = 1024 * 1024
_DRIP = 0.1
"""Seconds between two bytes of a slow answer: every read succeeds in time, the whole never does."""

Fault = Callable[[asyncio.StreamWriter], Awaitable[None]]

_BODIES: dict[str, bytes] = {
    "array": b'[{"loyalty": "gold"}]',
    "bigint": b'{"orders": ' + b"9" * 100_000 + b"}",
    "control": b'{"loyalty": "gold\\r\\nX-Evil: 1\\u0000", "name": "\\u202egnp.exe"}',
    "deep": b'{"loyalty": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "dup": b'{"loyalty": "gold", "loyalty": "standard"}',
    "empty": b"",
    "nan": b'{"orders": NaN, "lifetime_value": 1e999, "loyalty": "gold"}',
    "null": b"null",
    "types": b'{"loyalty": ["gold"], "orders": "many", "name": {"first": "Ann"}, "lifetime_value": true, "plan": 7}',
    "utf8": b'{"loyalty": "g\xffld"}',
}
_PAGE = b"<html><body>Please log in</body></html>"


class EvilService(LoopbackServer):
    """Faults over HTTP on 127.0.0.1. `faults()` names them."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.hits: collections.Counter[str] = collections.Counter()
        self._serving: set[asyncio.Task[None]] = set()

    @staticmethod
    def faults() -> list[str]:
        """Every fault's path segment."""
        return sorted([*_BODIES, *_FAULTS, "redirect", "loop"])

    def url_of(self, fault: str) -> str:
        """Where one fault is."""
        return f"{self.url}/{fault}"

    async def listen(self, port: int) -> asyncio.Server:
        """Open the listening socket."""
        return await asyncio.start_server(self._accept, "127.0.0.1", port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Our own task: the one that asyncio would make reports being cancelled as an error (3.11).
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.transports.add(writer.transport)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                head = await reader.readuntil(b"\r\n\r\n")
                await self._misbehave(_segment(head), writer)
        finally:
            self.transports.discard(writer.transport)
            writer.close()

    async def _misbehave(self, segment: str, writer: asyncio.StreamWriter) -> None:
        self.hits[segment] += 1
        if segment == "redirect":
            await _send(writer, b"", status="302 Found", header=f"Location: {self.url}/redirected")
        elif segment == "loop":
            await _send(writer, b"", status="302 Found", header=f"Location: {self.url}/loop")
        elif segment in _BODIES:
            await _send(writer, _BODIES[segment])
        else:
            await _FAULTS.get(segment, _unknown)(writer)


def _segment(head: bytes) -> str:
    target = head.split(b" ", 2)[1] if head.count(b" ") >= 2 else b"/"
    return target.lstrip(b"/").split(b"/", 1)[0].split(b"?", 1)[0].decode("latin-1")


async def _send(
    writer: asyncio.StreamWriter, body: bytes, *, status: str = "200 OK", header: str = "Content-Type: application/json"
) -> None:
    head = f"HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _slow_headers(writer: asyncio.StreamWriter) -> None:
    await _drip(writer, b"HTTP/1.1 200 OK\r\nX-Slow: ")


async def _slow_body(writer: asyncio.StreamWriter) -> None:
    await _drip(writer, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")


async def _drip(writer: asyncio.StreamWriter, head: bytes) -> None:
    writer.write(head)
    while not writer.transport.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(_DRIP)


async def _hang(writer: asyncio.StreamWriter) -> None:
    await writer.wait_closed()


async def _server_error(writer: asyncio.StreamWriter) -> None:
    await _send(writer, b'{"error": "out of order"}', status="500 Internal Server Error")


async def _garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(bytes(range(256)) * 8)
    await writer.drain()


async def _huge(writer: asyncio.StreamWriter) -> None:
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {HUGE_BYTES}\r\n\r\n".encode())
    for _ in range(HUGE_BYTES // _MIB):
        writer.write(b" " * _MIB)
        await writer.drain()


async def _bomb(writer: asyncio.StreamWriter) -> None:
    await _send(writer, _bomb_body(), header="Content-Type: application/json\r\nContent-Encoding: gzip")


@functools.cache
def _bomb_body() -> bytes:
    packer = zlib.compressobj(level=1, wbits=31)
    spaces = b" " * _MIB
    return b"".join([*(packer.compress(spaces) for _ in range(BOMB_BYTES // _MIB)), packer.flush()])


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"loyalty":')
    await writer.drain()


async def _continue(writer: asyncio.StreamWriter) -> None:
    """One interim answer after the other, and never the final one."""
    while not writer.transport.is_closing():
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(_DRIP / 10)


async def _chunk(writer: asyncio.StreamWriter) -> None:
    """A chunk whose length is no number."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
    await writer.drain()


async def _reset(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    # An RST instead of a FIN: closing with a linger time of 0, socket(7).
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _html(writer: asyncio.StreamWriter) -> None:
    await _send(writer, _PAGE, header="Content-Type: text/html")


async def _long_header(writer: asyncio.StreamWriter) -> None:
    await _send(writer, b"{}", header="X-Long: " + "x" * _MIB)


async def _unknown(writer: asyncio.StreamWriter) -> None:
    await _send(writer, b'{"error": "no such fault"}', status="404 Not Found")


_FAULTS: dict[str, Fault] = {
    "500": _server_error,
    "bomb": _bomb,
    "chunk": _chunk,
    "close": _close,
    "continue": _continue,
    "drip": _slow_body,
    "garbage": _garbage,
    "hang": _hang,
    "header": _long_header,
    "html": _html,
    "huge": _huge,
    "reset": _reset,
    "slow": _slow_headers,
}
