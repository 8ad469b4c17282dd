"""The one loop that feeds a run until it has decided: facts from its sources, everything else from a performer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer
from ariroute.flow.run import Run
from ariroute.flow.wants import Fetch, Gather, PickUp, Play, Reply, Ring

Fetcher = Callable[[Sequence[str], Mapping[str, str], Mapping[str, frozenset[str]]], Awaitable[Sequence[Answer]]]
"""Answers for these lookups, with these inputs; the third names for a lookup those that it waits for."""

Performer = Callable[[PickUp | Play | Gather | Ring], Awaitable[Reply | None]]
"""Carries out what is no lookup and gives the reply to it; None for a Ring that was answered."""


async def drive(run: Run, fetch: Fetcher, now: Callable[[], datetime], perform: Performer | None = None) -> Decision:
    """The decision of ``run``, each want carried out in its turn. Without ``perform`` no caller can be talked to."""
    wanted = run.start(now())
    while not isinstance(wanted, Decision):
        if isinstance(wanted, Fetch):
            wanted = run.receive(await fetch(wanted.lookups, wanted.inputs, wanted.after), now())
        elif perform is None:
            wanted = run.give_up(f"this contact has no caller on a line: {type(wanted).__name__}")
        else:
            reply = await perform(wanted)
            wanted = run.answered(now()) if reply is None else run.receive(reply, now())
    return wanted
