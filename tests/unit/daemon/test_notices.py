"""Notices leave after the hand-off; a receiver that hangs or is gone holds neither a call nor the daemon's end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from fake_ari import FakePbx

from ariroute.daemon.app import Daemon
from ariroute.lookups import notify

from .conftest import Crm
from .test_calls import place

NOTICE = """
notify:
  ticket:
    url: "{url}/tickets"
    tries: 1
    json: {{phone: "{{caller.e164}}", loyalty: "{{crm.loyalty}}", queue: "{{decision.queue}}", by: "{{decision.flow}}",
           call: "{{contact.id}}", orders: "{{crm.orders|number}}", note: "{{vars.segment}}"}}
"""


class Desk:
    """A receiver of notices, which answers when it is let."""

    def __init__(self) -> None:
        self.tickets: list[dict[str, Any]] = []
        self.url = ""
        self.open = asyncio.Event()
        self.open.set()

    async def take(self, request: web.Request) -> web.Response:
        self.tickets.append(json.loads(await request.read()))
        await self.open.wait()
        return web.Response(status=201)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    service = Desk()
    app = web.Application()
    app.router.add_post("/tickets", service.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield service
    service.open.set()
    await runner.cleanup()


@asynccontextmanager
async def telling(fake: FakePbx, flow_file: Callable[..., Path], url: str) -> AsyncIterator[Daemon]:
    path = flow_file()
    text = path.read_text().replace("- lookup: crm\n", "- notify: ticket\n      - lookup: crm\n")
    path.write_text(text + NOTICE.format(url=url))
    daemon = Daemon(path)
    await daemon.start()
    await fake.until(lambda: daemon.is_ready)
    try:
        yield daemon
    finally:
        await daemon.stop()


def ends(daemon: Daemon) -> dict[tuple[str, str], float]:
    """How many notices ended in which way."""
    return {
        (labels["result"], labels["failure"]): value
        for name, labels, value in daemon.metrics.samples()
        if name == "ariroute_notices_total"
    }


async def test_a_notice_says_what_was_known_and_decided(
    fake: FakePbx, crm: Crm, desk: Desk, flow_file: Callable[..., Path]
) -> None:
    async with telling(fake, flow_file, desk.url) as daemon:
        channel = place(fake, "+46701000002")
        await fake.until(lambda: ends(daemon) == {("sent", ""): 1.0})
    assert channel.continued
    assert desk.tickets == [
        {
            "phone": "+46701000002",
            "loyalty": "gold",
            "queue": "gold",
            "by": "support",
            "call": channel.id,
            "orders": 3,
            "note": None,
        }
    ]


async def test_a_receiver_that_hangs_holds_no_call_and_the_daemon_ends_all_the_same(
    fake: FakePbx, crm: Crm, desk: Desk, flow_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "CLOSING_TIME", 0.1)
    desk.open.clear()
    async with telling(fake, flow_file, desk.url) as daemon:
        channels = [place(fake, "+46701000002") for _ in range(8)]
        await fake.until(lambda: all(channel.continued for channel in channels))
        await fake.until(lambda: len(desk.tickets) == 4)  # so many at once
        assert ends(daemon) == {}
        begun = time.monotonic()
        await daemon.stop()
        assert time.monotonic() - begun < 5.0
        assert ends(daemon) == {("dropped", ""): 8.0}


async def test_a_receiver_that_is_gone_costs_the_notice_and_no_call(
    fake: FakePbx, crm: Crm, flow_file: Callable[..., Path]
) -> None:
    async with telling(fake, flow_file, "http://127.0.0.1:9") as daemon:
        channel = place(fake, "+46701000002")
        await fake.until(lambda: channel.continued)
        await fake.until(lambda: ends(daemon) == {("failed", "refused"): 1.0})
        assert channel.variables["ARIROUTE_QUEUE"] == "gold"


async def test_a_caller_who_hung_up_first_is_nothing_to_tell_of(
    fake: FakePbx, crm: Crm, desk: Desk, flow_file: Callable[..., Path]
) -> None:
    crm.hold = True
    async with telling(fake, flow_file, desk.url) as daemon:
        channel = place(fake, "+46701000002")
        await fake.until(lambda: crm.asked)
        fake.hang_up(channel.id)
        await fake.until(lambda: ("ariroute_calls_ended_total", "hung up") in how(daemon))
    assert desk.tickets == []


def how(daemon: Daemon) -> set[tuple[str, str]]:
    return {(name, labels.get("how", "")) for name, labels, value in daemon.metrics.samples() if value}
