"""Who comes: as many as was said, when it was said, and like those of the record."""

from __future__ import annotations

from math import inf
from statistics import fmean

import pytest

from ariroute.simulate.load import Always, Burst, Exponential, OneOf, Piece, Seen, Stream, callers, more, recorded

HOUR = 3600.0


def stream(*pieces: Piece, queue: str = "gold", priority: int = 0, bursts: tuple[Burst, ...] = ()) -> Stream:
    return Stream(queue, priority, pieces, Exponential(180.0), Always(inf), bursts)


def test_callers_come_at_their_rate_and_talk_for_their_time() -> None:
    found = callers([stream(Piece(0.0, 100 * HOUR, 6000.0))], 1)
    assert len(found) == pytest.approx(6000, abs=3 * 6000**0.5)
    assert fmean(each.talk for each in found) == pytest.approx(180.0, rel=0.05)
    assert {each.patience for each in found} == {inf}


def test_callers_come_in_the_pieces_that_have_any() -> None:
    found = callers([stream(Piece(HOUR, 2 * HOUR, 50.0), Piece(5 * HOUR, 6 * HOUR, 200.0))], 1)
    first = [each for each in found if HOUR <= each.at < 2 * HOUR]
    assert len(first) == pytest.approx(50, abs=25)
    assert all(5 * HOUR <= each.at < 6 * HOUR for each in found[len(first) :])
    assert len(found) - len(first) == pytest.approx(200, abs=50)


def test_all_streams_stand_in_one_row_by_their_times() -> None:
    found = callers([stream(Piece(0, HOUR, 40)), stream(Piece(0, HOUR, 40), queue="standard", priority=7)], 1)
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert {(each.queue, each.priority) for each in found} == {("gold", 0), ("standard", 7)}


def test_a_seed_gives_the_same_callers_and_another_one_others() -> None:
    streams = [stream(Piece(0, HOUR, 40))]
    assert callers(streams, 5) == callers(streams, 5)
    assert callers(streams, 5) != callers(streams, 6)


def test_a_stream_more_does_not_change_the_others() -> None:
    gold, standard = stream(Piece(0, HOUR, 40)), stream(Piece(0, HOUR, 40), queue="standard")
    assert [each for each in callers([gold, standard], 5) if each.queue == "gold"] == callers([gold], 5)


def test_a_burst_brings_exactly_so_many_in_its_minute() -> None:
    found = callers([stream(bursts=(Burst(600.0, 12, 60.0),))], 1)
    assert len(found) == 12
    assert all(600 <= each.at < 660 for each in found)


def test_more_callers_come_in_the_same_pieces() -> None:
    (found,) = more([stream(Piece(0, HOUR, 40), bursts=(Burst(1.0, 3, 1.0),))], 1.5)
    assert found.pieces == [Piece(0, HOUR, 60)]
    assert found.expected == 63


def seen(count: int, queue: str = "gold", priority: int = 0, talk: float = 100.0, begin: float = 0.0) -> list[Seen]:
    return [Seen(begin + 60.0 * number, queue, priority, 5.0, False, talk) for number in range(count)]


def test_a_record_gives_as_many_in_each_half_hour_and_none_outside_of_its_time() -> None:
    (found,) = recorded([*seen(40), *seen(10, begin=7200.0), *seen(3, begin=90_000.0)], 0.0, 86_400.0)
    assert found.pieces == [Piece(0, 1800, 30), Piece(1800, 3600, 10), Piece(7200, 9000, 10)]


def test_the_last_piece_ends_with_the_record() -> None:
    (found,) = recorded(seen(40), 0.0, 2400.0)
    assert found.pieces[-1] == Piece(1800, 2400, 10)


def test_times_count_from_the_beginning_of_the_record() -> None:
    (found,) = recorded(seen(5, begin=1_800_000_600.0), 1_800_000_000.0, 1_800_003_600.0)
    assert found.pieces == [Piece(0, 1800, 5)]


def test_each_place_talks_as_its_own_callers_did_if_there_are_enough() -> None:
    gold, late, rare = recorded(
        [*seen(30), *seen(30, priority=5, talk=300.0), *seen(19, "standard", talk=20.0)], 0.0, 86_400.0
    )
    assert (gold.priority, late.priority, rare.queue) == (0, 5, "standard")
    assert isinstance(gold.talk, OneOf)
    assert isinstance(rare.talk, OneOf)
    assert set(gold.talk.lengths) == {100.0}
    assert isinstance(late.talk, OneOf)
    assert set(late.talk.lengths) == {300.0}
    assert set(rare.talk.lengths) == {20.0, 100.0, 300.0}


def test_patience_is_that_of_those_who_gave_up_and_of_those_who_would_have_waited_longer() -> None:
    waits = [
        Seen(float(number), "gold", 0, 10.0, number % 2 == 0, 60.0 if number % 2 else None) for number in range(80)
    ]
    later = [Seen(90.0 + number, "gold", 0, 20.0, False, 60.0) for number in range(80)]
    (found,) = recorded([*waits, *later], 0.0, 86_400.0)
    left = [each.patience for each in callers([found], 3)]
    assert sum(each <= 10.0 for each in left) / len(left) == pytest.approx(40 / 160, abs=0.1)


def test_nobody_gives_up_where_nobody_did() -> None:
    found = recorded(seen(30), 0.0, 86_400.0)
    assert {each.patience for each in callers(found, 1)} == {inf}
