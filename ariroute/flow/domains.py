"""Sets of values that one fact may have: null, truth values, numbers, texts; with union, intersection, complement.

Numbers and texts are kept as intervals between cuts. A cut stands just before a value, ``(value, 0)``, or just behind
it, ``(value, 1)``, so that ``>= 3`` begins before 3, ``> 3`` behind it, and the one value 3 lies between the two. A
prefix is an interval too: all texts from ``+46`` to before ``+47``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ariroute.flow.facts import Scalar

LAST_CHARACTER = 0x10FFFF

Cut = tuple[Any, int]
Interval = tuple[Cut | None, Cut | None]
"""From a cut to a cut; None has no end on that side."""

Intervals = tuple[Interval, ...]
"""Disjoint, in ascending order."""

ALL: Intervals = ((None, None),)


@dataclass(frozen=True, slots=True)
class Domain:
    """A set of values. What it says of two texts with nothing between them is on the side of caution: not empty."""

    null: bool = False
    truths: frozenset[bool] = frozenset()
    numbers: Intervals = ()
    texts: Intervals = ()

    @property
    def is_empty(self) -> bool:
        return not (self.null or self.truths or self.numbers or self.texts)

    def __or__(self, other: Domain) -> Domain:
        return Domain(
            self.null or other.null,
            self.truths | other.truths,
            _union(self.numbers, other.numbers),
            _union(self.texts, other.texts),
        )

    def __and__(self, other: Domain) -> Domain:
        return ~(~self | ~other)

    def __invert__(self) -> Domain:
        return Domain(not self.null, BOTH - self.truths, _complement(self.numbers), _complement(self.texts))

    def __le__(self, other: Domain) -> bool:
        """Whether every value here is in ``other`` too."""
        return (self & ~other).is_empty

    def __ge__(self, other: Domain) -> bool:
        return other <= self

    def __contains__(self, value: Scalar) -> bool:
        if value is None or isinstance(value, bool):
            return self.null if value is None else value in self.truths
        cut, intervals = (value, 0), self.texts if isinstance(value, str) else self.numbers
        return any((low is None or low <= cut) and (high is None or cut < high) for low, high in intervals)

    def points(self) -> Iterator[Scalar] | None:
        """Every value, when they can be listed; else None."""
        numbers, texts = _points(self.numbers), _points(self.texts)
        if numbers is None or texts is None:
            return None
        return iter([*([None] if self.null else []), *self.truths, *numbers, *texts])


BOTH = frozenset({True, False})
TRUTHS = Domain(truths=BOTH)
NUMBERS = Domain(numbers=ALL)
TEXTS = Domain(texts=ALL)
EVERYTHING = Domain(True, BOTH, ALL, ALL)


def of(values: Iterable[Scalar]) -> Domain:
    """These values and no other."""
    given = list(values)
    numbers = {float(value) for value in given if isinstance(value, int | float) and not isinstance(value, bool)}
    return Domain(
        None in given,
        frozenset(value for value in given if isinstance(value, bool)),
        tuple(((value, 0), (value, 1)) for value in sorted(numbers)),
        tuple(((value, 0), (value, 1)) for value in sorted({value for value in given if isinstance(value, str)})),
    )


def compared(operator: str, bound: float) -> Domain:
    """The numbers that are ``<``, ``<=``, ``>`` or ``>=`` ``bound``."""
    cut = (float(bound), 1 if operator in ("<=", ">") else 0)
    return Domain(numbers=((None, cut),) if operator[0] == "<" else ((cut, None),))


def prefixed(prefixes: Iterable[str]) -> Domain:
    """The texts that begin with one of ``prefixes``."""
    found = Domain()
    for prefix in prefixes:
        found |= Domain(texts=(((prefix, 0) if prefix else None, _behind(prefix)),))
    return found


def _behind(prefix: str) -> Cut | None:
    """The cut behind all texts that begin with ``prefix``."""
    bare = prefix.rstrip(chr(LAST_CHARACTER))
    return (bare[:-1] + chr(ord(bare[-1]) + 1), 0) if bare else None


def _union(one: Intervals, other: Intervals) -> Intervals:
    if not one or not other:
        return one or other
    found: list[Interval] = []
    for low, high in sorted((*one, *other), key=lambda interval: (interval[0] is not None, interval[0] or ())):
        if found and (found[-1][1] is None or (low is None or low <= found[-1][1])):
            begin, end = found[-1]
            found[-1] = (begin, None if end is None or high is None else max(end, high))
        else:
            found.append((low, high))
    return tuple(found)


def _complement(intervals: Intervals) -> Intervals:
    found: list[Interval] = []
    begin: Cut | None = None
    for number, (low, high) in enumerate(intervals):
        if low is not None:
            found.append((begin if number else None, low))
        if high is None:
            return tuple(found)
        begin = high
    return (*found, (begin, None))


def _points(intervals: Intervals) -> list[Any] | None:
    found = []
    for low, high in intervals:
        if low is None or high is None or low[0] != high[0]:
            return None
        found.append(low[0])
    return found


def cones(domain: Domain) -> tuple[list[str], Domain]:
    """The prefixes of which ``domain`` has all texts, and the domain without those."""
    found = [(low, high) for low, high in domain.texts if low and not low[1] and low[0] and high == _behind(low[0])]
    rest = tuple(interval for interval in domain.texts if interval not in found)
    return [low[0] for low, _ in found], Domain(domain.null, domain.truths, domain.numbers, rest)
