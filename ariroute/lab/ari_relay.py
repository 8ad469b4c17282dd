"""A relay that reads ARI as it passes, over HTTP and over the websocket alike, and asks a test about every message.

    with AriRelay(pbx.http_port) as relay:
        relay.on_request = lambda request: drop() if request.does("POST", "continue") else forward()

So a fault can be put at an exact point of a call, for example a daemon killed between two requests, with nothing in
the daemon that knows of tests. What passes undecided passes unchanged. Faults of the connection itself are those of
:class:`~ariroute.lab.relay.Relay`. In front of any other HTTP server it serves as well: ``path`` is then the target.
"""

from __future__ import annotations

import asyncio
import http
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, Final, Literal

from ariroute.lab.relay import Connection, Relay, Way
from ariroute.lab.websocket import Frame, read_frame, text_frame

_HEAD_END: Final = b"\r\n\r\n"
_BODILESS: Final = (101, 204, 304)


class What(Enum):
    """What becomes of a message."""

    FORWARD = "passed on"
    ANSWER = "answered in the server's place"
    DROP = "swallowed"
    CLOSE = "swallowed, and both sides of its connection reset"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message, after ``delay`` seconds; ``then`` is called when that is done.

    Messages of one connection keep their order, so that a delay holds up what comes behind.
    """

    what: What
    status: int = 0
    body: str = ""
    delay: float = 0.0
    then: Callable[[], None] = lambda: None


def forward(*, delay: float = 0.0, then: Callable[[], None] = lambda: None) -> Verdict:
    """Pass the message on."""
    return Verdict(What.FORWARD, delay=delay, then=then)


def answer(status: int, body: str = "", *, delay: float = 0.0) -> Verdict:
    """Give this answer: to a request without asking the server, or in the place of the server's."""
    return Verdict(What.ANSWER, status, body, delay)


def drop(*, then: Callable[[], None] = lambda: None) -> Verdict:
    """Swallow the message; its connection lives on."""
    return Verdict(What.DROP, then=then)


def close(*, delay: float = 0.0) -> Verdict:
    """Swallow the message and break its connection: nothing that came behind it is passed on either."""
    return Verdict(What.CLOSE, delay=delay)


@dataclass(frozen=True, slots=True)
class AriRequest:
    """One request, however it travels."""

    via: Literal["http", "websocket"]
    method: str
    path: str
    """Without ``/ari/`` and query, such as ``channels/1700000000.1/continue``."""
    query: str = ""
    body: str = ""
    id: str = ""
    """Of a websocket's request."""

    @property
    def channel(self) -> str:
        """The id of the channel that it is about; empty when it is about none."""
        kind, _, rest = self.path.partition("/")
        return rest.partition("/")[0] if kind == "channels" else ""

    def does(self, method: str, ending: str) -> bool:
        """Whether it has this method, and its path this last part: ``does("POST", "continue")``."""
        return self.method == method and self.path.rpartition("/")[2] == ending


@dataclass(slots=True)
class _Talk:
    """What is known of one connection."""

    asked: deque[AriRequest] = field(default_factory=deque)
    """Requests over HTTP that wait for their answer."""
    by_id: dict[str, AriRequest] = field(default_factory=dict)
    """Requests over the websocket."""
    upgraded: asyncio.Future[bool] | None = None
    """Whether the server has agreed to a websocket; None where the client has not asked for one."""

    def settle(self, is_websocket: bool) -> None:
        """Whoever waits for the server's word about a websocket has it."""
        if self.upgraded is not None and not self.upgraded.done():
            self.upgraded.set_result(is_websocket)


