"""The calls: a private Asterisk, the installed daemon, a customer service with answers of every kind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import aiohttp

from ariroute.lab import audio
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.daemon import DaemonProcess
from ariroute.lab.ports import Ports

FIRST: Final = 46_701_000_000
"""The first caller's number; each call has the next."""
SETTLING: Final = 60.0
"""Seconds for the last calls to end."""
SLOW: Final = 0.4
"""Seconds that an answer takes that comes too late."""
KEYS: Final = ("s", "1", "2", "242", "299", "7", "*", "s")
"""What the other end of a call keys in, and the extension that does so; s keys in nothing."""
DIALPLAN: Final = """
[replay-in]
exten => replay,1,Set(ARIROUTE_TO=replay)
 same => n,Goto(ariroute,s,1)

[replay-phone]
; The caller's telephone. It keys in, waits, and hangs up.
exten => s,1,Wait(5)
exten => _[0-9*]!,1,Wait(0.4)
 same => n,SendDTMF(${EXTEN},200,80)
 same => n,Wait(3)

[replay-busy]
exten => s,1,Hangup(17)

[replay-desk]
exten => s,1,Answer()
 same => n,Wait(0.5)
"""
CALENDAR: Final = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//ariroute//replay//EN\r
BEGIN:VEVENT\r
UID:1@replay\r
DTSTART:{begins:%Y%m%dT%H%M%SZ}\r
DTEND:{ends:%Y%m%dT%H%M%SZ}\r
SUMMARY:closed meanwhile\r
END:VEVENT\r
END:VCALENDAR\r
"""


def customer(number: str) -> dict[str, Any] | int | None:
    """What is known of a caller: a record, a status, or None for an answer that comes too late."""
    place = int(number[-7:])
    match place % 20:
        case 0:
            return None
        case 1:
            return 500
        case 2 | 3:
            return 404
    return {
        "loyalty": (None, "silver", "gold", "platinum")[place % 4],
        "orders": place % 60,
        "blocked": place % 23 == 0,
        "region": ("north", "south", "west", "middle", "islands")[place % 5],
        "not_declared": "never kept",
    }


class _Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, what, name = self.path.split("/", 2)
        found = customer(name.removeprefix("%2B")) if what == "customers" else {"open": float(len(name) % 5)}
        if found is None:
            time.sleep(SLOW)
            found = 404
        status, body = (found, b"{}") if isinstance(found, int) else (200, json.dumps(found).encode())
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A daemon that stops drops its connections: no news."""


@contextlib.contextmanager
def _customers() -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever, name="customers", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def play(folder: Path, calls: int, rate: float, numbers: str, release: str) -> tuple[Path, int]:
    """Place so many calls; the flow file beside which the journal lies, and how many were placed."""
    pbx_folder = folder / "pbx"
    quiet = {"cel.conf": "[general]\nenable = no\n"}
    with contextlib.ExitStack() as stack:
        crm = stack.enter_context(_customers())
        (admin,) = stack.enter_context(Ports(1))
        pbx = stack.enter_context(
            PrivateAsterisk(pbx_folder, release=release, extra_dialplan=DIALPLAN, extra_config=quiet)
        )
        audio.write_tone(pbx.sounds / "custom/short.wav", 500, 0.1)
        template = Path(__file__).with_name("flow.yaml").read_text(encoding="utf-8")
        file = folder / "ariroute.yaml"
        values = {"ari": pbx.ari_url, "user": pbx.ari_user, "crm": crm, "admin": admin, "numbers": numbers}
        file.write_text(template.format(**values), encoding="utf-8")
        middle = datetime.now(UTC) + timedelta(seconds=10 + calls / rate / 2)
        quarter = timedelta(seconds=calls / rate / 8)
        closed = CALENDAR.format(begins=middle - quarter, ends=middle + quarter)
        (folder / "office.ics").write_text(closed, encoding="utf-8", newline="")
        daemon = DaemonProcess(file, admin, environ={"ARI_SECRET": pbx.ari_password})
        stack.callback(daemon.close)
        daemon.start()
        asyncio.run(_place(pbx, calls, rate))
        daemon.stop()
    return file, calls


async def _place(pbx: PrivateAsterisk, calls: int, rate: float) -> None:
    """Place the calls at this rate, and return when all have ended."""
    login = aiohttp.BasicAuth(pbx.ari_user, pbx.ari_password)
    async with aiohttp.ClientSession(auth=login, connector=aiohttp.TCPConnector(limit=50)) as http:
        begin, under_way = time.monotonic(), set[asyncio.Task[None]]()
        for number in range(calls):
            await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
            task = asyncio.create_task(_originate(http, pbx, number))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)
        async with asyncio.timeout(SETTLING):
            while await _channels(http, pbx):  # noqa: ASYNC110  # another process ends them
                await asyncio.sleep(0.2)


async def _originate(http: aiohttp.ClientSession, pbx: PrivateAsterisk, number: int) -> None:
    query = {
        "endpoint": "Local/replay@replay-in/n",
        "context": "replay-phone",
        "extension": KEYS[number % len(KEYS)],
        "priority": "1",
        "callerId": f'"Caller {number}" <+{FIRST + number}>',
        "timeout": "20",
        "formats": "ulaw",
    }
    async with http.post(f"{pbx.ari_url}/ari/channels", params=query) as response:
        if response.status != 200:
            raise OSError(f"Asterisk does not place call {number}: {response.status} {await response.text()}")


async def _channels(http: aiohttp.ClientSession, pbx: PrivateAsterisk) -> int:
    async with http.get(f"{pbx.ari_url}/ari/channels") as response:
        return len(await response.json())
