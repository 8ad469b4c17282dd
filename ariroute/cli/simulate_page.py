"""A simulation as one HTML page, and its lines as one SVG: the same figures as in the terminal."""

from __future__ import annotations

from ariroute.cli.simulate_report import (
    BUSY,
    DRAWN,
    Drawn,
    Grid,
    Report,
    busy_line,
    percent_text,
    scale,
    seconds_text,
)
from ariroute.drawing import chart
from ariroute.drawing.chart import Chart, Line, highest
from ariroute.drawing.page import document, safe, table, tile
from ariroute.simulate.figures import Figure
from ariroute.simulate.study import ArmResult
from ariroute.values import duration_text

STYLE = (
    chart.PAGE_STYLE
    + """
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 14px 22px;
  margin-bottom: 18px }
td:nth-child(2) { white-space: nowrap }
th.number { white-space: normal; vertical-align: bottom }
.tiles { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)) }
ul.said { margin: 0; padding-left: 20px }
@media print { .charts { grid-template-columns: 1fr 1fr } }
"""
)


def html(report: Report) -> str:
    """The whole page."""
    parts = [_head(report), _tiles(report), _section("Waits", _table(report.waits()))]
    parts.append(_section("Over time", _charts(report)))
    floor = _section("Floor", _table(report.floors()))
    if (staffing := report.staffing()).rows:
        floor = f'<div class="pair">\n{_section("Agents per call", _table(staffing))}\n{floor}\n</div>'
    parts.append(floor)
    said = "".join(f"<li>{safe(each)}</li>\n" for each in report.assumptions())
    parts.append(_section("What is assumed", f'<ul class="said">\n{said}</ul>'))
    if doubts := report.doubts():
        said = "".join(f"<li>{safe(each)}</li>\n" for each in doubts)
        parts.append(_section("Doubts", f'<ul class="said">\n{said}</ul>'))
    return document(f"ariroute: simulation of {report.house.file or 'a floor'}", STYLE, "\n".join(parts))


def svg(report: Report) -> str:
    """The lines alone: a row for each figure, a column for each floor."""
    names = [(group.queue, tone) for tone, group in enumerate(report.queues_called)]
    return chart.alone(_rows(report), names)


def _section(title: str, inner: str) -> str:
    return f'<section class="long">\n<h2>{safe(title)}</h2>\n{inner}\n</section>'


def _head(report: Report) -> str:
    first, *rest = report.summary()
    floors = "".join(f"<p>{safe(each.strip())}</p>\n" for each in rest)
    title = f"Simulation of {report.house.file}" if report.house.file else "Simulation of a floor"
    return f'<header>\n<h1>{safe(title)}</h1>\n<p>{safe(first)}</p>\n<div class="soft">{floors}</div></header>'


def _tiles(report: Report) -> str:
    """How the last floor does, which is that of whom one asks about, beside the first."""
    arm, first = report.arms[-1], report.arms[0]
    tiles = []
    for group in report.queues_called:
        wait = arm.groups[group][Figure.WAIT]
        was = f"; {seconds_text(first.groups[group][Figure.WAIT].mean)} with {first.name}" if arm is not first else ""
        tiles.append(tile(seconds_text(wait.mean), f"mean wait in {group.queue} with {arm.name}{was}"))
        held = arm.groups[group].get(Figure.HELD)
        if held is not None:
            target = report.target(group)
            tiles.append(
                tile(percent_text(held.mean), f"of the time {group.queue} has {target:g} agents per call or more")
            )
    return f'<div class="tiles">\n{"".join(tiles)}</div>'


def _table(grid: Grid) -> str:
    heads = tuple(head.capitalize() for head in grid.texts), tuple(head.capitalize() for head in grid.numbers)
    return table(*heads, ((texts, numbers, False) for texts, numbers in grid.rows))


def _charts(report: Report) -> str:
    names = [(group.queue, tone) for tone, group in enumerate(report.queues_called)]
    parts = [
        '<p class="soft">Lines are means of all runs; 95 % of the runs lie in the bands. Dashed: the wanted agents per '
        "call.</p>",
        chart.key(names),
    ]
    parts += [f'<div class="charts">\n{"".join(map(chart.chart, row))}\n</div>' for row in _rows(report)]
    return "\n".join(parts)


def _rows(report: Report) -> list[list[Chart]]:
    """A row for each figure with a chart for each floor, all of one scale; callers are the same for all floors."""
    found = []
    for drawn in DRAWN:
        arms = report.arms[:1] if drawn.figure is Figure.CALLERS else report.arms
        known = [(arm, lines) for arm in arms if (lines := report.lines(arm, drawn.figure, bands=drawn.bands))]
        if known:
            top = scale([highest(lines) for _, lines in known])
            found.append([_chart(report, drawn, lines, _of(report, drawn, arm), top) for arm, lines in known])
    return [*found, [_chart(report, BUSY, [busy_line(arm)], _of(report, BUSY, arm), 1.0) for arm in report.arms]]


def _of(report: Report, drawn: Drawn, arm: ArmResult) -> str:
    return f", {arm.name}" if len(report.arms) > 1 and drawn.figure is not Figure.CALLERS else ""


def _chart(report: Report, drawn: Drawn, lines: list[Line], of: str, top: float) -> Chart:
    load = report.load
    step = load.window.step
    each = f" in {duration_text(step)}" if drawn.figure is Figure.CALLERS else ""
    own = " (another scale)" if highest(lines) > top else ""
    title = f"{drawn.head}{each}{of}{own}"
    return Chart(title, lines, load.origin, step, load.clock, drawn.mark, drawn.round_up, top)
