"""A long branch, looked into by the value of one fact: which of its cases can be true at all.

What a case demands of the fact is read from its condition (:mod:`ariroute.flow.regions`). A case that the index leaves
out is certain not to be true, so the decision is the one that walking all cases would give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ariroute.flow.conditions import Condition
from ariroute.flow.domains import Domain, cones
from ariroute.flow.facts import Scalar
from ariroute.flow.scope import Reader, Unknown, reader

LEAST = 16
"""Shorter branches are walked: their trace shows every case."""

Key = tuple[type, Scalar]
"""A value with its type, as ``True`` and 1 are equal in Python."""


@dataclass(frozen=True, slots=True)
class Index:
    """The numbers of a branch's cases by the value of ``fact``; ``rest`` are those that can be true for any."""

    fact: str
    read: Reader
    values: Mapping[Key, tuple[int, ...]]
    prefixes: Mapping[str, tuple[int, ...]]
    lengths: tuple[int, ...]
    rest: tuple[int, ...]

    def candidates(self, value: Any) -> Sequence[int]:
        """The cases that can be true when the fact has ``value``, or Unknown, in the file's order."""
        if isinstance(value, Unknown):
            return self.rest
        found = list(self.values.get(_key(value), ()))
        if isinstance(value, str):
            for length in self.lengths:
                found += self.prefixes.get(value[:length], ())
        return sorted({*found, *self.rest}) if found else self.rest


def index_of(conditions: Sequence[Condition]) -> Index | None:
    """The index over the fact that most of ``conditions`` demand something of; None when that are too few."""
    found = [_demands(condition) for condition in conditions]
    facts = Counter(fact for demands in found for fact in demands)
    fact, count = facts.most_common(1)[0] if facts else ("", 0)
    if count < LEAST:
        return None
    values: dict[Key, list[int]] = {}
    prefixes: dict[str, list[int]] = {}
    rest: list[int] = []
    for number, demands in enumerate(found):
        if fact not in demands:
            rest.append(number)
            continue
        points, begun = demands[fact]
        for point in points:
            values.setdefault(_key(point), []).append(number)
        for prefix in begun:
            prefixes.setdefault(prefix, []).append(number)
    return Index(
        fact,
        reader(fact),
        {key: tuple(numbers) for key, numbers in values.items()},
        {prefix: tuple(numbers) for prefix, numbers in prefixes.items()},
        tuple(sorted({len(prefix) for prefix in prefixes})),
        tuple(rest),
    )


Demand = tuple[list[Scalar], list[str]]
"""Values, and prefixes of texts: the fact is one of these or begins with one of those."""


def _demands(condition: Condition) -> dict[str, Demand]:
    found = {}
    for fact, domain in condition.region.facts.items():
        if (demand := _demand(domain)) is not None:
            found[fact] = demand
    return found


def _demand(domain: Domain) -> Demand | None:
    begun, bare = cones(domain)
    points = bare.points()
    return None if points is None else (list(points), begun)


def _key(value: Any) -> Key:
    return (float, float(value)) if type(value) is int else (type(value), value)
