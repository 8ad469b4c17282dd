"""For how long the target of a tier was held of late: sums over time that forget."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

WINDOW: Final = 900.0
"""Seconds over which it is told how well a target was held."""
PIECE: Final = 5.0
"""Seconds that are counted together."""


@dataclass(slots=True)
class Piece:
    """Sums over some seconds with calls: how many these were, how many of them held, agents per call times seconds."""

    begin: float
    seconds: float = 0.0
    held: float = 0.0
    achieved: float = 0.0


class Held:
    """How one tier did over the last :data:`WINDOW` seconds, of which only those count in which it had calls."""

    def __init__(self) -> None:
        self._pieces: deque[Piece] = deque()

    def add(self, begin: float, end: float, achieved: float, *, holds: bool) -> None:
        """From ``begin`` to ``end`` it had calls, and so many agents for each."""
        if end <= begin:
            return
        if not self._pieces or begin >= self._pieces[-1].begin + PIECE:
            self._pieces.append(Piece(begin))
        piece, seconds = self._pieces[-1], end - begin
        piece.seconds += seconds
        piece.held += seconds if holds else 0.0
        piece.achieved += achieved * seconds
        while self._pieces[0].begin < end - WINDOW:
            self._pieces.popleft()

    def forget(self, now: float) -> None:
        while self._pieces and self._pieces[0].begin < now - WINDOW:
            self._pieces.popleft()

    @property
    def percent(self) -> float | None:
        """Of the time with calls in which it held; None without any."""
        seconds = sum(piece.seconds for piece in self._pieces)
        return 100.0 * sum(piece.held for piece in self._pieces) / seconds if seconds else None

    @property
    def average(self) -> float | None:
        """Agents per call, by time; None without a call."""
        seconds = sum(piece.seconds for piece in self._pieces)
        return sum(piece.achieved for piece in self._pieces) / seconds if seconds else None
