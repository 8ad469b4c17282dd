"""When which fault strikes in a soak, and who calls: made of a seed. Pure.

A new process has memory of its own, so a slope needs a long life. For the first part of the run (`LONG_LIFE`) no fault
ends the daemon: it hangs, reloads, loses its connections, its lookups are late. What kills it, stops it or takes over
from it strikes in the rest, every second time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

from ariroute.lab.sip import Caller
from ariroute.proof.allowed import Allowed
from ariroute.proof.dialplan import GUARDED
from ariroute.proof.plan import IMPATIENT, LASTS, NAMES, PATIENCE, WITHHELD, PlannedFault

DEADLY: Final = frozenset({"kill", "restart", "upgrade"})
LONG_LIFE: Final = 0.8
"""The part of the run in which nothing ends the daemon."""
QUICK: Final = 8
"""How many times more often callers dial what leads straight to a queue: no prompt, no ring, no hanging up."""
IN_QUEUE: Final = 4.0
"""Seconds that a patient caller stays beyond what flow and guard may take."""


def faults(seconds: float, every: float, guard: float, seed: int, kinds: Sequence[str]) -> list[PlannedFault]:
    """One fault every so many seconds, from half of them on; none where `every` is 0. Of `kinds`, all in turn."""
    if not every:
        return []
    dice = random.Random(seed)  # noqa: S311  # a time line, no secret
    mild, deadly = (_in_turn([kind for kind in kinds if (kind in DEADLY) is wanted], dice) for wanted in (False, True))
    seen: dict[str, int] = {}
    planned, at, last_was_deadly = [], every / 2, False
    while at < seconds:
        last_was_deadly = at >= LONG_LIFE * seconds and not last_was_deadly
        kind = next(deadly if last_was_deadly else mild, None)
        if kind is not None:
            place = seen[kind] = seen.get(kind, -1) + 1
            lasted = min(LASTS[kind](place, guard, dice), every / 2)
            planned.append(PlannedFault(kind, round(at, 3), round(lasted, 2)))
        at += every
    return planned


def _in_turn(kinds: Sequence[str], dice: random.Random) -> Iterator[str]:
    """Each of them once in every round, the rounds shuffled, without end."""
    while kinds:
        yield from dice.sample(kinds, len(kinds))


def weights(straight: Sequence[bool]) -> list[int]:
    """How often each entry is dialled; those that lead straight to a queue more often."""
    return [QUICK if each else 1 for each in straight]


def callers(
    count: int, often: Sequence[int], allowed: Sequence[Allowed], guard: float, dice: random.Random
) -> list[Caller]:
    """So many callers; for each entry how often it is dialled, and what its flow may take."""
    entries = dice.choices(range(len(allowed)), often, k=count)
    return [_caller(entry, allowed[entry], guard, dice) for entry in entries]


def _caller(entry: int, allowed: Allowed, guard: float, dice: random.Random) -> Caller:
    number = "" if dice.random() < WITHHELD else f"+4670{dice.randrange(10**7):07d}"
    stays = dice.uniform(*PATIENCE) if dice.random() < IMPATIENT else allowed.whole + guard + IN_QUEUE
    return Caller(number, dice.choice(NAMES), f"{GUARDED}{entry}", patience=stays, stay=stays)
