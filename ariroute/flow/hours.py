"""Opening hours: a weekly table, dated exceptions, a calendar's events and holidays, read in one time zone.

Which of them holds at a moment, the first that says something: the dated exception of that day, an event of the
calendar, the holiday, the weekly table.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import accumulate
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class State(StrEnum):
    """What hours are at a moment; a holiday is a day on which they are closed out of turn."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state at a moment, and why: a holiday's or an event's name; empty when the weekly table says it."""

    state: State
    reason: str = ""


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
class Event:
    """One occurrence of a calendar's entry: from ``begins`` (included) to ``ends`` (not included), both aware.

    It closes, or opens when ``opens`` is true. ``whole_days``: it is a matter of days and not of hours, so that
    being closed by it is a holiday.
    """

    begins: datetime
    ends: datetime
    name: str
    opens: bool = False
    whole_days: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which ``calendar`` says one thing: an event or none, from ``since`` (included) to ``until`` (not).

    Without ``since`` it has always been so, without ``until`` it stays so.
    """

    calendar: str
    event: Event | None = None
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


class Agenda:
    """What a calendar says by now: empty until it was read, then replaced as a whole by whoever keeps it."""

    __slots__ = ("_begins", "_bounds", "_events", "_latest")

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.replace(events)

    def __len__(self) -> int:
        return len(self._events)

    @property
    def events(self) -> tuple[Event, ...]:
        """All of them, by their beginning."""
        return tuple(self._events)

    def replace(self, events: Iterable[Event]) -> None:
        """From now on these."""
        self._events = sorted(events, key=lambda event: event.begins.timestamp())
        self._begins = [event.begins.timestamp() for event in self._events]
        self._latest = list(accumulate((event.ends.timestamp() for event in self._events), max))
        self._bounds = sorted({bound for event in self._events for bound in (event.begins, event.ends)})

    def at(self, moment: datetime) -> Event | None:
        """The event at ``moment``: of several one that opens, else one of whole days, else the latest to begin."""
        found: Event | None = None
        now = moment.timestamp()
        index = bisect_right(self._begins, now)
        while index and self._latest[index - 1] > now:  # nothing further back lasts until now
            index -= 1
            event = self._events[index]
            if event.ends.timestamp() > now and (found is None or _weight(event) > _weight(found)):
                found = event
        return found

    def around(self, moment: datetime, calendar: str) -> Stretch:
        """The event at ``moment``, and how long nothing else begins or ends."""
        place = bisect_right(self._bounds, moment)
        since = self._bounds[place - 1] if place else None
        return Stretch(calendar, self.at(moment), since, self._bounds[place] if place < len(self._bounds) else None)


def _weight(event: Event) -> tuple[bool, bool]:
    return event.opens, event.whole_days


@dataclass(frozen=True, slots=True)
class Hours:
    """When a place is open.

    ``weekly`` holds spans by weekday, 0 for Monday; a day that is absent is closed. ``holidays`` maps a closed date
    to its name; ``dates`` a date to its own spans, none when it is closed all day. A span that began the evening
    before still runs into the morning of either. ``calendar`` names where the events of ``agenda`` come from; an
    event holds for exactly its time. ``timezone`` is an IANA name; ZoneInfoNotFoundError when there is no such zone.
    """

    name: str
    weekly: Mapping[int, tuple[Span, ...]]
    holidays: Mapping[date, str] = field(default_factory=dict)
    timezone: str = "UTC"
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    calendar: str = ""
    agenda: Agenda = field(default_factory=Agenda, repr=False, compare=False)
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", ZoneInfo(self.timezone))

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at ``at`` (aware; ValueError when naive); see :meth:`standing`."""
        return self.standing(at).state is State.OPEN

    def standing(self, at: datetime) -> Standing:
        """Open, closed or holiday at ``at`` (aware; ValueError when naive), read on the wall clock of ``timezone``.

        On the night when clocks go back, the hour that comes twice is open twice or closed twice.
        """
        if at.tzinfo is None:
            raise ValueError("opening hours need an aware time: give it a time zone")
        return self.standing_with(self.agenda.at(at), at)

    def standing_with(self, event: Event | None, at: datetime) -> Standing:
        """As :meth:`standing`, where the calendar has ``event`` at ``at``."""
        local = at.astimezone(self._zone)
        today = local.date()
        if event and today not in self.dates:
            return Standing(_state(event), event.name)
        if self._within(today, local.time()):
            return Standing(State.OPEN)
        if own := self.dates.get(today):
            return Standing(State.CLOSED, f"open {', '.join(map(str, own))} on this day")
        if today in self.dates or today in self.holidays:
            return Standing(State.HOLIDAY, self.holidays.get(today) or f"closed on {today}")
        return Standing(State.CLOSED)

    def _within(self, today: date, clock: time) -> bool:
        if any(clock >= span.opens and (span.past_midnight or clock < span.closes) for span in self._spans(today)):
            return True
        yesterday = today - timedelta(days=1) if today > date.min else today
        return any(span.past_midnight and clock < span.closes for span in self._spans(yesterday))

    def _spans(self, day: date) -> tuple[Span, ...]:
        if day in self.dates:
            return self.dates[day]
        return () if day in self.holidays else self.weekly.get(day.weekday(), ())


def _state(event: Event) -> State:
    if event.opens:
        return State.OPEN
    return State.HOLIDAY if event.whole_days else State.CLOSED
