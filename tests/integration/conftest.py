"""Stages for tests of the dialplan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from dialplan_stage import Stage

from ariroute.lab.asterisk import PrivateAsterisk


@pytest.fixture
async def stage(pbx: PrivateAsterisk) -> AsyncIterator[Stage]:
    """No daemon is connected."""
    headers = {"Authorization": aiohttp.encode_basic_auth(pbx.ari_user, pbx.ari_password)}
    async with aiohttp.ClientSession(headers=headers) as http:
        stage = Stage(pbx, http)
        yield stage
        await stage.close()


@pytest.fixture
async def daemon(stage: Stage) -> AsyncIterator[Stage]:
    """A daemon is connected, and says nothing unless the test does."""
    url = f"{stage.pbx.ari_url}/ari/events"
    async with stage.http.ws_connect(url, params={"app": stage.app}) as socket:
        listening = asyncio.create_task(stage.listen(socket), name="listen")
        yield stage
        listening.cancel()
