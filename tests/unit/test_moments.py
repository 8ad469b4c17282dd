"""Moments as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ariroute.errors import UnusableInput
from ariroute.moments import moment, past_moment

STOCKHOLM = "Europe/Stockholm"
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)  # 09:30 in Stockholm


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T09:00", "2026-11-20T09:00:00+01:00"),
        ("2026-11-20 09:00:30", "2026-11-20T09:00:30+01:00"),
        ("2026-11-20", "2026-11-20T00:00:00+01:00"),
        ("2026-11-20T09:00Z", "2026-11-20T10:00:00+01:00"),
        ("2026-07-20T09:00", "2026-07-20T09:00:00+02:00"),
        ("today", "2026-11-22T00:00:00+01:00"),
        ("yesterday", "2026-11-21T00:00:00+01:00"),
        ("09:00", "2026-11-22T09:00:00+01:00"),
        ("09:00:15", "2026-11-22T09:00:15+01:00"),
        ("1h", "2026-11-22T08:30:00+01:00"),
        ("1.5m", "2026-11-22T09:28:30+01:00"),
        ("7d", "2026-11-15T09:30:00+01:00"),
    ],
)
def test_a_moment_is_read_in_the_zone_of_the_file(text: str, expected: str) -> None:
    assert past_moment(text, NOW, STOCKHOLM, "--since").isoformat() == expected


def test_the_day_is_that_of_the_zone_and_not_of_the_machine() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert past_moment("today", late, STOCKHOLM, "--since").isoformat() == "2026-11-23T00:00:00+01:00"
    assert past_moment("yesterday", late, "America/New_York", "--since").isoformat() == "2026-11-21T00:00:00-05:00"


def test_hours_ago_are_hours_when_the_clocks_have_changed_since() -> None:
    after = datetime(2026, 10, 25, 8, 0, tzinfo=UTC)  # 09:00; at 03:00 it became 02:00 once more
    assert after - past_moment("9h", after, STOCKHOLM, "--since") == timedelta(hours=9)
    assert past_moment("9h", after, STOCKHOLM, "--since").isoformat() == "2026-10-25T01:00:00+02:00"


def test_yesterday_begins_at_one_where_there_was_no_midnight() -> None:
    noon = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
    assert past_moment("yesterday", noon, "Asia/Beirut", "--since").isoformat() == "2026-03-29T01:00:00+03:00"


@pytest.mark.parametrize(
    "text", ["", "now", "soon", "tomorrow", "25:00", "-1h", "1 h", "3600", "999999999d", "2026-02-30", "0001-01-01"]
)
def test_what_is_no_moment_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UnusableInput) as caught:
        past_moment(text, NOW, STOCKHOLM, "--since")
    assert str(caught.value).startswith(f"--since {text}: not a moment: write 1h (an hour ago), today, yesterday, ")


@pytest.mark.parametrize("text", ["1h", "today", "yesterday", "09:00"])
def test_what_depends_on_now_is_no_moment_where_there_is_none(text: str) -> None:
    with pytest.raises(UnusableInput, match=f"clock {text}: not a moment: write 2026-12-24T09:00 or "):
        moment(text, STOCKHOLM, "clock")


def test_a_time_that_the_clocks_leave_out_is_refused_with_the_one_after() -> None:
    tries: list[Callable[[], datetime]] = [
        lambda: moment("2026-03-29T02:30", STOCKHOLM, "--at"),
        lambda: past_moment("02:30", datetime(2026, 3, 29, 12, 0, tzinfo=UTC), STOCKHOLM, "--at"),
    ]
    for given in tries:
        with pytest.raises(UnusableInput, match=r"has no such time, .*write 2026-03-29T03:30, or give an offset"):
            given()
