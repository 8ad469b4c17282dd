"""Guarded tasks."""

from __future__ import annotations

import asyncio

import pytest

from ariroute.daemon.supervise import Tasks


async def test_a_task_that_dies_is_reported_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def die() -> None:
        raise ValueError("on purpose")

    tasks = Tasks()
    task = tasks.spawn(die(), "the unlucky one")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert "the unlucky one died" in caplog.text
    assert len(tasks) == 0


async def test_finish_waits_and_then_cancels(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    quick = tasks.spawn(asyncio.sleep(0), "quick")
    endless = tasks.spawn(asyncio.Event().wait(), "endless")
    assert await tasks.finish(0.05) == 1
    assert quick.done()
    assert not quick.cancelled()
    assert endless.cancelled()
    assert "died" not in caplog.text
