"""A small customer service, standing in for a CRM: a real HTTP server over a CSV of customers.

    python3 -m ariroute.lab.customers customers.csv --delay 20ms

prints its address and answers `GET /customers/{phone}` with 200 and the customer, or 404. Written on a bare protocol,
since it shares two cores with whatever is being measured.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import re
import signal
import sys
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ariroute.lab.debian import LabError
from ariroute.lab.loopback import LoopbackServer

_COLUMNS = {
    "phone": str,
    "name": str,
    "loyalty": str,
    "orders": int,
    "lifetime_value": float,
    "plan": str,
    "account_manager": str,
}
_LONGEST_HEAD = 16 * 1024
_DELAY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s)")
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
}


class CustomerFileError(LabError):
    """The CSV of customers cannot be used; the text says which line and why."""


def read_customers(path: Path) -> dict[str, dict[str, Any]]:
    """Read customers by phone number (E.164). An empty cell is null.

    Raises CustomerFileError with `file:line` for a missing column, a number that is none, or a phone given twice.
    """
    customers: dict[str, dict[str, Any]] = {}
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise CustomerFileError(f"{path}:1: no column {', '.join(missing)}; the columns are {','.join(_COLUMNS)}")
        for row in reader:
            try:
                customer = {column: kind(row[column]) if row[column] else None for column, kind in _COLUMNS.items()}
            except (TypeError, ValueError) as error:
                raise CustomerFileError(f"{path}:{reader.line_num}: {error}") from None
            phone = customer["phone"]
            if not phone or phone in customers:
                raise CustomerFileError(f"{path}:{reader.line_num}: phone {phone!r} is empty or given twice")
            customers[phone] = customer
    return customers


class CustomerService(LoopbackServer):
    """Customers over HTTP on 127.0.0.1; `delay` seconds pass before each answer, however many are asked at once."""

    def __init__(self, customers: Path | Mapping[str, Mapping[str, Any]], *, delay: float = 0.0, port: int = 0) -> None:
        super().__init__(port)
        known = read_customers(customers) if isinstance(customers, Path) else customers
        self.delay = delay
        self.requests = 0
        self._answers = {phone: _answer(200, customer) for phone, customer in known.items()}

    async def listen(self, port: int) -> asyncio.Server:
        """Open the listening socket."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Connection(self), "127.0.0.1", port, backlog=1024)

    def answer(self, method: bytes, target: bytes) -> bytes:
        """The whole response to one request."""
        self.requests += 1
        if method != b"GET":
            return _answer(405, {"error": "only GET"})
        path = target.partition(b"?")[0].decode("latin-1")
        if path == "/requests":
            return _answer(200, {"requests": self.requests})
        phone = urllib.parse.unquote(path.removeprefix("/customers/")) if path.startswith("/customers/") else ""
        return self._answers.get(phone) or _answer(404, {"error": "no such customer"})


class _Connection(asyncio.Protocol):
    """One keep-alive connection; answers leave in the order of the requests."""

    def __init__(self, service: CustomerService) -> None:
        self._service = service
        self._buffer = b""
        self._transport: asyncio.Transport
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._service.transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._service.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._closing:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                break
            self._buffer = rest
            self._request(head)
        if len(self._buffer) > _LONGEST_HEAD and not self._closing:
            self._reply(_answer(431, {"error": "request head too long"}), close=True)

    def _request(self, head: bytes) -> None:
        line, _, headers = head.partition(b"\r\n")
        words = line.split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return self._reply(_answer(400, {"error": "not a request line"}), close=True)
        named = headers.lower()
        # A body would be read as the next request, so whoever sends one is answered once.
        close = words[2] == b"HTTP/1.0" or b"connection: close" in named or _has_body(named)
        return self._reply(self._service.answer(words[0], words[1]), close=close)

    def _reply(self, answer: bytes, *, close: bool) -> None:
        self._closing = close
        if delay := self._service.delay:
            asyncio.get_running_loop().call_later(delay, self._write, answer, close)
        else:
            self._write(answer, close)

    def _write(self, answer: bytes, close: bool) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)
            if close:
                self._transport.close()


def _has_body(headers: bytes) -> bool:
    return b"transfer-encoding:" in headers or (b"content-length:" in headers and b"content-length: 0" not in headers)


def _answer(status: int, body: Mapping[str, Any]) -> bytes:
    text = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


def parse_delay(text: str) -> float:
    """Seconds of `20ms`, `1.5s` or `0`. Raises ValueError for anything else."""
    if text == "0":
        return 0.0
    match = _DELAY.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no delay: write it with its unit, as 20ms or 1s")
    return float(match["number"]) / (1000 if match["unit"] == "ms" else 1)


def _delay_argument(text: str) -> float:
    try:
        return parse_delay(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main(arguments: list[str] | None = None) -> int:
    """Serve from the command line until SIGINT or SIGTERM; the first line printed is the address."""
    parser = argparse.ArgumentParser(prog="python3 -m ariroute.lab.customers", description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="CSV with the columns " + ",".join(_COLUMNS))
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay", type=_delay_argument, default=0.0, help="time before each answer, as 20ms")
    options = parser.parse_args(arguments)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)  # the thread is to inherit the mask
    try:
        with CustomerService(options.file, delay=options.delay, port=options.port) as service:
            print(service.url, flush=True)
            signal.sigwait(_ENDINGS)
    except (CustomerFileError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return 0


_ENDINGS = {signal.SIGINT, signal.SIGTERM}

if __name__ == "__main__":
    sys.exit(main())