class AriRelay(Relay):
    """Stands before Asterisk's HTTP server. The three hooks are called in its thread, and may block it."""

    def __init__(self, to: int, port: int = 0) -> None:
        super().__init__(to, port)
        self.on_request: Callable[[AriRequest], Verdict] = lambda request: forward()
        """Asked about each request before it is forwarded."""
        self.on_answer: Callable[[AriRequest, int], Verdict] = lambda request, status: forward()
        """Asked about each answer of the server before it passes back, with its HTTP status."""
        self.on_event: Callable[[str, dict[str, Any]], Verdict] = lambda kind, event: forward()
        """Asked about each event before it passes, with its type."""
        self.requests: list[AriRequest] = []
        """Those that arrived here, in order."""
        self.failures: list[Exception] = []
        """What hooks have raised; the message was then passed on. The first is raised by ``stop()``."""

    def stop(self) -> None:
        """End the thread and every connection. Raises what a hook has raised."""
        super().stop()
        if self.failures:
            raise self.failures.pop()

    async def converse(self, connection: Connection) -> None:
        """Pass on what both sides say, message by message, until both have ended."""
        talk = _Talk()
        await asyncio.gather(
            self._guarded(connection, Way.OUT, self._requests(connection, talk)),
            self._guarded(connection, Way.BACK, self._answers(connection, talk)),
        )

    async def _guarded(self, connection: Connection, way: Way, passing: Coroutine[None, None, None]) -> None:
        """From the first message of this way to its end."""
        try:
            await passing
        except asyncio.IncompleteReadError as ended:
            if ended.partial:  # whoever ended in the middle of a message: the other side is to see that
                await self.send(connection, way, ended.partial)
            await self.end(connection, way)
        except OSError:
            connection.reset()

    # HTTP

    async def _requests(self, connection: Connection, talk: _Talk) -> None:
        reader, _ = connection.ends(Way.OUT)
        while True:
            head = await reader.readuntil(_HEAD_END)
            body = await _body(reader, head)
            method, target, _ = head.decode("latin-1").split(" ", 2)
            request = _request_of("http", method, target, body.decode("utf-8", "replace"))
            if b"\r\nupgrade: websocket" in head.lower():
                talk.upgraded = asyncio.get_running_loop().create_future()
            talk.asked.append(request)
            if not await self._pass_request(connection, request, head + body):
                talk.asked.pop()
                talk.upgraded = None
            if talk.upgraded is not None and await talk.upgraded:
                return await self._frames_out(connection, talk)

    async def _answers(self, connection: Connection, talk: _Talk) -> None:
        reader, _ = connection.ends(Way.BACK)
        try:
            while True:
                head = await reader.readuntil(_HEAD_END)
                status = int(head[9:12])
                body = b"" if status in _BODILESS else await _body(reader, head)
                await self._pass_answer(connection, talk.asked.popleft(), status, head + body)
                talk.settle(is_websocket := status == http.HTTPStatus.SWITCHING_PROTOCOLS)
                if is_websocket:
                    return await self._frames_back(connection, talk)
        finally:
            talk.settle(False)

    # Websocket

    async def _frames_out(self, connection: Connection, talk: _Talk) -> None:
        reader, _ = connection.ends(Way.OUT)
        async for raw, message in self._messages(connection, Way.OUT, reader):
            if message.get("type") != "RESTRequest":
                await self.send(connection, Way.OUT, raw)
                continue
            texts = [str(message.get(key, "")) for key in ("method", "uri", "message_body", "request_id")]
            request = _request_of("websocket", *texts)
            talk.by_id[request.id] = request
            if not await self._pass_request(connection, request, raw):
                del talk.by_id[request.id]

    async def _frames_back(self, connection: Connection, talk: _Talk) -> None:
        reader, _ = connection.ends(Way.BACK)
        async for raw, message in self._messages(connection, Way.BACK, reader):
            kind = str(message.get("type", ""))
            request = talk.by_id.pop(str(message.get("request_id")), None) if kind == "RESTResponse" else None
            if request is not None:
                await self._pass_answer(connection, request, int(message["status_code"]), raw)
            else:
                verdict = self._ask(partial(self.on_event, kind, message))
                await self._carry_out(verdict, connection, Way.BACK, raw)

    async def _messages(
        self, connection: Connection, way: Way, reader: asyncio.StreamReader
    ) -> AsyncIterator[tuple[bytes, dict[str, Any]]]:
        """Each text message as it was on the wire, with what it says; everything else is passed on here."""
        fragments: list[Frame] = []
        while True:
            frame = await read_frame(reader)
            if frame.is_control:
                await self.send(connection, way, frame.raw)
                continue
            fragments.append(frame)
            if frame.is_last:
                yield b"".join(each.raw for each in fragments), _json(b"".join(each.payload for each in fragments))
                fragments = []

    # Verdicts

    async def _pass_request(self, connection: Connection, request: AriRequest, raw: bytes) -> bool:
        """Whether the server got it, and will answer."""
        self.requests.append(request)
        verdict = self._ask(partial(self.on_request, request))
        if verdict.what is What.ANSWER:
            raw = _answer_to(request, verdict)
        way = Way.BACK if verdict.what is What.ANSWER else Way.OUT
        await self._carry_out(verdict, connection, way, raw)
        return verdict.what is What.FORWARD

    async def _pass_answer(self, connection: Connection, request: AriRequest, status: int, raw: bytes) -> None:
        verdict = self._ask(partial(self.on_answer, request, status))
        if verdict.what is What.ANSWER:
            raw = _answer_to(request, verdict)
        await self._carry_out(verdict, connection, Way.BACK, raw)

    def _ask(self, hook: Callable[[], Verdict]) -> Verdict:
        try:
            return hook()
        except Exception as error:
            self.failures.append(error)
            return forward()

    async def _carry_out(self, verdict: Verdict, connection: Connection, way: Way, raw: bytes) -> None:
        if verdict.delay:
            await asyncio.sleep(verdict.delay)
        if verdict.what is What.CLOSE:
            raise ConnectionResetError("closed by the test")
        if verdict.what is not What.DROP:
            await self.send(connection, way, raw)
        verdict.then()


def _request_of(
    via: Literal["http", "websocket"], method: str, target: str, body: str, identifier: str = ""
) -> AriRequest:
    path, _, query = target.partition("?")
    return AriRequest(via, method, path.removeprefix("/").removeprefix("ari/"), query, body, identifier)


def _answer_to(request: AriRequest, verdict: Verdict) -> bytes:
    """``verdict`` as Asterisk would write its answer."""
    reason = http.HTTPStatus(verdict.status).phrase
    if request.via == "http":
        body = verdict.body.encode()
        head = f"HTTP/1.1 {verdict.status} {reason}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        return head.encode() + _HEAD_END + body
    message = {
        "type": "RESTResponse",
        "request_id": request.id,
        "status_code": verdict.status,
        "reason_phrase": reason,
        "uri": request.path,
        "content_type": "application/json",
        "message_body": verdict.body,
    }
    return text_frame(json.dumps(message))


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """The body behind ``head``, as it is on the wire."""
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n")[1:])
    headers = {name.strip(): value.strip() for name, _, value in lines}
    if headers.get(b"transfer-encoding") == b"chunked":
        return await _chunks(reader)
    return await reader.readexactly(int(headers.get(b"content-length", b"0")))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    raw = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        raw += line + await reader.readexactly(size + 2)
        if not size:
            return raw


def _json(text: bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
