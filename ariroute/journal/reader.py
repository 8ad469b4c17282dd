"""What the journal knows: one contact, many of them by what they have in common, all of them one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ariroute.flow.again import Past
from ariroute.flow.gaps import Gaps
from ariroute.journal.plain import contact_of, history_of
from ariroute.journal.store import Row, Store
from ariroute.json_text import loads

COLUMNS = (
    *("id", "pbx", "contact", "linked", "medium", "arrived", "caller", "caller_key", "dialled", "flow"),
    *("destination", "queue", "priority", "by_default", "reason", "handed", "took", "digest", "detail"),
    *("outcome", "outcome_queue", "position", "wait", "agent", "talk", "happened"),
)
SELECT = f"SELECT {', '.join(COLUMNS)} FROM contacts"  # noqa: S608  # our own names


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row of the journal: see ``migrations/0001_contacts.sql`` for what each column means."""

    id: int
    pbx: str
    contact: str
    linked: str
    medium: str
    arrived: float
    caller: str
    caller_key: str
    dialled: str
    flow: str
    destination: str
    queue: str
    priority: int
    by_default: int
    reason: str
    handed: str
    took: float
    digest: str
    detail: str
    outcome: str
    outcome_queue: str
    position: int | None
    wait: float | None
    agent: str
    talk: float | None
    happened: str

    def plain(self) -> dict[str, Any]:
        """What is kept of the run: ``contact``, ``flow`` (where it began), ``told``, ``decision`` ..."""
        plain: dict[str, Any] = loads(self.detail)
        return plain

    def events(self) -> list[dict[str, Any]]:
        """What Asterisk did, in order."""
        return [json.loads(line) for line in self.happened.splitlines()]

    def past(self, fields: Mapping[str, Mapping[str, Any]]) -> Past:
        """The contact to walk again by rules that declare ``fields``: those that were not kept are gaps."""
        plain = self.plain()
        history = history_of(plain)
        gaps = set(plain["gaps"])
        for told in plain["told"]:
            for answer in told.get("answers", ()):
                if answer["outcome"] == "found":
                    lookup, kept = answer["lookup"], answer["fields"]
                    gaps.update(f"{lookup}.{name}" for name in fields.get(lookup, ()) if name not in kept)
        return Past(contact_of(plain["contact"]), history, Gaps(frozenset(gaps), plain["draws"]))


class Reader:
    """Questions to an open store. Raises JournalError as the store does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def last(self) -> Recorded | None:
        """The latest record."""
        return self._one("ORDER BY id DESC LIMIT 1")

    def by_contact(self, contact: str) -> Recorded | None:
        """The latest record of the channel with this uniqueid."""
        return self._one("WHERE contact = $1 ORDER BY id DESC LIMIT 1", contact)

    def between(self, since: float, until: float) -> Iterator[Recorded]:
        """The records of contacts that arrived from ``since`` to before ``until``, oldest first."""
        rows = self._store.stream(f"{SELECT} WHERE arrived >= $1 AND arrived < $2 ORDER BY id", (since, until))
        return (Recorded(*row) for row in rows)

    def rules(self, digest: str) -> str | None:
        """The text of the rules with this digest."""
        rows = self._store.read("SELECT rules FROM configs WHERE digest = $1", (digest,))
        return str(rows[0][0]) if rows else None

    def _one(self, rest: str, *values: Any) -> Recorded | None:
        rows: list[Row] = self._store.read(f"{SELECT} {rest}", values)
        return Recorded(*rows[0]) if rows else None
