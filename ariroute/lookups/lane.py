"""One source with all that stands between it and its askers: cache, single-flight, breaker, deadline."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ariroute.errors import LookupFailed
from ariroute.flow.facts import EMPTY, Answer, Failure, Outcome
from ariroute.lookups.base import LookupSettings, Source
from ariroute.lookups.breaker import Breaker, BreakerState
from ariroute.lookups.cache import AnswerCache, Key, Record
from ariroute.lookups.record import checked

log = logging.getLogger(__name__)

Clock = Callable[[], float]

NOT_SERVED = frozenset({Failure.TIMEOUT, Failure.REFUSED, Failure.STATUS, Failure.ERROR})
"""What counts for the breaker. The other failures are about one record: the source did serve."""

OVERSLEPT = 0.25
"""Seconds. A deadline noticed so much too late says that this process stood still, and nothing about the source."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How one source does. ``seconds_to_probe`` is above 0 only while its breaker is open."""

    breaker: BreakerState
    failures_in_a_row: int
    seconds_to_probe: float
    in_flight: int
    cached: int


class Flight:
    """One request, under way or waiting for its turn, and all who wait for its answer. ``due`` is the loop's time."""

    __slots__ = ("_answer", "_waiters", "due", "ended", "key", "task", "ticket")

    def __init__(self, key: Key, ticket: int, due: float) -> None:
        self.key = key
        self.ticket = ticket
        self.due = due
        self.ended = 0.0
        self.task: asyncio.Task[None] | None = None
        self._answer: Answer | None = None
        self._waiters: list[asyncio.Future[Answer]] = []

    @property
    def over(self) -> bool:
        return self._answer is not None

    def land(self, answer: Answer, at: float) -> None:
        """Give ``answer`` to all who wait. Only once."""
        self.ended = at
        self._answer = answer
        for waiter in self._waiters:
            if not waiter.done():  # cancelled with the task that awaited it
                waiter.set_result(answer)

    async def answer(self, since: float) -> Answer:
        """The answer, with the time it took an asker who came at ``since``."""
        landed = self._answer
        if landed is None:
            # A future of its own: an asker who is cancelled must not cancel what others wait for.
            waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            landed = await waiter
        return Answer(
            landed.lookup,
            landed.outcome,
            landed.fields,
            landed.failure,
            landed.detail,
            max(0.0, self.ended - since),
            landed.origin,
        )


