"""Lookups whose questions are made of other answers of the same fetch: each begins as soon as it can, and no later."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, Outcome
from ariroute.lookups.base import LookupSettings
from ariroute.lookups.runner import LookupRunner
from ariroute.testing import ManualClock

ANNA = {"caller.e164": "+46701234567"}


class Gated:
    """A source that answers when the test opens its gate."""

    def __init__(self, needs: str, record: Mapping[str, Any] | None, *, is_open: bool = True) -> None:
        self.template_names = frozenset({needs})
        self.record = record
        self.error: Exception | None = None
        self.asked: list[Mapping[str, str]] = []
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        if is_open:
            self.gate.set()

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        self.asked.append(inputs)
        self.begun.set()
        await self.gate.wait()
        if self.error:
            raise self.error
        return self.record


def runner(**sources: Gated) -> LookupRunner:
    return on(ManualClock(), sources)


def on(clock: ManualClock, sources: Mapping[str, Gated]) -> LookupRunner:
    settings = LookupSettings(fields={"id": "string"}, timeout=20.0)
    return LookupRunner({name: (settings, source) for name, source in sources.items()}, clock=clock)


AFTER_CRM = {"erp": frozenset({"crm"})}


async def test_one_that_waits_is_asked_with_the_fresh_field_and_says_when_it_began() -> None:
    clock = ManualClock()
    crm, erp = Gated("caller.e164", {"id": "A1"}, is_open=False), Gated("crm.id", {"id": "B1"})
    asking = asyncio.create_task(on(clock, {"crm": crm, "erp": erp}).fetch(["erp", "crm"], ANNA, AFTER_CRM))
    await crm.begun.wait()
    clock.advance(0.25)
    crm.gate.set()
    second, first = await asking
    assert erp.asked == [{"crm.id": "A1"}]
    assert (first.lookup, first.began, first.took) == ("crm", 0.0, 0.25)
    assert (second.lookup, second.began, second.took) == ("erp", 0.25, 0.0)


async def test_others_begin_at_once_and_who_waits_does_not_wait_for_them() -> None:
    crm, slow = Gated("caller.e164", {"id": "A1"}), Gated("caller.e164", {"id": "C1"}, is_open=False)
    erp = Gated("crm.id", {"id": "B1"})
    asking = asyncio.create_task(runner(crm=crm, slow=slow, erp=erp).fetch(["slow", "crm", "erp"], ANNA, AFTER_CRM))
    await slow.begun.wait()
    await erp.begun.wait()  # while slow has not answered
    assert not asking.done()
    slow.gate.set()
    assert [answer.fields["id"] for answer in await asking] == ["C1", "A1", "B1"]


async def test_a_chain_of_three_is_asked_in_its_order() -> None:
    sources = {"a": Gated("caller.e164", {"id": "1"}), "b": Gated("a.id", {"id": "2"}), "c": Gated("b.id", {"id": "3"})}
    answers = await runner(**sources).fetch(["c", "b", "a"], ANNA, {"b": frozenset({"a"}), "c": frozenset({"b"})})
    assert [answer.fields["id"] for answer in answers] == ["3", "2", "1"]


async def test_when_the_other_fails_then_who_waits_fails_without_being_asked() -> None:
    crm, erp = Gated("caller.e164", None), Gated("crm.id", {"id": "B1"})
    crm.error = LookupFailed(Failure.STATUS, "500")
    _, second = await runner(crm=crm, erp=erp).fetch(["crm", "erp"], ANNA, AFTER_CRM)
    assert (second.outcome, second.detail) == (Outcome.FAILED, "not asked, as it needs what crm says")
    assert erp.asked == []


async def test_when_the_other_is_missing_then_who_waits_is_missing() -> None:
    _, second = await runner(crm=Gated("caller.e164", None), erp=Gated("crm.id", {})).fetch(
        ["crm", "erp"], ANNA, AFTER_CRM
    )
    assert (second.outcome, second.detail) == (Outcome.MISSING, "crm.id is empty")


async def test_the_observer_hears_of_each_once() -> None:
    heard: list[str] = []
    settings = LookupSettings(fields={"id": "string"}, timeout=20.0)
    sources = {"crm": (settings, Gated("caller.e164", {"id": "1"})), "erp": (settings, Gated("crm.id", {"id": "2"}))}
    made = LookupRunner(sources, observe=lambda answer: heard.append(answer.lookup))
    await made.fetch(["crm", "erp"], ANNA, AFTER_CRM)
    assert heard == ["crm", "erp"]


async def test_when_the_caller_hangs_up_then_no_task_is_left_that_waits() -> None:
    crm, erp = Gated("caller.e164", {"id": "A1"}, is_open=False), Gated("crm.id", {"id": "B1"})
    made = runner(crm=crm, erp=erp)
    before = asyncio.all_tasks()
    asking = asyncio.create_task(made.fetch(["crm", "erp"], ANNA, AFTER_CRM))
    await crm.begun.wait()
    asking.cancel()
    await asyncio.wait([asking])
    await made.close()
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before
    assert erp.asked == []
