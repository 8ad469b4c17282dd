"""One connection to AMI, read by panoramisk, without what panoramisk 1.4 does and we must not.

It reconnects for ever after a failure and then *replays* actions that had no answer, awaits without end, takes a
refused login for a connection, drops characters that TCP split, and writes line breaks in values as they are, so that a
value can carry a second action (:func:`ariroute.asterisk.ami.checked`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from ariroute.asterisk.queue_events import BEGIN, is_wanted
from ariroute.errors import AmiError

BIGGEST_MESSAGE = 16 * 1024 * 1024
AT_ONCE = 50
"""Messages that are read in one turn of the event loop: a list of ten thousand must not hold up calls."""
END = b"\r\n\r\n"
BANNER = b"Asterisk Call Manager/"
OF_ACTION = b"\r\nActionID: "

silent = logging.getLogger(f"{__name__}.panoramisk")
silent.addHandler(logging.NullHandler())
silent.propagate = False  # it logs whole actions, the login with its secret among them


class OneConnection(Manager):  # type: ignore[misc]  # panoramisk ships no types
    """panoramisk's Manager without its second life: no reconnect, no replay, no login of its own, no pings."""

    def __init__(
        self,
        on_event: Callable[[Mapping[str, str]], None] | None = None,
        wanted: Callable[[bytes], bool] = is_wanted,
        **config: Any,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.on_event = on_event
        self.wanted = wanted
        super().__init__(loop=loop, protocol_factory=lambda: WholeMessages(self), **config)
        self.lost: asyncio.Future[str] = loop.create_future()
        self.banner: asyncio.Future[None] = loop.create_future()

    def connection_made(self, f: asyncio.Future[tuple[asyncio.Transport, WholeMessages]]) -> None:
        if f.cancelled() or f.exception() is not None:
            return  # whoever awaits the attempt is told
        if self.lost.done():
            f.result()[0].abort()
            return
        super().connection_made(f)
        self.pinger.cancel()

    def connection_lost(self, exc: object) -> None:
        self.end("Asterisk closed the connection")

    def end(self, reason: str) -> None:
        """Gives everybody who waits ``reason`` and closes."""
        if not self.lost.done():
            self.lost.set_result(reason)
        if not self.banner.done():
            self.banner.set_exception(AmiError(reason))
            self.banner.exception()  # read here: nobody need await it any more
        self.close()
        self.awaiting_actions.clear()


class WholeMessages(AMIProtocol):  # type: ignore[misc]  # as above
    """panoramisk's protocol, fed with whole messages only, so that no character is decoded in halves."""

    def __init__(self, manager: OneConnection) -> None:
        self._manager = manager
        self._rest = bytearray()
        self._is_paused = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.factory = self._manager

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if self.version is None:
            line, end, rest = bytes(self._rest).partition(b"\r\n")
            if not end and len(line) < 256:
                return
            if not line.startswith(BANNER):
                self._manager.end("whoever answers there is no AMI")
                return
            self._rest = bytearray(rest)
            self.version: str | None = line.removeprefix(BANNER).decode("ascii", "replace")
            if not self._manager.banner.done():
                self._manager.banner.set_result(None)
        self._read_on()

    def _read_on(self) -> None:
        """Read some of what has come, and the rest in the next turns of the event loop."""
        if self._manager.lost.done():
            return
        size, answers = 0, []
        for _ in range(AT_ONCE):
            found = self._rest.find(END, size)
            if found < 0:
                break
            message, size = bytes(self._rest[size : found + len(END)]), found + len(END)
            if message.startswith(BEGIN) and OF_ACTION not in message:
                self._tell(message)
            else:
                answers.append(message)
        del self._rest[:size]
        try:
            super().data_received(b"".join(answers))
        except Exception as error:  # whatever panoramisk makes of bytes that are no message
            self._manager.end(f"what it sent cannot be read ({type(error).__name__})")
            return
        if END in self._rest:
            self._pause(True)
            self._manager.loop.call_soon(self._read_on)
        elif len(self._rest) > BIGGEST_MESSAGE:
            self._manager.end("a message without an end")
        else:
            self._pause(False)

    def _tell(self, message: bytes) -> None:
        """Pass an event on that nobody asked for. panoramisk has no part in it: it takes 180 us for each."""
        if self._manager.on_event and self._manager.wanted(message):
            self._manager.on_event(fields_of(message))

    def _pause(self, pause: bool) -> None:
        """What is not read yet waits in Asterisk, and not in our memory."""
        if pause != self._is_paused and not self.transport.is_closing():
            self._is_paused = pause
            (self.transport.pause_reading if pause else self.transport.resume_reading)()


def fields_of(message: bytes) -> dict[str, str]:
    """The fields of an event, keys in lower case; of a key that came several times, the last value."""
    lines = (line.partition(": ") for line in message.decode("utf-8", "replace").split("\r\n"))
    return {key.lower(): value for key, found, value in lines if found}
