"""The telephone, against an exchange of a few lines."""

from __future__ import annotations

import math
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ariroute.lab import audio
from ariroute.lab.phone import CallState, Phone, header, media_address
from ariroute.lab.sipp import SipError

ENCODE = {sample: byte for byte, sample in enumerate(audio.from_mulaw(bytes(range(256))))}


class Exchange:
    """Answers one caller in the way that a test sets, and keeps all that it hears."""

    def __init__(self) -> None:
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for each in (self.sip, self.rtp):
            each.bind(("127.0.0.1", 0))
            each.settimeout(0.05)
        self.address: tuple[str, int] = self.sip.getsockname()
        self.requests: list[str] = []
        """Each once: on a slow machine the telephone may send one again."""
        self.lost: list[str] = []
        self.events: list[tuple[int, int, int, bool]] = []
        """Key, volume with the end bit, duration, marker."""
        self.answers = ["183 Session Progress", "200 OK"]
        self.deaf = 0
        """How many requests are lost."""
        self._caller: tuple[str, int] = ("", 0)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._serve, self._listen)]

    def __enter__(self) -> Exchange:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.sip.close()
        self.rtp.close()

    def methods(self) -> list[str]:
        return [request.split()[0] for request in self.requests]

    def send(self, text: str) -> None:
        self.sip.sendto(text.encode(), self._caller)

    def hang_up(self) -> None:
        (invite,) = [request for request in self.requests if request.startswith("INVITE")]
        self.send(
            "BYE sip:phone@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKbye\r\nFrom: <sip:b>;tag=b\r\n"
            f"To: {header(invite, 'From')}\r\nCall-ID: {header(invite, 'Call-ID')}\r\nCSeq: 7 BYE\r\n\r\n"
        )

    def play(self, caller: Phone, hertz: float, packets: int = 10) -> None:
        offer = next(request for request in self.requests if request.startswith("INVITE"))
        address = media_address(offer)
        assert address is not None
        path = [round(8000 * _sine(hertz, place)) for place in range(packets * audio.FRAME)]
        levels = sorted(ENCODE)
        payload = bytes(ENCODE[min(levels, key=lambda level: abs(level - sample))] for sample in path)
        for number in range(packets):
            head = struct.pack("!BBHII", 0x80, 0, number, number * audio.FRAME, 1)
            self.rtp.sendto(head + payload[number * audio.FRAME : (number + 1) * audio.FRAME], address)

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                data, self._caller = self.sip.recvfrom(65536)
            except TimeoutError:
                continue
            text = data.decode()
            if self.deaf:
                self.deaf -= 1
                self.lost.append(text)
                continue
            if text not in self.requests:
                self.requests.append(text)
            if text.startswith("INVITE"):
                for answer in self.answers:
                    self._reply(text, answer)
            elif not text.startswith(("ACK", "SIP")):
                self._reply(text, "200 OK")
                if text.startswith("CANCEL"):
                    invite = next(each for each in self.requests if each.startswith("INVITE"))
                    self._reply(invite, "487 Request Terminated")

    def _reply(self, request: str, status: str) -> None:
        kept = re.findall(r"^(?:Via|From|Call-ID|CSeq): .*$", request, re.MULTILINE)
        host, port = self.rtp.getsockname()
        body = f"v=0\r\nc=IN IP4 {host}\r\nm=audio {port} RTP/AVP 0 101\r\n" if status[0] in "12" else ""
        lines = [
            f"SIP/2.0 {status}",
            *(line.strip() for line in kept),
            f"To: {header(request, 'To').split(';')[0]};tag=pbx",
            f"Contact: <sip:pbx@127.0.0.1:{self.address[1]}>",
            f"Content-Length: {len(body)}",
        ]
        self.send("\r\n".join([*lines, "", body]))

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                packet = self.rtp.recv(2048)
            except TimeoutError:
                continue
            if packet[1] & 0x7F == 101:
                self.events.append((*struct.unpack("!BBH", packet[12:16]), bool(packet[1] & 0x80)))


def _sine(hertz: float, place: int) -> float:
    return math.sin(2 * math.pi * hertz * place / audio.RATE)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange() as exchange:
        yield exchange


@pytest.fixture
def phone(exchange: Exchange) -> Iterator[Phone]:
    with Phone(exchange.address, "+46701234567", 'Ann "A"') as phone:
        yield phone


