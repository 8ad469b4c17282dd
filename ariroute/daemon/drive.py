"""The one loop that feeds a run from its sources until it has decided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer
from ariroute.flow.run import Run

Fetcher = Callable[[Sequence[str], Mapping[str, str]], Awaitable[Sequence[Answer]]]


async def drive(run: Run, fetch: Fetcher, now: Callable[[], datetime]) -> Decision:
    """The decision of ``run``, each request for facts answered by ``fetch``."""
    wanted = run.start(now())
    while not isinstance(wanted, Decision):
        answers = await fetch(wanted.lookups, wanted.inputs)
        wanted = run.receive(answers, now())
    return wanted
