"""The values of one fact, divided into cells: two values of one cell make no difference to any of the conditions."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ariroute.flow.domains import Cut, Domain, Interval, cones
from ariroute.flow.facts import Scalar

Steps = tuple[list[Cut], list[int]]
"""Cuts, and between any two of them the number of the cell: one more than there are cuts."""


NO_ORDER = (None, True, False)


@dataclass(frozen=True, slots=True)
class Cells:
    """A partition of ``universe``: each value lies in exactly one of ``domains``."""

    universe: Domain
    domains: tuple[Domain, ...]
    _numbers: Steps = field(init=False, repr=False, compare=False)
    _texts: Steps = field(init=False, repr=False, compare=False)
    _others: Mapping[bool | None, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_numbers", _steps([domain.numbers for domain in self.domains]))
        object.__setattr__(self, "_texts", _steps([domain.texts for domain in self.domains]))
        others = {value: number for number, each in enumerate(self.domains) for value in NO_ORDER if value in each}
        object.__setattr__(self, "_others", others)

    def number(self, value: Scalar) -> int:
        """Which cell ``value`` lies in; -1 for one outside of the universe."""
        if value is None or isinstance(value, bool):
            return self._others.get(value, -1)
        cuts, cells = self._texts if isinstance(value, str) else self._numbers
        return cells[bisect_right(cuts, (value, 0))]


def _steps(groups: Sequence[Sequence[Interval]]) -> Steps:
    """``groups`` lie beside each other without a gap, or there are none."""
    begins = sorted(
        ((low, number) for number, group in enumerate(groups) for low, _ in group),
        key=lambda begin: (begin[0] is not None, begin[0] or ()),
    )
    return [low for low, _ in begins if low], [number for _, number in begins] or [-1]


def divided(universe: Domain, sets: Iterable[Domain]) -> Cells:
    """``universe`` divided as finely as ``sets`` need, and no finer."""
    given = list(sets)
    found: list[Domain] = []
    found += [Domain(truths=frozenset({truth})) for truth in sorted(universe.truths)]
    if universe.numbers:
        found += [Domain(numbers=group) for group in _groups([domain.numbers for domain in given])]
    if universe.texts:
        found += [Domain(texts=group) for group in _groups([domain.texts for domain in given])]
    if universe.null:
        found.append(Domain(null=True))
    return Cells(universe, tuple(found))


def _groups(sets: Sequence[Sequence[Interval]]) -> list[tuple[Interval, ...]]:
    """All values from the least to the greatest, those together that lie in the same of ``sets``."""
    cuts: list[Cut] = sorted({cut for intervals in sets for interval in intervals for cut in interval if cut})
    within: list[set[int]] = [set() for _ in range(len(cuts) + 1)]
    for number, intervals in enumerate(sets):
        for low, high in intervals:
            first = bisect_right(cuts, low) if low else 0
            last = bisect_right(cuts, high) if high else len(cuts) + 1
            for place in range(first, last):
                within[place].add(number)
    ends: list[Cut | None] = [None, *cuts, None]
    groups: dict[frozenset[int], list[Interval]] = {}
    for place, members in enumerate(within):
        groups.setdefault(frozenset(members), []).append((ends[place], ends[place + 1]))
    return [tuple(_joined(group)) for group in groups.values()]


def _joined(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Neighbours as one."""
    last: Interval | None = None
    for low, high in intervals:
        if last and last[1] == low:
            last = (last[0], high)
            continue
        if last:
            yield last
        last = (low, high)
    if last:
        yield last


def example(domain: Domain, preferred: Iterable[Scalar] = ()) -> tuple[Scalar] | None:
    """A value in ``domain``, as plain as can be, one of ``preferred`` if any is; None when none is found."""
    for value in (*preferred, *_candidates(domain)):
        if value in domain:
            return (value,)
    return None


PLAIN_TEXTS = ("other", "Anna", "x", "0", "~", "")


def _candidates(domain: Domain) -> Iterator[Scalar]:
    yield from domain.truths
    for low, high in domain.numbers:
        yield from _numbers(low, high)
    for low, high in domain.texts:
        if low and high and low[0] == high[0]:
            yield low[0]
    for begin in cones(domain)[0]:
        yield from (f"{begin}1", begin)
    if domain.texts:
        yield from PLAIN_TEXTS
    for low, _ in domain.texts:
        if low:
            yield from (low[0], f"{low[0]} ", f"{low[0]}0", f"{low[0]}z")
    if domain.null:
        yield None


def _numbers(low: Cut | None, high: Cut | None) -> Iterator[float]:
    if low is None and high is None:
        yield 1.0
    elif low is None and high is not None:
        yield from (float(high[0] // 1), float(high[0] // 1) - 1)
    elif low is not None:
        yield from (float(low[0]), float(low[0] // 1) + 1)
        if high is not None:
            yield (low[0] + high[0]) / 2


def described(name: str, domain: Domain, universe: Domain) -> str:
    """What lies in ``domain``, said of ``name``: ``crm.orders is >= 10``, ``crm.tier is neither empty nor "gold"``."""
    said, others = _words(domain), _words(universe & ~domain)
    if said is not None and (others is None or len(said) <= len(others) + 1):
        return f"{name} is {_list(said, 'or')}"
    if others is not None:
        return f"{name} is {'neither' if len(others) > 1 else 'not'} {_list(others, 'nor')}"
    found = example(domain)
    return f"{name} is such as {_value(found[0])}" if found else f"{name} is another"


def _words(domain: Domain) -> list[str] | None:
    """Each part in words; None when one of them cannot be said shortly."""
    words = ["empty"] * domain.null + [_value(truth) for truth in sorted(domain.truths)]
    words += [_between(low, high) for low, high in domain.numbers]
    begun, rest = cones(domain)
    words += [f"any that begins with {_value(begin)}" for begin in begun]
    if domain.texts == ((None, None),):
        return [*words, "any text"]
    for low, high in rest.texts:
        if low is None or high is None or low[0] != high[0]:
            return None
        words.append(_value(low[0]))
    return words


def _between(low: Cut | None, high: Cut | None) -> str:
    if low and high and low[0] == high[0]:
        return _value(low[0])
    parts = [f"{'>' if low[1] else '>='} {_value(low[0])}"] if low else []
    parts += [f"{'<=' if high[1] else '<'} {_value(high[0])}"] if high else []
    return " and ".join(parts) or "any number"


def _value(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False)


def _list(words: Sequence[str], join: str) -> str:
    *first, last = words
    return f"{', '.join(first)} {join} {last}" if first else last
