"""Opening hours: local clocks, nights, holidays and the two odd nights of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from flow_builders import OFFICE

from ariroute.flow.hours import Agenda, Event, Hours, Span, Standing, State

STOCKHOLM = ZoneInfo("Europe/Stockholm")

NIGHT = Hours("night", {4: (Span(time(22), time(6)),)}, {date(2026, 12, 26): "Boxing Day"}, "Europe/Stockholm")


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (at(23, 7, 59), False),
        (at(23, 8), True),  # the opening minute belongs to the day
        (at(23, 16, 59), True),
        (at(23, 17), False),  # the closing minute does not
        (at(22, 12), False),  # a Sunday
        (datetime(2026, 11, 23, 7, 30, tzinfo=UTC), True),  # 08:30 in Stockholm
        (datetime(2026, 7, 20, 6, 30, tzinfo=UTC), True),  # 08:30 in summer time
    ],
)
def test_open_on_the_wall_clock_of_its_zone(when: datetime, expected: bool) -> None:
    assert OFFICE.is_open(when) is expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [(at(27, 21, 59), False), (at(27, 22), True), (at(28, 5, 59), True), (at(28, 6), False), (at(28, 22), False)],
)
def test_a_span_past_midnight_runs_into_the_next_day(when: datetime, expected: bool) -> None:
    assert NIGHT.is_open(when) is expected


def test_a_holiday_is_closed_but_last_evening_s_span_runs_out() -> None:
    assert NIGHT.is_open(at(26, 5, month=12))
    assert not Hours("day", {5: (Span(time(0), time(0)),)}, NIGHT.holidays).is_open(at(26, 12, month=12))


def test_midnight_to_midnight_is_the_whole_day() -> None:
    always = Hours("always", {day: (Span(time(0), time(0)),) for day in range(7)})
    assert all(always.is_open(datetime(2026, 11, 23, hour, tzinfo=UTC)) for hour in range(24))


def test_a_day_may_have_two_spans() -> None:
    split = Hours("split", {0: (Span(time(8), time(12)), Span(time(13), time(17)))}, timezone="Europe/Stockholm")
    assert [split.is_open(at(23, hour)) for hour in (11, 12, 13)] == [True, False, True]


def test_the_hour_that_comes_twice_is_open_twice() -> None:
    odd = Hours("odd", {6: (Span(time(2), time(3)),)}, timezone="Europe/Stockholm")
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    assert [when.astimezone(STOCKHOLM).hour for when in twice] == [2, 2]
    assert [odd.is_open(when) for when in twice] == [True, True]


def test_the_first_day_of_the_calendar_has_no_yesterday() -> None:
    assert not NIGHT.is_open(datetime.min.replace(tzinfo=STOCKHOLM))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        OFFICE.is_open(datetime(2026, 11, 23, 9))


def test_a_zone_that_does_not_exist_is_refused_when_made() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        Hours("moon", {}, timezone="Moon/Sea")


def test_a_span_reads_as_written() -> None:
    assert str(Span(time(8), time(17, 30))) == "08:00-17:30"


SPECIAL = Hours(
    "special",
    {day: (Span(time(8), time(17)),) for day in range(5)} | {3: (Span(time(22), time(6)),)},
    {date(2026, 12, 25): "Christmas Day", date(2026, 12, 26): "Boxing Day"},
    "Europe/Stockholm",
    {
        date(2026, 12, 24): (Span(time(8), time(12)),),
        date(2026, 12, 26): (Span(time(10), time(14)),),
        date(2026, 12, 31): (),
    },
)


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        (23, 9, Standing(State.OPEN)),
        (23, 18, Standing(State.CLOSED)),
        (24, 9, Standing(State.OPEN)),
        (24, 13, Standing(State.CLOSED, "open 08:00-12:00 on this day")),
        (25, 9, Standing(State.HOLIDAY, "Christmas Day")),
        (26, 11, Standing(State.OPEN)),  # the date is named, so the holiday does not close it
        (26, 15, Standing(State.CLOSED, "open 10:00-14:00 on this day")),
        (31, 9, Standing(State.HOLIDAY, "closed on 2026-12-31")),
    ],
)
def test_a_date_of_its_own_comes_before_holidays_and_the_week(day: int, hour: int, expected: Standing) -> None:
    assert SPECIAL.standing(at(day, hour, month=12)) == expected
    assert SPECIAL.is_open(at(day, hour, month=12)) is (expected.state is State.OPEN)


def test_the_evening_before_runs_into_a_closed_date() -> None:
    night = Hours("night", {2: (Span(time(22), time(6)),)}, dates={date(2026, 12, 31): ()}, timezone="Europe/Stockholm")
    assert night.standing(at(31, 5, month=12)) == Standing(State.OPEN)
    assert night.standing(at(31, 6, month=12)).state is State.HOLIDAY


def test_a_date_of_its_own_comes_before_the_calendar() -> None:
    begins = datetime(2026, 12, 24, tzinfo=STOCKHOLM)
    agenda = Agenda([Event(begins, begins + timedelta(days=2), "Closed", whole_days=True)])
    hours = Hours("x", SPECIAL.weekly, {}, "Europe/Stockholm", SPECIAL.dates, "x.ics", agenda)
    assert hours.standing(at(24, 9, month=12)) == Standing(State.OPEN)
    assert hours.standing(at(25, 9, month=12)) == Standing(State.HOLIDAY, "Closed")


def test_a_calendar_s_hour_is_exact_on_the_night_when_clocks_go_back() -> None:
    """02:00-03:00 comes twice on 25 October 2026; the event is the second one alone."""
    event = Event(datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 10, 25, 2, tzinfo=UTC), "Backup")
    always = Hours("x", {6: (Span(time(0), time(0)),)}, timezone="Europe/Stockholm", agenda=Agenda([event]))
    assert always.is_open(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert not always.is_open(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert always.is_open(datetime(2026, 10, 25, 2, 30, tzinfo=UTC))


def test_a_long_event_is_found_behind_many_short_ones() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    day = timedelta(days=1)
    short = [Event(start + day * n, start + day * n + timedelta(hours=1), "short") for n in range(200)]
    agenda = Agenda([Event(start - day, start + day * 150, "long", whole_days=True), *short])
    found = agenda.at(start + day * 100 + timedelta(hours=2))
    assert found is not None
    assert found.name == "long"
    assert agenda.at(start + day * 160 + timedelta(hours=2)) is None
    assert len(agenda) == 201
