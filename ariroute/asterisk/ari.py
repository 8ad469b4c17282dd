"""The ARI client: one Asterisk, one Stasis application, connected for as long as it runs.

Events come over a websocket; requests travel over the same one where the server offers it, else, and while it is down,
over HTTP. Both ways behave alike, and one contract test holds them to it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal

import aiohttp

from ariroute.asterisk import frames
from ariroute.asterisk.answers import body_of, is_gone, is_good
from ariroute.asterisk.ari_http import CONNECTIONS, AriHttp
from ariroute.asterisk.ari_socket import AriSocket, Counters, open_socket
from ariroute.asterisk.events import Answer, ApplicationReplaced, Channel, Event, channel_of
from ariroute.asterisk.faults import Fault, Tries, classify, pauses
from ariroute.asterisk.frames import Request, Scalar, portions
from ariroute.asterisk.pending import Outcome
from ariroute.asterisk.probe import Server, probe
from ariroute.asterisk.settings import AriSettings
from ariroute.asterisk.variables import GUARD, VARIABLES, clean_value, guard_value, is_readable, is_writable
from ariroute.errors import AriError, AriRefused, ChannelGone, PbxRefused, PbxUnreachable

log = logging.getLogger(__name__)

TURNS: Final = CONNECTIONS - 4
"""Hand-overs over HTTP that are under way at once; a few connections are left for everything else. With all at once
each request of each would wait behind one of every other, and none would have its answer in time."""
STEADY: Final = 1.0
"""Seconds that a connection must last for the next ones to be tried as fast as the first."""

UNWANTED: Final = ("ChannelVarset",)
"""Events that Asterisk need not send: it writes one of nearly a kilobyte for every variable of a hand-over."""

HANG_UP_REASONS: Final = {
    1: "unallocated",
    16: "normal",
    17: "busy",
    19: "no_answer",
    21: "rejected",
    26: "answered_elsewhere",
    28: "number_incomplete",
    31: "normal_unspecified",
    34: "congestion",
    38: "failure",
    127: "interworking",
}
"""Causes that every version knows by name; ``reason_code`` came after 16, and naming both is refused."""


class Ari:
    """One Asterisk and one Stasis application in it.

    ``on_event`` is called for every event as it is read, ``on_up`` once a connection is made and its server known
    (events may come a moment earlier), ``on_down`` with the reason when a connection that was up is lost. All are
    called in the event loop and must not block; what they raise is logged and counted.

    Requests may be made at any time; with no websocket they go over HTTP. Each has a deadline, and raises AriTimeout,
    AriDisconnected, AriRefused, or ChannelGone when the channel hung up or left the application.
    """

    def __init__(
        self,
        settings: AriSettings,
        *,
        on_event: Callable[[Event], None],
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[str], None] = lambda reason: None,
        name: str = "pbx1",
        unwanted: Sequence[str] = UNWANTED,
    ) -> None:
        self.settings = settings
        self.name = name
        self.counters = Counters()
        self._on_event = on_event
        self._on_up = on_up
        self._on_down = on_down
        self._unwanted = tuple(unwanted)
        self._http = AriHttp(settings, self._doubt)
        self._turns = asyncio.Semaphore(TURNS)
        self._socket: AriSocket | None = None
        self._server = Server()
        self._replaced = False
        self._life: asyncio.Task[None] | None = None
        self._closed = False

    def __repr__(self) -> str:
        state = "up" if self.is_up else "down"
        return f"<Ari {self.name} {self.settings.url} {state} {self.transport} {self.version or 'version unknown'}>"

    @property
    def version(self) -> str:
        """Asterisk's version, such as ``22.10.1``; empty while it is not known."""
        return self._server.version

    @property
    def is_up(self) -> bool:
        """Whether events arrive."""
        return self._socket is not None

    @property
    def transport(self) -> Literal["websocket", "http"]:
        """How the next request would travel."""
        return "websocket" if self._writable_socket() else "http"

    def _writable_socket(self) -> AriSocket | None:
        """The websocket, if requests may go over it: not into one that broke, nor behind one that is not answered."""
        socket = self._socket
        if socket is None or not self._server.over_socket or not socket.is_open or socket.is_kept_waiting:
            return None
        return socket

    # The connection

    async def run(self) -> None:
        """Connects and stays connected until cancelled or :meth:`close`.

        After :class:`~ariroute.asterisk.events.ApplicationReplaced` it does not connect again: two daemons would take
        the application from each other for ever. Raises PbxRefused when Asterisk refuses the user; it may be called
        again then.
        """
        if self._closed:
            return
        if self._life is not None and not self._life.done():
            raise RuntimeError("it runs already")
        self._life = asyncio.create_task(self._live(), name=f"ari {self.name}")
        try:
            await self._life
        except asyncio.CancelledError:
            if not self._closed:
                raise

    async def close(self) -> None:
        """Ends :meth:`run` and every connection. Requests afterwards are a mistake."""
        self._closed = True
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life])
        await self._http.close()

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        delays = pauses(self.settings.reconnect_within)
        tries = Tries()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            while not self._replaced:
                began, connects = loop.time(), self.counters.connects
                try:
                    fault = Fault(await self._connect_once(session))
                except (aiohttp.ClientError, OSError, PbxUnreachable) as error:
                    fault = classify(error, self.settings)
                if fault.fatal:
                    raise PbxRefused(fault.text)  # not from the error: its repr shows the request with the password
                if self._replaced:
                    break
                # One that breaks as soon as it is made is no reason to hurry.
                if self.counters.connects > connects and loop.time() - began > STEADY:
                    delays = pauses(self.settings.reconnect_within)
                delay = next(delays)
                log.log(tries.level(fault.text), "%s: %s; connecting again in %.1f s", self.name, fault.text, delay)
                await asyncio.sleep(delay)
        await asyncio.get_running_loop().create_future()  # until cancelled; HTTP still serves

    async def _connect_once(self, session: aiohttp.ClientSession) -> str:
        """One connection from its handshake to its end; the value says why it ended."""
        socket = await open_socket(session, self.settings, self._take, self.counters)
        listening = asyncio.create_task(socket.listen(), name=f"ari {self.name} listening")
        reason = "this side closed the connection"
        try:
            self._server = await probe(socket, self._http, self.settings, self._unwanted, self.name)
            if not listening.done() and not self._replaced:
                self._go_up(socket)
            reason = await listening
        finally:
            if not listening.done():
                listening.cancel()
                await asyncio.wait([listening])
            self._go_down(reason)
        return reason

    def _go_up(self, socket: AriSocket) -> None:
        self._socket = socket
        self.counters.connects += 1
        log.info(
            "%s: connected to Asterisk %s at %s as application %s, requests over %s",
            self.name,
            self.version or "of unknown version",
            self.settings.url,
            self.settings.app,
            self.transport,
        )
        self._call(self._on_up)

    def _go_down(self, reason: str) -> None:
        if self._socket is not None:
            self._socket = None
            self.counters.disconnects += 1
            self._call(self._on_down, reason)

    def _take(self, event: Event) -> None:
        try:
            self._on_event(event)
        finally:  # however the handler ends, this connection hears nothing more
            if type(event) is ApplicationReplaced:
                self._replaced = True
                log.warning("%s: another connection took the application %s over", self.name, self.settings.app)
                self._go_down("the application was taken over by another connection")

    def _doubt(self) -> None:
        if self._socket is not None:
            self._socket.doubt()

    def _call(self, handler: Callable[..., None], *arguments: str) -> None:
        try:
            handler(*arguments)
        except Exception:
            self.counters.failed_callbacks += 1
            log.exception("%s: a handler of the connection's state failed", self.name)

    # Requests

    def request(
        self,
        method: str,
        uri: str,
        query: Mapping[str, Scalar] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Awaitable[Any]:
        """Any request of ARI; the awaited value is the decoded body, None without one.

        ``uri`` has neither a leading slash nor ``ari/``; ids in it went through
        :func:`~ariroute.asterisk.frames.quoted`. On the websocket it is sent before this returns, so that several may
        be under way in their order; over HTTP when awaited.
        """
        return self._ask(frames.request(method, uri, query, body), timeout)

    def _ask(self, request: Request, timeout: float | None = None) -> Awaitable[Any]:
        return self._checked(request, self._start(request, timeout or self.settings.request_timeout))

    def _start(self, request: Request, timeout: float) -> Awaitable[Outcome]:
        self.counters.requests += 1
        if socket := self._writable_socket():
            return socket.send(request, timeout)
        return self._http.ask(request, timeout)

    @staticmethod
    async def _checked(request: Request, answering: Awaitable[Outcome]) -> Any:
        return body_of(request, await answering)

    async def hand_over(self, channel_id: str, variables: Mapping[str, str]) -> None:
        """Writes ``variables`` in their order, then gives the channel back to the dialplan's next priority.

        Harmless to repeat: a channel that has already left answers ChannelGone. Raises ValueError for a name outside
        the closed set, before anything is sent.
        """
        requests = self._writes(channel_id, variables)
        requests.append(frames.continue_in_dialplan(channel_id))
        socket = self._writable_socket()
        if socket is None:
            async with self._turns:
                for request in requests:
                    await self._ask(request)
            return
        self.counters.requests += len(requests)
        replies = socket.send_all(requests, self.settings.request_timeout)
        # The last is answered last: awaited first, it wakes this task once instead of once for each.
        last = await replies[-1]
        check_all(requests, [*[await reply for reply in replies[:-1]], last])

    async def set_variables(self, channel_id: str, variables: Mapping[str, str]) -> None:
        """Writes ``variables`` in their order, values cleaned. Raises ValueError for a name outside the closed set.

        Asterisk 16 answers first and writes when the channel next wakes: 20 ms with media, 200 ms without (measured on
        16.28; 22 writes within 1 ms). Their order, and that of a ``continue`` behind them, holds all the same.
        """
        for request in self._writes(channel_id, variables):
            await self._ask(request)

    def _writes(self, channel_id: str, variables: Mapping[str, str]) -> list[Request]:
        if not variables.keys() <= VARIABLES:  # else a flow's own are among them, or a fault
            for name in variables:
                if not is_writable(name):
                    raise ValueError(
                        f"'{name}' is not a variable that ariroute writes; see ariroute.asterisk.variables"
                    )
        cleaned = {name: clean_value(value) for name, value in variables.items()}
        if self._server.many_variables:
            return [frames.set_variables(channel_id, portion) for portion in portions(cleaned)]
        return [frames.set_variable(channel_id, name, value) for name, value in cleaned.items()]

    async def variable(self, channel_id: str, name: str) -> str | None:
        """A channel variable's value, None when it is not set. Raises ValueError for a name outside the closed set."""
        if not is_readable(name):
            raise ValueError(f"'{name}' is not a variable that ariroute reads; see ariroute.asterisk.variables")
        return await self.value_of(channel_id, name)

    async def value_of(self, channel_id: str, name: str) -> str | None:
        """As :meth:`variable`, for a name that the caller has checked: never one that came from data.

        Raises AriRefused with status 500 for a function that has no value for this channel.
        """
        try:
            body = await self.request("GET", f"channels/{frames.quoted(channel_id)}/variable", {"variable": name})
        except ChannelGone:
            raise
        except AriRefused as error:
            if error.status == 404:
                return None
            raise
        try:
            return str(body["value"])
        except (LookupError, TypeError) as error:
            raise AriError(f"GET channels/{channel_id}/variable: the answer is no value: {error}") from None

    async def extend_guard(self, channel_id: str, seconds: float) -> None:
        """Starts the dialplan's guard anew, to fire after ``seconds``. Raises ValueError for anything not above 0."""
        await self._ask(frames.set_variable(channel_id, GUARD, guard_value(seconds)))

    async def continue_in_dialplan(self, channel_id: str) -> None:
        """Gives the channel back to the dialplan's next priority; nothing is written."""
        await self._ask(frames.continue_in_dialplan(channel_id))

    async def answer(self, channel_id: str) -> None:
        """Picks the call up; one that is up stays so."""
        await self._ask(frames.answer(channel_id))

    async def play(
        self, channel_id: str, playback_id: str, media: Sequence[str], *, language: str = "", offset: float = 0.0
    ) -> None:
        """Begins to play ``media``, such as ``sound:hello``, as a playback of an id of our own.

        PlaybackFinished tells its end. On a call that is not answered it is early media: Asterisk indicates progress
        first (``play_on_channel()`` in res_stasis_playback.c, 16 to 23). Until its end Asterisk does nothing else that
        it is asked for this channel, and 22 keeps a request that sets a variable, answers or continues unanswered, and
        with it all that come after it on the websocket: stop the playback first.
        """
        await self._ask(frames.play(channel_id, playback_id, media, language, offset))

    async def stop_playback(self, playback_id: str) -> None:
        """Stops a playback; nothing happens when it has ended."""
        await self._of_playback(frames.stop_playback(playback_id))

    async def skip_word(self, playback_id: str) -> None:
        """Leaves out the rest of a word of a number; nothing happens when the playback has ended.

        A number cannot be stopped. ``ast_waitstream()`` in file.c takes each of the words ``stop`` and ``restart`` for
        the end of one file, and after a stop no other word is taken (``operations`` in res_stasis_playback.c, 16 to
        23). A sound would begin again.
        """
        await self._of_playback(frames.skip_word(playback_id))

    async def playing(self, playback_id: str) -> str | None:
        """Which of its media a playback is at, such as ``sound:hello``; None when it has ended."""
        body = await self._of_playback(frames.playback(playback_id))
        try:
            return None if body is None else str(body["media_uri"])
        except (LookupError, TypeError) as error:
            raise AriError(f"GET playbacks/{playback_id}: the answer is no playback: {error}") from None

    async def _of_playback(self, request: Request) -> Any:
        """The answer's body; None when there is no such playback any more."""
        try:
            return await self._ask(request)
        except AriRefused as error:
            if error.status == 404:
                return None
            raise

    async def watch(self, channel_id: str) -> None:
        """Asks for the events of a channel also while it is outside of our application."""
        await self._ask(frames.watch(self.settings.app, channel_id))

    async def unwatch(self, channel_id: str) -> None:
        """Ends :meth:`watch`."""
        await self._ask(frames.unwatch(self.settings.app, channel_id))

    async def hang_up(self, channel_id: str, cause: int = 16) -> None:
        """Ends the channel with a cause of ITU-T Q.850 (16 normal, 17 busy, 21 rejected)."""
        named = HANG_UP_REASONS.get(cause)
        query = {"reason": named} if named else {"reason_code": str(int(cause))}
        await self.request("DELETE", f"channels/{frames.quoted(channel_id)}", query)

    async def channel(self, channel_id: str) -> Channel:
        """A channel as it is now, in our application or not."""
        body = await self.request("GET", f"channels/{frames.quoted(channel_id)}")
        try:
            return channel_of(body)
        except (LookupError, TypeError, AttributeError) as error:
            raise AriError(f"GET channels/{channel_id}: the answer is no channel: {error}") from None

    async def channels_in_app(self) -> list[str]:
        """Ids of the channels inside our application, whichever connection was there when they entered.

        None when Asterisk has no such application: it forgets one with the last connection and channel.
        """
        try:
            body = await self.request("GET", f"applications/{self.settings.app}")
        except AriRefused as error:
            if error.status == 404:
                return []
            raise
        try:
            return [str(identifier) for identifier in body["channel_ids"]]
        except (LookupError, TypeError) as error:
            raise AriError(f"GET applications/{self.settings.app}: the answer is no application: {error}") from None


def check_all(requests: Sequence[Request], outcomes: Sequence[Outcome]) -> None:
    """Raises ChannelGone if any outcome says so, else the first error there is."""
    bad = [each for each in zip(requests, outcomes, strict=True) if not is_good(each[1])]
    gone = [each for each in bad if isinstance(each[1], Answer) and is_gone(each[1])]
    for request, outcome in [*gone, *bad][:1]:
        body_of(request, outcome)
