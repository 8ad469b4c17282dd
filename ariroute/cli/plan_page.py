"""A plan as one HTML page, to be kept or sent, and as a picture (SVG): agents and calls over the day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ariroute.cli.plan_report import PlanReport, goal_text, menu_heads
from ariroute.drawing import chart
from ariroute.drawing.chart import Chart, Line
from ariroute.drawing.page import document, safe, table, tile
from ariroute.planning import words
from ariroute.planning.plan import Piece
from ariroute.simulate.load import HALF_HOUR


def html(report: PlanReport) -> str:
    """The whole page."""
    parts = [_head(report), _tiles(report)]
    if report.by_half_hours:
        keys = chart.key(_names(report))
        pictures = "\n".join(f"<div>{chart.chart(each)}</div>" for each in _charts(report))
        parts.append(f'<section>\n<h2>Over the day</h2>\n{keys}\n<div class="pair">\n{pictures}\n</div>\n</section>')
    when = words.when(report.plan.busiest)
    title = f"The busiest half hour, {when}" if report.by_half_hours else "An hour"
    parts.append(_section(title, _peak(report)))
    if report.plan.ratios:
        said = "".join(f"<p>{safe(sentence)}</p>\n" for sentence in report.ratio_sentences())
        parts.append(_section("What agents per call buy", f"{said}<h3>Mean wait at other ratios</h3>\n{_menu(report)}"))
    if report.by_half_hours:
        parts.append(_section("Half hours", _half_hours(report), long=True))
    notes = "".join(f"<p>{safe(sentence)}</p>\n" for sentence in (*report.doubts(), *report.assumptions()))
    parts.append(f"<footer>\n{notes}</footer>")
    return document("ariroute: plan", chart.PAGE_STYLE, "\n".join(parts))


def svg(report: PlanReport) -> str:
    """The charts alone; of an hour in figures each line is a point."""
    return chart.alone([list(_charts(report))], _names(report))


def _charts(report: PlanReport) -> Iterable[Chart]:
    plan = report.plan
    begin = plan.pieces[0].begin or 0.0
    step = plan.pieces[0].seconds if len(plan.pieces) == 1 else HALF_HOUR

    def drawn(title: str, lines: Sequence[Line]) -> Chart:
        return Chart(title, lines, begin, step, words.clock)

    calls = [
        Line(queue, [piece.loads[number].calls * piece.seconds / 3600 for piece in plan.pieces], number)
        for number, queue in enumerate(report.queues)
    ]
    agents = [
        Line(name, [_known(of(piece)) for piece in plan.pieces], len(calls) + number)
        for number, (name, of) in enumerate(_ways(report))
    ]
    yield drawn("Calls by half hour" if report.by_half_hours else "Calls", calls)
    yield drawn("Agents", agents)


def _known(agents: int | None) -> float | None:
    return None if agents is None else float(agents)


def _ways(report: PlanReport) -> list[tuple[str, Callable[[Piece], int | None]]]:
    ways: list[tuple[str, Callable[[Piece], int | None]]] = [("own agents", lambda piece: piece.own_total)]
    if report.plan.gives_up:
        ways.append(("own agents, callers give up", lambda piece: piece.impatient_total))
    if len(report.queues) > 1:
        ways.append(("one pool with priority", lambda piece: piece.pool))
    return ways


def _names(report: PlanReport) -> list[tuple[str, int]]:
    names = [*report.queues, *(name for name, _ in _ways(report))]
    return [(name, number) for number, name in enumerate(names)]


def _head(report: PlanReport) -> str:
    said = "".join(f"<p>{safe(line)}</p>\n" for line in (*report.sentences(), report.headline()))
    return f"<header>\n<h1>{safe(words.short(report.plan))}</h1>\n{said}</header>"


def _tiles(report: PlanReport) -> str:
    plan, peak = report.plan, report.plan.busiest
    tiles = []
    if peak.own_total is not None:
        tiles.append((str(plan.scheduled(peak.own_total)), "agents if each tier has its own, in the busiest time"))
    if plan.gives_up and peak.impatient_total is not None:
        tiles.append((str(plan.scheduled(peak.impatient_total)), "agents of their own, as callers give up"))
    if len(report.queues) > 1 and peak.pool is not None:
        tiles.append((str(plan.scheduled(peak.pool)), "agents in one pool with priority"))
    if report.by_half_hours and plan.pool_hours is not None and plan.own_hours is not None:
        tiles.append(
            (f"{plan.own_hours:g} h", f"of agents all day, each tier its own; {plan.pool_hours:g} h in one pool")
        )
    if plan.shrinkage:
        tiles.append((f"{plan.shrinkage:.0%}", "shrinkage, which is in these figures"))
    return f'<div class="tiles">\n{"".join(tile(*each) for each in tiles)}</div>'


def _section(title: str, inner: str, *, long: bool = False) -> str:
    kind = ' class="long"' if long else ""
    return f"<section{kind}>\n<h2>{safe(title)}</h2>\n{inner}</section>"


def _peak(report: PlanReport) -> str:
    rows = []
    for tier in report.plan.tiers:
        for row in report.peak_rows(tier) if tier.load.calls > 0 else []:
            figures = (f"{tier.load.calls:.1f}", words.wait_text(tier.load.handling), *row.cells())
            rows.append(((tier.wish.queue, goal_text(tier), row.way), figures, row.agents is None))
    numbers = ("Calls an hour", "Handling", "Agents", "In time", "Mean wait", "Give up", "Busy")
    return table(("Tier", "Goal", "Staffed by"), numbers, rows)


def _menu(report: PlanReport) -> str:
    rows = (
        ((each.wish.queue,), tuple(words.wait_text(wait) for _, wait in each.menu), False)
        for each in report.plan.ratios
    )
    return table(("Tier",), tuple(menu_heads()), rows)


def _half_hours(report: PlanReport) -> str:
    plan, pooled = report.plan, len(report.queues) > 1
    heads = ["Calls", *report.queues, "Own agents", *(["One pool"] if pooled else [])]
    if plan.shrinkage:
        heads += ["Scheduled", *(["One pool"] if pooled else [])]
    rows = (((words.when(piece),), tuple(report.cells(piece)), False) for piece in plan.pieces)
    note = '<p class="soft">In brackets: as callers give up.</p>\n' if plan.gives_up else ""
    return note + table(("From",), tuple(heads), rows)
