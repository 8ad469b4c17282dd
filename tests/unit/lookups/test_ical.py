"""iCalendar files become events; what cannot be understood is refused in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flow_builders import OFFICE

from ariroute.flow.hours import Agenda, Event, Hours, Standing, State
from ariroute.lookups.ical import EVENT_LIMIT, events

STOCKHOLM = ZoneInfo("Europe/Stockholm")
TODAY = date(2026, 11, 21)


def calendar(*parts: str) -> bytes:
    """A file with an event of each of ``parts``, their lines parted by ``|``."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    for part in parts:
        lines += ["BEGIN:VEVENT", *part.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(*parts: str) -> list[Event]:
    return events(calendar(*parts), STOCKHOLM, TODAY)


def begins(*parts: str) -> list[str]:
    """The local beginnings, sorted."""
    return sorted(event.begins.astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M") for event in read(*parts))


def refused(content: bytes) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the text is looked at
        events(content, STOCKHOLM, TODAY)
    return str(caught.value)


def test_days_are_local_midnights_and_the_last_day_is_not_included() -> None:
    (event,) = read("SUMMARY:Christmas|DTSTART;VALUE=DATE:20261224|DTEND;VALUE=DATE:20261227")
    assert (event.begins, event.ends) == (
        datetime(2026, 12, 24, tzinfo=STOCKHOLM),
        datetime(2026, 12, 27, tzinfo=STOCKHOLM),
    )
    assert (event.name, event.opens, event.whole_days) == ("Christmas", False, True)


def test_a_day_without_an_end_is_one_day_and_a_time_without_an_end_is_none() -> None:
    (day,) = read("DTSTART;VALUE=DATE:20261224", "DTSTART:20261224T120000Z")
    assert day.ends == datetime(2026, 12, 25, tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("start", "utc"),
    [
        ("DTSTART:20261224T120000Z", 12),
        ("DTSTART;TZID=Europe/London:20261224T120000", 12),
        ("DTSTART:20261224T120000", 11),  # no zone: that of the hours
        ("DTSTART;TZID=Nowhere/At_All:20261224T120000", 11),
    ],
)
def test_times_in_their_zone(start: str, utc: int) -> None:
    (event,) = read(f"{start}|DURATION:PT90M")
    assert event.begins == datetime(2026, 12, 24, utc, tzinfo=UTC)
    assert (event.ends - event.begins).total_seconds() == 5400


@pytest.mark.parametrize(
    ("lines", "opens"),
    [
        ("SUMMARY:Open on Saturday", True),
        ("SUMMARY:OPEN: sale", True),
        ("SUMMARY:open", True),
        ("SUMMARY:Opening of the exhibition", False),
        ("SUMMARY:Not open", False),
        ("SUMMARY:Sale|CATEGORIES:Shop,Open", True),
        ("SUMMARY:Sale|CATEGORIES:Shop|CATEGORIES:OPEN", True),
        ("SUMMARY:Sale|CATEGORIES:Closed", False),
        ("UID:1", False),
    ],
)
def test_an_event_opens_when_its_summary_or_category_says_so(lines: str, opens: bool) -> None:
    (event,) = read(f"{lines}|DTSTART;VALUE=DATE:20261224")
    assert event.opens is opens


def test_recurring_events_keep_the_wall_clock_over_the_change_of_clocks() -> None:
    found = read("DTSTART;TZID=Europe/Stockholm:20261019T130000|DURATION:PT1H|RRULE:FREQ=WEEKLY;COUNT=2")
    assert [event.begins.hour for event in found] == [11, 12]
    assert [event.ends.hour for event in found] == [12, 13]


def test_recurring_events_end_with_count_until_or_the_horizon() -> None:
    daily = "DTSTART:20261224T120000|DURATION:PT1H|RRULE:FREQ=DAILY"
    assert begins(f"{daily};COUNT=2") == ["2026-12-24T12:00", "2026-12-25T12:00"]
    assert begins(f"{daily};UNTIL=20261225T110000Z") == ["2026-12-24T12:00", "2026-12-25T12:00"]
    assert begins(f"{daily};UNTIL=20261225")[-1] == "2026-12-25T12:00"
    yearly = begins("DTSTART;VALUE=DATE:16011224|RRULE:FREQ=YEARLY")
    assert yearly == ["2025-12-24T00:00", "2026-12-24T00:00", "2027-12-24T00:00"]


def test_dates_left_out_added_moved_and_cancelled() -> None:
    weekly = "UID:a|DTSTART;TZID=Europe/Stockholm:20261102T130000|DURATION:PT1H|RRULE:FREQ=WEEKLY;COUNT=5"
    found = begins(
        f"{weekly}|EXDATE;TZID=Europe/Stockholm:20261109T130000|EXDATE:20261116T120000Z|RDATE:20261118T080000Z",
        "UID:a|RECURRENCE-ID:20261123T120000Z|DTSTART;TZID=Europe/Stockholm:20261124T090000|DURATION:PT1H",
        "UID:a|RECURRENCE-ID:20261130T120000Z|DTSTART:20261130T120000Z|DURATION:PT1H|STATUS:CANCELLED",
        "UID:b|DTSTART:20261201T120000Z|STATUS:CANCELLED|DURATION:PT1H",
    )
    assert found == ["2026-11-02T13:00", "2026-11-18T09:00", "2026-11-24T09:00"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("SUMMARY:X", "event 'X' has no DTSTART"),
        ("SUMMARY:X|DTSTART:soon", "event 'X': its DTSTART is not a date or time"),
        ("DTSTART:20261224T120000|DTEND;VALUE=DATE:20261225", "begins on a day and ends at a time"),
        ("DTSTART:20261224T120000|DURATION:PT1H|RRULE:FREQ=SECONDLY", "recurs secondly: at most daily"),
        ("DTSTART:20261224T120000|DURATION:PT1H|RRULE:FREQ=DAILY;INTERVAL=0", "with the interval 0"),
        ("DTSTART:00010101T120000|DURATION:PT1H|RRULE:FREQ=DAILY", "begins in the year 1"),
        ("DTSTART:20261224T120000|DURATION:PT1H|RRULE:FREQ=DAILY;BYDAY=XX", "recurs by a rule"),
        ("DTSTART:20261224T120000|DURATION:soon", "its DURATION"),
        ("DTSTART:20261224T120000|DURATION:PT1H|EXDATE:soon", "its EXDATE"),
        ("UID:1|RECURRENCE-ID:soon|DTSTART:20261224T120000", "its RECURRENCE-ID"),
    ],
)
def test_an_event_that_is_not_understood_refuses_the_file_and_is_named(lines: str, words: str) -> None:
    assert words in refused(calendar(lines))


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n"])
def test_what_is_no_calendar_is_refused(content: bytes) -> None:
    if content.startswith(b"BEGIN"):
        assert events(content, STOCKHOLM, TODAY) == []  # an empty calendar, by icalendar's reading
    else:
        assert refused(content).startswith("is not an iCalendar file")


def test_more_events_than_anybody_needs_are_refused() -> None:
    daily = "DTSTART;VALUE=DATE:20250101|RRULE:FREQ=DAILY"
    assert f"more than {EVENT_LIMIT} occurrences" in refused(calendar(*[daily] * (EVENT_LIMIT // 1000)))


def test_a_rule_that_never_comes_true_is_refused() -> None:
    never = calendar("SUMMARY:X|DTSTART:20261224T120000|DURATION:PT1H|RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert refused(never) == "event 'X' recurs by a rule that cannot be used: it never comes true"


def test_names_fit_into_a_log() -> None:
    (event,) = read("SUMMARY:a\\n\x07b" + "c" * 200 + "|DTSTART;VALUE=DATE:20261224")
    assert event.name == "a b" + "c" * 77


def test_hours_with_a_calendar() -> None:
    agenda = Agenda(
        read(
            "SUMMARY:Stocktaking|DTSTART;VALUE=DATE:20261123",
            "SUMMARY:Meeting|DTSTART;TZID=Europe/Stockholm:20261124T100000|DURATION:PT1H",
            "SUMMARY:Open late|DTSTART;TZID=Europe/Stockholm:20261124T170000|DURATION:PT3H",
            "SUMMARY:open: morning|DTSTART;TZID=Europe/Stockholm:20261123T080000|DURATION:PT1H",
        )
    )
    hours = Hours("office", OFFICE.weekly, {}, "Europe/Stockholm", agenda=agenda)

    def standing(day: int, hour: int) -> Standing:
        return hours.standing(datetime(2026, 11, day, hour, 30, tzinfo=STOCKHOLM))

    assert standing(23, 12) == Standing(State.HOLIDAY, "Stocktaking")
    assert standing(23, 8) == Standing(State.OPEN, "open: morning")
    assert standing(24, 9) == Standing(State.OPEN)
    assert standing(24, 10) == Standing(State.CLOSED, "Meeting")
    assert standing(24, 19) == Standing(State.OPEN, "Open late")
    assert standing(24, 20) == Standing(State.CLOSED)
