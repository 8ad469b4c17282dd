"""The websocket of one Asterisk: events in, requests out and their answers in, pings both ways."""

from __future__ import annotations

import asyncio
import logging
import os
import socket as system_socket
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from socket import IPPROTO_TCP
from typing import Any, Final, Literal

import aiohttp
from aiohttp import WSMsgType

from ariroute.asterisk.ari_http import authorization
from ariroute.asterisk.events import Event, RestAnswer, Unhandled, decode
from ariroute.asterisk.frames import Request, frame
from ariroute.asterisk.pending import Pending, Reply
from ariroute.asterisk.settings import AriSettings
from ariroute.errors import AriDisconnected

log = logging.getLogger(__name__)

BIGGEST_MESSAGE = 4 * 1024 * 1024
CLOSE_TIMEOUT = 1.0
KEPT_WAITING: Final = 0.5
"""Seconds without an answer after which requests take another way."""
DOUBTED: Final = 2.0
"""Seconds that a silent connection is given to answer the ping that follows a request without an answer."""
TCP_CORK: Final[int] = getattr(system_socket, "TCP_CORK", 0)


class Counters:
    """What went over the connections of one :class:`~ariroute.asterisk.ari.Ari` since it was made."""

    __slots__ = (
        "broken_frames",
        "connects",
        "disconnects",
        "events",
        "failed_callbacks",
        "late_answers",
        "requests",
        "timeouts",
        "unknown_events",
    )

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0)

    broken_frames: int
    """Texts that were no JSON or lacked a field without which they mean nothing."""
    connects: int
    disconnects: int
    events: int
    failed_callbacks: int
    """Events whose handler raised; always a fault of ours."""
    late_answers: int
    """Answers to requests that had timed out, or that were never sent."""
    requests: int
    timeouts: int
    unknown_events: int
    """Events of types that ariroute does not use."""

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


