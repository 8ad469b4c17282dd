"""From judged calls to a window, and from /proc and /metrics to a sample."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from ariroute.proof.result import Ending, ProvenCall
from scripts.soaking.probe import read_status, read_tasks, sample
from scripts.soaking.record import Fault
from scripts.soaking.windows import window

AT = 1000.0


def call(placed: float, wait: float | None, ending: Ending = Ending.QUEUED, dialled: str = "direct") -> ProvenCall:
    settled = None if wait is None else placed + wait
    return ProvenCall(f"1.{placed:g}", "+46701234567", dialled, placed, ending, placed, settled, ("gold",))


CALLS = [
    call(10.0, 0.01),
    call(20.0, 0.02),
    call(30.0, 0.03),
    call(40.0, 3.0),
    call(50.0, 9.0, dialled="menu"),
    call(60.0, None, Ending.LOST),
    replace(call(70.0, 0.04), twice=True, by_default=True),
    call(301.0, 0.01),
]


def test_a_window_counts_the_calls_that_were_placed_in_it() -> None:
    made = window(CALLS, AT, AT + 300, 4.0, [Fault(AT + 40, "hang", "", 1.0)], {"direct"})

    assert (made.placed, made.endings, made.twice, made.late, made.by_default) == (7, {"queued": 6, "lost": 1}, 1, 1, 1)
    assert made.longest == pytest.approx(9.0)
    assert made.odd == (
        "1.50 late: dialled menu, 9.00 s",
        "1.60 lost: dialled direct",
        "1.70 twice: dialled direct, 0.04 s",
    )


def test_the_watched_time_is_that_of_calls_that_met_no_fault() -> None:
    made = window(CALLS, AT, AT + 300, 4.0, [Fault(AT + 38, "hang", "", 1.0)], {"direct"})

    assert made.quiet == 4
    assert [made.p50, made.p99] == pytest.approx([0.02, 0.04])


def test_a_window_without_calls_has_no_times() -> None:
    made = window([], AT, AT + 300, 4.0, [], {"direct"})

    assert (made.placed, made.p50, made.p99, made.longest) == (0, None, None, None)


def test_a_process_is_sampled() -> None:
    found = sample(os.getpid(), "127.0.0.1:1", 3, AT)

    assert found is not None
    assert (found.life, found.at, found.tasks) == (3, AT, None)  # nobody answers at that port
    assert found.rss > 5e6
    assert found.fds >= 3
    assert found.threads >= 1


def test_a_process_that_is_gone_is_none() -> None:
    assert sample(2**22 + 1, "127.0.0.1:1", 1, AT) is None
    assert read_status("Name:\tariroute\nState:\tZ (zombie)\nThreads:\t1\n") is None


def test_tasks_are_read_from_the_metrics() -> None:
    assert read_tasks("# TYPE ariroute_tasks gauge\nariroute_tasks 12.0\nprocess_open_fds 9.0\n") == 12
    assert read_tasks("process_open_fds 9.0\n") is None
