"""Moments of a year, those together at which all opening hours of two rulesets stand alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ariroute.flow.hours import WEEKDAYS, Hours

DAYS = 366
"""So far ahead it is looked."""
LISTED = 3
"""So many single stretches are named."""

Stretch = tuple[datetime, datetime]


@dataclass(slots=True)
class Moments:
    """A set of moments that make no difference; ``first`` is one of them. ``stretches`` are disjoint, in order."""

    first: datetime
    stretches: list[Stretch] = field(default_factory=list)


def moments(hours: Sequence[Hours], begin: datetime, *, every_hour: bool) -> list[Moments]:
    """From ``begin`` (aware) on; ``every_hour``: each hour of the first week is one of its own."""
    end = begin + timedelta(days=DAYS)
    cuts = sorted({begin, *(at for each in hours for at in _cuts(each, begin) if begin < at < end)})
    if every_hour:
        whole = begin.replace(minute=0, second=0, microsecond=0)
        cuts = sorted({*cuts, *(whole + timedelta(hours=hour) for hour in range(1, 24 * 7))})
    week = begin + timedelta(days=7)
    found: dict[tuple[object, ...], Moments] = {}
    for at, behind in zip(cuts, [*cuts[1:], end], strict=True):
        stands = tuple(each.standing(at).state for each in hours)
        of_hour = (at.hour, at.weekday()) if every_hour and at < week else ()
        kind = found.setdefault((stands, of_hour), Moments(at))
        if kind.stretches and kind.stretches[-1][1] == at:
            kind.stretches[-1] = (kind.stretches[-1][0], behind)
        else:
            kind.stretches.append((at, behind))
    return list(found.values())


def _cuts(hours: Hours, begin: datetime) -> Iterator[datetime]:
    """Every moment at which they may change."""
    zone = ZoneInfo(hours.timezone)
    first = begin.astimezone(zone).date() - timedelta(days=1)
    for number in range(DAYS + 3):
        day = first + timedelta(days=number)
        yield _at(day, time(), zone)
        for span in (*hours.weekly.get(day.weekday(), ()), *hours.dates.get(day, ())):
            yield _at(day, span.opens, zone)
            yield _at(day + timedelta(days=1) if span.past_midnight else day, span.closes, zone)
    for event in hours.agenda.events:
        yield from (event.begins.astimezone(UTC), event.ends.astimezone(UTC))


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def described(stretches: Sequence[Stretch], timezone: str) -> str:
    """``mon-fri 17:00-18:00``, ``2026-12-24 09:00 to 12:00``: those of the first week, else the first ones."""
    zone = ZoneInfo(timezone)
    merged = list(_merged(sorted(stretches)))
    begin = merged[0][0]
    week = [stretch for stretch in merged if stretch[0] < begin + timedelta(days=6, hours=12)]
    if len(merged) <= LISTED:
        return ", ".join(_dated(stretch, zone) for stretch in merged)
    clocks: dict[str, list[int]] = {}
    for low, high in week:
        here, there = low.astimezone(zone), high.astimezone(zone)
        if high - low > timedelta(hours=24):
            return f"{_dated(week[0], zone)}, and {len(merged) - 1} times more in a year"
        clocks.setdefault(f"{here:%H:%M}-{there:%H:%M}", []).append(here.weekday())
    if len(merged) < len(week) * 20:  # not every week
        return f"{_dated(merged[0], zone)}, and {len(merged) - 1} times more in a year"
    return ", ".join(f"{_days(days)} {clock}" for clock, days in clocks.items())


def _merged(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    last: Stretch | None = None
    for low, high in stretches:
        if last and last[1] >= low:
            last = (last[0], max(last[1], high))
            continue
        if last:
            yield last
        last = (low, high)
    if last:
        yield last


def _dated(stretch: Stretch, zone: ZoneInfo) -> str:
    low, high = (at.astimezone(zone) for at in stretch)
    return f"{low:%Y-%m-%d %H:%M} to {high:{'%H:%M' if high - low < timedelta(hours=24) else '%Y-%m-%d %H:%M'}}"


def _days(days: Sequence[int]) -> str:
    """``mon-fri``, ``sat``."""
    known = sorted(set(days))
    parts: list[list[int]] = []
    for day in known:
        if parts and parts[-1][-1] == day - 1:
            parts[-1].append(day)
        else:
            parts.append([day])
    return ",".join(
        WEEKDAYS[part[0]] if len(part) == 1 else f"{WEEKDAYS[part[0]]}-{WEEKDAYS[part[-1]]}" for part in parts
    )
