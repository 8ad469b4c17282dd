"""The ground under stand-ins for services with a JSON API: a small HTTP server that keeps what it was asked."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ariroute.lab.loopback import LoopbackServer

_LONGEST_BODY = 1024 * 1024
_REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Names of headers are in small letters; `query` is decoded."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        """The body as a form; empty where its type is another."""
        if self.content_type != "application/x-www-form-urlencoded":
            return {}
        return dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON; None where it is none or its type is another."""
        if self.content_type not in ("application/json", "application/vnd.api+json"):
            return None
        with contextlib.suppress(ValueError):
            return json.loads(self.body)
        return None

    @property
    def content_type(self) -> str:
        """Without parameters, in small letters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def bearer(self) -> str:
        """The bearer token, or nothing."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""

    @property
    def basic(self) -> tuple[str, str]:
        """User and password of HTTP Basic, or twice nothing."""
        scheme, _, coded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return "", ""
        user, _, password = base64.b64decode(coded).decode().partition(":")
        return user, password


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered; `body` as JSON."""

    status: int
    body: Any
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The whole response."""
        text = json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Status')}", f"Content-Type: {self.content_type}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, f"Content-Length: {len(text)}", "", ""]).encode() + text


class RestService(LoopbackServer):
    """A service on 127.0.0.1; a subclass says in `reply()` what it answers. `asked` keeps every request."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.asked: list[Asked] = []
        self._serving: set[asyncio.Task[None]] = set()

    def reply(self, asked: Asked) -> Reply:
        """The answer to one request."""
        raise NotImplementedError

    def delay(self, asked: Asked) -> float:
        """Seconds that pass before this request is answered."""
        return 0.0

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
                while True:
                    asked = _parsed(await reader.readuntil(b"\r\n\r\n"))
                    length = int(asked.headers.get("content-length", "0"))
                    if length > _LONGEST_BODY:
                        break
                    whole = Asked(
                        asked.method, asked.path, asked.query, asked.headers, await reader.readexactly(length)
                    )
                    self.asked.append(whole)
                    if pause := self.delay(whole):
                        await asyncio.sleep(pause)
                    writer.write(self.reply(whole).encoded())
                    await writer.drain()
        finally:
            self.transports.discard(writer.transport)
            writer.close()


def _parsed(head: bytes) -> Asked:
    line, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ")
    path, _, query = target.partition("?")
    headers = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in rest if each)}
    return Asked(
        method,
        urllib.parse.unquote(path),
        urllib.parse.parse_qsl(query, keep_blank_values=True),
        headers,
        b"",
    )
