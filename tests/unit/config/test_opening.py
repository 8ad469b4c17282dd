"""The hours section: days, ranges, holidays."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ariroute.config.load import load_text
from ariroute.errors import ConfigError
from ariroute.flow.hours import Hours, Standing, State
from unit.config.texts import loaded, mistakes
from unit.lookups.test_ical import calendar

ZONE = ZoneInfo("Europe/Stockholm")
FILE = """\
version: 1
timezone: Europe/Stockholm
hours: {office: %s}
queues: {gold: {}}
flows: {support: {trigger: {call: {}}, default: gold}}
"""


def office(text: str) -> Hours:
    return loaded(FILE % text).ruleset.hours["office"]


def told(text: str) -> list[str]:
    return [line.partition(": ")[2] for line in mistakes(FILE % text)]


def test_ranges_of_a_span_of_days() -> None:
    hours = office('{mon-wed: "08:00-12:00,13:00-17:00"}')
    assert hours.is_open(datetime(2026, 11, 25, 11, 59, tzinfo=ZONE))
    assert not hours.is_open(datetime(2026, 11, 25, 12, 0, tzinfo=ZONE))
    assert not hours.is_open(datetime(2026, 11, 26, 11, 0, tzinfo=ZONE))


def test_days_that_are_listed_and_a_span_over_the_weekend() -> None:
    assert sorted(office('{"mon,wed,fri": "08:00-17:00"}').weekly) == [0, 2, 4]
    assert sorted(office('{sat-mon: "08:00-17:00"}').weekly) == [0, 5, 6]


def test_the_end_of_the_day_is_24_00() -> None:
    hours = office('{fri: "18:00-24:00", sat: "00:00-24:00"}')
    assert hours.is_open(datetime(2026, 11, 27, 23, 59, tzinfo=ZONE))
    assert hours.is_open(datetime(2026, 11, 28, 23, 59, tzinfo=ZONE))
    assert not hours.is_open(datetime(2026, 11, 29, 0, 0, tzinfo=ZONE))


def test_a_range_past_midnight_goes_on_in_the_morning() -> None:
    hours = office('{fri: "22:00-06:00"}')
    assert hours.is_open(datetime(2026, 11, 28, 5, 59, tzinfo=ZONE))
    assert not hours.is_open(datetime(2026, 11, 27, 5, 59, tzinfo=ZONE))


def test_ranges_may_stand_in_any_order_and_touch() -> None:
    assert len(office('{mon: "12:00-17:00,08:00-12:00"}').weekly[0]) == 2


@pytest.mark.parametrize("ranges", ["08:00-12:00,11:59-17:00", "22:00-06:00,23:00-23:30", "08:00-12:00,08:00-12:00"])
def test_ranges_that_overlap_are_refused(ranges: str) -> None:
    assert told(f'{{mon: "{ranges}"}}') == ["hours.office.mon: the ranges of time overlap"]


@pytest.mark.parametrize(
    "text", ["8:00-17:00", "08:00", "08:00-24:01", "08.00-17.00", "24:00-08:00", "", "08:00-12:00,"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    assert "is not a range of time" in told(f'{{mon: "{text}"}}')[0]


def test_holidays_of_a_country_with_a_part_and_of_dates() -> None:
    holidays = office('{mon-fri: "08:00-17:00", holidays: [SE, DE-BY, "2026-11-30"]}').holidays
    assert date(2026, 6, 6) in holidays  # Sweden's national day
    assert date(2026, 1, 6) in holidays  # Epiphany, in Bavaria
    assert date(2026, 11, 30) in holidays
    assert date(2026, 11, 27) not in holidays


def test_one_country_needs_no_list() -> None:
    assert date(2027, 12, 25) in office('{mon-fri: "08:00-17:00", holidays: SE}').holidays


def test_when_the_package_is_not_there_then_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ariroute.config.opening.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "holidays", None)
    assert "pip install 'ariroute[calendar]'" in told('{mon-fri: "08:00-17:00", holidays: SE}')[0]


def test_hours_without_a_day_are_refused() -> None:
    assert 'no day is given: write such as mon-fri: "08:00-17:00"' in told("{holidays: SE}")[0]


def test_a_time_that_is_no_text_is_refused() -> None:
    assert told("{mon: 8}") == ['hours.office.mon: must be a text: put it in quotes, "8"']


WEEK = 'mon-fri: "08:00-17:00"'


def test_dates_of_their_own() -> None:
    dates = '"2026-12-24": "08:00-12:00", "2026-12-31": closed, "2026-07-06 .. 2026-07-08": "10:00-14:00"'
    hours = office(f"{{{WEEK}, {dates}, sat: closed}}")
    assert [str(day) for day in hours.dates] == ["2026-12-24", "2026-12-31", "2026-07-06", "2026-07-07", "2026-07-08"]
    assert hours.dates[date(2026, 12, 31)] == ()
    assert [str(span) for span in hours.dates[date(2026, 7, 8)]] == ["10:00-14:00"]
    assert hours.weekly[5] == ()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("2026-02-30", "hours.office.'2026-02-30': there is no day 2026-02-30"),
        ("24.12.2026", 'is not a date: write such as "2026-12-24" or "2026-07-06..2026-07-31"'),
        ("2026-07-08..2026-07-06", "must run from an earlier to a later day, 366 days at most"),
        ("2026-07-08..2036-07-06", "must run from an earlier to a later day, 366 days at most"),
    ],
)
def test_what_is_no_date_is_refused(key: str, expected: str) -> None:
    (line,) = told(f'{{{WEEK}, "{key}": closed}}')
    assert line.endswith(expected)


def test_a_date_given_twice_is_refused() -> None:
    assert told(f'{{{WEEK}, "2026-07-01..2026-07-09": closed, "2026-07-05": "08:00-12:00"}}') == [
        "hours.office.'2026-07-05': 2026-07-05 is given twice: each date once"
    ]


def test_hours_may_have_a_time_zone_of_their_own() -> None:
    hours = office(f"{{{WEEK}, timezone: America/New_York}}")
    assert hours.is_open(datetime(2026, 11, 25, 16, 59, tzinfo=ZoneInfo("America/New_York")))
    assert not hours.is_open(datetime(2026, 11, 25, 9, 0, tzinfo=ZONE))
    assert told(f"{{{WEEK}, timezone: Mars}}")[0].startswith("hours.office.timezone: 'Mars' is not a time zone")


def test_a_calendar_s_file_is_read_when_the_configuration_is(tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_bytes(calendar("SUMMARY:Stocktaking|DTSTART;VALUE=DATE:20261123"))
    config = load_text(FILE % f"{{{WEEK}, calendar: a.ics}}", "f.yaml", tmp_path)
    assert config.ruleset.hours["office"].standing(datetime(2026, 11, 23, 9, tzinfo=ZONE)) == Standing(
        State.HOLIDAY, "Stocktaking"
    )
    assert [keeper.hours for keeper in config.calendars] == ["office"]


def test_a_calendar_s_file_that_cannot_be_used_is_a_mistake_at_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(FILE % f"{{{WEEK}, calendar: {{file: a.ics}}}}", "f.yaml", tmp_path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.path) == (3, 59, "hours.office.calendar.file")
    assert problem.text == f"{tmp_path}/a.ics: cannot be read: No such file or directory: check the path"


def test_a_calendar_s_url_is_not_asked_when_the_configuration_is_read() -> None:
    config = loaded(FILE % f'{{{WEEK}, calendar: {{url: "http://127.0.0.1:1/${{env:TOKEN}}", every: 5m}}}}')
    assert config.calendars[0].settings.every == 300.0
    assert not config.calendars[0].is_known
