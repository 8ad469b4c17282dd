"""SIP callers that put any bytes on the wire: what SIPp and a telephone would never send."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
BRANCH = re.compile(rb"branch=z9hG4bK-raw-(\d+)")
SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=inactive\r\n"
)


@dataclass(frozen=True, slots=True)
class Invite:
    """What one INVITE says, each part as it goes over the wire. ``headers`` are whole lines."""

    user: bytes = b"support"
    from_header: bytes = b"<sip:+46700000000@127.0.0.1>"
    to: bytes = b"<sip:support@127.0.0.1>"
    headers: Sequence[bytes] = ()


@dataclass(slots=True)
class Placed:
    """One INVITE that was sent, and the statuses of its answers."""

    invite: Invite
    statuses: list[int] = field(default_factory=list)

    @property
    def final(self) -> int | None:
        """The status that ended the transaction; None while there is none."""
        return next((status for status in self.statuses if status >= 200), None)


class RawCallers:
    """Calls one SIP address from one socket, acknowledges what is answered, and says 200 to whatever it is asked."""

    def __init__(self, port: int) -> None:
        self.placed: list[Placed] = []
        self._server = (LOOPBACK, port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, 0))
        self._port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, name="raw callers", daemon=True)
        self._thread.start()

    def place(self, invite: Invite) -> Placed:
        """Send it once."""
        placed = Placed(invite)
        self.placed.append(placed)
        self._socket.sendto(self._request(b"INVITE", len(self.placed) - 1, b"", SDP), self._server)
        return placed

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.sendto(b"", (LOOPBACK, self._port))
        self._thread.join(5)
        self._socket.close()

    def _request(self, method: bytes, number: int, to_tag: bytes, body: bytes = b"") -> bytes:
        invite = self.placed[number].invite
        target = b"sip:" + invite.user + b"@127.0.0.1:%d" % self._server[1]
        branch = b"z9hG4bK-raw-%d" % number + (b"-ack" if method == b"ACK" and to_tag else b"")
        lines = [
            method + b" " + target + b" SIP/2.0",
            b"Via: SIP/2.0/UDP 127.0.0.1:%d;branch=%b" % (self._port, branch),
            b"Max-Forwards: 70",
            b"From: " + invite.from_header + b";tag=raw-%d" % number,
            b"To: " + invite.to + to_tag,
            b"Call-ID: raw-%d-%d" % (self._port, number),
            b"CSeq: 1 " + method,
            b"Contact: <sip:raw@127.0.0.1:%d>" % self._port,
            *(invite.headers if method == b"INVITE" else ()),
            *([b"Content-Type: application/sdp"] if body else []),
            b"Content-Length: %d" % len(body),
        ]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def _listen(self) -> None:
        while message := self._socket.recv(65536):
            if message.startswith(b"SIP/2.0 "):
                self._take(message)
            elif not message.startswith(b"ACK"):
                lines = message.split(b"\r\n\r\n")[0].split(b"\r\n")
                kept = [line for line in lines if re.match(rb"(Via|From|To|Call-ID|CSeq):", line)]
                answer = b"\r\n".join([b"SIP/2.0 200 OK", *kept, b"Content-Length: 0", b"", b""])
                self._socket.sendto(answer, self._server)

    def _take(self, answer: bytes) -> None:
        found = BRANCH.search(answer)
        if found is None or b"INVITE" not in answer:
            return
        number, status = int(found[1]), int(answer[8:11])
        self.placed[number].statuses.append(status)
        if status >= 200:
            tag = re.search(rb"\r\nTo:[^\r]*?(;tag=[^;\s]+)\r\n", answer)
            self._socket.sendto(self._request(b"ACK", number, tag[1] if tag else b""), self._server)
