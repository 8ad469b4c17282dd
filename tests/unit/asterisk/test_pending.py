"""Open requests: their deadlines, and what becomes of those nobody answers."""

from __future__ import annotations

import asyncio

import pytest

from ariroute.asterisk.events import Answer
from ariroute.asterisk.pending import Pending
from ariroute.errors import AriDisconnected, AriTimeout


@pytest.fixture
async def timeouts() -> list[str]:
    return []


@pytest.fixture
async def pending(timeouts: list[str]) -> Pending:
    return Pending(lambda: timeouts.append("late"))


async def test_an_answer_settles_its_request(pending: Pending) -> None:
    reply, other = pending.add("1", 5), pending.add("2", 5)
    assert pending.settle("1", Answer(204))
    assert await reply == Answer(204)
    assert not other.done()
    assert len(pending) == 1
    pending.close("over")


async def test_a_deadline_ends_its_request_and_no_other(pending: Pending, timeouts: list[str]) -> None:
    slow, fast = pending.add("1", 5), pending.add("2", 0.05)
    assert isinstance(await fast, AriTimeout)
    assert not slow.done()
    assert timeouts == ["late"]
    assert not pending.settle("2", Answer(204))
    pending.close("over")


async def test_a_cancelled_request_takes_its_answer_quietly(pending: Pending) -> None:
    reply = pending.add("1", 5)
    reply.cancel()
    assert pending.settle("1", Answer(204))
    pending.close("over")


async def test_closing_ends_every_request(pending: Pending, timeouts: list[str]) -> None:
    replies = [pending.add(str(number), 5) for number in range(3)]
    pending.close("it broke")
    outcomes = await asyncio.gather(*replies)
    assert all(isinstance(outcome, AriDisconnected) and "it broke" in str(outcome) for outcome in outcomes)
    assert not timeouts
    assert len(pending) == 0


async def test_with_nothing_open_no_timer_runs(pending: Pending) -> None:
    reply = pending.add("1", 0.01)
    await reply
    assert pending._timer is None
