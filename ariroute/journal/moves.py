"""Moves of agents between queues: what the staffing did, or would have done, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ariroute.journal.record import first_id, new_id, whole
from ariroute.journal.store import Statement, Store
from ariroute.json_text import dumps

COLUMNS = ("at", "pbx", "agent", "queues_left", "queue", "why", "reason", "mode", "done", "failure")
PLACES = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 2))
INSERT = f"INSERT INTO moves (id, {', '.join(COLUMNS)}) VALUES ({PLACES}) ON CONFLICT (id) DO NOTHING"  # noqa: S608  # ours
SELECT = f"SELECT {', '.join(COLUMNS)} FROM moves"  # noqa: S608  # our own names


class Moved(NamedTuple):
    """``agent`` was sent from the queues ``left`` (none, one, or several) to ``queue``.

    ``at`` is seconds since 1970. ``why`` is the kind of reason, ``reason`` a sentence for a manager. ``mode`` is that
    of the staffing: by ``advise`` nothing is done. ``failure`` says why it could not be ``done``; empty when it was, or
    was not tried.
    """

    at: float
    pbx: str
    agent: str
    left: tuple[str, ...]
    queue: str
    why: str
    reason: str
    mode: str
    done: bool
    failure: str

    @property
    def weight(self) -> int:
        return 1

    def statements(self) -> Iterator[Statement]:
        """The row. Made in the journal's thread."""
        left = dumps([whole(queue) for queue in self.left])
        where = (whole(self.pbx), whole(self.agent), left, whole(self.queue))
        why = (self.why, whole(self.reason), self.mode, int(self.done), whole(self.failure))
        yield Statement(INSERT, (new_id(self.at), self.at, *where, *why))


@dataclass(frozen=True, slots=True)
class MovesWanted:
    """What moves are to have in common; empty and None ask for nothing.

    Times are seconds since 1970, from ``since`` to before ``until``. ``queue`` is one that the agent left or was sent
    to.
    """

    since: float | None = None
    until: float | None = None
    pbx: str = ""
    agent: str = ""
    queue: str = ""

    def where(self) -> tuple[str, list[Any]]:
        """The condition, which may be empty, and its values."""
        parts, values = list[str](), list[Any]()

        def put(condition: str, value: Any) -> None:
            values.append(value)
            parts.append(condition.format(f"${len(values)}"))

        if self.since is not None:
            put("id >= {}", first_id(self.since))
        if self.until is not None:
            put("id < {}", first_id(self.until))
        if self.pbx:
            put("pbx = {}", self.pbx)
        if self.agent:
            put("agent = {}", self.agent)
        if self.queue:
            put("(queue = {}", self.queue)
            put("replace(queues_left, {}, '') <> queues_left)", json.dumps(self.queue, ensure_ascii=False))
            parts[-2:] = [" OR ".join(parts[-2:])]
        return (f"WHERE {' AND '.join(parts)}" if parts else ""), values


def moves(store: Store, wanted: MovesWanted, limit: int) -> list[Moved]:
    """The latest ``limit`` moves of those that are wanted, the latest first. Raises JournalError as the store does."""
    where, values = wanted.where()
    rows = store.read(f"{SELECT} {where} ORDER BY id DESC LIMIT {limit:d}", tuple(values))
    return [_moved(*row) for row in rows]


def _moved(at: float, pbx: str, agent: str, left: str, *more: Any) -> Moved:
    queue, why, reason, mode, done, failure = more
    return Moved(at, pbx, agent, tuple(json.loads(left)), queue, why, reason, mode, bool(done), failure)
