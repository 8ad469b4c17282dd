"""One telephone on 127.0.0.1, with ears and keys: SIP and RTP over UDP, G.711 u-law, RFC 4733 and SIP INFO digits.

Beside SIPp's streams of calls (`sip.py`), this is the caller who listens to a prompt and presses a key.
"""

from __future__ import annotations

import contextlib
import enum
import random
import re
import select
import socket
import struct
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ariroute.lab import audio
from ariroute.lab.sipp import LOOPBACK, SipError

Address = tuple[str, int]

KEYS: Final = "0123456789*#ABCD"
EVENTS: Final = 101
"""RTP payload type of keys, as we offer it."""
TICK: Final = 0.02
PRESSED: Final = 5
"""Packets of 20 ms that a key is held down."""
AGAIN: Final = 0.5
"""Seconds after which a request without an answer is sent again."""


class CallState(enum.IntEnum):
    """How far a call has come; it never goes back."""

    IDLE = 0
    CALLING = 1
    PROGRESS = 2
    """180 or 183."""
    ANSWERED = 3
    ENDED = 4
    """Hung up by either, or refused."""


@dataclass(frozen=True, slots=True)
class Heard:
    """20 ms of audio. ``at`` is monotonic seconds."""

    at: float
    samples: Sequence[int]


