"""Lines over time as SVG: waits, agents per call, occupancy. For a page (:mod:`ariroute.drawing.page`) or alone.

Colours follow the reader's light or dark scheme. A line is in pieces where nothing is known, its band is what most of
many runs lie between, and its level, such as a target, is dashed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple, TypeVar

from ariroute.drawing import page
from ariroute.drawing.page import safe

T = TypeVar("T")

WIDTH, HEIGHT, LEFT, RIGHT, TOP, AXIS = 440, 210, 50, 20, 26, 20
"""In px: the whole picture, and what is left free around the plot."""
MARKS = 5
"""About so many numbers along the time."""
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400, 172800)
"""Seconds that people count time by."""
TONES = 6
"""Colours there are; the seventh line has the first one's again."""

LIGHT = "--tone0: #2b7bc9; --tone1: #c47a00; --tone2: #12805c; --tone3: #8457c5; --tone4: #c3218f; --tone5: #66727e"
DARK = "--tone0: #5fa8ec; --tone1: #f0ad3a; --tone2: #3cc795; --tone3: #b08cf0; --tone4: #f270c8; --tone5: #97a4b2"
STYLE = f"""
:root {{ {LIGHT} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
svg.chart {{ display: block; width: 100%; height: auto }}
.chart text {{ fill: var(--soft); font-size: 11px }}
.chart .title {{ fill: var(--ink); font-size: 13px; font-weight: 600 }}
.chart .up {{ text-anchor: end }}
.chart .across {{ text-anchor: middle }}
.chart .grid {{ stroke: var(--level) }}
.chart .frame {{ fill: none; stroke: var(--line) }}
.chart .line {{ fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round }}
.chart .target {{ fill: none; stroke-width: 1.2; stroke-dasharray: 5 4 }}
.chart .band {{ stroke: none; fill-opacity: 0.15 }}
.chart g:hover > .line {{ stroke-width: 3.2 }}
.key {{ display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 12px; padding: 0; list-style: none; font-size: 13px;
  color: var(--soft) }}
.key svg {{ display: inline-block; width: 22px; height: 12px; margin: 0 6px 0 0; vertical-align: -1px }}
""" + "".join(
    f".tone{number} .line, .tone{number} .target {{ stroke: var(--tone{number}) }} "
    f".tone{number} .band, .tone{number} circle {{ fill: var(--tone{number}) }}\n"
    for number in range(TONES)
)
PAGE_STYLE = (
    STYLE
    + """
header { border-left-color: var(--soft); background: var(--card) }
h1 { color: var(--ink) }
"""
)
"""Of a page that shows charts, and judges nothing."""
ALONE = """svg { font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif }
.chart .paper { fill: var(--card) }
"""


def round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below ``least`` (above 0)."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= least * (1 - 1e-9))


def time_step(least: float) -> float:
    """The smallest of ``STEPS`` that is not below ``least`` seconds, or whole days, or less than a second."""
    if least < STEPS[0]:
        return round_step(least)
    days = 86400 * math.ceil(least / 86400)
    return next((float(step) for step in STEPS if step >= least), float(days))