class Lane:
    """The way to one source."""

    def __init__(self, name: str, settings: LookupSettings, source: Source, clock: Clock) -> None:
        self.settings = settings
        self.source = source
        self._name = name
        self._task_name = f"lookup {name}"
        self._clock = clock
        self._inputs = tuple(sorted(source.template_names))
        self._cache = AnswerCache(settings.cache, clock) if settings.cache else None
        self._breaker = Breaker(clock=clock) if settings.has_breaker else Breaker(clock=clock, failures=sys.maxsize)
        self._at_once = settings.at_once or settings.max_in_flight
        self._flights: dict[Key, Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: deque[Flight] = deque()
        self._deadlines: deque[Flight] = deque()  # in their order, since all are given the same time
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, inputs: Mapping[str, str]) -> Answer | Flight:
        """The answer if it needs no waiting, else the request that will bring it."""
        for name in self._inputs:
            if not inputs.get(name):
                return Answer(self._name, Outcome.MISSING, detail=f"{name} is empty")
        key = tuple(inputs[name] for name in self._inputs)
        if self._cache and (kept := self._cache.fresh(key)):
            return self._found(kept.record, "cache")
        if flight := self._flights.get(key):
            return flight
        if self._in_flight >= self.settings.max_in_flight:
            waiting = f"{self._in_flight} requests wait for this source already"
            return self._failed(key, Failure.OVERLOADED, waiting)
        ticket = self._breaker.admit()
        if ticket is None:
            pause = f"failed {self._breaker.failures} times in a row, not asked"
            return self._failed(key, Failure.BREAKER_OPEN, pause)
        return self._depart(key, ticket)

    def state(self) -> SourceState:
        return SourceState(
            breaker=self._breaker.state,
            failures_in_a_row=self._breaker.failures,
            seconds_to_probe=self._breaker.seconds_to_probe(),
            in_flight=self._in_flight,
            cached=self._cache.size if self._cache else 0,
        )

    def end(self) -> list[asyncio.Task[None]]:
        """Cancel what is under way, answer all who wait, and give the tasks that are ending."""
        for flight in list(self._flights.values()):
            self._land(flight, self._failed(flight.key, Failure.ERROR, "the lookup was closed meanwhile"))
        self._waiting.clear()
        self._deadlines.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        for task in self._tasks:
            task.cancel()
        return list(self._tasks)

    @property
    def _in_flight(self) -> int:
        return len(self._tasks) + len(self._waiting)

    def _depart(self, key: Key, ticket: int) -> Flight:
        loop = asyncio.get_running_loop()
        flight = self._flights[key] = Flight(key, ticket, loop.time() + self.settings.timeout)
        self._deadlines.append(flight)
        if self._timer is None:
            self._timer = loop.call_at(flight.due, self._expire)
        if len(self._tasks) < self._at_once:
            self._take_off(flight)
        else:
            self._waiting.append(flight)  # no task yet: thousands may wait, and a task in HTTP holds several kilobytes
        return flight

    def _take_off(self, flight: Flight) -> None:
        flight.task = task = asyncio.get_running_loop().create_task(self._fly(flight), name=self._task_name)
        self._tasks.add(task)
        task.add_done_callback(self._touched_down)

    def _touched_down(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        while self._waiting and len(self._tasks) < self._at_once:
            flight = self._waiting.popleft()
            if not flight.over:
                self._take_off(flight)

    async def _fly(self, flight: Flight) -> None:
        try:
            raw = await self.source.fetch(dict(zip(self._inputs, flight.key, strict=True)))
            record = None if raw is None else checked(raw, self.settings.fields)
        except LookupFailed as failed:
            known = failed.reason in Failure.__members__.values()
            failure = Failure(failed.reason) if known else Failure.ERROR
            self._fail(flight, failure, failed.detail, counts=failed.asked)
        except Exception as error:
            log.exception("lookup %s: unexpected", self._name)
            self._fail(flight, Failure.ERROR, f"unexpected {type(error).__name__}, see the log")
        else:
            if not flight.over:
                self._serve(flight, record)

    def _expire(self) -> None:
        """Fail what is due, and wait for the next.

        A timer and not a timeout around the await: it holds even when the source ignores its cancellation. Such a task
        goes on counting as in flight, so that they cannot pile up.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._deadlines and (self._deadlines[0].over or self._deadlines[0].due <= now):
            flight = self._deadlines.popleft()
            if not flight.over:
                blameless = flight.task is None or now > flight.due + OVERSLEPT
                detail = f"no answer within {self.settings.timeout * 1000:g} ms"
                self._fail(flight, Failure.TIMEOUT, detail, counts=not blameless)
                if flight.task:
                    flight.task.cancel()
                    flight.task = None  # what it ends with holds the flight: they would wait for the collector
        while self._waiting and self._waiting[0].over:
            self._waiting.popleft()
        self._timer = loop.call_at(self._deadlines[0].due, self._expire) if self._deadlines else None

    def _serve(self, flight: Flight, record: Record) -> None:
        self._report(flight.ticket, served=True)
        if self._cache:
            self._cache.keep(flight.key, record)
        self._land(flight, self._found(record, "source"))

    def _fail(self, flight: Flight, failure: Failure, detail: str, *, counts: bool = True) -> None:
        """``counts``: whether the breaker is to hear of it."""
        if not flight.over:
            if counts:
                self._report(flight.ticket, served=failure not in NOT_SERVED)
            else:
                self._breaker.withdraw(flight.ticket)
            self._land(flight, self._failed(flight.key, failure, detail))

    def _land(self, flight: Flight, answer: Answer) -> None:
        del self._flights[flight.key]
        flight.land(answer, self._clock())
        while self._deadlines and self._deadlines[0].over:
            self._deadlines.popleft()

    def _report(self, ticket: int, served: bool) -> None:
        before = self._breaker.state
        self._breaker.report(ticket, served)
        if self._breaker.state == before:
            return
        if self._breaker.state == "open":
            pause = self._breaker.seconds_to_probe()
            log.warning("lookup %s fails again and again: not asked for %g s", self._name, pause)
        else:
            log.info("lookup %s answers again", self._name)

    def _found(self, record: Record, origin: Literal["source", "cache"]) -> Answer:
        if record is None:
            return Answer(self._name, Outcome.MISSING, origin=origin)
        return Answer(self._name, Outcome.FOUND, record, origin=origin)

    def _failed(self, key: Key, failure: Failure, detail: str) -> Answer:
        """The failure, or an older record in its place."""
        if self._cache and (kept := self._cache.stale(key)):
            why = f"{self._cache.age(kept):.0f} s old, used because the source failed: {failure}, {detail}"
            return Answer(self._name, Outcome.FOUND, kept.record or EMPTY, None, why, origin="stale")
        return Answer(self._name, Outcome.FAILED, failure=failure, detail=detail)
