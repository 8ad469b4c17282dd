"""The hours section: days, ranges, holidays."""

from __future__ import annotations

import sys
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ariroute.flow.hours import Hours
from unit.config.texts import loaded, mistakes

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
