"""A daemon over a fake PBX and a small customer service, all in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from daemon_files import write_flow
from fake_ari import FakePbx

from ariroute.daemon.app import Daemon

LOYALTY = {"+46701000001": "platinum", "+46701000002": "gold"}

Running = Callable[..., AbstractAsyncContextManager[Daemon]]


@pytest.fixture
async def fake() -> AsyncIterator[FakePbx]:
    async with FakePbx() as pbx:
        yield pbx


class Crm:
    """Customers by number; with ``hold`` no answer comes, with ``status`` another one."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.url = ""
        self.hold = False

    async def customer(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        self.asked.append(number)
        if self.hold:
            await asyncio.Event().wait()
        if self.status != 200:
            return web.Response(status=self.status)
        if number not in LOYALTY:
            return web.json_response({"error": "no such customer"}, status=404)
        return web.json_response({"loyalty": LOYALTY[number], "orders": 3})


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    service = Crm()
    app = web.Application()
    app.router.add_get("/customers/{number}", service.customer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield service
    await runner.cleanup()


@pytest.fixture
def flow_file(tmp_path: Path, fake: FakePbx, crm: Crm) -> Callable[..., Path]:
    """Writes the flow file of the daemon under test; what is given replaces the usual."""

    def write(**changes: Any) -> Path:
        usual = {"ari": fake.url, "password": fake.password, "crm": crm.url}
        return write_flow(tmp_path / "ariroute.yaml", **(usual | changes))

    return write


@pytest.fixture
def running(fake: FakePbx, flow_file: Callable[..., Path]) -> Running:
    """``async with running(timeout="200ms") as daemon``: started and connected."""

    @asynccontextmanager
    async def run(**changes: Any) -> AsyncIterator[Daemon]:
        daemon = Daemon(flow_file(**changes))
        await daemon.start()
        try:
            await fake.until(lambda: daemon.is_ready)
            yield daemon
        finally:
            await daemon.stop()

    return run
