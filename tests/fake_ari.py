"""A small, fast stand-in for Asterisk's ARI: websocket, REST over HTTP and websocket, switchable misbehaviour."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, cast
from urllib.parse import parse_qsl, unquote

from aiohttp import WSMsgType, web

from ariroute.asterisk.settings import AriSettings
from ariroute.values import Secret

Misbehaviour = Literal["hang", "lose", "close", "garbage"] | int | float
"""Never answer; close the connection; answer no JSON; this HTTP status (int); answer after seconds (float)."""

NOT_A_RESOURCE = (404, "Resource not found")


@dataclass(slots=True)
class FakeChannel:
    """A channel inside the application."""

    id: str
    caller: str = "+46701234567"
    name: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    """Names of variables in the order written."""
    continued: bool = False
    answered: bool = False
    hangup: str = ""
    played: list[FakePlayback] = field(default_factory=list)
    guards: list[float] = field(default_factory=list)
    """What TIMEOUT(absolute) was set to, in order."""
    args: tuple[str, ...] = ("+46850000000",)
    """Those of ``Stasis()``."""


@dataclass(slots=True)
class FakePlayback:
    """Media played to a channel; ``state`` as Asterisk words it."""

    id: str
    media: list[str]
    language: str = ""
    offset_ms: int = 0
    state: str = "playing"
    at: int = 0
    """Which of the media is being played."""
    words: int = 1
    """Words of a number that are still to be said."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived."""

    via: Literal["http", "websocket"]
    method: str
    uri: str
    body: str


