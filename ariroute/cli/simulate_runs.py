"""The runs of ``ariroute simulate``: with a bar on a terminal, and on all processors when they take long."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context

from ariroute.simulate.study import Setting, run
from ariroute.simulate.tally import RunTally

LONG = 3.0
"""Seconds of runs for which starting other processes pays."""


def played(setting: Setting, seeds: Sequence[int]) -> Iterator[list[RunTally]]:
    """The runs one by one, with a bar on a terminal. When they would take long, all processors play."""
    with advancing(len(seeds)) as advance:
        begun = time.monotonic()
        yield run(setting, seeds[0])
        advance()
        lasts = (time.monotonic() - begun) * (len(seeds) - 1)
        at_once = min(os.cpu_count() or 1, len(seeds) - 1)
        rest = (
            several(setting, seeds[1:], at_once)
            if lasts > LONG and at_once > 1
            else (run(setting, each) for each in seeds[1:])
        )
        for each in rest:
            yield each
            advance()


def several(setting: Setting, seeds: Sequence[int], at_once: int) -> Iterator[list[RunTally]]:
    """The runs in the order of ``seeds``, played by so many processes of their own."""
    # no fork, as the bar has a thread; and Ctrl-C ends them at once, without a word
    ends = (signal.SIGINT, signal.SIG_DFL)
    pool = ProcessPoolExecutor(at_once, get_context("spawn"), signal.signal, ends)
    try:
        yield from pool.map(partial(run, setting), seeds)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def advancing(runs: int) -> Iterator[Callable[[], None]]:
    """A bar of so many runs on standard error, if that is a terminal; what it gives is called after each."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("runs"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=runs)
        yield lambda: progress.advance(task)
