"""The customer service of the bench: HTTP/1.1 with keep-alive on a bare epoll loop.

    python -m scripts.benchmark.service

prints its address, then reads one delay in ms per line and acknowledges it; it ends with its standard input. The
lab's own service does the same on asyncio and takes 0.6 ms of CPU where a lookup brings a new connection; what is
measured here must not wait for that. Delays are kept to the millisecond, by which epoll counts: an answer may be up to
1 ms late.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from collections import deque
from typing import Final

_END: Final = b"\r\n\r\n"
_MISSING: Final = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Service:
    """One thread, one loop. `answers` are whole responses by request target."""

    def __init__(self, answers: dict[bytes, bytes], control: int) -> None:
        self.delay = 0.0
        self._answers = answers
        self._control = control
        self._poll = select.epoll()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self._connections: dict[int, socket.socket] = {}
        self._waiting: deque[tuple[float, socket.socket, bytes]] = deque()
        self._poll.register(self._listener, select.EPOLLIN)
        self._poll.register(control, select.EPOLLIN)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def run_until_control(self) -> None:
        """Serve until there is something to read on `control`."""
        while True:
            asked = False
            for descriptor, _ in self._poll.poll(self._timeout()):
                if descriptor == self._listener.fileno():
                    self._accept()
                elif descriptor == self._control:
                    asked = True
                else:
                    self._read(descriptor)
            self._send_due()
            if asked:
                return

    def _timeout(self) -> float:
        return max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else -1

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[connection.fileno()] = connection
        self._poll.register(connection, select.EPOLLIN)

    def _read(self, descriptor: int) -> None:
        connection = self._connections[descriptor]
        try:
            request = connection.recv(8192)
        except OSError:
            request = b""
        if not request.endswith(_END):  # the end, or no client of the bench
            del self._connections[descriptor]
            connection.close()
            return
        for head in request[:-4].split(_END):
            answer = self._answers.get(head.split(b" ", 2)[1], _MISSING)
            if self.delay:
                self._waiting.append((time.monotonic() + self.delay, connection, answer))
            else:
                _send(connection, answer)

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, connection, answer = self._waiting.popleft()
            _send(connection, answer)


def _send(connection: socket.socket, answer: bytes) -> None:
    try:
        connection.send(answer)
    except OSError:
        return  # the client has gone; the loop will read its end


def response(body: object) -> bytes:
    """A whole answer 200 with `body` as JSON."""
    text = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)


def main() -> None:
    """Serve the customers until standard input ends."""
    from scripts.benchmark.customers import COUNT, callers, customer

    answers = {}
    for number in callers(0, COUNT):
        text = response(customer(number))
        # Clients differ in whether they escape the plus sign.
        answers[f"/customers/{number}".encode()] = answers[f"/customers/%2B{number[1:]}".encode()] = text
    service = Service(answers, sys.stdin.fileno())
    _say(service.url)
    while True:
        service.run_until_control()
        line = os.read(sys.stdin.fileno(), 64)
        if not line:
            return
        service.delay = int(line) / 1000
        _say("set")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
