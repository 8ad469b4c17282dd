"""The staffing in the admin API, over a real daemon that has no AMI, or one that nobody answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from daemon_files import write_flow
from fake_ari import FakePbx

from ariroute.daemon.app import Daemon
from ariroute.web.admin import admin_app

Client = TestClient[web.Request, web.Application]
Serve = Callable[..., AbstractAsyncContextManager[Client]]
OURS = {"X-Ariroute": "1"}
STAFFED = """
agents: {anna: {dial: PJSIP/anna, queues: [gold]}}
staffing: {mode: dynamic}
"""


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """A daemon, started; with AMI at an address where nobody listens, if it is asked for."""

    @asynccontextmanager
    async def served(*, ami: bool, standing_by: bool = False) -> AsyncIterator[Client]:
        async with FakePbx() as fake:
            path = write_flow(tmp_path / "ariroute.yaml", ari=fake.url, password=fake.password)
            text = path.read_text(encoding="utf-8")
            if ami:
                address = "127.0.0.1:9"
                secret = tmp_path / "ami.secret"
                secret.write_text("secret", encoding="utf-8")
                secret.chmod(0o600)
                line = f'    ami: {{address: "{address}", user: ariroute, password: "${{file:{secret}}}"}}\nlookups:'
                text = text.replace("lookups:", line, 1) + STAFFED
                text = text.replace("gold: {priority: 20}", "gold: {priority: 20, agents_per_call: 0.5}")
            path.write_text(text, encoding="utf-8")
            daemon = Daemon(path)
            daemon.standing_by = standing_by
            if not standing_by:
                await daemon.start()
            async with TestClient(TestServer(admin_app(daemon))) as client:
                yield client
            await daemon.stop()

    return served


async def test_without_ami_there_is_nothing_to_be_staffed(serve: Serve) -> None:
    async with serve(ami=False) as client:
        answer = await client.get("/staffing")
        assert await answer.json() == {"timezone": "Europe/Stockholm", "standing_by": False, "pbxs": {}}
        for what in ("release", "resume"):
            answer = await client.post(f"/staffing/{what}", headers=OURS)
            assert answer.status == 422
            assert await answer.json() == {"problems": ["no PBX of the flow file has AMI, so no agent was ever moved"]}


async def test_while_ami_is_down_it_stands_still_and_nothing_is_let_go_of(serve: Serve) -> None:
    async with serve(ami=True) as client:
        status = (await (await client.get("/staffing")).json())["pbxs"]["pbx1"]
        assert (status["mode"], status["acting"]) == ("dynamic", False)
        assert status["why"].startswith("AMI is down")
        answer = await client.post("/staffing/release", headers=OURS)
        assert answer.status == 200
        done = (await answer.json())["pbxs"]["pbx1"]
        assert done["undone"] == []
        assert [text.endswith("nothing has changed") for text in done["failed"]] == [True]
        text = await (await client.get("/metrics")).text()
        assert 'ariroute_staffing_state{pbx="pbx1",state="frozen"} 1.0' in text


@pytest.mark.parametrize("what", ["release", "resume"])
async def test_a_change_needs_the_header(serve: Serve, what: str) -> None:
    async with serve(ami=True) as client:
        assert (await client.post(f"/staffing/{what}")).status == 403
        assert (await client.get(f"/staffing/{what}", headers=OURS)).status == 405


async def test_one_that_stands_by_is_not_the_one_to_be_asked(serve: Serve) -> None:
    async with serve(ami=True, standing_by=True) as client:
        assert (await (await client.get("/staffing")).json())["standing_by"] is True
        answer = await client.post("/staffing/release", headers=OURS)
        assert answer.status == 422
        assert "this daemon stands by" in (await answer.json())["problems"][0]