class AriSocket:
    """One open websocket. Made by :func:`open_socket`, ends with :meth:`listen`."""

    def __init__(
        self,
        websocket: aiohttp.ClientWebSocketResponse[Any],
        settings: AriSettings,
        on_event: Callable[[Event], None],
        counters: Counters,
    ) -> None:
        self._websocket = websocket
        self._settings = settings
        self._on_event = on_event
        self._counters = counters
        self._pending = Pending(self._count_timeout)
        self._last_id = 0
        self._unanswered: deque[tuple[int, float]] = deque()
        self._heard = 0
        self._heard_at = asyncio.get_running_loop().time()
        self._silence: asyncio.Timeout | None = None
        self._is_doubted = False
        self.is_open = True
        """False from the first sign of an ending on: some time before :meth:`listen` is through with closing."""
        self._pinger: asyncio.TimerHandle | None = None
        self._gathering: system_socket.socket | None = None

    def send(self, request: Request, timeout: float) -> Reply:
        """Puts the request on the wire before it returns; the reply follows. Never raises.

        Asterisk answers one socket's requests in their order (``ari_websocket_process_request()``, 22.10.1), so
        that what is sent first is also done first.
        """
        self._last_id += 1
        self._unanswered.append((self._last_id, asyncio.get_running_loop().time()))
        request_id = str(self._last_id)
        reply = self._pending.add(request_id, timeout)
        try:
            write_now(self._websocket.send_str(frame(request_id, request)))
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            self.is_open = False
            self._pending.settle(request_id, AriDisconnected(f"{self._settings.url}: {error}"))
        return reply

    @property
    def is_kept_waiting(self) -> bool:
        """Whether an answer is overdue, also one that nobody waits for any more.

        A request that writes to a channel on which something is played is answered at its end, and all that come
        after it wait as well; Asterisk carries them out all the same, however late.
        """
        since = self._unanswered[0][1] if self._unanswered else None
        return since is not None and asyncio.get_running_loop().time() - since > KEPT_WAITING

    def send_all(self, requests: Iterable[Request], timeout: float) -> list[Reply]:
        """Like :meth:`send` for each, in order, in one packet where the system can: its delivery is what costs."""
        self._hold_back(1)
        try:
            return [self.send(request, timeout) for request in requests]
        finally:
            self._hold_back(0)

    async def listen(self) -> str:
        """Passes events and answers on until the connection ends; the value says why it ended. Closes the socket."""
        reason = "the connection was closed"
        transport_socket = self._websocket.get_extra_info("socket")
        if TCP_CORK and transport_socket is not None:  # a handle of our own: uvloop's makes one for each option it sets
            self._gathering = system_socket.socket(fileno=os.dup(transport_socket.fileno()))
        try:
            async with asyncio.timeout(2 * self._settings.ping) as self._silence:
                # The first at once: with requests over HTTP nothing else may be heard before the second is due.
                self._ping_again(-1)
                reason = await self._receive()
        except TimeoutError:
            reason = f"{self._settings.url}: nothing heard for {self._silent_for():.1f} s"
        except (aiohttp.ClientError, OSError) as error:
            reason = f"{self._settings.url}: the connection was lost: {error}"
        finally:
            await self.close(reason)
        return reason

    async def close(self, reason: str) -> None:
        """Ends the connection and every request that waits on it."""
        self.is_open = False
        if self._pinger is not None:
            self._pinger.cancel()
            self._pinger = None
        if self._gathering is not None:
            self._gathering.close()
            self._gathering = None
        self._pending.close(reason)
        await self._websocket.close()

    def _hold_back(self, on: Literal[0, 1]) -> None:
        """Between 1 and 0 Linux gathers what is written."""
        if self._gathering is not None:
            try:
                self._gathering.setsockopt(IPPROTO_TCP, TCP_CORK, on)
            except OSError as error:
                log.debug("cannot gather: %s", error)  # the connection is ending; its receiving side says so

    async def _receive(self) -> str:
        receive = self._websocket.receive
        loop = asyncio.get_running_loop()
        while True:
            message = await receive()
            self._heard += 1
            self._heard_at = loop.time()
            if self._is_doubted:
                self._trust()
            if message.type is WSMsgType.TEXT:
                self._take(message.data)
            elif message.type is WSMsgType.PING:
                write_now(self._websocket.pong(message.data))
            elif message.type is not WSMsgType.PONG and message.type is not WSMsgType.BINARY:
                cause = message.data if message.type is WSMsgType.ERROR else f"code {self._websocket.close_code}"
                return f"{self._settings.url}: the connection was lost ({cause})"

    def _take(self, text: str | bytes) -> None:
        message = decode(text)
        if type(message) is RestAnswer:
            self._answered(message.request_id)
            if not self._pending.settle(message.request_id, message.answer):
                self._counters.late_answers += 1
        elif type(message) is Unhandled:
            self._count_unhandled(message)
        else:
            self._counters.events += 1
            try:
                self._on_event(message)  # type: ignore[arg-type]  # an Event: the two others are excluded above
            except Exception:
                self._counters.failed_callbacks += 1
                log.exception("the handler of a %s failed", type(message).__name__)

    def _answered(self, request_id: str) -> None:
        """Note that this request and all before it have their answers."""
        if request_id.isdecimal():
            answered = int(request_id)
            while self._unanswered and self._unanswered[0][0] <= answered:
                self._unanswered.popleft()

    def _count_unhandled(self, message: Unhandled) -> None:
        if message.type:
            self._counters.unknown_events += 1
            log.debug("an event of type %s, which is not used here", message.type)
        else:
            self._counters.broken_frames += 1
            log.warning("%s sent a text that is no event: %s", self._settings.url, message.fault)

    def _count_timeout(self) -> None:
        self._counters.timeouts += 1
        self.doubt()

    # Signs of life

    def doubt(self) -> None:
        """A request had no answer in time, here or over HTTP: ask for a sign of life, and whatever comes is one.

        The sweep makes a request each second, so that a dead connection is found out long before two pings are due.
        What was heard before proves nothing: after the first timeout requests go another way, and this is asked once.
        """
        if self._is_doubted or self._silence is None or self._silence.expired():
            return
        self._is_doubted = True
        due = asyncio.get_running_loop().time() + DOUBTED
        self._silence.reschedule(min(due, self._silence.when() or due))
        self._ping()

    def _trust(self) -> None:
        self._is_doubted = False
        self._bear_silence()

    def _silent_for(self) -> float:
        return asyncio.get_running_loop().time() - self._heard_at

    def _bear_silence(self) -> None:
        """From now on nothing may be heard for two pings."""
        if self._silence is not None and not self._silence.expired():
            self._silence.reschedule(asyncio.get_running_loop().time() + 2 * self._settings.ping)

    def _ping_again(self, heard_before: int) -> None:
        if self._silence is None or self._silence.expired():
            return
        if self._heard != heard_before and not self._is_doubted:
            self._bear_silence()
        self._ping()
        self._pinger = asyncio.get_running_loop().call_later(self._settings.ping, self._ping_again, self._heard)

    def _ping(self) -> None:
        try:
            write_now(self._websocket.ping())
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            log.debug("ping failed: %s", error)  # the receiving side learns of it too


def write_now(sending: Coroutine[Any, Any, None]) -> None:
    """Runs one of aiohttp's ``send_*`` up to where the frame is in the transport's buffer; does not wait for room.

    aiohttp writes first and suspends only for flow control (``WebSocketWriter.send_frame()``, 3.14). What may pile
    up is bounded: a peer that reads nothing answers no ping either, and the connection ends after two of them.
    """
    try:
        sending.send(None)
    except StopIteration:
        return
    sending.close()


async def open_socket(
    session: aiohttp.ClientSession,
    settings: AriSettings,
    on_event: Callable[[Event], None],
    counters: Counters,
) -> AriSocket:
    """Registers the application and opens its websocket.

    Raises what aiohttp raises, and TimeoutError after ``settings.connect_timeout``.
    """
    scheme, _, rest = settings.url.partition("://")
    async with asyncio.timeout(settings.connect_timeout):
        websocket = await session.ws_connect(
            f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ari/events",
            params={"app": settings.app, "subscribeAll": "false"},
            headers=authorization(settings),
            autoping=False,  # pings and pongs count as signs of life, see listen()
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
            max_msg_size=BIGGEST_MESSAGE,
            decode_text=False,  # one text that is not UTF-8 is counted; aiohttp would end the connection
        )
    return AriSocket(websocket, settings, on_event, counters)
