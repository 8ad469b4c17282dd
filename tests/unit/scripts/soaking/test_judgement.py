"""What a soak's record is judged to say."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from scripts.soaking import judgement, report
from scripts.soaking.judgement import findings, longest_life, outcome, totals, warm
from scripts.soaking.record import Began, Ended, Entry, Fault, Life, Record, Sample, Window
from scripts.soaking.trends import HOUR, Outcome

BEGAN = Began(0.0, 4 * HOUR, 3.0, 60.0, 1, "0.1.0", "22.10.1", 4.0, "mix.yaml")
CALLS = Window(0.0, 300.0, 900, {"queued": 880, "left": 20}, 0, 0, 40, 250, 0.010, 0.050, 4.05)


def samples(
    hours: float, rss: Callable[[float], float] = lambda hour: 70.0, fds: Callable[[float], float] = lambda hour: 12.0
) -> list[Entry]:
    """One every five seconds, of life 1; memory in MB and descriptors as they are after so many hours."""
    dice = random.Random(3)
    return [
        Sample(
            at,
            1,
            int(rss(at / HOUR) * 1e6),
            int(fds(at / HOUR)) + dice.choice((0, 0, 0, 1, 5)),
            3,
            9 + dice.choice((0, 4)),
        )
        for at in range(0, int(hours * HOUR), 5)
    ]


def windows(hours: float, p99: Callable[[float], float] = lambda hour: 0.050) -> list[Entry]:
    dice = random.Random(4)
    return [
        replace(CALLS, at=float(at), until=at + 300.0, p99=p99(at / HOUR) * dice.uniform(0.97, 1.03))
        for at in range(0, int(hours * HOUR), 300)
    ]


def made(*parts: list[Entry]) -> Record:
    return Record([BEGAN, Life(0.0, 1, "start"), *(entry for part in parts for entry in part)])


def outcomes(record: Record) -> dict[str, Outcome]:
    """By the first word of what is wished, or the second where that is ``no``."""
    return {finding.wish.removeprefix("no ").split(",")[0]: finding.outcome for finding in findings(record)}


GOOD = made(samples(4.0), windows(4.0), [Fault(90.0, "hang", "it hangs", 2.0), Fault(150.0, "cut", "cut", 0.0)])


def test_a_long_run_in_which_nothing_grows_holds() -> None:
    assert set(outcomes(GOOD).values()) == {Outcome.HOLDS}
    assert report.verdict(GOOD) == "Holds: 43,200 calls and 2 faults in 4.00 h."


def test_memory_that_grows_is_found() -> None:
    leaky = made(samples(4.0, rss=lambda hour: 70 + 2.5 * hour), windows(4.0))

    assert outcomes(leaky)["resident memory grows by less than 1 MB/h"] is Outcome.FAILS
    assert report.verdict(leaky).startswith("Does not hold, after 43,200 calls")


def test_memory_that_fills_its_caches_first_is_no_leak() -> None:
    filling = made(samples(4.0, rss=lambda hour: 60 + min(hour * 6, 1) * 10), windows(4.0))

    assert outcomes(filling)["resident memory grows by less than 1 MB/h"] is Outcome.HOLDS


def test_a_short_run_says_that_it_is_too_short() -> None:
    short = made(samples(0.2), windows(0.2))

    assert outcomes(short)["resident memory grows by less than 1 MB/h"] is Outcome.UNKNOWN
    assert outcome(findings(short)) is Outcome.UNKNOWN
    assert report.verdict(short).startswith("Nothing failed, after 2,700 calls")


def test_a_descriptor_lost_at_every_tenth_fault_is_found() -> None:
    leaky = made(samples(4.0, fds=lambda hour: 12 + 6 * hour), windows(4.0))

    found = outcomes(leaky)
    assert found["file descriptors stay flat"] is Outcome.FAILS
    assert found["threads stay flat"] is Outcome.HOLDS


def test_a_slow_drift_of_the_slowest_calls_is_found() -> None:
    drifting = made(samples(4.0), windows(4.0, p99=lambda hour: 0.05 * (1 + 0.1 * hour)))

    assert outcomes(drifting)["p99 of the time to the queue drifts by less than 10 %"] is Outcome.FAILS


@pytest.mark.parametrize(
    ("wish", "window"),
    [
        ("call lost", replace(CALLS, endings={"queued": 899, "lost": 1}, odd=("1.7 lost: dialled support",))),
        ("call put into a queue twice", replace(CALLS, twice=1)),
        ("call later than promised", replace(CALLS, late=1)),
    ],
)
def test_one_broken_promise_is_enough(wish: str, window: Window) -> None:
    bad = made(samples(4.0), windows(4.0), [window])

    assert [name for name, found in outcomes(bad).items() if found is Outcome.FAILS] == [wish]
    assert outcome(findings(bad)) is Outcome.FAILS


def test_growth_is_judged_within_the_longest_life() -> None:
    def life(number: int, begin: float, length: float, rss: float) -> list[Entry]:
        times = range(int(begin), int(begin + length), 60)
        return [Life(begin, number, "kill"), *(Sample(float(at), number, int(rss * 1e6), 12, 3, 9) for at in times)]

    record = Record([BEGAN, *life(1, 0, 600, 60.0), *life(2, 700, 3000, 90.0), *life(3, 3800, 300, 60.0)])

    assert {sample.life for sample in longest_life(record)} == {2}
    assert [(life.life, begin) for life, _, begin, _ in judgement.lives(record)] == [(1, 60.0), (2, 90.0), (3, 60.0)]


@pytest.mark.parametrize(("hours", "left_out"), [(4.0, 600.0), (0.5, 360.0)])
def test_the_first_minutes_are_left_out(hours: float, left_out: float) -> None:
    all_of_them = [entry for entry in samples(hours) if isinstance(entry, Sample)]

    assert left_out - 10 <= warm(all_of_them)[0].at <= left_out


def test_windows_add_up() -> None:
    record = made([CALLS, replace(CALLS, endings={"queued": 898, "lost": 2}, longest=5.0, odd=("a", "b"))])

    sums = totals(record)

    assert (sums.placed, sums.lost, sums.by_default, sums.longest, sums.odd) == (1800, 2, 80, 5.0, ("a", "b"))
    assert sums.endings == {"queued": 1778, "left": 20, "lost": 2}


def test_the_report_tells_it_all_in_words_and_as_json() -> None:
    record = Record([*GOOD.entries, Ended(15000.0, "Ctrl-C")])
    text = report.text(record)

    assert text.splitlines()[0] == "Holds: 43,200 calls and 2 faults in 4.00 h."
    assert "Faults: cut 1, hang 1" in text
    assert "1: 4.00 h, 70.0 to 70.0 MB (start)" in text
    assert "ended: Ctrl-C" in text
    assert report.as_json(record)["outcome"] == "holds"
    json.dumps(report.as_json(record), allow_nan=False)


def test_a_record_that_was_cut_says_so() -> None:
    assert "cut, or still going on" in report.text(GOOD)


def test_a_record_without_anything_says_so() -> None:
    assert report.text(Record()).endswith("The record is empty.")
    assert outcome(findings(Record())) is Outcome.UNKNOWN
    json.dumps(report.as_json(Record()))
