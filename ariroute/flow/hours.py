"""Opening hours: a weekly table with holidays, read in one time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Span:
    """Open from ``opens`` (included) to ``closes`` (not included), local wall-clock time.

    ``closes`` at or before ``opens`` means the next day: 22:00-06:00, and 00:00-00:00 for the whole day.
    """

    opens: time
    closes: time

    @property
    def past_midnight(self) -> bool:
        return self.closes <= self.opens

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


@dataclass(frozen=True, slots=True)
class Hours:
    """When a place is open.

    ``weekly`` holds spans by weekday, 0 for Monday; a day that is absent is closed. ``holidays`` maps a closed date
    to its name; a span that began the evening before still runs into a holiday's morning. ``timezone`` is an IANA
    name; ZoneInfoNotFoundError when there is no such zone.
    """

    name: str
    weekly: Mapping[int, tuple[Span, ...]]
    holidays: Mapping[date, str] = field(default_factory=dict)
    timezone: str = "UTC"
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", ZoneInfo(self.timezone))

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at ``at`` (aware; ValueError when naive), read on the wall clock of ``timezone``.

        On the night when clocks go back, the hour that comes twice is open twice or closed twice.
        """
        if at.tzinfo is None:
            raise ValueError("opening hours need an aware time: give it a time zone")
        local = at.astimezone(self._zone)
        today, clock = local.date(), local.time()
        if any(clock >= span.opens and (span.past_midnight or clock < span.closes) for span in self._spans(today)):
            return True
        yesterday = today - timedelta(days=1) if today > date.min else today
        return any(span.past_midnight and clock < span.closes for span in self._spans(yesterday))

    def _spans(self, day: date) -> tuple[Span, ...]:
        return () if day in self.holidays else self.weekly.get(day.weekday(), ())
