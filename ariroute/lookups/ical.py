"""iCalendar (RFC 5545) into the events that opening hours know: recurring ones written out, times made exact.

An event closes; it opens when its summary begins with the word *open*, or when one of its categories is *open*. The
file comes from elsewhere, so everything in it is bounded: its events, their occurrences, the years looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from ariroute.flow.hours import Event

EVENT_LIMIT = 20_000
"""Events in the file, and occurrences of all of them together."""

YEARS_BACK, YEARS_AHEAD = 1, 3
"""Recurring events are written out from the beginning of last year for so many years."""

NAME_LIMIT = 80
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
OLDEST = 1600  # calendars give birthdays without a year 1601 or 1604
OPENS = re.compile(r"open\b", re.IGNORECASE)
MISSING = "iCalendar files need more packages: pip install 'ariroute[calendar]'"


def events(content: bytes, zone: ZoneInfo, today: date) -> list[Event]:
    """The events of an iCalendar file; times without a zone are read in ``zone``.

    Raises ValueError that says what is wrong; the file then is not used at all, as the event in it that cannot be
    understood may be the day on which nobody is there.
    """
    found = [component for component in _calendar(content).walk("VEVENT") if not component.is_empty()]
    if len(found) > EVENT_LIMIT:
        raise ValueError(f"has more than {EVENT_LIMIT} events")
    moved: dict[str, set[datetime]] = {}
    for component in found:
        if (instead := component.get("RECURRENCE-ID")) is not None:
            moved.setdefault(_text(component.get("UID")), set()).add(_moment(instead, zone, component))
    written: list[Event] = []
    for component in found:
        single = "RECURRENCE-ID" in component
        changed = frozenset() if single else frozenset(moved.get(_text(component.get("UID")), ()))
        written += islice(_events_of(component, zone, today, changed), EVENT_LIMIT + 1)
        if len(written) > EVENT_LIMIT:
            raise ValueError(f"event {_name(component)!r}: the file makes more than {EVENT_LIMIT} occurrences")
    return written


def _calendar(content: bytes) -> Any:
    try:
        from icalendar import Calendar  # 0.1 s and an optional package: only where a file asks for it
    except ImportError:
        raise ValueError(MISSING) from None
    try:
        return Calendar.from_ical(content)
    except Exception as error:  # it raises what its many parts raise
        raise ValueError(f"is not an iCalendar file: {_clean(str(error))}") from None


def _events_of(component: Any, zone: ZoneInfo, today: date, changed: frozenset[datetime]) -> Iterator[Event]:
    if _text(component.get("STATUS")).upper() == "CANCELLED":
        return
    begins = _given(component, "DTSTART")
    if begins is None:
        raise ValueError(f"event {_name(component)!r} has no DTSTART")
    days = not isinstance(begins, datetime)
    own = _zone_of(begins, zone)
    length = _length(component, begins, own if not days else UTC)
    if length <= timedelta(0):
        return
    first = _wall(begins)
    name, opens = _name(component), _opens(component)
    left_out = {_exact(_wall(each), _zone_of(each, own)) for each in _listed(component, "EXDATE")} | changed
    for start in dict.fromkeys(_starts(component, first, own, today)):
        begin = _exact(start, own)
        if begin not in left_out:
            # days end at a midnight, and some have 23 or 25 hours; times end after so many hours
            end = _exact(start + length, own) if days else begin + length
            yield Event(begin, end, name, opens, days)


def _starts(component: Any, first: datetime, own: tzinfo, today: date) -> Iterator[datetime]:
    """The wall-clock times at which the event begins."""
    rule = component.get("RRULE")
    if rule is None:
        yield first
    for each in rule if isinstance(rule, list) else filter(None, [rule]):
        yield from _recurring(component, each, first, own, today)
    for each in _listed(component, "RDATE"):
        begins = each[0] if isinstance(each, tuple) else each
        moment = begins.astimezone(own) if isinstance(begins, datetime) and begins.tzinfo else begins
        yield _wall(moment)


def _recurring(component: Any, rule: Any, first: datetime, own: tzinfo, today: date) -> Iterator[datetime]:
    from dateutil.rrule import rrulestr  # comes with icalendar

    try:
        parts = {str(name).upper(): values for name, values in rule.items()}
        written = rule.to_ical().decode()
    except Exception as error:  # icalendar's own for a broken value
        raise ValueError(f"event {_name(component)!r} recurs by a rule that is not understood: {error}") from None
    _check_rule(parts, first, component)
    count, until = _one(parts.get("COUNT")), _one(parts.get("UNTIL"))
    last = datetime(today.year - YEARS_BACK + YEARS_AHEAD, 1, 1)
    if until is not None:
        wall = until.astimezone(own) if isinstance(until, datetime) and until.tzinfo else until
        last = min(last, _wall(wall) if isinstance(until, datetime) else datetime.combine(until, time.max))
    text = ";".join(part for part in written.split(";") if not part.startswith(("COUNT=", "UNTIL=")))
    try:
        series = rrulestr(f"{text};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=first, ignoretz=True)
        if first <= last and next(iter(series), None) is None:  # which took seconds, and others may follow
            raise ValueError("it never comes true")
        earliest = datetime(today.year - YEARS_BACK, 1, 1)
        yield from (start for start in islice(series, count) if start >= earliest)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise ValueError(f"event {_name(component)!r} recurs by a rule that cannot be used: {error}") from None


def _check_rule(parts: dict[str, Any], first: datetime, component: Any) -> None:
    """Refuse what would be worked out for ever."""
    frequency, interval = str(_one(parts.get("FREQ"))).upper(), _one(parts.get("INTERVAL"))
    if frequency not in FREQUENCIES:
        raise ValueError(f"event {_name(component)!r} recurs {frequency.lower()}: at most daily is understood")
    if interval is not None and (not isinstance(interval, int) or interval < 1):
        raise ValueError(f"event {_name(component)!r} recurs with the interval {_clean(str(interval))}")
    if first.year < OLDEST or (frequency in ("DAILY", "WEEKLY") and first.year < 1900):
        raise ValueError(f"event {_name(component)!r} begins in the year {first.year}")


def _length(component: Any, begins: date, own: tzinfo) -> timedelta:
    ends = _given(component, "DTEND")
    if ends is None:
        duration = component.get("DURATION")
        if duration is None:
            return timedelta(0) if isinstance(begins, datetime) else timedelta(days=1)
        length = _held(duration, "dt", "td")
        if not isinstance(length, timedelta):
            raise ValueError(f"event {_name(component)!r}: its DURATION is not understood")
        return length
    if isinstance(ends, datetime) is not isinstance(begins, datetime):
        raise ValueError(f"event {_name(component)!r} begins on a day and ends at a time, or the other way round")
    return _exact(_wall(ends), _zone_of(ends, own)) - _exact(_wall(begins), _zone_of(begins, own))


def _given(component: Any, key: str) -> date | None:
    value = component.get(key)
    if value is None:
        return None
    found = _held(value, "dt")
    if not isinstance(found, date):
        raise ValueError(f"event {_name(component)!r}: its {key} is not a date or time")
    return found


def _listed(component: Any, key: str) -> Iterator[Any]:
    """The dates and times of EXDATE or RDATE, which may stand several times and hold several each."""
    value = component.get(key)
    for group in value if isinstance(value, list) else filter(None, [value]):
        dates = _held(group, "dts")
        if dates is None:
            raise ValueError(f"event {_name(component)!r}: its {key} is not understood")
        yield from (each.dt for each in dates)


def _held(value: Any, *names: str) -> Any:
    """The first of these attributes that ``value`` has; None for what icalendar could not read."""
    for name in names:
        with suppress(Exception):  # icalendar 7 raises an error of its own for a broken value, 6 AttributeError
            return getattr(value, name)
    return None


def _moment(value: Any, zone: ZoneInfo, component: Any) -> datetime:
    found = _held(value, "dt")
    if not isinstance(found, date):
        raise ValueError(f"event {_name(component)!r}: its RECURRENCE-ID is not a date or time")
    return _exact(_wall(found), _zone_of(found, zone))


def _zone_of(value: date, zone: tzinfo) -> tzinfo:
    return value.tzinfo if isinstance(value, datetime) and value.tzinfo else zone


def _wall(value: date) -> datetime:
    """``value`` as a clock on the wall shows it; a day as its midnight."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else datetime.combine(value, time())


def _exact(wall: datetime, zone: tzinfo) -> datetime:
    """In UTC, where adding and comparing are what they seem."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _one(values: Any) -> Any:
    return values[0] if isinstance(values, list) and values else values


def _opens(component: Any) -> bool:
    groups = component.get("CATEGORIES")
    listed = groups if isinstance(groups, list) else [] if groups is None else [groups]
    words = [word for group in listed for word in getattr(group, "cats", [group])]
    return bool(OPENS.match(_name(component))) or any(_text(word).strip().casefold() == "open" for word in words)


def _name(component: Any) -> str:
    return _clean(_text(component.get("SUMMARY"))) or "event without a name"


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _clean(text: str) -> str:
    """Fit for a log and a trace: one line, no control characters, not long."""
    shown = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)
    return " ".join(shown.split())[:NAME_LIMIT]
