"""A plan for people on a terminal: what it means, then the tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ariroute.cli.output import printable, ruled, show, show_drawn, width
from ariroute.cli.plan_report import PlanReport, goal_text, menu_heads
from ariroute.drawing.bars import blocks_of
from ariroute.planning import words
from ariroute.planning.plan import Piece

if TYPE_CHECKING:
    from rich.table import Table

BAR = 24
"""Characters of the longest bar."""
WIDE = 120
"""Characters of a line from which on there are bars."""
MOST_TIERS = 6
"""Of more tiers than this the table of half hours has their sums alone."""


def show_plan(report: PlanReport) -> None:
    """All of it, on standard output."""
    show(report.headline())
    show("")
    for sentence in report.sentences():
        show(sentence)
    show("")
    show(f"In {_peak(report)}:")
    show_drawn(peak_table(report))
    if report.by_half_hours:
        show("")
        show(_legend(report))
        show_drawn(day_table(report))
    if report.plan.ratios:
        show("")
        show(f"What agents per call buy in {_peak(report)}:")
        for sentence in report.ratio_sentences():
            show(f"  {sentence}")
        show("")
        show("Mean wait at other agents per call:")
        show_drawn(menu_table(report))
    show("")
    for assumption in report.assumptions():
        show(f"  - {assumption}")


def peak_table(report: PlanReport) -> Table:
    """Each tier in the busiest piece, staffed in each way."""
    table = ruled("tier, staffed by", numbers=("agents", "in time", "mean wait", "gave up", "busy"))
    there = [tier for tier in report.plan.tiers if tier.load.calls > 0]
    for tier in there:
        asks = f"{printable(tier.wish.queue)}, {tier.load.calls:.1f}/h of {words.wait_text(tier.load.handling)}"
        table.add_row(asks, "", goal_text(tier))
        rows = report.peak_rows(tier)
        for number, row in enumerate(rows, 1):
            last = number == len(rows) and tier is not there[-1]
            table.add_row(f"  {row.way}", *row.cells(), end_section=last)
    return table


def day_table(report: PlanReport) -> Table:
    """The half hours: calls, agents of each tier, of all of them, of one pool; as a bar, too."""
    plan, tiers = report.plan, report.queues if len(report.queues) <= MOST_TIERS else []
    pooled, shrinks = len(report.queues) > 1, bool(plan.shrinkage)
    heads = ["calls", *map(printable, tiers), "own agents"]
    heads += ["one pool"] if pooled else []
    heads += ["scheduled", *(["one pool"] if pooled else [])] if shrinks else []
    table = ruled("from", numbers=heads)
    bars = width() >= WIDE
    if bars:
        table.add_column("")
    most = max((piece.own_total or 0 for piece in plan.pieces), default=0) or 1
    for piece in plan.pieces:
        cells = report.cells(piece, by_tier=bool(tiers)) + ([_bar(piece, most)] if bars else [])
        table.add_row(words.clock(piece.begin or 0.0), *cells)
    return table


def menu_table(report: PlanReport) -> Table:
    """The mean wait of each tier at several ratios."""
    table = ruled("tier", numbers=menu_heads())
    for each in report.plan.ratios:
        table.add_row(printable(each.wish.queue), *(words.wait_text(wait) for _, wait in each.menu))
    return table


def _legend(report: PlanReport) -> str:
    parts = ["Agents by half hour"]
    if report.plan.gives_up:
        parts.append("in brackets as callers give up")
    if len(report.queues) > 1 and width() >= WIDE:
        filled, empty = _blocks()
        parts.append(f"{filled} one pool, {empty} what splitting adds")
    return f"{'; '.join(parts)}:"


def _peak(report: PlanReport) -> str:
    peak = report.plan.busiest
    return "such an hour" if peak.begin is None else f"the busiest half hour ({words.when(peak)})"


def _bar(piece: Piece, most: int) -> str:
    filled, empty = _blocks()
    own, pool = piece.own_total or 0, piece.pool or 0
    wide = round(BAR * min(own, pool) / most)
    return filled * wide + empty * (round(BAR * own / most) - wide)


def _blocks() -> tuple[str, str]:
    """Filled and empty, as far as the terminal's alphabet has them."""
    blocks = blocks_of(getattr(sys.stdout, "encoding", None), "█░", "#.")
    return blocks[0], blocks[1]
