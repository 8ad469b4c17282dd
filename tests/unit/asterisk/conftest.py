"""A fake PBX, and a check that no test leaves a task behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fake_ari import FakePbx

from ariroute.asterisk.ari import Ari
from ariroute.asterisk.events import Event


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left: set[asyncio.Task[Any]] = set()
    for _ in range(200):
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        if not left:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"tasks are left: {left}")


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    async with FakePbx() as pbx:
        yield pbx


@dataclass
class Told:
    """An Ari that runs, and everything that it told."""

    ari: Ari
    running: asyncio.Task[None]
    events: list[Event] = field(default_factory=list)
    ups: list[str] = field(default_factory=list)
    downs: list[str] = field(default_factory=list)


Connect = Callable[..., Any]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """``await connect(pbx, **settings)``: an Ari that is up (``wait=False``: that was started)."""
    made: list[Told] = []

    async def connect(pbx: FakePbx, *, wait: bool = True, **changes: Any) -> Told:
        events: list[Event] = []
        ups: list[str] = []
        downs: list[str] = []
        ari = Ari(
            pbx.settings(**changes),
            on_event=events.append,
            on_up=lambda: ups.append("up"),
            on_down=downs.append,
        )
        told = Told(ari, asyncio.create_task(ari.run()), events, ups, downs)
        made.append(told)
        if wait:
            await pbx.until(lambda: ups or told.running.done())
        return told

    yield connect
    for told in made:
        await told.ari.close()
        await asyncio.gather(told.running, return_exceptions=True)
