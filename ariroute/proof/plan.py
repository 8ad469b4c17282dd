"""When which call comes and which fault strikes: a time line made of a seed, the same for the same wishes. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

LEAD: Final = 0.8
"""Seconds of calls before each fault, so that it finds some on their way."""
TAIL: Final = 0.5
"""Seconds of calls behind it, which find what it has left behind."""
BEFORE: Final = 0.7
"""The share of callers who come before the fault strikes."""
USUAL_RATE: Final = 10.0
"""Calls a second where there is no fault at all, and nothing else is asked for."""
IMPATIENT: Final = 0.2
"""The share of callers who hang up by themselves, wherever they are then."""
PATIENCE: Final = (0.05, 7.0)
"""Seconds after which those do."""
WITHHELD: Final = 0.05
"""The share of callers without a number."""

STAYING: Final = 5
"""Every so manieth caller stays in the queue beyond the guard. In the last act there are none, unless it is the only
one: the run's end would wait for them."""

PRESSES: Final = 12
KEYS: Final = ("1", "2", "3", "0", "9", "*", "#", "4711#", "400123", "1")
"""What callers press who are asked for keys; some of it fits nothing."""

NAMES: Final = (
    "",
    "",
    "Ann Ek",
    "Bo, Ltd.",
    "${SHELL(id)}",
    'The "Boss"',
    "å" * 60,
    "$[1+1]",
    "<script>",
    "') OR 1=1 --",
)
"""Names that callers bring along, some of them hostile; a list of SIPp cannot carry a semicolon."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call. Times are seconds from the act's begin; ``entry`` counts the numbers that can be dialled."""

    at: float
    number: str
    name: str
    entry: int
    leaves_after: float | None
    """Seconds after which an impatient caller hangs up; None for one who waits for the queue."""
    keys: tuple[str, ...] = ()
    """What this caller would press, one after the other."""
    stays: bool = False
    """Whether this caller stays in the queue for longer than the guard, which must be disarmed there."""


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One fault, of a kind of :mod:`ariroute.proof.faults`. Times are seconds from the act's begin."""

    kind: str
    at: float
    lasted: float
    held: float = 0.0
    """Of a kill: so many seconds the daemon is stopped before it, so that it dies with calls in its hands."""


@dataclass(frozen=True, slots=True)
class Act:
    """One fault with the calls around it; the next act waits until the daemon serves again."""

    calls: tuple[PlannedCall, ...]
    fault: PlannedFault | None
    lasts: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run."""

    seed: int
    acts: tuple[Act, ...]

    @property
    def calls(self) -> int:
        """In all acts."""
        return sum(len(act.calls) for act in self.acts)

    @property
    def lasts(self) -> float:
        """Seconds, without the time in which the daemon starts."""
        return sum(act.lasts for act in self.acts)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked for.

    ``faults`` says how many of each kind, ``rate`` how many calls a second there may be at most, None for as many as
    come in the time of the faults. ``prefix`` is what callers' numbers begin with.
    """

    calls: int
    faults: Mapping[str, int]
    entries: int
    guard: float
    rate: float | None = None
    prefix: str = "+4670"


def plan(wishes: Wishes, seed: int) -> Plan:
    """The acts for ``wishes``: one fault after the other, each with its part of the calls."""
    dice = random.Random(seed)  # noqa: S311  # a time line, no secret
    kinds: list[str | None] = [kind for kind, count in wishes.faults.items() for _ in range(count)]
    dice.shuffle(kinds)
    kinds = kinds or [None]
    entries = [place % wishes.entries for place in range(wishes.calls)]
    dice.shuffle(entries)
    seen: Counter[str] = Counter()
    acts = []
    for place, kind in enumerate(kinds):
        own = entries[place :: len(kinds)]
        act = _act(wishes, kind, seen[kind or ""], own, dice)
        is_last = place == len(kinds) - 1
        acts.append(replace(act, calls=_some_stay(act.calls)) if place == 0 or not is_last else act)
        seen[kind or ""] += 1
    return Plan(seed, tuple(acts))


def _some_stay(calls: Sequence[PlannedCall]) -> tuple[PlannedCall, ...]:
    return tuple(replace(call, stays=place % STAYING == 0) for place, call in enumerate(calls))


