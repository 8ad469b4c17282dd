"""How a proof gets on, on standard error: one bar that moves where there is a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from ariroute.proof import words
from ariroute.proof.result import InjectedFault, Run

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EVERY = 5.0
"""Seconds between two plain lines about calls."""


class Lines:
    """A watcher that writes lines: each stage, each fault, the calls now and then. For files and pipes."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._due = 0.0
        self._last = ""

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to put right."""

    def stage(self, says: str) -> None:
        """A line of its own."""
        self._due = 0.0
        self._write(says)

    def calls(self, placed: int, settled: int, of: int) -> None:
        """A line every `EVERY` seconds, and one when the last call is settled; never the same one twice."""
        now = self._clock()
        if now < self._due and settled < of:
            return
        self._due = now + EVERY
        line = _calls(placed, settled, of)
        if line != self._last:
            self._last = line
            self._write(line)

    def fault(self, fault: InjectedFault) -> None:
        """A line of its own."""
        self._write(_fault(fault))

    def control_done(self, run: Run) -> None:
        """A line of its own."""
        self._write(_control(run))

    def _write(self, line: str) -> None:
        try:
            self._stream.write(words.plain(line) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return  # nobody reads any more, and the proof goes on


class Bar:
    """A watcher that draws one bar with the latest fault below the stages; a context manager. For terminals."""

    def __init__(self, stream: TextIO | None = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(file=stream or sys.stderr, markup=False, highlight=False, emoji=False)
        self._progress: Progress = Progress(
            TimeElapsedColumn(),
            BarColumn(bar_width=30),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
        )
        self._task: TaskID = self._progress.add_task("", total=None)
        self._latest = ""

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def stage(self, says: str) -> None:
        """A line above the bar, which begins anew."""
        self._latest = ""
        self._progress.print(words.plain(says))
        self._progress.reset(self._task, total=None, description="")

    def calls(self, placed: int, settled: int, of: int) -> None:
        """The bar is as long as the part of the calls that is settled."""
        says = _calls(placed, settled, of) + (f"; {self._latest}" if self._latest else "")
        self._progress.update(self._task, total=of, completed=settled, description=says)

    def fault(self, fault: InjectedFault) -> None:
        """Beside the bar, until the next one."""
        self._latest = words.plain(_fault(fault))

    def control_done(self, run: Run) -> None:
        """A line above the bar."""
        self._progress.print(_control(run))


def progress(stream: TextIO | None = None) -> Bar | Lines:
    """What suits `stream`, standard error by default."""
    stream = stream or sys.stderr
    return Bar(stream) if stream is not None and stream.isatty() else Lines(stream)


def _calls(placed: int, settled: int, of: int) -> str:
    return f"{placed} of {of} calls placed, {settled} settled"


def _fault(fault: InjectedFault) -> str:
    lasts = f" for {words.seconds(fault.lasted)}" if fault.lasted else ""
    return f"{fault.kind} at {fault.at:.1f} s: {fault.says}{lasts}"


def _control(run: Run) -> str:
    return f"control without a guard: {len(run.lost)} of {words.counted(len(run.calls), 'call')} lost"
