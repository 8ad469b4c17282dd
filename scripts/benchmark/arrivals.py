"""Who came into which queue, when: the outside view, from Asterisk's manager interface."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ariroute.lab.debian import LabError

CHANNEL_VARIABLES: Final = "T0,QUEUE_PRIO"
_NOISY: Final = (
    *("VarSet", "Newexten", "Newchannel", "Newstate", "NewCallerid", "NewConnectedLine", "NewAccountCode", "Hangup"),
    *("HangupRequest", "SoftHangupRequest", "DeviceStateChange", "ExtensionStatus", "PresenceStateChange", "Cdr"),
    *("DialBegin", "DialEnd", "LocalBridge", "RTCPSent", "RTCPReceived", "MusicOnHoldStart", "MusicOnHoldStop"),
    *("AGIExecStart", "AGIExecEnd", "AsyncAGIStart", "AsyncAGIExec", "AsyncAGIEnd", "QueueCallerLeave"),
    *("QueueCallerAbandon", "ChallengeSent", "SuccessfulAuth"),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One caller joining one queue. Times in seconds since 1970, both by Asterisk's clock."""

    number: str
    queue: str
    priority: int
    entered: float
    joined: float


def manager_conf(sample: str, secret: str) -> str:
    """manager.conf with a user `bench` who hears of queues, with time stamps and without the events nobody reads."""
    general = f"timestampevents = yes\nchannelvars = {CHANNEL_VARIABLES}\ndisabledevents = {','.join(_NOISY)}\n"
    user = f"\n[bench]\nsecret = {secret}\nread = agent\nwrite = agent\nwritetimeout = 5000\n"
    return sample.replace("[general]\n", f"[general]\n{general}", 1) + user


def parse(stream: str) -> Iterator[Arrival]:
    """The arrivals in what the manager interface has sent; other events are passed over."""
    for event in stream.split("\r\n\r\n"):
        lines = event.split("\r\n")
        if "Event: QueueCallerJoin" in lines:
            yield _arrival(lines)


def _arrival(lines: list[str]) -> Arrival:
    pairs = [line.partition(": ")[::2] for line in lines]
    fields = dict(pairs)
    # All channel variables come under one name: ChanVariable: T0=...
    variables = dict(value.partition("=")[::2] for name, value in pairs if name.startswith("ChanVariable"))
    return Arrival(
        number=fields["CallerIDNum"],
        queue=fields["Queue"],
        priority=int(variables.get("QUEUE_PRIO") or 0),
        entered=float(variables.get("T0") or "nan"),
        joined=float(fields["Timestamp"]),
    )


class Observer:
    """Collects what the manager interface sends, in a thread, and reads it only when asked: it must cost nothing."""

    def __init__(self, port: int, secret: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.sendall(
            f"Action: Login\r\nUsername: bench\r\nSecret: {secret}\r\nEvents: on\r\n\r\n".encode("ascii")
        )
        self._chunks: list[bytes] = []
        greeting = self._read_greeting()
        if "Response: Success" not in greeting:
            raise LabError(f"the manager interface refused the observer: {greeting.strip()[-200:]}")
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._collect, name="observer", daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Forget what came so far."""
        self._chunks.clear()

    def arrivals(self, expected: int, patience: float) -> list[Arrival]:
        """All arrivals since `start()`, as soon as there are `expected` of them, else after `patience` seconds."""
        self._wait(lambda: self._count() >= expected, patience)
        return list(parse(b"".join(self._chunks).decode("utf-8", "replace")))

    def close(self) -> None:
        """Leave."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def _count(self) -> int:
        return b"".join(self._chunks).count(b"Event: QueueCallerJoin\r\n")

    @staticmethod
    def _wait(is_there: Callable[[], bool], patience: float) -> None:
        deadline = time.monotonic() + patience
        while not is_there() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _read_greeting(self) -> str:
        text = b""
        while b"\r\n\r\n" not in text and (chunk := self._socket.recv(4096)):
            text += chunk
        return text.decode("utf-8", "replace")

    def _collect(self) -> None:
        while chunk := self._socket.recv(1 << 16):
            self._chunks.append(chunk)
