"""What came of the floor trial."""

from __future__ import annotations

from collections.abc import Iterable

from scripts.trialling.floor_trial import Tried
from scripts.trialling.markdown import percent, table


def floor_table(tried: Iterable[Tried]) -> str:
    """Each configuration and group of callers: mean waits, answered, and how alike caller by caller."""
    rows = [
        (
            one.floor.name if place == 0 else "",
            group.name,
            str(group.callers),
            f"{group.real:.2f}",
            f"{group.simulated:.2f}",
            f"{group.least:.2f}-{group.most:.2f}",
            f"{_change(group.real, group.simulated)}{'' if group.is_within else ' **'}",
            f"{group.answered} / {group.answered_simulated}",
            *((percent(share) for share in _shares(one)) if place == 0 else ("", "", "")),
        )
        for one in tried
        for place, group in enumerate(one.compared.groups)
    ]
    titles = (
        "floor",
        "callers of",
        "calls",
        "real s",
        "simulated s",
        "of 20",
        "differs",
        "answered",
        "same wait",
        "same agent",
        "same order",
    )
    return table(titles, rows)


def _shares(one: Tried) -> tuple[float, float, float]:
    return one.compared.same_wait, one.compared.same_agent, one.compared.same_order


def _change(before: float, after: float) -> str:
    return f"{(after - before) / before:+.0%}".replace("%", " %") if before else "-"
