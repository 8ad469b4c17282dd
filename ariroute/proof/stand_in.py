"""A service in the place of every lookup and of whoever is notified: a proof asks no real CRM and opens no ticket."""

from __future__ import annotations

import itertools
import random
from typing import Final

from ariroute.lab.rest import Asked, Reply, RestService
from ariroute.proof.facts import Candidates, Fields, record

LOOKUPS: Final = "/lookups/"
NOTICES: Final = "/notices/"
SHARES: Final = (0.05, 0.7)
"""An answer takes these parts of the lookup's own timeout, so that a fault finds calls that wait for one."""


class StandIn(RestService):
    """Answers ``/lookups/NAME?...`` with a made-up record, the same for the same question, and takes every notice.

    ``held`` seconds are added to each answer while a fault is there.
    """

    def __init__(self, fields: Fields, known: Candidates, timeouts: dict[str, float], seed: int) -> None:
        super().__init__()
        self.held = 0.0
        self.notices = 0
        self._fields = fields
        self._known = known
        self._timeouts = timeouts
        self._seed = seed
        self._count = itertools.count()

    def reply(self, asked: Asked) -> Reply:
        """Found, missing, or thanks."""
        self.asked.clear()  # nobody reads them, and a long proof would fill the memory
        name = asked.path.rpartition("/")[2]
        if asked.path.startswith(NOTICES):
            self.notices += 1
            return Reply(200, {})
        if name not in self._fields:
            return Reply(404, {"error": "no such lookup"})
        found = record(self._known, name, self._fields[name], self._key(asked))
        return Reply(404, {"error": "no such record"}) if found is None else Reply(200, found)

    def delay(self, asked: Asked) -> float:
        """A part of the lookup's timeout; no two questions take the same."""
        timeout = self._timeouts.get(asked.path.rpartition("/")[2], 0.0)
        dice = random.Random(f"{self._seed}:{next(self._count)}")  # noqa: S311  # a pause, no secret
        return timeout * dice.uniform(*SHARES) + self.held

    def _key(self, asked: Asked) -> str:
        values = [value for _, value in asked.query]
        return f"{self._seed}:{'|'.join(values) if values else next(self._count)}"
