"""What happened in a queue of late: waits and talks, summed over a time that is forgotten again."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple


class End(NamedTuple):
    """A contact that waits no more, at a moment, after so many seconds."""

    at: float
    wait: float
    answered: bool


class Recent:
    """The ends of waits and the talks of one queue."""

    def __init__(self) -> None:
        self.usual_talk: float | None = None
        """Asterisk's own average, for as long as no talk of late is known."""
        self._ends: deque[End] = deque()
        self._within: float | None = None
        self._in_time = 0
        self._talks: deque[tuple[float, float]] = deque()
        self._talked = 0.0

    def answered(self, now: float, wait: float) -> None:
        self._end(End(now, wait, True))

    def abandoned(self, now: float, wait: float) -> None:
        self._end(End(now, wait, False))

    def talked(self, now: float, talk: float) -> None:
        self._talks.append((now, talk))
        self._talked += talk

    def forget(self, before: float) -> None:
        """What happened before that moment is not of late any more."""
        while self._ends and self._ends[0].at < before:
            self._in_time -= self._is_in_time(self._ends.popleft())
        while self._talks and self._talks[0][0] < before:
            self._talked -= self._talks.popleft()[1]

    def handling_time(self, wrap_up: float) -> float | None:
        """Average talk and ``wrap_up`` in seconds; None when nothing is known of it."""
        talk = self._talked / len(self._talks) if self._talks else self.usual_talk
        return None if talk is None else talk + wrap_up

    def answered_in_time(self, within: float | None) -> float | None:
        """Percent of the ends that were an answer within so many seconds; None without an end, or without a time."""
        if within != self._within:
            self._within = within
            self._in_time = sum(map(self._is_in_time, self._ends))
        return 100.0 * self._in_time / len(self._ends) if self._ends and within is not None else None

    def _end(self, end: End) -> None:
        self._ends.append(end)
        self._in_time += self._is_in_time(end)

    def _is_in_time(self, end: End) -> bool:
        return self._within is not None and end.answered and end.wait <= self._within
