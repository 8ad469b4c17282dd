"""A simulation for people on a terminal: tables, and lines over time in blocks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ariroute.cli.output import printable, ruled, show, show_drawn
from ariroute.cli.simulate_report import (
    Grid,
    Report,
    busy_line,
    percent_text,
    ratio_text,
    scale,
    seconds_text,
    whole_text,
)
from ariroute.drawing.bars import bars, blocks_of, merged
from ariroute.drawing.chart import Line, highest
from ariroute.simulate.figures import Figure
from ariroute.values import duration_text

if TYPE_CHECKING:
    from rich.table import Table

    from ariroute.simulate.study import ArmResult

WIDE = 60
"""Blocks of a line at most."""
NARROW = 10
"""Characters of a heading that stands in one line."""


def show_report(report: Report) -> None:
    """All of it, on standard output."""
    for text in report.summary():
        show(text)
    for grid in (report.waits(), report.staffing(), report.floors()):
        if grid.rows:
            show("")
            show_drawn(_drawn(grid))
    for text in plots(report):
        show(text)
    show("")
    for assumption in report.assumptions():
        show(f"  - {assumption}")


def plots(report: Report) -> Iterator[str]:
    """Lines over time: of each tier with one scale for all floors."""
    first = report.arms[0]
    yield from _plot(report, "Callers", whole_text, [report.lines(first, Figure.CALLERS, bands=False)])
    for figure, head, text in (
        (Figure.WAIT, "Mean wait", seconds_text),
        (Figure.AGENTS_PER_CALL, "Agents per call", ratio_text),
    ):
        by_arm = [_named(report, arm, report.lines(arm, figure, bands=False)) for arm in report.arms]
        if any(by_arm):
            yield from _plot(report, head, text, list(zip(*by_arm, strict=True)))
    yield from _plot(
        report, "Occupancy", percent_text, [[busy_line(arm)._replace(name=arm.name) for arm in report.arms]]
    )


def _named(report: Report, arm: ArmResult, lines: Sequence[Line]) -> list[Line]:
    if len(report.arms) == 1:
        return list(lines)
    return [line._replace(name=f"{line.name} {arm.name}") for line in lines]


def _plot(report: Report, head: str, text: Callable[[float], str], groups: Sequence[Sequence[Line]]) -> Iterator[str]:
    """Rows of blocks; each of ``groups`` has a scale of its own."""
    load, window = report.load, report.load.window
    until = load.clock(load.origin + window.end - window.begin)
    wide = max((len(line.name) for group in groups for line in group), default=0)
    blocks = blocks_of(getattr(sys.stdout, "encoding", None))
    yield ""
    yield f"{head} from {load.clock(load.origin)} to {until}, {duration_text(window.step)} a piece"
    for group in groups:
        top = scale([highest([line._replace(level=None)]) for line in group])
        for line in group:
            values = merged(line.values, WIDE)
            most = max((value for value in values if value is not None), default=0.0)
            own = " (another scale)" if most > top else ""
            drawn = bars(values, max(top, most), blocks)
            yield f"  {printable(line.name):{wide}}  {drawn}  {text(most)} at most{own}"


def _drawn(grid: Grid) -> Table:
    table = ruled(*grid.texts, numbers=map(_in_two, grid.numbers))
    for texts, numbers in grid.rows:
        table.add_row(*map(printable, texts), *numbers)
    return table


def _in_two(head: str) -> str:
    """A long heading in two lines, so that numbers of a few characters need no wide column."""
    if len(head) <= NARROW or " " not in head:
        return head
    middle = min((abs(place - len(head) / 2), place) for place, letter in enumerate(head) if letter == " ")[1]
    return f"{head[:middle]}\n{head[middle + 1 :]}"
