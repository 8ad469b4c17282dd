"""Asks sources for a contact: all together, each within its deadline, and whatever happens there is an answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ariroute.flow import answers as engine
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.scope import fields_of
from ariroute.flow.wants import NOTHING_BEFORE
from ariroute.lookups.base import LookupSettings, Source, no_surprise
from ariroute.lookups.lane import Flight, Lane, SourceState

log = logging.getLogger(__name__)

CLOSING_TIME = 1.0


class LookupRunner:
    """The sources of one configuration. Used from one event loop; ``clock`` gives seconds and never jumps."""

    def __init__(
        self,
        sources: Mapping[str, tuple[LookupSettings, Source]],
        *,
        clock: Callable[[], float] = time.monotonic,
        observe: Callable[[Answer], None] | None = None,
    ) -> None:
        self._lanes = {name: Lane(name, settings, source, clock) for name, (settings, source) in sources.items()}
        self._clock = clock
        self._observe = observe

    async def start(self) -> None:
        """Open the sources. Raises what the first of them raises, and then leaves none open."""
        try:
            for name, lane in self._lanes.items():
                with no_surprise(name):
                    await lane.source.start()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End what is under way (those who wait get a failure) and close the sources."""
        tasks = [task for lane in self._lanes.values() for task in lane.end()]
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=CLOSING_TIME)
            for task in stuck:
                log.warning("a lookup does not end though it was told to: %s", task.get_name())
        for name, lane in self._lanes.items():
            try:
                async with asyncio.timeout(CLOSING_TIME):
                    await lane.source.close()
            except Exception:
                log.exception("lookup %s: closing failed", name)

    async def fetch(
        self,
        names: Sequence[str],
        inputs: Mapping[str, str],
        after: Mapping[str, frozenset[str]] = NOTHING_BEFORE,
    ) -> list[Answer]:
        """One answer for each name, in this order. Raises nothing but CancelledError.

        ``after`` names for a lookup those of ``names`` that its question is made of: it is asked as soon as they have
        answered, with their fields among its inputs. Cancelling ends the wait and not the request, which others may
        wait for too.
        """
        begun = self._clock()
        if after:
            answers = await self._in_turn(names, inputs, after, begun)
        else:
            asked = [self._ask(name, inputs) for name in names]
            # One after the other is as fast as together: all are under way, and each ends by its own deadline.
            answers = []
            for each in asked:  # not a comprehension: that would hold a coroutine more for each contact that waits
                answers.append(await each.answer(begun) if isinstance(each, Flight) else each)
        if self._observe:
            for answer in answers:
                self._tell(self._observe, answer)
        return answers

    async def _in_turn(
        self, names: Sequence[str], inputs: Mapping[str, str], after: Mapping[str, frozenset[str]], begun: float
    ) -> list[Answer]:
        """As :meth:`fetch`, with a task for each name, as some wait for others."""
        tasks: dict[str, asyncio.Task[Answer]] = {}

        async def answer_of(name: str) -> Answer:
            before = [tasks[each] for each in sorted(after.get(name, ())) if each in tasks]
            if before:
                await asyncio.wait(before)  # which does not cancel them with this one
            known = [task.result() for task in before]
            silent = next((each.lookup for each in known if each.outcome is Outcome.FAILED), "")
            if silent:
                return engine.not_askable(name, silent)
            own = dict(inputs)
            for each in known:
                own.update(fields_of(each))
            now = self._clock()
            asked = self._ask(name, own)
            answer = await asked.answer(now) if isinstance(asked, Flight) else asked
            return replace(answer, began=now - begun) if before else answer

        tasks |= {name: asyncio.create_task(answer_of(name), name=f"lookup {name}") for name in names}
        try:
            await asyncio.wait(tasks.values())
            return [task.result() for task in tasks.values()]
        finally:
            for task in tasks.values():
                task.cancel()

    def states(self) -> Mapping[str, SourceState]:
        """How each source does at this moment."""
        return {name: lane.state() for name, lane in self._lanes.items()}

    def deadline(self, names: Sequence[str]) -> float:
        """Seconds after which :meth:`fetch` of these names has answered at the latest."""
        return max((self._lanes[name].settings.timeout for name in names if name in self._lanes), default=0.0)

    def _ask(self, name: str, inputs: Mapping[str, str]) -> Answer | Flight:
        lane = self._lanes.get(name)
        if lane is None:
            return Answer(
                name,
                Outcome.FAILED,
                failure=Failure.ERROR,
                detail="the configuration has no such lookup",
            )
        return lane.ask(inputs)

    @staticmethod
    def _tell(observe: Callable[[Answer], None], answer: Answer) -> None:
        try:
            observe(answer)
        except Exception:
            log.exception("lookup %s: the observer failed; the answer stands", answer.lookup)
