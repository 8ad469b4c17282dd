"""The runner: together, within the deadline, asked once, and every fault an answer."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ariroute.errors import LookupFailed, UnusableInput
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.lookups.base import CacheSettings, LookupSettings
from ariroute.lookups.breaker import FAILURES, PAUSE
from ariroute.lookups.runner import LookupRunner
from unit.lookups.clocks import ManualClock

ANNA = {"caller.e164": "+46701234567", "caller.name": "Anna"}
BERT = {"caller.e164": "+46701234568", "caller.name": "Bert"}
GOLD = {"loyalty": "gold"}

Fetch = Callable[[Mapping[str, str]], Awaitable[Mapping[str, Any] | None]]


class StubSource:
    """A source whose answers the test holds in its hand."""

    template_names = frozenset({"caller.e164"})

    def __init__(self, record: Mapping[str, Any] | None = None) -> None:
        self.record: Mapping[str, Any] | None = record
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.asked: list[Mapping[str, str]] = []
        self.cancelled = 0
        self.started = self.closed = 0

    async def start(self) -> None:
        self.started += 1

    async def close(self) -> None:
        self.closed += 1

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        self.asked.append(inputs)
        if self.gate:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if self.error:
            raise self.error
        return self.record


class DeafSource(StubSource):
    """A source that ignores its cancellation until the test lets it go."""

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
        assert self.gate
        self.asked.append(inputs)
        while not self.gate.is_set():
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
        return self.record

    async def close(self) -> None:
        assert self.gate
        self.gate.set()  # or a test that fails would never end


def settings(timeout: float = 20.0, **more: Any) -> LookupSettings:
    return LookupSettings.model_validate({"fields": {"loyalty": "string"}, "timeout": timeout, **more})


def cached(**more: float) -> CacheSettings:
    return CacheSettings.model_validate({"for": 60.0, **more})


@asynccontextmanager
async def running(sources: Mapping[str, tuple[LookupSettings, Any]], **more: Any) -> AsyncIterator[LookupRunner]:
    runner = LookupRunner(sources, **more)
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("lookup ")]


async def one(runner: LookupRunner, inputs: Mapping[str, str] = ANNA) -> Answer:
    (answer,) = await runner.fetch(["crm"], inputs)
    return answer


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # conditions here have no event
            await asyncio.sleep(0)


async def test_found_record_is_an_answer_with_declared_fields() -> None:
    crm = StubSource({"loyalty": "gold", "ssn": "1912"})
    async with running({"crm": (settings(), crm)}) as runner:
        answer = await one(runner)
    assert (answer.outcome, answer.fields, answer.origin) == (Outcome.FOUND, GOLD, "source")
    assert answer.took >= 0


async def test_source_is_told_only_the_inputs_it_names() -> None:
    crm = StubSource(GOLD)
    async with running({"crm": (settings(), crm)}) as runner:
        await one(runner)
    assert crm.asked == [{"caller.e164": "+46701234567"}]


async def test_no_record_is_missing() -> None:
    async with running({"crm": (settings(), StubSource(None))}) as runner:
        answer = await one(runner)
    assert (answer.outcome, answer.failure) == (Outcome.MISSING, None)


@pytest.mark.parametrize("inputs", [{}, {"caller.e164": ""}])
async def test_withheld_number_is_missing_without_asking(inputs: Mapping[str, str]) -> None:
    crm = StubSource(GOLD)
    async with running({"crm": (settings(), crm)}) as runner:
        answer = await one(runner, inputs)
    assert (answer.outcome, answer.detail, crm.asked) == (Outcome.MISSING, "caller.e164 is empty", [])


async def test_name_without_a_lookup_is_a_failed_answer() -> None:
    async with running({}) as runner:
        answer = await one(runner)
    assert (answer.lookup, answer.failure) == ("crm", Failure.ERROR)


@pytest.mark.parametrize(
    ("error", "failure", "detail"),
    [
        (LookupFailed(Failure.STATUS, "HTTP 500"), Failure.STATUS, "HTTP 500"),
        (LookupFailed("a new word", "x"), Failure.ERROR, "x"),
        (ZeroDivisionError("oops"), Failure.ERROR, "unexpected ZeroDivisionError, see the log"),
    ],
)
async def test_whatever_a_source_raises_is_a_failed_answer(error: Exception, failure: Failure, detail: str) -> None:
    crm = StubSource()
    crm.error = error
    async with running({"crm": (settings(), crm)}) as runner:
        answer = await one(runner)
    assert (answer.outcome, answer.failure, answer.detail) == (Outcome.FAILED, failure, detail)


async def test_wrong_type_is_a_failed_answer() -> None:
    async with running({"crm": (settings(), StubSource({"loyalty": 7}))}) as runner:
        answer = await one(runner)
    assert answer.failure == Failure.WRONG_TYPE


async def test_answers_come_in_the_order_asked_and_all_are_asked_together() -> None:
    crm, vip = StubSource(GOLD), StubSource({"loyalty": "silver"})
    crm.gate = vip.gate = asyncio.Event()
    async with running({"crm": (settings(), crm), "vip": (settings(), vip)}) as runner:
        fetching = asyncio.create_task(runner.fetch(["vip", "crm"], ANNA))
        await until(lambda: bool(crm.asked and vip.asked))
        crm.gate.set()
        answers = await fetching
    assert [answer.lookup for answer in answers] == ["vip", "crm"]


async def test_slow_source_fails_at_its_own_deadline_and_the_other_answers() -> None:
    slow, quick = StubSource(GOLD), StubSource(GOLD)
    slow.gate = asyncio.Event()
    async with running({"slow": (settings(0.05), slow), "quick": (settings(), quick)}) as runner:
        assert runner.deadline(["slow", "quick"]) == 20.0
        assert runner.deadline(["slow"]) == 0.05
        begun = time.monotonic()
        first, second = await runner.fetch(["slow", "quick"], ANNA)
        took = time.monotonic() - begun
        await until(lambda: slow.cancelled == 1)
    assert (first.failure, first.detail) == (Failure.TIMEOUT, "no answer within 50 ms")
    assert second.outcome == Outcome.FOUND
    assert second.took < first.took
    assert 0.04 < first.took <= took < 0.55


async def test_a_source_that_was_too_slow_leaves_nothing_for_the_collector() -> None:
    tasks: list[weakref.ref[asyncio.Task[None]]] = []

    class Slow(StubSource):
        async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Any] | None:
            task = asyncio.current_task()
            assert task
            tasks.append(weakref.ref(task))
            del task
            return await super().fetch(inputs)

    slow = Slow(GOLD)
    slow.gate = asyncio.Event()
    async with running({"crm": (settings(0.02), slow)}) as runner:
        gc.disable()
        try:
            assert (await one(runner)).failure == Failure.TIMEOUT
            await until(lambda: slow.cancelled == 1)
            await asyncio.sleep(0)
            assert [task() for task in tasks] == [None]
        finally:
            gc.enable()


def callers(count: int) -> list[dict[str, str]]:
    return [{"caller.e164": f"+4670{number:07}"} for number in range(count)]


async def test_what_is_beyond_at_once_waits_its_turn_without_being_asked() -> None:
    crm = StubSource(GOLD)
    crm.gate = asyncio.Event()
    async with running({"crm": (settings(at_once=2), crm)}) as runner:
        asking = [asyncio.create_task(one(runner, caller)) for caller in callers(5)]
        await until(lambda: runner.states()["crm"].in_flight == 5)
        await until(lambda: len(crm.asked) == 2)
        crm.gate.set()
        answers = await asyncio.gather(*asking)
    assert [answer.outcome for answer in answers] == [Outcome.FOUND] * 5
    assert [inputs["caller.e164"] for inputs in crm.asked] == [caller["caller.e164"] for caller in callers(5)]


async def test_waiting_for_a_turn_counts_into_the_deadline() -> None:
    crm = StubSource(GOLD)
    crm.gate = asyncio.Event()
    async with running({"crm": (settings(0.05, at_once=1), crm)}) as runner:
        answers = await asyncio.gather(*(one(runner, caller) for caller in callers(3)))
        await until(lambda: runner.states()["crm"].in_flight == 0)
        assert len(crm.asked) == 1
    assert [answer.failure for answer in answers] == [Failure.TIMEOUT] * 3


async def test_source_that_ignores_cancellation_does_not_hold_the_caller() -> None:
    deaf = DeafSource(GOLD)
    deaf.gate = asyncio.Event()
    async with running({"crm": (settings(0.05, max_in_flight=2), deaf)}) as runner:
        begun = time.monotonic()
        assert (await one(runner, ANNA)).failure == Failure.TIMEOUT
        assert time.monotonic() - begun < 0.55
        assert (await one(runner, BERT)).failure == Failure.TIMEOUT
        assert runner.states()["crm"].in_flight == 2
        assert (await one(runner, ANNA)).failure == Failure.OVERLOADED
        deaf.gate.set()
        await until(lambda: runner.states()["crm"].in_flight == 0)
        assert runner.states()["crm"].failures_in_a_row == 2  # what came too late is no success
        assert (await one(runner)).outcome == Outcome.FOUND


async def test_fifty_at_once_ask_the_source_once() -> None:
    crm = StubSource(GOLD)
    crm.gate = asyncio.Event()
    async with running({"crm": (settings(cache=cached()), crm)}) as runner:
        asking = [asyncio.create_task(one(runner)) for _ in range(50)]
        await until(lambda: bool(crm.asked))
        await asyncio.sleep(0)
        crm.gate.set()
        answers = await asyncio.gather(*asking)
        assert (await one(runner)).origin == "cache"
    assert len(crm.asked) == 1
    assert {answer.outcome for answer in answers} == {Outcome.FOUND}
    assert {answer.origin for answer in answers} == {"source"}


async def test_different_callers_do_not_share_an_answer() -> None:
    crm = StubSource(GOLD)
    crm.gate = asyncio.Event()
    async with running({"crm": (settings(cache=cached()), crm)}) as runner:
        asking = [asyncio.create_task(one(runner, inputs)) for inputs in (ANNA, BERT)]
        await until(lambda: len(crm.asked) == 2)
        crm.gate.set()
        await asyncio.gather(*asking)


async def test_caller_who_hangs_up_does_not_cancel_what_another_waits_for() -> None:
    crm = StubSource(GOLD)
    crm.gate = asyncio.Event()
    async with running({"crm": (settings(), crm)}) as runner:
        first, second = (asyncio.create_task(one(runner)) for _ in range(2))
        await until(lambda: bool(crm.asked))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        crm.gate.set()
        assert (await second).outcome == Outcome.FOUND
    assert crm.cancelled == 0


async def test_too_many_at_once_are_overloaded_at_once() -> None:
    crm = StubSource(GOLD)
    crm.gate = asyncio.Event()
    async with running({"crm": (settings(max_in_flight=1), crm)}) as runner:
        first = asyncio.create_task(one(runner, ANNA))
        await until(lambda: bool(crm.asked))
        assert (await one(runner, BERT)).failure == Failure.OVERLOADED
        crm.gate.set()
        assert (await first).outcome == Outcome.FOUND


async def test_cached_record_serves_until_its_time_is_over() -> None:
    clock, crm = ManualClock(), StubSource(GOLD)
    async with running({"crm": (settings(cache=cached()), crm)}, clock=clock) as runner:
        assert (await one(runner)).origin == "source"
        assert ((await one(runner)).origin, runner.states()["crm"].cached) == ("cache", 1)
        clock.now += 61
        assert (await one(runner)).origin == "source"
    assert len(crm.asked) == 2


async def test_missing_is_cached_too() -> None:
    clock, crm = ManualClock(), StubSource(None)
    async with running({"crm": (settings(cache=cached(missing_for=5.0)), crm)}, clock=clock) as runner:
        await one(runner)
        answer = await one(runner)
        assert (answer.outcome, answer.origin) == (Outcome.MISSING, "cache")
        clock.now += 6
        await one(runner)
    assert len(crm.asked) == 2


async def test_without_cache_every_contact_asks() -> None:
    crm = StubSource(GOLD)
    async with running({"crm": (settings(), crm)}) as runner:
        await one(runner)
        await one(runner)
    assert len(crm.asked) == 2


async def test_old_record_serves_when_the_source_fails() -> None:
    clock, crm = ManualClock(), StubSource(GOLD)
    async with running({"crm": (settings(cache=cached(stale_if_error=600.0)), crm)}, clock=clock) as runner:
        await one(runner)
        clock.now += 300
        crm.error = LookupFailed(Failure.STATUS, "HTTP 500")
        answer = await one(runner)
        assert (answer.outcome, answer.fields, answer.origin) == (Outcome.FOUND, GOLD, "stale")
        assert answer.detail == "300 s old, used because the source failed: status, HTTP 500"
        assert (await one(runner, BERT)).outcome == Outcome.FAILED
        clock.now += 361
        assert (await one(runner)).failure == Failure.STATUS


async def test_failure_is_never_cached() -> None:
    crm = StubSource(GOLD)
    crm.error = LookupFailed(Failure.STATUS, "HTTP 500")
    async with running({"crm": (settings(cache=cached()), crm)}) as runner:
        assert (await one(runner)).outcome == Outcome.FAILED
        crm.error = None
        assert (await one(runner)).outcome == Outcome.FOUND


async def test_dead_source_is_left_alone_and_tried_by_one_probe() -> None:
    clock, crm = ManualClock(), StubSource(GOLD)
    crm.error = LookupFailed(Failure.REFUSED, "no connection")
    async with running({"crm": (settings(), crm)}, clock=clock) as runner:
        for _ in range(FAILURES):
            assert (await one(runner)).failure == Failure.REFUSED
        answer = await one(runner)
        assert (answer.failure, len(crm.asked)) == (Failure.BREAKER_OPEN, FAILURES)
        state = runner.states()["crm"]
        assert (state.breaker, state.failures_in_a_row, state.seconds_to_probe) == ("open", FAILURES, PAUSE)

        clock.now += PAUSE
        crm.error, crm.gate = None, asyncio.Event()
        probe = asyncio.create_task(one(runner, ANNA))
        await until(lambda: len(crm.asked) == FAILURES + 1)
        assert runner.states()["crm"].breaker == "half_open"
        assert (await one(runner, BERT)).failure == Failure.BREAKER_OPEN
        crm.gate.set()
        assert (await probe).outcome == Outcome.FOUND
        assert runner.states()["crm"].breaker == "closed"
        assert (await one(runner, BERT)).outcome == Outcome.FOUND


async def test_a_request_that_could_not_be_made_is_not_held_against_the_source() -> None:
    crm = StubSource(GOLD)
    crm.error = LookupFailed(Failure.ERROR, "a value of dots alone", asked=False)
    async with running({"crm": (settings(), crm)}) as runner:
        for _ in range(2 * FAILURES):
            assert (await one(runner)).failure == Failure.ERROR
        assert runner.states()["crm"].breaker == "closed"


async def test_when_this_process_stood_still_then_the_breaker_does_not_blame_the_source() -> None:
    crm = StubSource(GOLD)
    crm.gate = asyncio.Event()
    async with running({"crm": (settings(0.05), crm)}) as runner:
        asking = [
            asyncio.create_task(runner.fetch(["crm"], {"caller.e164": f"+4670123456{last}"}))
            for last in range(FAILURES + 1)
        ]
        await until(lambda: len(crm.asked) > FAILURES)
        time.sleep(0.4)  # noqa: ASYNC251 - as a process that is stopped, or a machine that is suspended
        answers = await asyncio.gather(*asking)
        assert {answer.failure for (answer,) in answers} == {Failure.TIMEOUT}
        assert runner.states()["crm"].breaker == "closed"


async def test_those_who_only_waited_for_a_connection_do_not_open_the_breaker() -> None:
    crm = StubSource(GOLD)
    crm.gate = asyncio.Event()
    async with running({"crm": (settings(0.05, at_once=1), crm)}) as runner:
        callers = [{"caller.e164": f"+4670123456{last}"} for last in range(2 * FAILURES)]
        await asyncio.gather(*(runner.fetch(["crm"], caller) for caller in callers))
        assert len(crm.asked) == 1
        assert runner.states()["crm"].breaker == "closed"


async def test_old_record_serves_while_the_breaker_is_open() -> None:
    clock, crm = ManualClock(), StubSource(GOLD)
    async with running({"crm": (settings(cache=cached(stale_if_error=600.0)), crm)}, clock=clock) as runner:
        await one(runner, ANNA)
        clock.now += 61
        crm.error = LookupFailed(Failure.REFUSED, "no connection")
        for _ in range(FAILURES):
            await one(runner, BERT)
        asked = len(crm.asked)
        assert ((await one(runner, ANNA)).origin, len(crm.asked)) == ("stale", asked)


@pytest.mark.parametrize("failure", [Failure.WRONG_TYPE, Failure.NOT_JSON, Failure.TOO_LARGE])
async def test_one_customers_broken_record_does_not_open_the_breaker(failure: Failure) -> None:
    crm = StubSource()
    crm.error = LookupFailed(failure)
    async with running({"crm": (settings(), crm)}) as runner:
        for _ in range(FAILURES * 2):
            assert (await one(runner)).failure == failure
        assert runner.states()["crm"].breaker == "closed"


async def test_other_sources_do_not_notice_a_dead_one() -> None:
    dead, crm = StubSource(), StubSource(GOLD)
    dead.error = LookupFailed(Failure.REFUSED)
    async with running({"dead": (settings(), dead), "crm": (settings(), crm)}) as runner:
        for _ in range(FAILURES * 2):
            _, answer = await runner.fetch(["dead", "crm"], ANNA)
            assert answer.outcome == Outcome.FOUND


async def test_observer_sees_every_answer_and_cannot_break_one() -> None:
    seen: list[Answer] = []

    def observe(answer: Answer) -> None:
        seen.append(answer)
        raise RuntimeError("metrics are out of order")

    async with running({"crm": (settings(), StubSource(GOLD))}, observe=observe) as runner:
        answers = await runner.fetch(["crm", "nosuch"], ANNA)
    assert seen == answers


async def test_closing_answers_those_who_wait_and_leaves_no_task() -> None:
    crm = StubSource(GOLD)
    crm.gate = asyncio.Event()
    async with running({"crm": (settings(), crm)}) as runner:
        waiting = asyncio.create_task(one(runner))
        await until(lambda: bool(crm.asked))
    answer = await waiting
    assert (answer.failure, answer.detail) == (Failure.ERROR, "the lookup was closed meanwhile")
    assert (crm.cancelled, crm.closed) == (1, 1)


async def test_source_that_cannot_start_is_an_error_and_the_others_are_closed() -> None:
    class Broken(StubSource):
        async def start(self) -> None:
            raise UnusableInput("vip.csv: no such file")

    crm = StubSource(GOLD)
    with pytest.raises(UnusableInput, match=r"vip\.csv"):
        async with running({"crm": (settings(), crm), "vip": (settings(), Broken())}):
            pass
    assert (crm.started, crm.closed) == (1, 1)