class Phone:
    """Places one call to ``server``. A context manager; its end hangs up."""

    def __init__(self, server: Address, number: str = "+46701234567", name: str = "") -> None:
        self.number = number
        self.state = CallState.IDLE
        self.code = 0
        """The last final SIP status of the call."""
        self.answered_at: float | None = None
        """Monotonic seconds."""
        self.ended_by_pbx = False
        self._server = server
        self._name = name
        self._sip = _bound()
        self._rtp = _bound()
        self._heard: list[Heard] = []
        self._media: Address | None = None
        self._changed = threading.Condition()
        self._keys: deque[str] = deque()
        self._dialog = _Dialog(self._sip.getsockname(), self._rtp.getsockname(), server, number, name)
        self._waiting: dict[str, tuple[float, str]] = {}  # what is sent again until it is answered, by its method
        self._acked = False
        self._line = _Line(self._rtp)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"phone {number}", daemon=True)

    def __enter__(self) -> Phone:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a caller does

    def call(self, dialled: str = "support") -> None:
        """Dial; returns at once."""
        if self.state is not CallState.IDLE:
            raise SipError("this phone has called already: take another one")
        self.state = CallState.CALLING
        self._dialog.dialled = dialled
        self._send("INVITE", self._dialog.request("INVITE", self._dialog.offer()))
        self._thread.start()

    def press(self, keys: str, by: Literal["rtp", "info"] = "rtp") -> None:
        """Press these keys one after the other, by RFC 4733 or SIP INFO; returns when the last was sent."""
        if unknown := set(keys) - set(KEYS):
            raise SipError(f"no phone has these keys: {' '.join(sorted(unknown))}")
        if by == "rtp":
            self._keys.extend(keys)
            self._wait(lambda: not self._keys and not self._line.is_pressed, "the keys were sent", 10.0)
            return
        for key in keys:
            body = f"Signal={key}\r\nDuration=100\r\n"
            self._send("INFO", self._dialog.request("INFO", body, "application/dtmf-relay"))
            self._wait(lambda: "INFO" not in self._waiting, "INFO was answered", 5.0)

    def hang_up(self) -> None:
        """Hang up, or cancel what was not answered; returns at once."""
        if self.state is CallState.ANSWERED:
            self._send("BYE", self._dialog.request("BYE"))
        elif self.state in (CallState.CALLING, CallState.PROGRESS):
            self._send("CANCEL", self._dialog.cancel())
        self._become(CallState.ENDED)

    def close(self) -> None:
        """Hang up and give the sockets back. A second call does nothing."""
        if self._over.is_set():
            return
        self.hang_up()
        with contextlib.suppress(TimeoutError):
            self._wait(lambda: not self._waiting, "the last request was answered", 1.0)
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._sip.close()
        self._rtp.close()

    # What a caller notices

    def wait_for(self, state: CallState, timeout: float = 10.0) -> None:
        """Return once the call has come that far. Raises TimeoutError."""
        self._wait(lambda: self.state >= state, f"the call to be {state.name}, not {self.state.name}", timeout)

    def wait_to_hear(self, hertz: int, timeout: float = 10.0) -> None:
        """Return once a tone of that frequency was heard. Raises TimeoutError."""
        others = {hertz, 2 * hertz, 3 * hertz // 2}
        self._wait(lambda: hertz in audio.sequence(self._frames(), sorted(others)), f"{hertz} Hz to be heard", timeout)

    def tones(self, candidates: Sequence[int]) -> list[int]:
        """Which of these tones were heard so far, in order."""
        return audio.sequence(self._frames(), candidates)

    def loud(self, since: float = 0.0) -> float:
        """Seconds of sound, not silence, that were heard so far, after ``since`` (monotonic)."""
        return TICK * sum(audio.is_loud(heard.samples) for heard in list(self._heard) if heard.at >= since)

    @property
    def heard(self) -> list[Heard]:
        """All that came, in order."""
        return list(self._heard)

    def _frames(self) -> list[Sequence[int]]:
        return [heard.samples for heard in list(self._heard)]

    # How

    def _wait(self, condition: Callable[[], bool], what: str, timeout: float) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, timeout):
                raise TimeoutError(f"waited {timeout:g} s for {what}")

    def _become(self, state: CallState) -> None:
        with self._changed:
            if state > self.state:
                self.state = state
            self._changed.notify_all()

    def _send(self, method: str, text: str) -> None:
        self._waiting[method] = (time.monotonic() + AGAIN, text)
        self._sip.sendto(text.encode(), self._server)

    def _work(self) -> None:
        tick = time.monotonic()
        while not self._over.is_set():
            ready, _, _ = select.select([self._sip, self._rtp], [], [], max(0.0, tick - time.monotonic()))
            if self._sip in ready:
                self._take_sip(self._sip.recv(65536).decode("utf-8", "replace"))
            if self._rtp in ready:
                self._take_rtp(self._rtp.recv(2048))
            now = time.monotonic()
            if now >= tick:
                tick += TICK
                self._tick(now)
            with self._changed:
                self._changed.notify_all()

    def _tick(self, now: float) -> None:
        if self._media and self.state < CallState.ENDED:
            self._line.send(self._media, self._keys)
        for method, (due, text) in list(self._waiting.items()):
            if now >= due:
                self._send(method, text)

    def _take_rtp(self, packet: bytes) -> None:
        if len(packet) > 12 and packet[1] & 0x7F == 0:
            self._heard.append(Heard(time.monotonic(), audio.from_mulaw(packet[12:])))

    def _take_sip(self, text: str) -> None:
        first = text.partition("\r\n")[0]
        if first.startswith("SIP/2.0 "):
            self._take_response(int(first.split()[1]), text)
        elif not first.startswith("ACK"):
            # BYE, or whatever else a PBX says within a call: a session timer's UPDATE, a new INVITE.
            body = self._dialog.offer() if first.startswith("INVITE") else ""
            self._sip.sendto(self._dialog.response(text, body).encode(), self._server)
            if first.startswith("BYE"):
                self.ended_by_pbx = True
                self._become(CallState.ENDED)

    def _take_response(self, code: int, text: str) -> None:
        method = header(text, "CSeq").split()[-1]
        self._waiting.pop(method, None)
        if method != "INVITE" or code < 180:
            return
        self._dialog.learn(text)
        self._media = media_address(text) or self._media
        if code < 200:
            self._become(CallState.PROGRESS)
            return
        self.code = code
        self._sip.sendto(self._dialog.ack(code).encode(), self._server)
        if code >= 300:
            self._become(CallState.ENDED)
        elif self.state is CallState.ENDED:  # answered in the very moment of giving up
            self._send("BYE", self._dialog.request("BYE"))
        else:
            self.answered_at = self.answered_at or time.monotonic()
            self._become(CallState.ANSWERED)


class _Line:
    """Our side of the RTP stream: silence, and keys as RFC 4733 has them."""

    def __init__(self, rtp: socket.socket) -> None:
        self._rtp = rtp
        self._number = random.randrange(1000)  # noqa: S311  # no secret
        self._time = 0
        self._source = random.randrange(2**32)  # noqa: S311  # tells streams apart, hides nothing
        self._key = ""
        self._sent = 0
        self._began = 0

    @property
    def is_pressed(self) -> bool:
        """Whether a key is being sent."""
        return bool(self._key)

    def send(self, to: Address, keys: deque[str]) -> None:
        """Send what belongs into these 20 ms."""
        if not self._key and keys:
            self._key, self._sent, self._began = keys[0], 0, self._time
        if self._key:
            self._send_key(to, keys)
        else:
            self._packet(to, 0, audio.MULAW_SILENCE, self._time)
        self._time += audio.FRAME

    def _send_key(self, to: Address, keys: deque[str]) -> None:
        self._sent += 1
        ended = self._sent > PRESSED
        held = min(self._sent, PRESSED) * audio.FRAME
        event = struct.pack("!BBH", KEYS.index(self._key), 0x8A if ended else 0x0A, held)
        # The end is said three times, as one packet may be lost; then a pause, so that two equal keys are two.
        if self._sent <= PRESSED + 3:
            self._packet(to, EVENTS, event, self._began, marker=self._sent == 1)
        elif self._sent >= 2 * PRESSED + 3:
            self._key = ""
            keys.popleft()

    def _packet(self, to: Address, kind: int, payload: bytes, at: int, marker: bool = False) -> None:
        self._number = (self._number + 1) % 65536
        head = struct.pack("!BBHII", 0x80, kind | (0x80 if marker else 0), self._number, at % 2**32, self._source)
        self._rtp.sendto(head + payload, to)


