"""What came of the ratio trial."""

from __future__ import annotations

from collections.abc import Iterable

from scripts.trialling.arms import TARGETS, TIERS
from scripts.trialling.markdown import percent, table
from scripts.trialling.ratio_trial import Outcome


def ratio_table(outcomes: Iterable[Outcome]) -> str:
    """Agents per call by arm and tier."""
    rows = [
        (
            one.arm.name if tier == TIERS[0] else "",
            tier,
            f"{TARGETS[tier]:g}",
            "-" if one.held[tier].average is None else f"{one.held[tier].average:.2f}",
            percent(one.held[tier].share_enough),
            percent(one.held[tier].part),
            percent(one.idle[tier]),
            f"{one.waits[tier].mean:.0f}",
            f"{one.waits[tier].most:.0f}",
            percent(one.waits[tier].gave_up),
        )
        for one in outcomes
        for tier in TIERS
    ]
    titles = (
        "arm",
        "tier",
        "target",
        "average",
        "held, agents suffice",
        "of its agents, they do not",
        "a helper idle",
        "mean wait s",
        "95 % below s",
        "gave up",
    )
    return table(titles, rows)


def move_table(outcomes: Iterable[Outcome]) -> str:
    """Moves and reactions of the arms in which ariroute moves agents."""
    rows = [
        (
            one.arm.name,
            "-" if one.moves is None else f"{one.moves:.2f}",
            "-" if one.first_move is None else f"{one.first_move * 1000:.0f} ms",
            "-" if one.reaction is None else f"{one.reaction * 1000:.0f} ms",
            "-" if not one.reactions else f"{max(one.reactions) * 1000:.0f} ms",
            str(len(one.reactions)),
        )
        for one in outcomes
        if one.arm.mode
    ]
    titles = ("arm", "moves per agent and 10 min, steady", "first move in the burst", "median", "slowest", "shortages")
    return table(titles, rows)
