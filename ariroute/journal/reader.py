"""What the journal knows: one contact, many of them by what they have in common, all of them one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ariroute.flow.again import Past
from ariroute.flow.facts import fits
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
        """What is kept of the run: ``contact``, ``flow`` (where it began), ``told``, ``decision`` ...

        ``decision`` is None for a contact that left without one; ``trace`` is then what its run did.
        """
        plain: dict[str, Any] = loads(self.detail)
        return plain

    def events(self) -> list[dict[str, Any]]:
        """What Asterisk did, in order."""
        return [json.loads(line) for line in self.happened.splitlines()]

    def past(self, fields: Mapping[str, Mapping[str, Any]]) -> Past:
        """The contact to walk again by rules that declare ``fields``: those not kept, or of another type, are gaps."""
        plain = self.plain()
        history = history_of(plain)
        gaps, misread = set(plain["gaps"]), dict[str, str]()
        for told in plain["told"]:
            for answer in told.get("answers", ()):
                if answer["outcome"] == "found":
                    lookup, kept = answer["lookup"], answer["fields"]
                    for name, kind in fields.get(lookup, {}).items():
                        if name not in kept:
                            gaps.add(f"{lookup}.{name}")
                        elif not fits(kind, kept[name]):
                            misread.setdefault(lookup, f"{lookup}.{name}")
        arms = {name: (low, high) for name, (low, high) in plain["arms"].items()}
        lost = Gaps(frozenset(gaps), history.draws, arms, history.calendars, misread)
        return Past(contact_of(plain["contact"]), history, lost)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What records are to have in common; empty and None ask for nothing.

    Times are seconds since 1970, from ``since`` to before ``until``. ``keys`` are hashes of callers, of which it has
    one (:func:`ariroute.journal.keeping.caller_key`). ``outcome`` is what Asterisk did, ``handed`` how the contact left
    the daemon. ``slow`` are those that took so many seconds or more.
    """

    since: float | None = None
    until: float | None = None
    pbx: str = ""
    flow: str = ""
    queue: str = ""
    keys: tuple[str, ...] = ()
    outcome: str = ""
    handed: str = ""
    slow: float | None = None
    by_default: bool = False

    def where(self) -> tuple[str, list[Any]]:
        """The condition, which may be empty, and its values."""
        values: list[Any] = []

        def put(value: Any) -> str:
            values.append(value)
            return f"${len(values)}"

        names = ("pbx", "flow", "queue", "outcome", "handed")
        equal = {name: getattr(self, name) for name in names}
        parts = [f"{column} = {put(value)}" for column, value in equal.items() if value]
        if self.since is not None:
            parts.append(f"arrived >= {put(self.since)}")
        if self.until is not None:
            parts.append(f"arrived < {put(self.until)}")
        if self.keys:
            parts.append(f"caller_key IN ({', '.join(map(put, self.keys))})")
        if self.slow is not None:
            parts.append(f"took >= {put(self.slow)}")
        if self.by_default:
            parts.append("by_default = 1")
        return (f"WHERE {' AND '.join(parts)}" if parts else ""), values


ANY = Wanted()


class Reader:
    """Questions to an open store. Raises JournalError as the store does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def last(self, wanted: Wanted = ANY) -> Recorded | None:
        """The latest record of those that are wanted."""
        found = list(self.find(wanted, limit=1))
        return found[0] if found else None

    def by_contact(self, contact: str, pbx: str = "") -> Recorded | None:
        """The latest record of the channel with this uniqueid. Several PBXs may each have one: ``pbx`` chooses."""
        rest = " AND pbx = $2" if pbx else ""
        return self._one(f"WHERE contact = $1{rest} ORDER BY id DESC LIMIT 1", contact, *([pbx] if pbx else []))

    def find(self, wanted: Wanted, *, limit: int | None = None, oldest_first: bool = False) -> Iterator[Recorded]:
        """The records that are wanted, one by one, the latest first unless ``oldest_first``."""
        where, values = wanted.where()
        order = f"ORDER BY arrived {'ASC' if oldest_first else 'DESC'}"
        most = f"LIMIT {limit:d}" if limit is not None else ""
        rows = self._store.stream(f"{SELECT} {where} {order} {most}", tuple(values))
        return (Recorded(*row) for row in rows)

    def between(self, since: float, until: float) -> Iterator[Recorded]:
        """The records of contacts that arrived from ``since`` to before ``until``, oldest first."""
        return self.find(Wanted(since, until), oldest_first=True)

    def rules(self, digest: str) -> str | None:
        """The text of the rules with this digest."""
        rows = self._store.read("SELECT rules FROM configs WHERE digest = $1", (digest,))
        return str(rows[0][0]) if rows else None

    def _one(self, rest: str, *values: Any) -> Recorded | None:
        rows: list[Row] = self._store.read(f"{SELECT} {rest}", values)
        return Recorded(*rows[0]) if rows else None
