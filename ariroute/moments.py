"""Moments as people write them: ``2026-11-20T09:00``, ``yesterday``, ``1h``. One parser for all commands and files.

What has no offset is read in the time zone of the flow file, never in the machine's.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ariroute.errors import UnusableInput
from ariroute.values import DURATION, seconds

TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", re.ASCII)


ABSOLUTE = "2026-12-24T09:00 or 2026-12-24T09:00+01:00"
RELATIVE = "1h (an hour ago), today, yesterday, 09:00, 2026-12-24 or 2026-12-24T09:00"


def moment(text: str, timezone: str, what: str) -> datetime:
    """The moment that ``text`` names, such as ``2026-12-24T09:00``, in ``timezone`` unless it gives an offset.

    Raises UnusableInput for what is none, and for a time that the zone leaves out as its clocks go forward; it begins
    with ``what``, the option or key that says so.
    """
    zone = ZoneInfo(timezone)
    given = _given(text, zone)
    if given is None:
        raise UnusableInput(f"{what} {text}: not a moment: write {ABSOLUTE}")
    return _existing(given, zone, f"{what} {text}")


def past_moment(text: str, now: datetime, timezone: str, what: str) -> datetime:
    """As :func:`moment`, seen from ``now`` (aware): ``1h`` is an hour ago, ``09:00`` is today's.

    ``yesterday`` and ``today`` are the beginnings of these days. Raises UnusableInput.
    """
    zone = ZoneInfo(timezone)
    here = now.astimezone(zone)
    if text in ("today", "yesterday"):
        return _beginning(here, 0 if text == "today" else 1)
    given = _ago(text, now, zone) or _given(f"{here:%Y-%m-%d}T{text}" if TIME_OF_DAY.fullmatch(text) else text, zone)
    if given is None:
        raise UnusableInput(f"{what} {text}: not a moment: write {RELATIVE}")
    return _existing(given, zone, f"{what} {text}")


def _given(text: str, zone: ZoneInfo) -> datetime | None:
    """None for what is no moment, or one outside the years that Python knows."""
    try:
        at = datetime.fromisoformat(text)
        given = at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
        given.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return given


def _ago(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Not ``here - length``: Python would count the hour in which the clocks change twice, or not at all."""
    if not DURATION.fullmatch(text):
        return None
    try:
        return (now.astimezone(UTC) - timedelta(seconds=seconds(text))).astimezone(zone)
    except OverflowError:
        return None


def _existing(given: datetime, zone: ZoneInfo, what: str) -> datetime:
    passed = given.astimezone(UTC).astimezone(zone)
    if passed.replace(tzinfo=None) != given.replace(tzinfo=None):
        raise UnusableInput(
            f"{what}: {zone.key} has no such time, as its clocks go forward then: write {passed:%Y-%m-%dT%H:%M}, "
            "or give an offset"
        )
    return given


def _beginning(here: datetime, days_ago: int) -> datetime:
    """The first moment of a day; not midnight where the clocks go forward then."""
    day = here.date() - timedelta(days=days_ago)
    midnight = datetime(day.year, day.month, day.day, tzinfo=here.tzinfo)
    return midnight.astimezone(UTC).astimezone(here.tzinfo)