class Line(NamedTuple):
    """One line: a value for each piece of time, None where nothing is known, and what to call it.

    ``tone`` is the number of its colour. ``band`` has the lower and the upper end of each piece, and may be empty.
    """

    name: str
    values: Sequence[float | None]
    tone: int = 0
    band: Sequence[tuple[float, float] | None] = ()
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over the same time, whose pieces are ``step`` seconds long from ``begin`` on.

    ``clock`` writes such a moment in words, ``figure`` a value; ``round_up`` makes the steps of the scale round.
    ``top`` is the highest value that is drawn at least: charts that are compared share one.
    """

    title: str
    lines: Sequence[Line]
    begin: float
    step: float
    clock: Callable[[float], str]
    figure: Callable[[float], str] = "{:g}".format
    round_up: Callable[[float], float] = round_step
    top: float = 0.0


def highest(lines: Iterable[Line]) -> float:
    """The highest value of them, bands and levels too; 0 of none."""
    return max((value for line in lines for value in _values(line)), default=0.0)


def chart(shown: Chart) -> str:
    """The picture, as an element for a page that has ``STYLE``."""
    pieces = max((len(line.values) for line in shown.lines), default=0) or 1
    top = _ceiling(max(shown.top, highest(shown.lines)), shown.round_up)
    sheet = _Sheet(shown, pieces, top)
    parts = [*sheet.grid(), *(sheet.line(line) for line in shown.lines)]
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{safe(shown.title)}" '
        f'xmlns="http://www.w3.org/2000/svg">\n<text class="title" x="0" y="14">{safe(shown.title)}</text>\n'
        + "\n".join(parts)
        + "\n</svg>"
    )


def key(names: Iterable[tuple[str, int]]) -> str:
    """What the colours mean: names with the number of their tone, as a list for a page."""
    items = "".join(f"<li>{_sample(tone)}{safe(name)}</li>" for name, tone in names)
    return f'<ul class="key">{items}</ul>'


def alone(rows: Sequence[Sequence[Chart]], names: Sequence[tuple[str, int]]) -> str:
    """One SVG document of ``rows`` of charts with their key."""
    gap, head = 16, 34
    wide = max(map(len, rows), default=1) * (WIDTH + gap) + gap
    high = head + len(rows) * (HEIGHT + gap) + gap
    style = (
        f":root {{ color-scheme: light dark; {page.LIGHT} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {page.DARK} }} }}\n{STYLE}{ALONE}"
    )
    parts = []
    for down, row in enumerate(rows):
        for right, each in enumerate(row):
            x, y = gap + right * (WIDTH + gap), head + down * (HEIGHT + gap)
            parts.append(chart(each).replace("<svg ", f'<svg x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" ', 1))
    x = gap
    for name, tone in names:
        parts.append(f'<g class="tone{tone % TONES}"><path class="line" d="M{x} 18h20"/></g>')
        parts.append(f'<text x="{x + 26}" y="22">{safe(name)}</text>')
        x += 48 + 7 * len(name)
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}" role="img">\n<style>{style}</style>\n'
        f'<rect class="paper" width="{wide}" height="{high}"/>\n' + "\n".join(parts) + "\n</svg>"
    )


class _Sheet:
    """Where things are on one chart."""

    def __init__(self, shown: Chart, pieces: int, top: float) -> None:
        self._shown, self._pieces, self._top = shown, pieces, top
        self._wide, self._floor = WIDTH - LEFT - RIGHT, HEIGHT - AXIS

    def grid(self) -> Iterator[str]:
        """The frame, the numbers and the level lines."""
        shown, right = self._shown, WIDTH - RIGHT
        step = shown.round_up(self._top / 4)
        for number in range(round(self._top / step) + 1):
            y = self._y(number * step)
            yield f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>'
            yield f'<text class="up" x="{LEFT - 6}" y="{y + 4:.1f}">{safe(shown.figure(number * step))}</text>'
        length = self._pieces * shown.step
        every = time_step(length / MARKS)
        at = math.ceil(shown.begin / every - 1e-9) * every
        while at <= shown.begin + length * (1 + 1e-9):
            x = LEFT + (at - shown.begin) / length * self._wide
            yield f'<path class="grid" d="M{x:.1f} {TOP}V{self._floor}"/>'
            yield f'<text class="across" x="{x:.1f}" y="{HEIGHT - 6}">{safe(shown.clock(at))}</text>'
            at += every
        yield f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{self._wide}" height="{self._floor - TOP}"/>'

    def line(self, line: Line) -> str:
        """A line with its band and its level; what it is called shows when one points at it."""
        parts = [f"<title>{safe(line.name)}</title>"]
        for run in _runs(line.band):
            upper = [f"{self._x(number)} {self._y(ends[1]):.1f}" for number, ends in run]
            lower = [f"{self._x(number)} {self._y(ends[0]):.1f}" for number, ends in reversed(run)]
            parts.append(f'<path class="band" d="M{" L".join((*upper, *lower))}Z"/>')
        if line.level is not None:
            parts.append(f'<path class="target" d="M{LEFT} {self._y(line.level):.1f}H{WIDTH - RIGHT}"/>')
        for points in _runs(line.values):
            places = [f"{self._x(number)} {self._y(value):.1f}" for number, value in points]
            if len(places) == 1:
                x, y = places[0].split()
                parts.append(f'<circle cx="{x}" cy="{y}" r="2"/>')
            else:
                parts.append(f'<path class="line" d="M{" L".join(places)}"/>')
        return f'<g class="tone{line.tone % TONES}">{"".join(parts)}</g>'

    def _x(self, number: int) -> str:
        """The middle of a piece."""
        return f"{LEFT + (number + 0.5) / self._pieces * self._wide:.1f}"

    def _y(self, value: float) -> float:
        return self._floor - min(1.0, value / self._top) * (self._floor - TOP)


def _values(line: Line) -> Iterator[float]:
    yield from (value for value in line.values if value is not None)
    yield from (ends[1] for ends in line.band if ends is not None)
    if line.level is not None:
        yield line.level


def _runs(values: Sequence[T | None]) -> Iterator[list[tuple[int, T]]]:
    """The values that stand beside one another, with their numbers."""
    for known, run in groupby(enumerate(values), lambda each: each[1] is not None):
        if known:
            yield [(number, value) for number, value in run if value is not None]


def _ceiling(most: float, round_up: Callable[[float], float]) -> float:
    """A whole number of round steps that is not below ``most``; 1 when that is 0."""
    if most <= 0:
        return 1.0
    step = round_up(most / 4)
    return math.ceil(most / step - 1e-9) * step


def _sample(tone: int) -> str:
    line = f'<g class="tone{tone % TONES}"><path class="line" d="M2 6h18"/></g>'
    return f'<svg class="chart" viewBox="0 0 22 12">{line}</svg>'
