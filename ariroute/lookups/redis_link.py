"""A connection to a Redis server: commands out, replies in (RESP2, redis.io/docs, "Redis serialization protocol").

Our own, as the part that a lookup needs is small, and a client library brings retries, pools and background work of its
own, reads a reply whatever its length, and cannot be ended without awaiting (docs/decisions, "A Redis reader of our
own").
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.pool import ConnectionLost
from ariroute.lookups.resolver import Resolver, is_ip

ITEMS_LIMIT = 10_000
LENGTH_DIGITS = 12

Command = Sequence[str | bytes]
Reply = bytes | int | None | list[bytes | None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is; ``tls`` None speaks without TLS."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class ServerError(LookupFailed):
    """An error reply. Only its first word is kept: the rest may repeat what was sent, a password even."""

    def __init__(self, line: bytes) -> None:
        word = line.split(b" ", 1)[0].decode("ascii", "replace")
        self.code = word if word.isascii() and word.isalpha() and word.isupper() and len(word) <= 20 else "ERR"
        super().__init__(Failure.ERROR, f"the server answers with the error {self.code}")


class RedisLink:
    """One connection. After any exception but :class:`ServerError` only :meth:`abort` makes sense."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int) -> None:
        self._reader = reader
        self._writer = writer
        self._limit = limit

    @classmethod
    async def open(cls, address: Address, resolver: Resolver, limit: int) -> RedisLink:
        """Connect. ``limit`` is how many bytes one reply may have. Raises LookupFailed (refused)."""
        try:
            reader, writer = await _connected(address, resolver)
        except ssl.SSLError as error:
            raise LookupFailed(Failure.REFUSED, f"TLS: {error}") from error
        except OSError as error:
            why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise LookupFailed(Failure.REFUSED, f"no connection: {why}") from error
        return cls(reader, writer, limit)

    @property
    def usable(self) -> bool:
        """False once the server has closed it."""
        return not (self._reader.at_eof() or self._writer.is_closing())

    async def ask(self, *commands: Command) -> list[Reply]:
        """The replies to ``commands``, sent together. Raises LookupFailed; ServerError for an error among them."""
        try:
            self._writer.write(b"".join(packed(command) for command in commands))
            await self._writer.drain()
            replies = [await self._reply() for _ in commands]
        except asyncio.IncompleteReadError as error:
            raise ConnectionLost("the connection was closed before the answer was complete") from error
        except OSError as error:
            raise ConnectionLost(f"the connection was lost: {error.strerror or error}") from error
        for reply in replies:
            if isinstance(reply, ServerError):
                raise reply
        return [reply for reply in replies if not isinstance(reply, ServerError)]

    def abort(self) -> None:
        """Close it now, whatever is under way."""
        self._writer.transport.abort()

    async def _reply(self) -> Reply | ServerError:
        kind = await self._reader.readexactly(1)
        if kind not in b"+-:$*":
            raise unreadable()  # before the rest is waited for
        rest = await self._line()
        match kind:
            case b"+":
                return rest
            case b"-":
                return ServerError(rest)
            case b":":
                return number(rest)
            case b"$":
                return await self._text(number(rest), self._limit)
        return await self._list(number(rest))

    async def _list(self, length: int) -> list[bytes | None]:
        if not 0 <= length <= ITEMS_LIMIT:
            raise unreadable()
        found: list[bytes | None] = []
        left = self._limit
        for _ in range(length):
            line = await self._line()
            if line[:1] != b"$":
                raise unreadable()
            text = await self._text(number(line[1:]), left)
            left -= len(text or b"")
            found.append(text)
        return found

    async def _text(self, length: int, limit: int) -> bytes | None:
        if length == -1:
            return None
        if length < 0:
            raise unreadable()
        if length > limit:
            raise LookupFailed(Failure.TOO_LARGE, f"the answer is longer than {self._limit} bytes (max_size)")
        text = await self._reader.readexactly(length + 2)
        if text[-2:] != b"\r\n":
            raise unreadable()
        return text[:-2]

    async def _line(self) -> bytes:
        try:
            return (await self._reader.readuntil(b"\r\n"))[:-2]
        except asyncio.LimitOverrunError as error:
            raise unreadable() from error


async def _connected(address: Address, resolver: Resolver) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The first of the host's addresses that takes the connection. Raises OSError."""
    name = address.host if address.tls else None
    hosts = [address.host]
    if not is_ip(address.host):
        hosts = [found["host"] for found in await resolver.resolve(address.host, address.port)]
    for host in hosts[:-1]:
        try:
            return await asyncio.open_connection(host, address.port, ssl=address.tls, server_hostname=name)
        except OSError:
            continue
    return await asyncio.open_connection(hosts[-1], address.port, ssl=address.tls, server_hostname=name)


def packed(command: Command) -> bytes:
    """``command`` as it travels: each part with its length before it, so that no part can end early or run on."""
    parts = [part.encode() if isinstance(part, str) else part for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def number(text: bytes) -> int:
    """The whole number in ``text``. Raises LookupFailed; int() alone takes ``1_0``, blanks and thousands of digits."""
    if not 0 < len(text) <= LENGTH_DIGITS or not text.removeprefix(b"-").isdigit():
        raise unreadable()
    return int(text)


def unreadable() -> LookupFailed:
    return LookupFailed(Failure.NOT_JSON, "the answer is not of the Redis protocol")
