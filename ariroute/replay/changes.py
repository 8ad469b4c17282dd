"""What a replay found, counted: which contacts go elsewhere, which only look different, which cannot be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any, NamedTuple

from ariroute.flow.decision import Decision
from ariroute.flow.trace import TraceEntry
from ariroute.journal.reader import Recorded

Move = tuple[str, str]
"""From a destination to another, in words; both the same where only what goes with the contact differs."""


class Changed(NamedTuple):
    """A contact of which other rules make something else; None is no flow. ``beside`` names what differs otherwise."""

    recorded: Recorded
    move: Move
    before: Decision | None
    after: Decision | None
    beside: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """JSON types."""
        row = self.recorded
        return {
            "contact": row.contact,
            "pbx": row.pbx,
            "arrived": row.arrived,
            "caller": row.caller,
            "dialled": row.dialled,
            "from": self.move[0],
            "to": self.move[1],
            "differs": list(self.beside),
            "before": self.before and self.before.to_plain(),
            "after": self.after and self.after.to_plain(),
        }


@dataclass(slots=True)
class Changes:
    """The result of a replay. At most ``listed`` contacts of each move are kept whole; all are counted."""

    listed: int
    read: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    moves: Counter[Move] = field(default_factory=Counter)
    beside: Counter[str] = field(default_factory=Counter)
    relabelled: int = 0
    untold: Counter[str] = field(default_factory=Counter)
    first_untold: dict[str, str] = field(default_factory=dict)
    since: float | None = None
    until: float | None = None
    _kept: dict[Move, list[Changed]] = field(default_factory=dict)

    @property
    def told(self) -> int:
        """Contacts of which it can be said where they go."""
        return self.before.total()

    @property
    def moved(self) -> int:
        """Contacts that go elsewhere."""
        return self.moves.total()

    @property
    def share(self) -> float:
        """Percent that go elsewhere, of those of which it can be said."""
        return 100 * self.moved / self.told if self.told else 0.0

    def saw(self, recorded: Recorded) -> None:
        """One more record was read."""
        self.read += 1
        at = recorded.arrived
        self.since = at if self.since is None else min(self.since, at)
        self.until = at if self.until is None else max(self.until, at)

    def lacks(self, recorded: Recorded, cause: str) -> None:
        """This contact cannot be told."""
        self.untold[cause] += 1
        self.first_untold.setdefault(cause, recorded.contact)

    def goes(self, before: str, after: str) -> None:
        """A contact that went to ``before`` goes to ``after``."""
        self.before[before] += 1
        self.after[after] += 1

    def note(self, changed: Changed) -> None:
        """Count a change; it has been counted by :meth:`goes` already."""
        if changed.move[0] != changed.move[1]:
            self.moves[changed.move] += 1
        else:
            self.relabelled += 1
            self.beside.update(changed.beside)
        kept = self._kept.setdefault(changed.move, [])
        if len(kept) < self.listed:
            kept.append(changed)

    def wants(self, move: Move) -> bool:
        """Whether another contact of this move would be kept."""
        return len(self._kept.get(move, ())) < self.listed

    def examples(self) -> list[Changed]:
        """Those kept, of each move in turn, those that go elsewhere first: ``listed`` of them."""
        groups = sorted(self._kept.items(), key=lambda item: (item[0][0] == item[0][1], -self.moves[item[0]]))
        moved = [kept for move, kept in groups if move[0] != move[1]]
        beside = [kept for move, kept in groups if move[0] == move[1]]
        return [*_in_turn(moved), *_in_turn(beside)][: self.listed]

    def destinations(self) -> Iterator[tuple[str, int, int]]:
        """Each destination with how many contacts went there then, and how many do now; the most used first."""
        names = sorted({*self.before, *self.after}, key=lambda name: (-self.before[name], -self.after[name], name))
        return ((name, self.before[name], self.after[name]) for name in names)

    def to_plain(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "read": self.read,
            "told": self.told,
            "changed": self.moved,
            "changed_percent": round(self.share, 3),
            "differs_otherwise": self.relabelled,
            "differs": dict(self.beside.most_common()),
            "untold": self.untold.total(),
            "first": self.since,
            "last": self.until,
            "moves": [{"from": old, "to": new, "contacts": count} for (old, new), count in self.moves.most_common()],
            "destinations": [{"to": name, "before": old, "after": new} for name, old, new in self.destinations()],
            "causes": [
                {"cause": cause, "contacts": count, "example": self.first_untold[cause]}
                for cause, count in self.untold.most_common()
            ],
            "examples": [changed.to_plain() for changed in self.examples()],
        }


def apart(before: Sequence[TraceEntry], after: Sequence[TraceEntry]) -> tuple[list[bool], list[bool]]:
    """For each entry of two traces whether the other trace has none like it: what was compared or what came of it."""
    old, new = ([_gist(entry) for entry in trace] for trace in (before, after))
    return [gist not in set(new) for gist in old], [gist not in set(old) for gist in new]


def _gist(entry: TraceEntry) -> tuple[str, str, str, frozenset[str]]:
    return entry.what, entry.result, entry.text, frozenset(map(str, entry.values))


def _in_turn(groups: Iterable[list[Changed]]) -> Iterator[Changed]:
    return (changed for changed in chain.from_iterable(zip_longest(*groups)) if changed is not None)


def differing(before: Mapping[str, Any], after: Decision) -> tuple[str, ...]:
    """What goes with the contact and is not the same: ``variables``, ``label``, ``recording``, ``notices`` ...

    ``before`` is a decision's plain form.
    """
    found = []
    if before["variables"] != after.variables:
        found.append("variables")
    if before.get("label") != (after.label.to_plain() if after.label else None):
        found.append("label")
    if before.get("record", False) != after.record:
        found.append("recording")
    if before.get("notices", []) != [notice.name for notice in after.notices]:
        found.append("notices")
    if "greeting" in before and before["greeting"] != getattr(after.destination, "greeting", ""):
        found.append("greeting")
    return tuple(found)