def _act(wishes: Wishes, kind: str | None, before: int, entries: Sequence[int], dice: random.Random) -> Act:
    """The act of a fault, the how manieth of its kind it is being told by ``before``."""
    lead = LEAD if kind else len(entries) / (wishes.rate or USUAL_RATE)
    if wishes.rate:
        lead = max(lead, len(entries) / wishes.rate)
    if kind is None:
        return Act(_calls(wishes, entries, lead, lead, dice), None, lead)
    held = round(dice.uniform(0.1, 0.5), 2) if kind == "kill" and before % 2 else 0.0
    fault = PlannedFault(kind, round(lead + held, 3), round(LASTS[kind](before, wishes.guard, dice), 2), held)
    lasts = fault.at + fault.lasted + TAIL
    if fault.lasted > wishes.guard:
        return Act(_calls_for_the_guard(wishes, entries, fault, dice), fault, lasts)
    return Act(_calls(wishes, entries, lead, lasts, dice), fault, lasts)


def _calls(
    wishes: Wishes, entries: Sequence[int], lead: float, lasts: float, dice: random.Random
) -> tuple[PlannedCall, ...]:
    """A call for each of ``entries``, most of them before ``lead``."""
    times = sorted(
        round(dice.uniform(0.0, lead) if dice.random() < BEFORE else dice.uniform(lead, lasts), 3) for _ in entries
    )
    return tuple(_call(wishes, at, entry, dice) for at, entry in zip(times, entries, strict=True))


def _calls_for_the_guard(
    wishes: Wishes, entries: Sequence[int], fault: PlannedFault, dice: random.Random
) -> tuple[PlannedCall, ...]:
    """Calls for a fault that outlasts the guard: every second one comes so early in it that only the guard helps."""
    early = len(entries) // 2
    times = sorted(round(dice.uniform(0.0, fault.at), 3) for _ in range(early))
    window = min(fault.lasted - wishes.guard, LEAD)
    times += sorted(round(fault.at + dice.uniform(0.0, window), 3) for _ in range(len(entries) - early))
    calls = [_call(wishes, at, entry, dice) for at, entry in zip(times, entries, strict=True)]
    return tuple(
        replace(call, leaves_after=None) if place == early else call  # one at least waits for it
        for place, call in enumerate(calls)
    )


HELD: Final = 1.5
"""Seconds for which the control's daemon is held before it is killed; most of its calls come in them."""


def control(wishes: Wishes, seed: int) -> Plan:
    """One round of the control: a daemon that is held from the beginning and then killed, and calls meanwhile."""
    dice = random.Random(seed)  # noqa: S311  # a time line, no secret
    times = sorted(round(dice.uniform(0.1, 1.4 * HELD), 3) for _ in range(wishes.calls))
    calls = [
        PlannedCall(at, f"{wishes.prefix}{dice.randrange(10**7):07d}", "", place % wishes.entries, None)
        for place, at in enumerate(times)
    ]
    return Plan(seed, (Act(tuple(calls), PlannedFault("kill", HELD, HELD, HELD), 2 * HELD),))


def _call(wishes: Wishes, at: float, entry: int, dice: random.Random) -> PlannedCall:
    withheld = dice.random() < WITHHELD
    number = "" if withheld else f"{wishes.prefix}{dice.randrange(10**7):07d}"
    leaves = round(dice.uniform(*PATIENCE), 3) if dice.random() < IMPATIENT else None
    keys = tuple(dice.choice(KEYS) for _ in range(PRESSES))
    return PlannedCall(at, number, dice.choice(NAMES), entry, leaves, keys)


def _no_time(place: int, guard: float, dice: random.Random) -> float:
    return 0.0


def _down(place: int, guard: float, dice: random.Random) -> float:
    """Whatever starts it again does so at once, or only after a while."""
    return dice.uniform(0.3, guard) if place % 4 == 2 else 0.0


def _hung(place: int, guard: float, dice: random.Random) -> float:
    """The first outlasts the guard: all calls in it must be rescued."""
    return (guard + 1.5, 1.0, guard / 2, 0.3)[place % 4]


def _deaf(place: int, guard: float, dice: random.Random) -> float:
    """Some are over before anybody notices, some last until the daemon gives the connection up."""
    return (guard + 1.0, 1.0, 11.0, 0.3)[place % 4]


def _some(place: int, guard: float, dice: random.Random) -> float:
    return dice.uniform(1.0, 3.0)


LASTS: Final[Mapping[str, Callable[[int, float, random.Random], float]]] = {
    "kill": _down,
    "hang": _hung,
    "restart": _no_time,
    "upgrade": _no_time,
    "reload": _no_time,
    "cut": _no_time,
    "deaf": _deaf,
    "slow": _some,
    "refuse": _some,
    "crm": _some,
}
"""For each kind how long it lasts: the how manieth of its kind it is, the guard, dice."""
