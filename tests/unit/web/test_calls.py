"""The admin API's calls: lines as they are decided, over a real daemon (with a fake PBX)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from daemon_files import write_flow
from fake_ari import FakePbx

from ariroute.daemon.app import Daemon
from ariroute.daemon.watching import MOST
from ariroute.web import admin
from ariroute.web.admin import admin_app

Client = TestClient[web.Request, web.Application]
OURS = {"X-Ariroute": "1"}


@pytest.fixture
async def fake() -> AsyncIterator[FakePbx]:
    async with FakePbx() as pbx:
        yield pbx


@pytest.fixture
async def daemon(fake: FakePbx, tmp_path: Path) -> AsyncIterator[Daemon]:
    daemon = Daemon(write_flow(tmp_path / "ariroute.yaml", ari=fake.url, password=fake.password))
    await daemon.start()
    await fake.until(lambda: daemon.is_ready)
    yield daemon
    await daemon.stop()


@pytest.fixture
async def client(daemon: Daemon) -> AsyncIterator[Client]:
    async with TestClient(TestServer(admin_app(daemon))) as client:
        yield client


async def line(answer: ClientResponse) -> Any:
    """The next line that says something."""
    async with asyncio.timeout(5):
        while not (text := (await answer.content.readline()).strip()):
            assert not answer.content.at_eof()
    return json.loads(text)


async def test_each_call_is_a_line_after_one_that_says_what_is_shown(client: Client, fake: FakePbx) -> None:
    async with client.get("/calls", headers=OURS) as answer:
        assert answer.content_type == "application/jsonl"
        shown = {"timezone": "Europe/Stockholm", "mask_numbers": False, "standing_by": False}
        assert await line(answer) == {"watching": shown}
        for number in ("+46701000001", "+46701000002"):
            fake.call(number, ("support",))
            call = await line(answer)
            while "event" in call:
                call = await line(answer)
            assert (call["caller"], call["queue"]) == (number, "standard")


async def test_one_caller_is_chosen(client: Client, fake: FakePbx) -> None:
    async with client.get("/calls", params={"caller": "0701000002"}, headers=OURS) as answer:
        await line(answer)
        for number in ("+46701000001", "+46701000002"):
            fake.call(number, ("support",))
        assert (await line(answer))["caller"] == "+46701000002"


async def test_what_is_no_number_is_refused_with_words(client: Client) -> None:
    answer = await client.get("/calls", params={"caller": "Ann"}, headers=OURS)
    assert answer.status == 422
    assert "not a telephone number" in (await answer.json())["problems"][0]


async def test_it_needs_the_header(client: Client) -> None:
    assert (await client.get("/calls")).status == 403


async def test_a_reader_who_goes_is_forgotten(
    client: Client, daemon: Daemon, fake: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "QUIET", 0.01)
    async with client.get("/calls", headers=OURS) as answer:
        await line(answer)
        assert daemon.watchers
        answer.close()
        await fake.until(lambda: not daemon.watchers)


async def test_too_many_readers_are_refused(client: Client) -> None:
    readers = [await client.get("/calls", headers=OURS) for _ in range(MOST)]
    answer = await client.get("/calls", headers=OURS)
    assert answer.status == 422
    assert (await answer.json())["problems"] == [f"{MOST} watch already: end one of them"]
    for reader in readers:
        reader.close()


async def test_the_lines_end_with_the_daemon(client: Client, daemon: Daemon) -> None:
    async with client.get("/calls", headers=OURS) as answer:
        await line(answer)
        await daemon.stop()
        async with asyncio.timeout(5):
            assert await answer.content.read() == b""
