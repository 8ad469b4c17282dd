"""The admin API over a real daemon (with a fake PBX)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from daemon_files import write_flow
from fake_ari import FakePbx

from ariroute.daemon.app import Daemon
from ariroute.web.admin import admin_app

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def fake() -> AsyncIterator[FakePbx]:
    async with FakePbx() as pbx:
        yield pbx


@pytest.fixture
def write(tmp_path: Path, fake: FakePbx) -> Callable[..., Path]:
    return lambda **changes: write_flow(
        tmp_path / "ariroute.yaml", **({"ari": fake.url, "password": fake.password} | changes)
    )


@pytest.fixture
async def client(fake: FakePbx, write: Callable[..., Path]) -> AsyncIterator[Client]:
    daemon = Daemon(write())
    await daemon.start()
    await fake.until(lambda: daemon.is_ready)
    async with TestClient(TestServer(admin_app(daemon))) as client:
        yield client
    await daemon.stop()


async def test_ready_follows_the_connection(client: Client, fake: FakePbx) -> None:
    answer = await client.get("/ready")
    assert answer.status == 200
    assert (await answer.json())["pbxs"]["pbx1"]["up"] is True
    await fake.stop()
    for _ in range(500):
        answer = await client.get("/ready")
        if answer.status == 503:
            break
    assert answer.status == 503
    assert (await client.get("/live")).status == 200


async def test_metrics_are_what_prometheus_reads(client: Client) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'ariroute_pbx_up{pbx="pbx1"} 1.0' in await answer.text()


async def test_metrics_tell_of_the_process(client: Client) -> None:
    lines = (await (await client.get("/metrics")).text()).splitlines()
    values = {
        name: float(value) for name, value in (line.split() for line in lines if line[0] != "#" and "{" not in line)
    }

    assert values["ariroute_tasks"] >= 2  # the daemon's own, and the one that answers
    assert values["process_resident_memory_bytes"] > 1e7
    assert values["process_open_fds"] > 3


async def test_a_reload_needs_the_header(client: Client) -> None:
    answer = await client.post("/reload")
    assert answer.status == 403


async def test_a_reload_answers_with_what_changed(client: Client, write: Callable[..., Path]) -> None:
    write(ordinary="gold")
    answer = await client.post("/reload", headers={"X-Ariroute": "1"})
    assert answer.status == 200
    assert (await answer.json())["changed"] == ["flow support changed"]


async def test_a_reload_of_a_broken_file_answers_with_every_mistake(client: Client, write: Callable[..., Path]) -> None:
    write(ordinary="golden", timeout="800")
    answer = await client.post("/reload", headers={"X-Ariroute": "1"})
    assert answer.status == 422
    problems = (await answer.json())["problems"]
    assert len(problems) == 2
    assert all("ariroute.yaml:" in problem for problem in problems)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},  # DNS rebinding: a name of the page's own that leads to 127.0.0.1
        {"Host": "evil.example:8067"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "10.0.0.1"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "null"},  # a page in a sandbox
        {"Origin": "http://["},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/status"), ("GET", "/metrics"), ("POST", "/reload")])
async def test_a_web_page_is_not_answered(client: Client, method: str, path: str, headers: dict[str, str]) -> None:
    answer = await client.request(method, path, headers={"X-Ariroute": "1", **headers})
    assert answer.status == 403
    assert list(await answer.json()) == ["problems"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8067", "127.0.0.1:8067", "127.1.2.3", "[::1]:8067"])
async def test_this_machine_is_answered_by_all_its_names(client: Client, host: str) -> None:
    answer = await client.get("/live", headers={"Host": host, "Origin": f"http://{host}"})
    assert answer.status == 200


async def test_a_page_that_asks_for_leave_to_send_the_header_does_not_get_it(client: Client) -> None:
    answer = await client.options("/reload", headers={"Access-Control-Request-Headers": "X-Ariroute"})
    assert answer.status == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("path", ["/status", "/", "/..%2f..%2fetc%2fpasswd", "/%00"])
async def test_an_answer_tells_nothing_of_libraries_and_is_kept_nowhere(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["Server"] == "ariroute"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "aiohttp" not in await answer.text()
    assert "Traceback" not in await answer.text()
