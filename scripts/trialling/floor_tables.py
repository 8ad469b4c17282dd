"""What came of the floor trial."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scripts.trialling.against import ALIKE, AT_LEAST, WITHIN, Group
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
            f"{_change(group.real, group.simulated)}{_mark(group)}",
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


def verdict(tried: Sequence[Tried]) -> str:
    """In a sentence: how many mean waits are as near as wanted, and how many of the others chance explains."""
    groups = [group for one in tried for group in one.compared.groups]
    within = sum(group.is_within for group in groups)
    strictly = sum(abs(group.simulated - group.real) <= WITHIN * group.real for group in groups)
    chance = sum(group.is_by_chance for group in groups if not group.is_within)
    others = len(groups) - within
    callers = [(sum(group.callers for group in one.compared.groups), one.compared.same_wait) for one in tried]
    every = sum(count for count, _ in callers)
    return (
        f"{within} of {len(groups)} mean waits ({percent(within / len(groups))}) are within {WITHIN * 100:g} % of the "
        f"real ones or {AT_LEAST:g} s, {strictly} within {WITHIN * 100:g} %"
        + (f"; of the other {others}, {chance} are as near as thousandths of a second allow" if others else "")
        + f". {percent(sum(count * share for count, share in callers) / every)} of {every} callers waited as long as "
        f"they really did, to {ALIKE:g} s.\n"
    )


def _mark(group: Group) -> str:
    return "" if group.is_within else " *" if group.is_by_chance else " **"


def _shares(one: Tried) -> tuple[float, float, float]:
    return one.compared.same_wait, one.compared.same_agent, one.compared.same_order


def _change(before: float, after: float) -> str:
    return f"{(after - before) / before:+.0%}".replace("%", " %") if before else "-"
