"""The pool of an SQL lookup, with connections that do as told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure
from ariroute.lookups.pool import IDLE_LIMIT, ConnectionLost, Pool, Row
from unit.lookups.clocks import ManualClock

ROW: Row = [("a", 1)]


class Fake:
    """A connection; `gate` holds its answer back."""

    def __init__(self) -> None:
        self.usable = True
        self.aborted = False
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def first(self, values: Sequence[str]) -> Row | None:
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        return ROW

    def abort(self) -> None:
        assert not self.aborted
        self.aborted = True


class Database:
    """Hands out connections and keeps them."""

    def __init__(self) -> None:
        self.made: list[Fake] = []
        self.gate: asyncio.Event | None = None

    async def connect(self) -> Fake:
        made = Fake()
        made.gate = self.gate
        self.made.append(made)
        return made

    @property
    def open(self) -> int:
        return sum(not each.aborted for each in self.made)


async def test_connection_is_used_again() -> None:
    database = Database()
    pool = Pool(database.connect, 4)
    for _ in range(3):
        assert await pool.first([]) == ROW
    assert (len(database.made), pool.idle) == (1, 1)


async def test_no_more_than_its_size_are_open() -> None:
    database = Database()
    database.gate = asyncio.Event()
    pool = Pool(database.connect, 3)
    asked = [asyncio.create_task(pool.first([])) for _ in range(10)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(database.made) == 3
    database.gate.set()
    assert await asyncio.gather(*asked) == [ROW] * 10
    assert (len(database.made), pool.idle) == (3, 3)


async def test_connection_that_failed_is_not_used_again() -> None:
    database = Database()
    pool = Pool(database.connect, 1)
    await pool.first([])
    database.made[0].error = LookupFailed(Failure.ERROR, "no such table")
    with pytest.raises(LookupFailed, match="no such table"):
        await pool.first([])
    assert (database.open, pool.idle) == (0, 0)


async def test_lost_idle_connection_is_replaced_and_the_others_go_with_it() -> None:
    database = Database()
    database.gate = asyncio.Event()
    pool = Pool(database.connect, 3)
    asked = [asyncio.create_task(pool.first([])) for _ in range(3)]
    await asyncio.sleep(0)
    database.gate.set()
    await asyncio.gather(*asked)
    for each in database.made:
        each.error = ConnectionLost("gone")
    assert await pool.first([]) == ROW
    assert (len(database.made), database.open, pool.idle) == (4, 1, 1)


async def test_new_connection_that_is_lost_is_a_failure() -> None:
    async def connect() -> Fake:
        made = Fake()
        made.error = ConnectionLost("gone")
        return made

    with pytest.raises(ConnectionLost):
        await Pool(connect, 1).first([])


async def test_connection_known_to_be_dead_is_not_asked() -> None:
    database = Database()
    pool = Pool(database.connect, 1)
    await pool.first([])
    database.made[0].usable = False
    assert await pool.first([]) == ROW
    assert [each.aborted for each in database.made] == [True, False]


async def test_connection_idle_for_long_is_not_asked() -> None:
    clock = ManualClock()
    database = Database()
    pool = Pool(database.connect, 1, clock)
    await pool.first([])
    clock.now += IDLE_LIMIT - 1
    await pool.first([])
    assert len(database.made) == 1
    clock.now += IDLE_LIMIT + 1
    await pool.first([])
    assert [each.aborted for each in database.made] == [True, False]


async def test_cancelled_question_leaves_nothing_open() -> None:
    database = Database()
    pool = Pool(database.connect, 2)
    await pool.first([])
    database.made[0].gate = asyncio.Event()
    asked = asyncio.create_task(pool.first([]))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert (database.open, pool.idle) == (0, 0)


async def test_closed_pool_keeps_nothing_that_comes_back() -> None:
    database = Database()
    database.gate = asyncio.Event()
    pool = Pool(database.connect, 1)
    asked = asyncio.create_task(pool.first([]))
    await asyncio.sleep(0)
    pool.close()
    database.gate.set()
    assert await asked == ROW
    assert (database.open, pool.idle) == (0, 0)