def test_a_call_is_answered_acknowledged_and_hung_up(exchange: Exchange, phone: Phone) -> None:
    phone.call("support")
    phone.wait_for(CallState.ANSWERED)
    assert phone.code == 200
    phone.close()
    phone.close()
    assert exchange.methods() == ["INVITE", "ACK", "BYE"]
    invite, ack, bye = exchange.requests
    assert invite.startswith(f"INVITE sip:support@127.0.0.1:{exchange.address[1]} SIP/2.0")
    assert header(invite, "From").startswith('"Ann \\"A\\"" <sip:+46701234567@127.0.0.1>;tag=')
    assert ack.startswith(f"ACK sip:pbx@127.0.0.1:{exchange.address[1]} ")
    assert header(bye, "To").endswith(";tag=pbx")
    assert header(bye, "CSeq") == "2 BYE"


def test_it_hears_before_the_answer(exchange: Exchange, phone: Phone) -> None:
    exchange.answers = ["100 Trying", "183 Session Progress"]
    phone.call()
    phone.wait_for(CallState.PROGRESS)
    exchange.play(phone, 700.0)
    phone.wait_to_hear(700)
    until(lambda: len(phone.heard) == 10)
    assert phone.answered_at is None
    assert phone.tones([400, 700, 1000]) == [700]
    assert phone.loud() == pytest.approx(0.2, abs=0.05)
    assert phone.loud(since=time.monotonic()) == 0


def test_keys_are_sent_as_rfc_4733_has_them(exchange: Exchange, phone: Phone) -> None:
    phone.call()
    phone.wait_for(CallState.ANSWERED)
    phone.press("1#")
    until(lambda: len(exchange.events) == 16)
    held = [(0x0A, 160 * count) for count in range(1, 6)] + [(0x8A, 800)] * 3
    assert [event[1:3] for event in exchange.events] == held * 2
    assert [event[0] for event in exchange.events] == [1] * 8 + [11] * 8
    assert [place for place, event in enumerate(exchange.events) if event[3]] == [0, 8]


def test_keys_are_sent_by_info(exchange: Exchange, phone: Phone) -> None:
    phone.call()
    phone.wait_for(CallState.ANSWERED)
    phone.press("4*", by="info")
    first, second = (request for request in exchange.requests if request.startswith("INFO"))
    assert header(first, "Content-Type") == "application/dtmf-relay"
    assert first.endswith("Signal=4\r\nDuration=100\r\n")
    assert second.endswith("Signal=*\r\nDuration=100\r\n")
    assert (header(first, "CSeq"), header(second, "CSeq")) == ("2 INFO", "3 INFO")


def test_what_is_lost_is_sent_again(exchange: Exchange, phone: Phone) -> None:
    exchange.deaf = 1
    phone.call()
    phone.wait_for(CallState.ANSWERED)
    assert exchange.lost[0].startswith("INVITE")
    assert exchange.requests[:1] == exchange.lost


def test_a_call_that_is_not_answered_is_cancelled(exchange: Exchange, phone: Phone) -> None:
    exchange.answers = ["180 Ringing"]
    phone.call()
    phone.wait_for(CallState.PROGRESS)
    phone.hang_up()
    until(lambda: "ACK" in exchange.methods())
    invite, cancel, ack = exchange.requests
    assert header(cancel, "Via") == header(invite, "Via") == header(ack, "Via")
    assert phone.state is CallState.ENDED
    assert phone.code == 487


def test_a_refusal_ends_it(exchange: Exchange, phone: Phone) -> None:
    exchange.answers = ["486 Busy Here"]
    phone.call()
    phone.wait_for(CallState.ENDED)
    until(lambda: "ACK" in exchange.methods())
    assert (phone.code, phone.ended_by_pbx) == (486, False)


def test_the_exchange_may_hang_up(exchange: Exchange, phone: Phone) -> None:
    phone.call()
    phone.wait_for(CallState.ANSWERED)
    until(lambda: "ACK" in exchange.methods())
    exchange.hang_up()
    phone.wait_for(CallState.ENDED)
    assert phone.ended_by_pbx
    until(lambda: exchange.requests[-1].startswith("SIP/2.0 200 OK"))
    assert header(exchange.requests[-1], "CSeq") == "7 BYE"


def test_what_it_cannot_do_is_told(phone: Phone) -> None:
    with pytest.raises(SipError, match="no phone has these keys: x"):
        phone.press("1x")
    phone.call()
    with pytest.raises(SipError, match="has called already"):
        phone.call()
    with pytest.raises(TimeoutError, match=r"waited 0\.05 s for 400 Hz to be heard"):
        phone.wait_to_hear(400, timeout=0.05)


def test_what_stands_in_a_message() -> None:
    message = (
        "SIP/2.0 200 OK\r\nTo : <sip:a>;tag=1 \r\ncall-id: x\r\n\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n"
    )
    assert (header(message, "To"), header(message, "Call-ID"), header(message, "Via")) == ("<sip:a>;tag=1", "x", "")
    assert media_address(message) == ("192.0.2.1", 4000)
    assert media_address("SIP/2.0 180 Ringing\r\n\r\n") is None