class _Dialog:
    """The texts of one SIP dialog."""

    def __init__(self, own: Address, rtp: Address, server: Address, number: str, name: str) -> None:
        self.dialled = ""
        self._own = f"{own[0]}:{own[1]}"
        self._rtp = rtp
        self._server = f"{server[0]}:{server[1]}"
        shown = name.replace("\\", "\\\\").replace('"', '\\"')
        self._from = f'"{shown}" <sip:{number}@{LOOPBACK}>;tag={uuid.uuid4().hex[:8]}'
        self._to_tag = ""
        self._target = ""
        self._id = uuid.uuid4().hex
        self._branch = ""
        self._count = 0

    def offer(self) -> str:
        """Our session description."""
        address, port = self._rtp
        return (
            f"v=0\r\no=phone 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0 {EVENTS}\r\na=rtpmap:0 PCMU/8000\r\n"
            f"a=rtpmap:{EVENTS} telephone-event/8000\r\na=fmtp:{EVENTS} 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
        )

    def request(self, method: str, body: str = "", kind: str = "application/sdp") -> str:
        """A new request of the dialog."""
        self._count += 1
        branch = f"z9hG4bK{uuid.uuid4().hex}"
        if method == "INVITE":
            self._branch = branch
        return self._text(method, self._count, branch, body, kind)

    def cancel(self) -> str:
        """CANCEL of the INVITE: its own branch and number."""
        return self._text("CANCEL", 1, self._branch, in_dialog=False)

    def ack(self, code: int) -> str:
        """ACK of a final answer to the INVITE; a refusal's belongs to the INVITE's own transaction."""
        if code < 300:
            return self._text("ACK", 1, f"z9hG4bK{uuid.uuid4().hex}")
        return self._text("ACK", 1, self._branch, in_dialog=False)

    def _text(
        self,
        method: str,
        count: int,
        branch: str,
        body: str = "",
        kind: str = "application/sdp",
        in_dialog: bool = True,
    ) -> str:
        home = f"sip:{self.dialled}@{self._server}"
        target = self._target or home if in_dialog else home
        tag = f";tag={self._to_tag}" if self._to_tag and (in_dialog or method == "ACK") else ""
        lines = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._own};branch={branch}",
            f"From: {self._from}",
            f"To: <{home}>{tag}",
            f"Call-ID: {self._id}",
            f"CSeq: {count} {method}",
            f"Contact: <sip:phone@{self._own}>",
            "Max-Forwards: 70",
            "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO",
        ]
        return _joined(lines, body, kind)

    def response(self, request: str, body: str = "") -> str:
        """200 OK to a request of the PBX."""
        copied = [
            line
            for line in request.partition("\r\n\r\n")[0].split("\r\n")[1:]
            if line.split(":")[0].lower() in ("via", "from", "to", "call-id", "cseq")
        ]
        return _joined(["SIP/2.0 200 OK", *copied, f"Contact: <sip:phone@{self._own}>"], body, "application/sdp")

    def learn(self, response: str) -> None:
        """Take the other side's tag and contact from an answer to the INVITE."""
        if tag := re.search(r";tag=([^;\s]+)", header(response, "To")):
            self._to_tag = tag[1]
        if contact := re.search(r"<([^>]+)>", header(response, "Contact")):
            self._target = contact[1]


def header(message: str, name: str) -> str:
    """The value of a header of a SIP message; empty when there is none."""
    found = re.search(rf"^{name}\s*:\s*(.*?)\s*$", message, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def media_address(message: str) -> Address | None:
    """Where a session description wants audio sent; None without one."""
    host = re.search(r"^c=IN IP4 (\S+)", message, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", message, re.MULTILINE)
    return (host[1], int(port[1])) if host and port else None


def _joined(lines: list[str], body: str, kind: str) -> str:
    described = [f"Content-Type: {kind}"] if body else []
    return "\r\n".join([*lines, *described, f"Content-Length: {len(body)}", "", body])


def _bound() -> socket.socket:
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind((LOOPBACK, 0))
    return own
