"""Callers, agents and times, as commands are given them: ``gold=40/h``, ``gold+standard=6``, ``gold=3m``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from ariroute.errors import UnusableInput
from ariroute.flow.queues import QUEUE_NAME, ServiceLevel
from ariroute.values import seconds

if TYPE_CHECKING:
    from ariroute.replay.crew import Crowd

T = TypeVar("T")

HOUR = 3600.0
UNITS = {"s": 1.0, "m": 60.0, "h": HOUR, "d": 86400.0}
RATE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)/(?:([0-9]{1,4}))?([smhd])", re.ASCII)
WITH_PRIORITY = re.compile(r"([A-Za-z0-9_-]{1,64})(?::(-?[0-9]{1,9}))?", re.ASCII)
LEVEL = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)/([0-9.]+[a-z]+)", re.ASCII)
MOST_AGENTS = 10_000


class Calls(NamedTuple):
    """``rate`` callers a second into ``queue``, at ``priority`` (None: that of the queue)."""

    queue: str
    priority: int | None
    rate: float


@dataclass(frozen=True, slots=True)
class ByQueue(Generic[T]):
    """A value for each queue that is named, and one for all others; None where nothing is said."""

    named: Mapping[str, T]
    others: T | None = None

    def of(self, queue: str) -> T | None:
        return self.named.get(queue, self.others)


def by_queue(option: str, texts: Iterable[str], read: Callable[[str], T], such_as: str) -> ByQueue[T]:
    """What ``texts`` say, each ``VALUE`` for all queues or ``QUEUE=VALUE``.

    ``read`` raises ValueError with words for what is no such value. Raises UnusableInput, also for what is said twice.
    """
    named: dict[str, T] = {}
    others: T | None = None
    for text in texts:
        queue, equals, value = text.strip().rpartition("=")
        try:
            found = read(value)
        except ValueError as error:
            raise UnusableInput(f"{option} {text}: {error}; write such as {such_as}") from None
        if equals and not QUEUE_NAME.fullmatch(queue):
            raise UnusableInput(f"{option} {text}: '{queue[:80]}' can be no queue; write such as {such_as}")
        if queue in named or (not equals and others is not None):
            raise UnusableInput(f"{option} {text}: is said twice{f' of {queue}' if queue else ''}: keep one")
        if equals:
            named[queue] = found
        else:
            others = found
    return ByQueue(named, others)


def calls(texts: Iterable[str]) -> list[Calls]:
    """``gold=40/h``, and ``support:10=5/15m`` for those at priority 10. Raises UnusableInput."""
    found: dict[tuple[str, int | None], Calls] = {}
    for text in texts:
        place, _, rate = text.strip().partition("=")
        match, whole = RATE.fullmatch(rate), WITH_PRIORITY.fullmatch(place)
        if not match or not whole:
            raise UnusableInput(f"--calls {text}: write QUEUE=NUMBER/h, such as gold=40/h, or gold:10=5/15m")
        where, span = (whole[1], int(whole[2]) if whole[2] else None), int(match[2] or 1) * UNITS[match[3]]
        if not span:
            raise UnusableInput(f"--calls {text}: no time at all: write such as gold=40/h")
        if where in found:
            raise UnusableInput(f"--calls {text}: is said twice: write each queue once, such as gold=40/h")
        found[where] = Calls(*where, float(match[1]) / span)
    return list(found.values())


def crowds(texts: Iterable[str]) -> list[Crowd]:
    """``gold=4``, and ``gold+standard=6`` for agents who may serve both. Raises UnusableInput."""
    from ariroute.replay.crew import Crowd

    found = []
    for text in texts:
        names, _, number = text.strip().partition("=")
        queues = tuple(dict.fromkeys(name.strip() for name in names.split("+")))
        fits = all(map(QUEUE_NAME.fullmatch, queues)) and re.fullmatch(r"[0-9]{1,5}", number, re.ASCII)
        if not fits or int(number) > MOST_AGENTS:
            raise UnusableInput(
                f"--agents {text}: write QUEUE=NUMBER, such as gold=4, or gold+standard=6 for agents who serve both; "
                f"{MOST_AGENTS} at most"
            )
        found.append(Crowd(queues, int(number)))
    return found


def service_level(text: str) -> ServiceLevel:
    """``80/20s``. Raises ValueError."""
    match = LEVEL.fullmatch(text)
    if not match or not 0 < float(match[1]) <= 100:
        raise ValueError(f"'{text[:80]}' is no service level")
    return ServiceLevel(float(match[1]), seconds(match[2]))


def duration(option: str, text: str) -> float:
    """Seconds of a duration. Raises UnusableInput, which names ``option``."""
    try:
        return seconds(text)
    except ValueError as error:
        raise UnusableInput(f"{option}: {error}") from None


def length(text: str) -> float:
    """Seconds of a duration above 0. Raises ValueError."""
    found = seconds(text)
    if found <= 0:
        raise ValueError(f"'{text}' is no time at all")
    return found


def number(text: str) -> float:
    """A number above 0, of six digits before the point. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII) or float(text) <= 0:
        raise ValueError(f"'{text[:80]}' is not a number above 0, and below a million")
    return float(text)
