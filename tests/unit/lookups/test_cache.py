"""The cache: how long a record, an unknown caller and a stale record serve."""

from __future__ import annotations

import pytest

from ariroute.lookups.base import CacheSettings
from ariroute.lookups.cache import AnswerCache
from unit.lookups.clocks import ManualClock

KEY = ("+46701234567",)
GOLD = {"loyalty": "gold"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def cache(clock: ManualClock, **settings: float) -> AnswerCache:
    return AnswerCache(CacheSettings.model_validate({"for": 60.0, "missing_for": 5.0, **settings}), clock)


def test_found_record_is_fresh_for_its_time(clock: ManualClock) -> None:
    answers = cache(clock)
    answers.keep(KEY, GOLD)
    clock.now += 59.9
    kept = answers.fresh(KEY)
    assert kept is not None
    assert kept.record == GOLD
    clock.now += 0.2
    assert answers.fresh(KEY) is None
    assert answers.stale(KEY) is None


def test_missing_is_believed_for_a_shorter_time(clock: ManualClock) -> None:
    answers = cache(clock, stale_if_error=600.0)
    answers.keep(KEY, None)
    kept = answers.fresh(KEY)
    assert kept is not None
    assert kept.record is None
    clock.now += 5.1
    assert answers.fresh(KEY) is None


def test_missing_never_serves_stale(clock: ManualClock) -> None:
    answers = cache(clock, stale_if_error=600.0)
    answers.keep(KEY, None)
    assert answers.stale(KEY) is None


def test_found_record_serves_stale_until_its_time_is_over(clock: ManualClock) -> None:
    answers = cache(clock, stale_if_error=600.0)
    answers.keep(KEY, GOLD)
    clock.now += 659
    assert answers.fresh(KEY) is None
    kept = answers.stale(KEY)
    assert kept is not None
    assert kept.record == GOLD
    assert answers.age(kept) == 659
    clock.now += 2
    assert answers.stale(KEY) is None


def test_a_found_record_serves_stale_no_longer_because_a_missing_one_is_believed_for_long(clock: ManualClock) -> None:
    answers = cache(clock, missing_for=600.0)
    answers.keep(KEY, GOLD)
    clock.now += 60.1
    assert answers.stale(KEY) is None


def test_missing_for_zero_forgets_the_older_record(clock: ManualClock) -> None:
    answers = cache(clock, missing_for=0.0, stale_if_error=600.0)
    answers.keep(KEY, GOLD)
    answers.keep(KEY, None)
    assert answers.fresh(KEY) is None
    assert answers.stale(KEY) is None


def test_least_used_record_goes_when_the_cache_is_full(clock: ManualClock) -> None:
    answers = AnswerCache(CacheSettings.model_validate({"for": 60.0, "max_entries": 2}), clock)
    for name in ("a", "b", "c"):
        answers.keep((name,), GOLD)
    assert answers.size == 2
    assert answers.fresh(("a",)) is None
    assert answers.fresh(("c",)) is not None
