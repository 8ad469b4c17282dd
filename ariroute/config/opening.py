"""The ``hours:`` section: days, dates, ranges of time and holidays into :class:`ariroute.flow.hours.Hours`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise

from ariroute.config.findings import Findings
from ariroute.config.model import HoursEntry
from ariroute.config.near import suggestion
from ariroute.config.places import Path
from ariroute.flow.hours import WEEKDAYS, Hours, Span

CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
DATES = re.compile(r"(\d{4}-\d{2}-\d{2})(?: *\.\. *(\d{4}-\d{2}-\d{2}))?", re.ASCII)
LIKE_DATES = re.compile(r"\d")
RANGE_LIMIT = 366
CLOSED = "closed"
COUNTRY = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,8}))?", re.ASCII)
HOLIDAY_YEARS = range(2020, 2046)
"""The years whose holidays are known: yesterday's calls can be replayed and no daemon runs longer unrestarted."""

LONG_DAYS = dict(
    zip(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), WEEKDAYS, strict=True)
)


def opening_hours(name: str, entry: HoursEntry, timezone: str, findings: Findings) -> Hours:
    """The hours that ``entry`` describes; mistakes go to ``findings`` and are left out."""
    path: Path = ("hours", name)
    weekly: dict[int, tuple[Span, ...]] = {}
    dates: dict[date, tuple[Span, ...]] = {}
    for key, text in (entry.model_extra or {}).items():
        spans = () if text.strip() == CLOSED else _spans(text, (*path, key), findings)
        if LIKE_DATES.match(key):
            for day in _dates(key, (*path, key), findings):
                if day in dates:
                    findings.wrong((*path, key), f"{day} is given twice: each date once")
                    break
                dates[day] = spans
            continue
        for weekday in _days(key, (*path, key), findings):
            if weekday in weekly:
                findings.wrong((*path, key), f"{WEEKDAYS[weekday]} is given twice: each day once")
            weekly[weekday] = spans
    damaged = any(problem.path.startswith(f"hours.{name}.") for problem in findings.problems)
    if not weekly and not damaged:
        findings.wrong(path, 'no day is given: write such as mon-fri: "08:00-17:00"')
    holidays = _holidays(entry.holidays, (*path, "holidays"), findings)
    source = entry.calendar.label if entry.calendar else ""
    return Hours(name, weekly, holidays, entry.timezone or timezone, dates, source)


def _dates(key: str, path: Path, findings: Findings) -> list[date]:
    """The days that ``2026-12-24`` or ``2026-07-06..2026-07-31`` stands for, the last included."""
    match = DATES.fullmatch(key.strip())
    if not match:
        findings.wrong(path, f'\'{key[:80]}\' is not a date: write such as "2026-12-24" or "2026-07-06..2026-07-31"')
        return []
    try:
        first, last = (date.fromisoformat(text) for text in (match[1], match[2] or match[1]))
    except ValueError:
        findings.wrong(path, f"there is no day {key[:80]}")
        return []
    if not 0 <= (last - first).days < RANGE_LIMIT:
        findings.wrong(path, f"'{key[:80]}' must run from an earlier to a later day, {RANGE_LIMIT} days at most")
        return []
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _days(key: str, path: Path, findings: Findings) -> list[int]:
    days: list[int] = []
    for part in key.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        unknown = [word for word in (first, last or first) if word not in WEEKDAYS]
        if unknown:
            findings.wrong(path, _not_a_day(unknown[0]))
            return []
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        days += [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]
    return days


def _not_a_day(word: str) -> str:
    short = LONG_DAYS.get(word.lower())
    meant = f", did you mean '{short}'?" if short else suggestion(word, (*WEEKDAYS, *HoursEntry.model_fields))
    return f"'{word[:80]}' is not a day{meant or ': write mon, tue, wed, thu, fri, sat, sun, mon-fri or mon,wed'}"


def _spans(text: str, path: Path, findings: Findings) -> tuple[Span, ...]:
    spans: list[tuple[int, int, Span]] = []
    for part in text.split(","):
        opens, dash, closes = (word.strip() for word in part.partition("-"))
        if not dash or not CLOCK.fullmatch(opens) or not CLOCK.fullmatch(closes) or opens == "24:00":
            findings.wrong_value(
                path,
                f"'{part.strip()[:80]}' is not a range of time: write such as \"08:00-17:00\", hours with two digits",
            )
            return ()
        if opens == closes:
            findings.wrong_value(path, f"'{opens}-{closes}' is no time at all: for the whole day write \"00:00-24:00\"")
            return ()
        begin, end = _minutes(opens), _minutes(closes)
        spans.append((begin, end if end > begin else end + 1440, Span(_clock(opens), _clock(closes))))
    spans.sort(key=lambda item: item[:2])
    if any(before[1] > after[0] for before, after in pairwise(spans)):
        findings.wrong_value(path, "the ranges of time overlap")
    return tuple(span for _, _, span in spans)


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _clock(text: str) -> time:
    return time(int(text[:2]) % 24, int(text[3:]))


def _holidays(items: list[str], path: Path, findings: Findings) -> Mapping[date, str]:
    found: dict[date, str] = {}
    for index, item in enumerate(items):
        place = (*path, index) if (*path, index) in findings.places.values else path
        try:
            found |= _holiday(item)
        except ValueError as error:
            findings.wrong_value(place, str(error))
    return found


def _holiday(item: str) -> Mapping[date, str]:
    """The dates that a country code or a date stands for. Raises ValueError."""
    if DATE.fullmatch(item):
        try:
            return {date.fromisoformat(item): "holiday"}
        except ValueError:
            raise ValueError(f"there is no day {item}") from None
    country = COUNTRY.fullmatch(item)
    if not country:
        raise ValueError(f"'{item[:80]}' is neither a country such as SE or DE-BY nor a date such as \"2026-12-24\"")
    if not find_spec("holidays"):
        raise ValueError("holidays of a country need one more package: pip install 'ariroute[calendar]'")
    return _public_holidays(country[1], country[2])


@lru_cache(maxsize=32)
def _public_holidays(country: str, part: str | None) -> Mapping[date, str]:
    import holidays  # 0.1 s and an optional package: only where a file asks for it

    try:
        calendar = holidays.country_holidays(country, subdiv=part, years=HOLIDAY_YEARS)
    except NotImplementedError:
        code = f"{country}-{part}" if part else country
        raise ValueError(
            f"the holidays of '{code}' are not known: write an ISO 3166 code such as SE or DE-BY, or quoted dates"
        ) from None
    return dict(calendar.items())
