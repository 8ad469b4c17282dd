"""Calls through our dialplan on a real Asterisk, with a Stasis application that does only what the test does."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.records import CelEvent, CelRow, QueueEvent, QueueRow, parse_cel_row, parse_queue_row

SLACK = 1.0  # of a busy machine, for what takes milliseconds


class Stage:
    """Calls placed by ARI, and a Stasis application of this test's own that does nothing by itself."""

    def __init__(self, pbx: PrivateAsterisk, http: aiohttp.ClientSession) -> None:
        self.pbx = pbx
        self.http = http
        self.app = f"app-{uuid.uuid4().hex[:8]}"
        self.entered: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._numbers = itertools.count(1)
        self._phones: list[str] = []

    async def ari(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:
        """Make one request of ARI and return status and answer."""
        async with self.http.request(method, f"{self.pbx.ari_url}/ari/{path}", **arguments) as response:
            text = await response.text()
            return response.status, await response.json() if text else None

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            event = message.json()
            if event["type"] == "StasisStart":
                self.entered.put_nowait(event)

    async def call(
        self, dialled: str = "5551234", variables: Mapping[str, str] | None = None, context: str = "ariroute-demo"
    ) -> str:
        """Place a call and return its Uniqueid."""
        caller = f"caller-{self.app}-{next(self._numbers)}"
        inherited = {f"__{name}": value for name, value in {"ARIROUTE_APP": self.app, **(variables or {})}.items()}
        query = {
            "endpoint": f"Local/{dialled}@{context}/n",
            "context": "test-phone",
            "extension": "s",
            "priority": "1",
            "channelId": f"phone-{caller}",
            "otherChannelId": caller,
            "formats": "ulaw",
        }
        status, answer = await self.ari("POST", "channels", params=query, json={"variables": inherited})
        assert status == 200, answer
        self._phones.append(f"phone-{caller}")
        return caller

    async def decide(self, caller: str, **variables: str) -> None:
        """Do as the daemon does: the variables in order, then continue."""
        for name, value in variables.items():
            status, _ = await self.ari("POST", f"channels/{caller}/variable", params={"variable": name, "value": value})
            assert status == 204
        status, _ = await self.ari("POST", f"channels/{caller}/continue")
        assert status == 204

    async def next_start(self) -> dict[str, Any]:
        """The next StasisStart."""
        return await asyncio.wait_for(self.entered.get(), 5)

    def rows(self, caller: str) -> list[QueueRow]:
        """What queue_log says of one call."""
        whole, _, _ = self.pbx.queue_log.read_text(encoding="utf-8").rpartition("\n")
        return [row for row in map(parse_queue_row, whole.splitlines()) if row.uniqueid == caller]

    def queues(self, caller: str) -> list[str]:
        """The queues that the call entered, in order."""
        return [row.queue for row in self.rows(caller) if row.event is QueueEvent.ENTERQUEUE]

    async def in_queue(self, caller: str, within: float) -> list[str]:
        """Wait until the call is in a queue and return all that it entered."""
        await until(lambda: bool(self.queues(caller)), within, f"{caller} in a queue")
        return self.queues(caller)

    async def waiting(self, caller: str) -> dict[str, str]:
        """Variables of a call that waits in a queue; the call must be there."""
        values = {}
        for name in ("QUEUE_PRIO", "ARIROUTE_QUEUE", "QUEUESTATUS"):
            status, answer = await self.ari("GET", f"channels/{caller}/variable", params={"variable": name})
            values[name] = answer["value"] if status == 200 else ""
        return values

    async def is_up(self, caller: str) -> bool:
        status, _ = await self.ari("GET", f"channels/{caller}")
        return status == 200

    async def hangup_cause(self, caller: str) -> object:
        """The Q.850 cause with which the call ended, from the channel event log."""

        def ends() -> list[CelRow]:
            whole, _, _ = self.pbx.cel_log.read_text(encoding="utf-8").rpartition("\n")
            rows = map(parse_cel_row, whole.splitlines())
            return [row for row in rows if row.uniqueid == caller and row.event is CelEvent.HANGUP]

        await until(lambda: bool(ends()), SLACK, f"{caller} in the channel event log as hung up")
        return ends()[0].extra["hangupcause"]

    async def gone(self, caller: str, within: float = 5) -> None:
        """Wait until the call has ended."""
        deadline = time.monotonic() + within
        while await self.is_up(caller):
            assert time.monotonic() < deadline, f"{caller} is still there after {within} s"
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        for phone in self._phones:
            await self.ari("DELETE", f"channels/{phone}")
        for phone in self._phones:
            await self.gone(phone.removeprefix("phone-"))


async def until(condition: Callable[[], bool], within: float, what: str) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {within} s"
        await asyncio.sleep(0.02)
