"""Opening hours: local clocks, nights, holidays and the two odd nights of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from flow_builders import OFFICE

from ariroute.flow.hours import Hours, Span

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
