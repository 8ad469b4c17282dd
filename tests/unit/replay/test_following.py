"""The journal, followed: each record once, the late ones too, and through its absences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from recorded_calls import BEGIN, Placed, record

from ariroute.errors import JournalError
from ariroute.journal.opening import open_store
from ariroute.journal.settings import JournalSettings
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Row
from ariroute.replay.following import FAR_EVERY, NEAR, Following

FLOW_FILE = """\
version: 1
journal: {url: "sqlite:journal.db"}
queues: {gold: {priority: 20}, standard: {}}
flows:
  support:
    trigger: {call: {to: [support]}}
    default: standard
    steps: [{queue: gold}]
"""
NOW = BEGIN.timestamp()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a flow file, and a journal with one call an hour ago."""
    (tmp_path / "ariroute.yaml").write_text(FLOW_FILE, encoding="utf-8")
    call(tmp_path, -3600)
    return tmp_path


@pytest.fixture
def following(place: Path) -> Iterator[Following]:
    settings = JournalSettings(url=f"sqlite:{place / 'journal.db'}")
    made = Following(partial(open_store, settings, place, only_read=True), NOW)
    yield made
    made.close()


def call(place: Path, arrived: float) -> None:
    """Record a call that arrived so many seconds after the beginning."""
    record(place / "journal.db", place / "ariroute.yaml", [Placed()], BEGIN + timedelta(seconds=arrived))


def arrivals(following: Following, after: float) -> list[float]:
    return [recorded.arrived - NOW for recorded in following.fresh(NOW + after)]


def test_each_record_that_is_new_comes_once_in_the_order_of_arrivals(place: Path, following: Following) -> None:
    assert arrivals(following, 0) == []
    call(place, 2)
    call(place, 1)
    assert arrivals(following, 3) == [1, 2]
    assert arrivals(following, 3.5) == []
    call(place, 3)
    assert arrivals(following, 4) == [3]


def test_a_call_that_was_talked_with_for_long_is_found_when_it_is_decided(place: Path, following: Following) -> None:
    call(place, -NEAR - 60)
    assert arrivals(following, 1) == []
    assert arrivals(following, FAR_EVERY) == [-NEAR - 60]
    assert arrivals(following, 2 * FAR_EVERY) == []


def test_what_is_written_while_the_journal_cannot_be_read_is_found_later(place: Path, following: Following) -> None:
    journal, away = place / "journal.db", place / "away.db"
    journal.rename(away)
    assert arrivals(following, FAR_EVERY) == []
    assert "journal.db is not there" in following.trouble
    away.rename(journal)
    call(place, 1)
    assert arrivals(following, FAR_EVERY + 1) == [1]
    assert following.trouble == ""


def test_another_file_in_its_place_is_followed(place: Path, following: Following) -> None:
    for file in place.glob("journal.db*"):
        file.rename(file.with_name(f"old-{file.name}"))
    call(place, 5)
    assert arrivals(following, FAR_EVERY) == [5]


def test_nothing_is_kept_in_mind_for_ever(place: Path, following: Following) -> None:
    for number in range(3):
        call(place, number)
    assert len(arrivals(following, 5)) == 3
    assert arrivals(following, 7200) == []
    assert following._seen == set()


def test_a_journal_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    settings = JournalSettings(url=f"sqlite:{tmp_path / 'journal.db'}")
    with pytest.raises(JournalError, match="nothing has been recorded yet"):
        Following(partial(open_store, settings, tmp_path, only_read=True), NOW)


def test_what_was_read_before_the_journal_went_away_is_not_lost(
    place: Path, following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert arrivals(following, 0) == []
    call(place, 1)
    call(place, 2)
    read, asked = SqliteStore.read, list[str]()

    def failing(store: SqliteStore, sql: str, values: tuple[object, ...] = ()) -> list[Row]:
        asked.append(sql)
        if len(asked) == 3:  # the rows that are new, the first of them, and the second
            raise JournalError("gone")
        return read(store, sql, values)

    monkeypatch.setattr(SqliteStore, "read", failing)
    assert (arrivals(following, 3), following.trouble) == ([1], "gone")
    assert (arrivals(following, 4), following.trouble) == ([2], "")
