"""Many deadlines behind one timer."""

from __future__ import annotations

import asyncio

from ariroute.daemon.deadlines import Deadlines


async def test_each_is_overdue_in_its_turn_unless_it_ended_before() -> None:
    waiting = {"late", "later", "in time"}
    overdue: list[str] = []
    all_over = asyncio.Event()

    def tell(name: str) -> None:
        overdue.append(name)
        if name == "later":
            all_over.set()

    deadlines: Deadlines[str] = Deadlines(waiting.__contains__, tell)
    deadlines.add("later", 0.06)
    deadlines.add("in time", 0.03)
    deadlines.add("late", 0.01)  # sooner than what the timer waits for
    waiting.remove("in time")
    async with asyncio.timeout(5):
        await all_over.wait()
    assert overdue == ["late", "later"]
