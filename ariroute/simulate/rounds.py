"""Whom callers ring, one round after the other (``try_calling()``, app_queue.c, Asterisk 22.10.1)."""

from __future__ import annotations

from math import inf
from random import Random

from ariroute.simulate.places import FREE, Line, Place
from ariroute.simulate.scenario import Scenario
from ariroute.simulate.strategies import ROUNDS, following_start, whom


class Rounds:
    """Chooses for each caller, and keeps where the rounds go on."""

    def __init__(self, scenario: Scenario, chance: Random) -> None:
        self._chance = chance
        self._shared = scenario.shared_last_call
        self._differ = self._shared or scenario.lag > 0
        self._starts: dict[int, int] = {}
        """Where the round of each caller of a linear queue begins (``linpos``)."""

    def choose(self, caller: int, line: Line, limit: int | None, second: float) -> tuple[list[Place], int | None]:
        """Whom ``caller`` rings, of no higher penalty than ``limit``; where their next round begins after this ring.

        ``second`` is the whole one that ``time()`` tells.
        """
        ready = self._could_ring(line, second) if self._differ else [*line.ready.values()]
        if limit is not None:
            ready = [place for place in ready if place.penalty <= limit]
        if line.heavier:
            ready = [place for place in ready if not any(each.blocks(place.person) for each in line.heavier)]
        linear = line.strategy == "linear"
        start = self._starts.get(caller, 0) if linear else line.round_robin
        metric, rung = whom(line, ready, start, second, self._chance) if ready else (inf, [])
        following: int | None = None
        if linear or line.strategy in ROUNDS:
            following, more = following_start(line, limit, start, metric, rung)
            if not linear:
                line.wrapped = line.wrapped or more
            elif following is None:
                following = 0 if more else start + 1
        return rung, following

    def _could_ring(self, line: Line, second: float) -> list[Place]:
        """Those who would be rung (``can_ring_entry()``), where these are not just those who are ready."""
        if self._shared:  # counted by this queue's wrap-up, rung by that of the queue of their last call
            return [
                place
                for place in line.places.values()
                if place.person.state == FREE and not place.paused and place.rests_until <= second
            ]
        return [place for place in line.ready.values() if not place.person.called]

    def next(self, caller: int, line: Line, following: int | None) -> None:
        """The ring is over: the next begins at ``following``, as chosen (``store_next_rr()``, ``store_next_lin()``)."""
        if line.strategy == "linear":
            assert following is not None
            self._starts[caller] = following
        elif line.strategy in ROUNDS:
            if following is None:
                following = 0 if line.wrapped else line.round_robin + 1
            line.round_robin, line.wrapped = following, False
