"""What is seen: a line per call once it is settled and, on a terminal, those who wait now below the lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import TextIOWrapper
from typing import Final, NoReturn

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scripts.demonstration.board import Board, Call
from scripts.demonstration.judgement import Tier
from scripts.demonstration.lines import NARROWEST, cells, heading, line

STYLES: Final = {"platinum": "cyan", "gold": "yellow"}
_LATEST: Final = 2.0
"""Seconds after which a call is shown although the daemon's line about it is missing."""


class ReaderLeft(Exception):
    """Whoever read our output through a pipe has gone."""


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise ReaderLeft


def console() -> Console:
    """Standard output: plain and of fixed width through a pipe, without colour where NO_COLOR says so."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    width = None if sys.stdout.isatty() else NARROWEST
    return _Console(width=width, highlight=False, markup=False, emoji=False)


class Screen:
    """The lines of calls; a context manager while calls come in.

    `names` are those of callers by number; `wanted` says which calls are shown.
    """

    def __init__(
        self, out: Console, names: Mapping[str, str], wanted: Callable[[Call], bool] = lambda call: True
    ) -> None:
        self._out = out
        self._wanted = wanted
        self._names = names
        self._shown: set[str] = set()
        # Through a pipe nothing may be drawn that is to be drawn over.
        is_live = out.is_terminal and not out.is_dumb_terminal
        self._live = Live(console=out, transient=True, auto_refresh=False) if is_live else None

    def __enter__(self) -> Screen:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.update("", refresh=True)
            self._live.stop()

    def head(self) -> None:
        """The headings of the columns."""
        self._print(Text(heading(self._out.width), style="bold"))

    def say(self, text: str, style: str = "") -> None:
        """A sentence between the calls."""
        self._out.print(Text(text, style=style), soft_wrap=True)

    def show(self, board: Board, now: float, status: str) -> None:
        """Print the calls that are settled since the last time, and draw those who wait, with `status` below."""
        calls = [call for call in board.calls.values() if self._wanted(call) and call.uniqueid not in self._shown]
        for call in calls:
            if _is_known(call, now):
                self._shown.add(call.uniqueid)
                self._print(self._line(call, now))
        if self._live:
            self._live.update(self._waiting([call for call in calls if call.is_waiting], now, status), refresh=True)

    def _waiting(self, waiting: Sequence[Call], now: float, status: str) -> RenderableType:
        room = max(1, min(12, self._out.height - 6))
        lines = [self._line(call, now, "dim ") for call in waiting[:room]]
        more = [Text(f"… and {len(waiting) - room} more", style="dim")] if len(waiting) > room else []
        counts = ", ".join(f"{name} {count}" for name, count in _count(waiting).items()) or "nobody"
        return Group(*lines, *more, Text(f"{status}   waiting now: {counts}", style="reverse"))

    def _line(self, call: Call, now: float, manner: str = "") -> Text:
        text = line(cells(call, self._names, now), self._out.width)
        queue = call.verdict.queues[-1] if call.verdict else ""
        if not call.verdict or (call.routed and "failed" in call.routed.outcomes.values()) or not call.routed:
            return Text(text, style=f"{manner}red")
        return Text(text, style=f"{manner}{STYLES.get(queue, '')}".strip())

    def _print(self, text: Text) -> None:
        # Never folded: on a narrow screen a line that is cut is read more easily than two halves.
        self._out.print(text, no_wrap=True, overflow="ellipsis", crop=True)


def _is_known(call: Call, now: float) -> bool:
    return call.is_settled and (call.routed is not None or call.passed_on != "" or now - call.arrived > _LATEST)


def _count(calls: Iterable[Call]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for call in calls:
        if call.verdict:
            counts[call.verdict.queues[-1]] = counts.get(call.verdict.queues[-1], 0) + 1
    return counts


def table(tiers: Sequence[Tier]) -> Table:
    """The figures of each tier; the last row is that of all."""
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, show_footer=True, footer_style="bold", pad_edge=False)
    *rows, total = map(_texts, tiers)
    for title, last in zip(_TITLES, total, strict=True):
        drawn.add_column(title, footer=last, justify="left" if title == _TITLES[0] else "right")
    for row in rows:
        drawn.add_row(*row, style=STYLES.get(row[0]))
    return drawn


_TITLES: Final = (
    "queue",
    "placed",
    "in the right\nqueue",
    "answered",
    "median\nwait",
    "longest\nwait",
    "median time\nto the queue",
)


def _texts(tier: Tier) -> tuple[str, ...]:
    return (
        tier.name,
        str(tier.placed),
        str(tier.right),
        str(tier.answered),
        _with_unit(tier.wait, "s"),
        _with_unit(tier.longest, "s"),
        "-" if tier.to_queue is None else f"{tier.to_queue:.1f} ms",
    )


def _with_unit(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:g} {unit}"
