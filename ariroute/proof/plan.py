"""When which call comes and which fault strikes: a time line made of a seed, the same for the same wishes. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LEAD: Final = 1.0
"""Seconds of calls before the first fault and after the last."""
NEAR_FAULTS: Final = 0.6
"""The share of callers who come just before a fault strikes, or while it is there."""
IMPATIENT: Final = 0.2
"""The share of callers who hang up by themselves, wherever they are then."""
PATIENCE: Final = (0.05, 7.0)
"""Seconds after which those do."""
WITHHELD: Final = 0.05
"""The share of callers without a number."""

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
    """One call. Times are seconds from the run's begin; ``entry`` counts the numbers that can be dialled."""

    at: float
    number: str
    name: str
    entry: int
    leaves_after: float | None
    """Seconds after which an impatient caller hangs up; None for one who waits for the queue."""
    keys: tuple[str, ...] = ()
    """What this caller would press, one after the other."""


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One fault, of a kind of :mod:`ariroute.proof.faults`. Times are seconds from the run's begin."""

    kind: str
    at: float
    lasted: float
    held: float = 0.0
    """Of a kill: so many seconds the daemon is stopped before it, so that it dies with calls in its hands."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run: calls and faults, each in the order of time."""

    seed: int
    calls: tuple[PlannedCall, ...]
    faults: tuple[PlannedFault, ...]
    ends: float
    """When the last call has come and the last fault is over."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked for. Times are seconds.

    ``faults`` says how many of each kind; ``starting`` is how long a daemon takes to start on this machine, ``rate``
    how many calls a second there may be at most, None for as many as the faults need.
    """

    calls: int
    faults: Mapping[str, int]
    entries: int
    guard: float
    starting: float = 1.5
    rate: float | None = None
    prefix: str = "+4670"
    """What callers' numbers begin with."""


def plan(wishes: Wishes, seed: int) -> Plan:
    """The time line for ``wishes``: one fault after the other, and more calls around them than between."""
    dice = random.Random(seed)  # noqa: S311  # a time line, no secret
    faults = _faults(wishes, dice)
    natural = max((fault.at + fault.lasted for fault in faults), default=LEAD) + wishes.starting + LEAD
    ends = max(natural, wishes.calls / wishes.rate) if wishes.rate else natural
    stretched = [_moved(fault, ends / natural) for fault in faults]
    return Plan(seed, tuple(_calls(wishes, stretched, ends, dice)), tuple(stretched), ends)


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
    return Plan(seed, tuple(calls), (PlannedFault("kill", HELD, HELD, HELD),), 2 * HELD)


def _faults(wishes: Wishes, dice: random.Random) -> list[PlannedFault]:
    kinds = [kind for kind, count in wishes.faults.items() for _ in range(count)]
    dice.shuffle(kinds)
    seen: dict[str, int] = {}
    faults, now = [], LEAD
    for kind in kinds:
        place = seen[kind] = seen.get(kind, -1) + 1
        lasted = LASTS[kind](place, wishes.guard, dice)
        held = round(dice.uniform(0.1, 0.5), 2) if kind == "kill" and place % 2 else 0.0
        faults.append(PlannedFault(kind, round(now + held, 3), round(lasted, 2), held))
        now += held + lasted + wishes.starting * RECOVERY.get(kind, 0.3) + dice.uniform(0.3, 1.0)
    return faults


def _moved(fault: PlannedFault, factor: float) -> PlannedFault:
    return PlannedFault(fault.kind, round(fault.at * factor, 3), fault.lasted, fault.held)


def _calls(wishes: Wishes, faults: Sequence[PlannedFault], ends: float, dice: random.Random) -> list[PlannedCall]:
    entries = [place % wishes.entries for place in range(wishes.calls)]
    dice.shuffle(entries)
    times = sorted(_time(faults, ends, dice) for _ in range(wishes.calls))
    return [_call(wishes, at, entry, dice) for at, entry in zip(times, entries, strict=True)]


def _time(faults: Sequence[PlannedFault], ends: float, dice: random.Random) -> float:
    if faults and dice.random() < NEAR_FAULTS:
        fault = dice.choice(faults)
        return round(max(0.0, fault.at + dice.uniform(-0.8, min(fault.lasted, 2.0))), 3)
    return round(dice.uniform(0.0, ends), 3)


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

RECOVERY: Final = {"kill": 1.6, "restart": 1.8, "upgrade": 2.0, "reload": 0.5, "cut": 0.7, "deaf": 0.7}
"""For some kinds how many times the start of a daemon it takes until the next fault strikes; without a daemon's start
most of them would hit nobody."""