class FakePbx:
    """One fake Asterisk. ``async with FakePbx() as pbx:`` serves on a free port of 127.0.0.1.

    ``version``, ``rest_over_websocket`` and ``many_variables`` say which Asterisk it is; ``connect_status`` refuses
    the websocket with that HTTP status; :meth:`misbehave` changes the answer to some requests.
    """

    def __init__(
        self,
        version: str = "22.10.1",
        *,
        rest_over_websocket: bool = True,
        many_variables: bool = True,
        app: str = "ariroute",
        user: str = "ariroute",
        password: str = "open sesame",
        record: bool = True,
    ) -> None:
        self.version = version
        self.rest_over_websocket = rest_over_websocket
        self.many_variables = many_variables
        self.app = app
        self.user = user
        self.password = password
        self.connect_status: int | None = None
        self.channels: dict[str, FakeChannel] = {}
        self.elsewhere: set[str] = set()
        """Ids of channels that live but are not in the application."""
        self.outside = {"context": "ariroute-ring", "app_name": "Dial", "app_data": "PJSIP/anna,20,i"}
        """Where those are."""
        self.watched: set[str] = set()
        """Ids of channels whose events are asked for wherever they are."""
        self.seen: list[Seen] = []
        self.handed_over = 0
        self.on_continue: Callable[[FakeChannel], None] = lambda channel: None
        self.missing: set[str] = set()
        """Media that cannot be played."""
        self.playback_ends = True
        """Whether a playback ends at once; else only by :meth:`end_playback` or a request."""
        self.playbacks: dict[str, str] = {}
        """Playbacks under way, and their channels."""
        self.turned_away = 0
        """Websockets that were refused."""
        self._record = record
        self._misbehaviours: list[tuple[str, str, Misbehaviour]] = []
        self._sockets: dict[web.WebSocketResponse, asyncio.WriteTransport] = {}
        self._current: web.WebSocketResponse | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._counter = 0
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._mute: asyncio.Event | None = None

    # Life

    async def start(self) -> Self:
        """Serves; after :meth:`stop` again on the same port."""
        self._over.clear()
        application = web.Application()
        application.router.add_get("/ari/events", self._events)
        application.router.add_route("*", "/ari/{uri:.*}", self._http)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Closes every connection and the port."""
        self._over.set()
        self.unmute()
        await self.drop_websockets()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def settings(self, **changes: Any) -> AriSettings:
        """Settings that fit this PBX."""
        values = {"url": self.url, "user": self.user, "password": Secret(self.password), "app": self.app}
        return AriSettings.model_validate(values | changes)

    async def until(self, condition: Callable[[], object], timeout: float = 5.0) -> None:
        """Waits until ``condition()`` holds; looked at after each request, event and connection, and every 10 ms."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                try:
                    async with asyncio.timeout(0.01):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    # What happens in the PBX

    def misbehave(self, how: Misbehaviour, method: str = "", uri: str = "") -> None:
        """From now on requests of this method (all when empty) whose uri contains ``uri`` are treated so."""
        self._misbehaviours.insert(0, (method, uri, how))

    def behave(self) -> None:
        """Ends all misbehaviour."""
        self._misbehaviours.clear()

    def call(
        self,
        caller: str = "+46701234567",
        args: tuple[str, ...] = ("+46850000000",),
        *,
        name: str = "",
        channel_id: str = "",
        announce: bool = True,
    ) -> str:
        """A channel enters the application; its id. ``announce=False``: the event is lost."""
        self._counter += 1
        channel_id = channel_id or f"1700000000.{self._counter}"
        self.channels[channel_id] = FakeChannel(channel_id, caller, name)
        if announce:
            self.send({"type": "StasisStart", "args": list(args), "channel": channel_json(channel_id, caller, name)})
        return channel_id

    def come_back(self, channel: FakeChannel, word: str, *, announce: bool = True) -> None:
        """A channel returns from a ring, with the word of ``Dial()``."""
        self.elsewhere.discard(channel.id)
        channel.continued, channel.args = False, ("support", "ariroute-back", word)
        self.channels[channel.id] = channel
        if announce:
            self.announce(channel)

    def announce(self, channel: FakeChannel) -> None:
        """The event that ``channel`` is in the application, late."""
        described = channel_json(channel.id, channel.caller, channel.name)
        self.send({"type": "StasisStart", "args": list(channel.args), "channel": described})

    def hang_up(self, channel_id: str) -> None:
        """The caller hangs up."""
        self.channels.pop(channel_id, None)
        self.elsewhere.discard(channel_id)
        self.watched.discard(channel_id)
        channel = channel_json(channel_id)
        self.send({"type": "ChannelDestroyed", "cause": 16, "cause_txt": "Normal Clearing", "channel": channel})
        self.send({"type": "StasisEnd", "channel": channel})

    def press(self, channel_id: str, keys: str) -> None:
        """The caller presses these keys, one after the other."""
        for key in keys:
            channel = channel_json(channel_id)
            self.send({"type": "ChannelDtmfReceived", "digit": key, "duration_ms": 100, "channel": channel})

    def playing(self, channel: FakeChannel, playback_id: str, media: list[str] | None = None) -> FakePlayback:
        """Begins a playback as a request would; nothing is told of it."""
        playback = FakePlayback(playback_id, media or ["sound:hello"])
        channel.played.append(playback)
        self.playbacks[playback_id] = channel.id
        return playback

    def end_playback(self, playback: FakePlayback, state: str = "done", *, announce: bool = True) -> None:
        """A playback ends by itself; ``announce=False``: the event is lost."""
        playback.state = state
        self.playbacks.pop(playback.id, None)
        if announce:
            self.send({"type": "PlaybackFinished", "playback": {"id": playback.id, "state": state}})

    def send(self, event: Mapping[str, Any]) -> None:
        """Sends an event to the connection that holds the application."""
        self.send_text(json.dumps({"application": self.app, "timestamp": TIMESTAMP, **event}))

    def send_text(self, text: str | bytes) -> None:
        """Sends a text frame as it is, also one that is no JSON or no UTF-8."""
        if self._current is not None and not self._current.closed:
            data = text.encode() if isinstance(text, str) else text
            push(self._current.send_frame(data, WSMsgType.TEXT))

    async def drop_websockets(self) -> None:
        """Every websocket is lost without a closing handshake; channels stay."""
        for transport in self._sockets.values():
            transport.abort()
        self._sockets.clear()
        self._current = None
        self._changed.set()

    def mute(self) -> None:
        """From now on nothing that a websocket brings is read, pings included: a peer behind a dead link."""
        self._mute = asyncio.Event()

    def unmute(self) -> None:
        """Ends :meth:`mute`."""
        if self._mute is not None:
            self._mute.set()
            self._mute = None

    @property
    def connections(self) -> int:
        """Websockets now open."""
        return len(self._sockets)

    # Serving

    def _authorized(self, request: web.Request) -> bool:
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {token}"

    async def _events(self, request: web.Request) -> web.StreamResponse:
        status = self.connect_status or (None if self._authorized(request) else 401)
        if status is not None:
            self.turned_away += 1
            return web.json_response({"message": "Authentication required"}, status=status)
        if request.query.get("app") != self.app:
            return web.json_response({"message": "HTTP request is missing param: [app]"}, status=400)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if self._current is not None:
            self.send({"type": "ApplicationReplaced"})
        self._current = socket
        self._sockets[socket] = cast(asyncio.WriteTransport, request.transport)
        self._changed.set()
        try:
            async for message in socket:
                if self._mute is not None:
                    await self._mute.wait()
                if message.type is WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT and self.rest_over_websocket:
                    await self._frame(socket, message.data)
        finally:
            self._sockets.pop(socket, None)
            if self._current is socket:
                self._current = None
        return socket

    async def _frame(self, socket: web.WebSocketResponse, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            return  # as Asterisk does
        uri, _, query = frame["uri"].partition("?")
        answer = await self._serve("websocket", frame["method"], uri, query, frame.get("message_body", ""))
        if answer is None:
            return
        if answer == "close":
            await self.drop_websockets()
        elif answer == "garbage":
            push(socket.send_frame(b"<html>no JSON</html>", WSMsgType.TEXT))
        else:
            status, body = answer
            response = {
                "type": "RESTResponse",
                "transaction_id": frame.get("transaction_id", ""),
                "request_id": frame.get("request_id", ""),
                "status_code": status,
                "reason_phrase": PHRASES.get(status, ""),
                "uri": uri,
                "application": self.app,
            }
            if body is not None:
                response |= {"content_type": "application/json", "message_body": json.dumps(body)}
            push(socket.send_frame(json.dumps(response).encode(), WSMsgType.TEXT))

    async def _http(self, request: web.Request) -> web.StreamResponse:
        if not self._authorized(request):
            return web.json_response({"message": "Authentication required"}, status=401)
        uri = request.raw_path.partition("?")[0].removeprefix("/ari/")
        answer = await self._serve("http", request.method, uri, request.query_string, await request.text())
        if answer is None:
            await self._over.wait()
            answer = "close"
        if answer == "close":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if answer == "garbage":
            return web.Response(text="<html>no JSON</html>", content_type="application/json")
        status, body = answer
        if body is None:
            return web.Response(status=status)
        return web.json_response(body, status=status)

    async def _serve(
        self, via: Literal["http", "websocket"], method: str, uri: str, query: str, body: str
    ) -> tuple[int, Any] | Literal["close", "garbage"] | None:
        """Status and body; None for never."""
        if self._record:
            self.seen.append(Seen(via, method, uri, body))
        loses = False
        for only_method, part, how in self._misbehaviours:
            if method.startswith(only_method) and part in uri:
                match how:
                    case "hang":
                        return None
                    case "lose":  # it is done, and the answer never comes
                        loses = True
                        break
                    case "close" | "garbage":
                        return how
                    case int():
                        return how, {"message": "as the test demands"}
                    case float():
                        await asyncio.sleep(how)
                        break
        parameters = dict(parse_qsl(query)) | (json.loads(body) if body else {})
        answer = self._resource(method, [unquote(part) for part in uri.split("/")], parameters)
        self._changed.set()
        return None if loses else answer

    def _resource(self, method: str, parts: list[str], parameters: dict[str, Any]) -> tuple[int, Any]:
        match method, parts:
            case "GET", ["asterisk", "info"]:
                return 200, {"system": {"version": self.version, "entity_id": "02:00:00:00:00:01"}}
            case "PUT", ["applications", self.app, "eventFilter"]:
                return 200, {"name": self.app}
            case "POST" | "DELETE", ["applications", self.app, "subscription"]:
                watched = str(parameters["eventSource"]).removeprefix("channel:")
                (self.watched.add if method == "POST" else self.watched.discard)(watched)
                return 200, {"name": self.app}
            case "GET", ["applications", self.app]:
                return 200, {"name": self.app, "channel_ids": [*self.channels, *self.watched], "bridge_ids": []}
            case method, ["playbacks", playback_id, *_]:
                return self._playback(method, playback_id)
            case "POST", ["channels", channel_id, "play", playback_id] if channel_id in self.channels:
                return self._play(self.channels[channel_id], playback_id, parameters)
            case _, ["channels", channel_id, *rest]:
                return self._channel(method, channel_id, rest[0] if rest else "", parameters)
            case _:
                return NOT_A_RESOURCE[0], {"message": NOT_A_RESOURCE[1]}

    def _channel(self, method: str, channel_id: str, verb: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        if verb == "variables" and not self.many_variables:
            return NOT_A_RESOURCE[0], {"message": NOT_A_RESOURCE[1]}
        channel = self.channels.get(channel_id)
        if channel is None:
            if channel_id in self.elsewhere and (method, verb) == ("GET", ""):
                found = channel_json(channel_id)
                return 200, {**found, "dialplan": found["dialplan"] | self.outside}
            if channel_id in self.elsewhere:
                return 409, {"message": "Channel not in Stasis application"}
            words = "Provided channel was not found" if verb in ("variable", "variables") else "Channel not found"
            return 404, {"message": words}
        match method, verb:
            case "POST", "variables":
                self._write(channel, parameters["variables"])
            case "POST", "variable":
                self._write(channel, {parameters["variable"]: parameters["value"]})
            case "GET", "variable":
                value = channel.variables.get(parameters["variable"])
                if value is None:
                    return 404, {"message": "Provided variable was not found"}
                return 200, {"value": value}
            case "POST", "continue":
                self._continue(channel)
            case "POST", "answer":
                channel.answered = True
            case "GET", "":
                found = channel_json(channel_id, channel.caller, channel.name)
                return 200, {**found, "dialplan": found["dialplan"] | {"app_data": ",".join((self.app, *channel.args))}}
            case "DELETE", "":
                channel.hangup = parameters.get("reason") or parameters.get("reason_code", "")
                self.hang_up(channel_id)
            case _:
                return 405, {"message": "Invalid method"}
        return 204, None

    def _play(self, channel: FakeChannel, playback_id: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        playback = self.playing(channel, playback_id, parameters["media"])
        playback.language, playback.offset_ms = parameters.get("lang", ""), parameters.get("offsetms", 0)
        self.send({"type": "PlaybackStarted", "playback": {"id": playback_id, "state": "playing"}})
        if playback.media[-1] in self.missing:
            self.end_playback(playback, "failed")
        elif self.playback_ends:
            self.end_playback(playback)
        return 201, {"id": playback_id, "state": "queued"}

    def _playback(self, method: str, playback_id: str) -> tuple[int, Any]:
        channel = self.channels.get(self.playbacks.get(playback_id, ""))
        if channel is None:
            return 404, {"message": "Playback not found"}
        playback = next(playback for playback in reversed(channel.played) if playback.id == playback_id)
        if method == "GET":
            return 200, {"id": playback_id, "state": "playing", "media_uri": playback.media[playback.at]}
        playback.words -= method == "POST"
        if method == "DELETE" or not playback.words:
            self.end_playback(playback)
        return 204, None

    def _write(self, channel: FakeChannel, variables: Mapping[str, str]) -> None:
        channel.variables.update(variables)
        channel.writes.extend(variables)
        if guard := variables.get("TIMEOUT(absolute)"):
            channel.guards.append(float(guard))

    def _continue(self, channel: FakeChannel) -> None:
        channel.continued = True
        del self.channels[channel.id]
        self.elsewhere.add(channel.id)
        self.handed_over += 1
        self.on_continue(channel)
        self.send({"type": "StasisEnd", "channel": channel_json(channel.id)})


TIMESTAMP = "2026-01-02T09:00:00.000+0100"
PHRASES = {200: "OK", 204: "No Content", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict"}


def channel_json(channel_id: str, caller: str = "+46701234567", name: str = "") -> dict[str, Any]:
    """A channel as Asterisk describes it."""
    return {
        "id": channel_id,
        "name": f"PJSIP/trunk-{channel_id}",
        "state": "Up",
        "protocol_id": "call-id@127.0.0.1",
        "caller": {"name": name, "number": caller},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {
            "context": "ariroute",
            "exten": "s",
            "priority": 2,
            "app_name": "Stasis",
            "app_data": "ariroute,+46850000000",
        },
        "creationtime": TIMESTAMP,
        "language": "en",
    }


def push(sending: Any) -> None:
    """Sends without waiting for the peer to read; to one that has left, nothing."""
    try:
        sending.send(None)
    except (StopIteration, ConnectionError):
        return
    sending.close()
