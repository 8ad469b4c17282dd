"""Agents who do not answer: paused for a while after so many rings in a row, so that they hold up nobody."""

from __future__ import annotations

from math import inf
from typing import Final

from ariroute.asterisk.queue_events import Answered, MemberEvent, QueueEvent, RangInVain
from ariroute.staffing.rules import NoAnswer

AUTOPAUSE: Final = 0.1
"""Seconds until a pause by app_queue itself (``autopause``), which comes with the ring's end, has been told of."""


class Unanswered:
    """Counts rings in vain by interface, and keeps when who is to be paused and when they come back."""

    def __init__(self) -> None:
        self._rings: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._back: dict[str, float] = {}

    def on_event(self, event: QueueEvent | MemberEvent, limit: NoAnswer | None, now: float) -> None:
        """Phones that ring at the same time for several callers count one after the other."""
        if limit is None:
            self._rings.clear()
        elif isinstance(event, Answered):
            self._rings.pop(event.interface, None)
            self._due.pop(event.interface, None)
        elif isinstance(event, RangInVain):
            rings = self._rings[event.interface] = self._rings.get(event.interface, 0) + 1
            if rings >= limit.rings:
                del self._rings[event.interface]
                self._due[event.interface] = now + AUTOPAUSE

    def is_due(self, interface: str) -> bool:
        """Whether they are about to be paused."""
        return interface in self._due

    def due(self, now: float) -> list[str]:
        """Who is to be paused now; each is told once."""
        return _taken_out(self._due, now)

    def paused(self, interface: str, until: float) -> None:
        """They are, and come back then."""
        self._back[interface] = until

    def back(self, now: float) -> list[str]:
        """Whose pause is over now; each is told once."""
        return _taken_out(self._back, now)

    def next_at(self) -> float:
        """When there is something to do."""
        return min(*self._due.values(), *self._back.values(), inf, inf)


def _taken_out(moments: dict[str, float], now: float) -> list[str]:
    found = [interface for interface, at in moments.items() if at <= now]
    for interface in found:
        del moments[interface]
    return found
