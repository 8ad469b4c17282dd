"""A call in words, one per column. Pure; text of callers and customers is reduced to what can be printed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scripts.demonstration.board import Call, Routed
from scripts.demonstration.cast import WITHHELD


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its width in characters, and what it gains on a wide screen (shares of the rest)."""

    title: str
    width: int
    grows: int = 0


COLUMNS: Final = (
    Column("time", 8),
    Column("caller", 13, 1),
    Column("number", 12),
    Column("lookup", 14, 1),
    Column("branch", 25, 3),
    Column("queue", 11),
    Column("wait", 5),
    Column("agent", 5),
)
NARROWEST: Final = sum(column.width for column in COLUMNS) + len(COLUMNS) - 1
WIDEST: Final = NARROWEST + 40


def widths(total: int) -> tuple[int, ...]:
    """The widths of the columns on a screen of `total` characters, with one space between any two."""
    rest = max(0, min(total, WIDEST) - NARROWEST)
    shares = sum(column.grows for column in COLUMNS)
    return tuple(column.width + rest * column.grows // shares for column in COLUMNS)


def cells(call: Call, names: Mapping[str, str], now: float) -> tuple[str, ...]:
    """The text of each column. `names` are those of callers by number, for callers whom the lookup does not know."""
    return (
        time.strftime("%H:%M:%S", time.localtime(call.arrived)),
        printable(name(call, names)),
        printable("withheld" if call.number in ("", WITHHELD) else call.number),
        printable(lookup(call.routed)),
        printable(branch(call)),
        printable(queue(call)),
        wait(call, now),
        printable(agent(call)),
    )


def name(call: Call, names: Mapping[str, str]) -> str:
    """The customer's name as the lookup found it, else the caller's."""
    found = [facts["name"] for facts in call.routed.facts.values() if facts.get("name")] if call.routed else []
    return str(found[0]) if found else names.get(call.number) or "-"


def lookup(routed: Routed | None) -> str:
    """What the lookup said, in a few words."""
    if routed is None:
        return "-"
    for asked, outcome in routed.outcomes.items():
        facts, reason = routed.facts.get(asked, {}), routed.reasons.get(asked, "")
        if outcome == "failed":
            return f"failed {reason.partition(':')[0]}".rstrip()
        if outcome == "missing":
            return "no number" if reason.endswith("is empty") else "not a customer"
        orders = facts.get("orders")
        return (facts.get("loyalty") or "no loyalty") + ("" if orders is None else f", {orders:g}")
    return "not asked"


def branch(call: Call) -> str:
    """Why this queue."""
    if call.routed is None:
        return call.passed_on or ("no decision: default" if call.verdict else "-")
    if call.routed.by_default:
        return f"default: {call.routed.because}"
    return call.routed.because


def queue(call: Call) -> str:
    """The last queue that it entered and, where the daemon chose that one, the queue priority."""
    if call.verdict is None:
        return "none" if call.is_over else ""
    entered = call.verdict.queues[-1]
    if call.routed is None or call.routed.queue != entered:
        return entered
    return f"{entered} {call.routed.priority}"


def wait(call: Call, now: float) -> str:
    """Seconds in the queue; queue_log's own figure once there is one."""
    if call.verdict is None:
        return ""
    if call.verdict.wait is not None:
        return f"{call.verdict.wait:>3} s"
    return f"{max(0, now - (call.queued or now)):>3.0f} s"


def agent(call: Call) -> str:
    """Who answered."""
    if call.verdict and call.verdict.answered_by:
        return call.verdict.answered_by
    return "left" if call.is_over else ""


def printable(text: str) -> str:
    """`text` without anything that moves a cursor or turns the direction of writing."""
    return "".join(character for character in text if character.isprintable())


def fitted(text: str, width: int) -> str:
    """`text` in exactly `width` characters, with a … where it was cut."""
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def line(texts: tuple[str, ...], total: int) -> str:
    """One line of the table on a screen of `total` characters."""
    return " ".join(fitted(text, width) for text, width in zip(texts, widths(total), strict=True)).rstrip()


def heading(total: int) -> str:
    """The line above the calls."""
    return line(tuple(column.title for column in COLUMNS), total)
