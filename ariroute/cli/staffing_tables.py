"""The staffing as people see it: tiers, agents and moves as tables; a dash stands for what is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ariroute.cli.output import printable
from ariroute.cli.staffing_state import STOPPED, is_frozen
from ariroute.cli.wording import span_text
from ariroute.staffing.standstill import ADVISES

LEFT_OUT: Final = {160: frozenset({"Lent", "Wait", "In time"}), 115: frozenset({"Waiting", "Free", "Borrowed"})}
"""On a terminal of fewer characters than these the columns that tell least are left out: why needs room."""
TIERS: Final = (
    *("Tier", "Target", "Now", "15 min", "Held", "Calls", "Waiting", "Agents", "Free", "Needs"),
    *("Wait", "In time", "Borrowed", "Lent", "Why"),
)
FIGURES: Final = frozenset(
    {"Target", "Now", "15 min", "Held", "Calls", "Waiting", "Agents", "Free", "Needs", "Wait", "In time"}
)
AGENTS: Final = ("Agent", "Serves", "Does", "For", "Home", "Left alone, because")
MOVES: Final = ("Time", "Agent", "From", "To", "Why", "Reason")
NAMED: Final = 3
"""So many agents are named in a cell; of the others there is the number."""
LATEST: Final = 5
"""Moves that are shown beneath the tiers."""
GOOD, BAD, DIM = "green", "bold red", "dim"
STATES: Final = {"free": GOOD, "talking": "cyan", "ringing": "yellow"}


def picture(
    found: Mapping[str, Any], now: datetime, width: int, *, with_agents: bool = False, note: str = ""
) -> RenderableType:
    """What the daemon says of its staffing, of one PBX below the other; ``note`` stands above all."""
    zone = ZoneInfo(str(found.get("timezone", "UTC")))
    parts: list[RenderableType] = [Text(printable(note), style=BAD)] if note else []
    for name, status in found["pbxs"].items():
        parts += [Text("")] if parts else []
        parts += of_pbx(name, status, Moments(zone, now), width, with_agents=with_agents)
    return Group(*parts)


class Moments:
    """How moments are written: in ``zone``, of today the time alone."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self._zone = zone
        self._today = now.astimezone(zone).date()

    def text(self, moment: datetime) -> str:
        at = moment.astimezone(self._zone)
        return f"{at:%H:%M:%S}" if at.date() == self._today else f"{at:%Y-%m-%d %H:%M:%S}"


def of_pbx(
    name: str, status: Mapping[str, Any], moments: Moments, width: int, *, with_agents: bool
) -> Iterator[RenderableType]:
    """Its state in a line, then its tables."""
    yield heading(name, status)
    if tiers := status.get("tiers"):
        yield tiers_table(
            tiers, Counter(each.get("queue") for each in status.get("agents", ()) if is_free(each)), width
        )
    if moves := status.get("moves"):
        dated = sorted(((datetime.fromisoformat(move["at"]), move) for move in moves), key=itemgetter(0), reverse=True)
        advises = status.get("mode") == "advise"
        yield Text("\nwould be moved:" if advises else "\nmoved last:")
        yield moves_table(dated[:LATEST], moments, advises=advises)
    if with_agents:
        yield Text("")
        yield agents_table(status.get("agents", ()))


def heading(name: str, status: Mapping[str, Any]) -> Text:
    """``pbx1: dynamic: it moves agents; the agents on duty suffice``."""
    line = Text(f"{printable(name)}: ", style="bold")
    why = str(status.get("why") or "")
    if status.get("mode"):
        line.append(f"{printable(str(status['mode']))}: ", style="bold")
    if why == ADVISES:
        line.append("it says what it would do, and does nothing")
    elif not status.get("acting"):
        line.append(printable(STOPPED.get(why, f"it stands still: {why or 'the daemon does not say why'}")), style=BAD)
    else:
        line.append("it moves agents")
    if status.get("tiers") and is_frozen(status):
        line.append("; the figures are as they were then")
    elif status.get("tiers"):
        suffices = status.get("suffices")
        line.append("; ")
        line.append(SUFFICE if suffices else SHORT, style=GOOD if suffices else BAD)
    return line


SUFFICE: Final = "the agents on duty suffice"
SHORT: Final = "the agents on duty do not suffice, so the lowest tiers go short first"


def is_free(agent: Mapping[str, Any]) -> bool:
    return agent.get("state") == "free"


def tiers_table(tiers: Sequence[Mapping[str, Any]], free: Mapping[str, int], width: int) -> Table:
    """One row for each tier, the highest first; ``free`` are its agents who could take a call now."""
    left_out = {title for needed, titles in LEFT_OUT.items() if width < needed for title in titles}
    titles = [title for title in TIERS if title not in left_out]
    drawn = _table(titles)
    for tier in tiers:
        cells = _tier(tier) | {"Free": Text(str(free.get(tier.get("queue", ""), 0)))}
        drawn.add_row(*(cells[title] for title in titles))
    return drawn


def _tier(tier: Mapping[str, Any]) -> dict[str, Text]:
    achieved, target = tier.get("achieved"), tier.get("target")
    held = achieved is None or target is None or achieved >= target
    short = int(tier.get("short") or 0)
    return {
        "Tier": Text(printable(str(tier.get("queue", "-"))), style="bold"),
        "Target": Text(_figure(target)),
        "Now": Text(_figure(achieved), style="" if achieved is None else GOOD if held else BAD),
        "15 min": Text(_figure(tier.get("average"))),
        "Held": Text(_percent(tier.get("held"))),
        "Calls": Text(str(tier.get("calls", "-"))),
        "Waiting": Text(str(tier.get("waiting", "-"))),
        "Agents": Text(str(tier.get("agents", "-"))),
        "Needs": Text(str(tier.get("needed", "-")), style=BAD if short else ""),
        "Wait": Text(_span(tier.get("estimated_wait"))),
        "In time": Text(_percent(tier.get("service_level"))),
        "Borrowed": Text(_names(tier.get("borrowed") or ())),
        "Lent": Text(_names(tier.get("lent") or ())),
        "Why": Text(printable(str(tier.get("why") or ""))),
    }


def agents_table(agents: Iterable[Mapping[str, Any]]) -> Table:
    """One row for each agent on duty, by queue."""
    drawn = _table(AGENTS)
    for agent in sorted(agents, key=lambda agent: (str(agent.get("queue")), str(agent.get("agent")))):
        state, queue, home = (printable(str(agent.get(key) or "-")) for key in ("state", "queue", "home"))
        drawn.add_row(
            Text(printable(str(agent.get("agent", "-"))), style="bold"),
            Text(queue, style="yellow" if home not in ("-", queue) else ""),
            Text(state, style=STATES.get(state, "")),
            Text(_span(agent.get("since"))),
            Text(home),
            Text(printable(str(agent.get("by_hand") or ""))),
        )
    return drawn


def moves_table(
    moves: Iterable[tuple[datetime, Mapping[str, Any]]],
    moments: Moments,
    *,
    advises: bool = False,
    with_pbx: bool = False,
) -> Table:
    """One row for each move, in the order given; ``with_pbx`` says of which PBX each is.

    Those that were only advised say so, unless it ``advises`` still.
    """
    drawn = _table(["PBX", *MOVES] if with_pbx else MOVES)
    for at, move in moves:
        failure = printable(str(move.get("failure") or ""))
        row = [
            Text(moments.text(at), style=DIM),
            Text(printable(str(move.get("agent", "-"))), style="bold"),
            Text(printable(", ".join(move.get("from") or ())) or "-"),
            Text(printable(str(move.get("to", "-")))),
            Text(printable(str(move.get("why", "-")))),
            Text(printable(str(move.get("reason") or ""))),
        ]
        if failure:
            row[-1].append(f" (not done: {failure})", style=BAD)
        elif not move.get("done") and not advises:
            row[-1].append(" (only advised)", style=DIM)
        drawn.add_row(*([Text(printable(str(move.get("pbx", "-"))))] if with_pbx else []), *row)
    return drawn


def _table(titles: Sequence[str]) -> Table:
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DIM)
    for title in titles:
        drawn.add_column(title, justify="right" if title in FIGURES else "left", no_wrap=title not in WRAPPED)
    return drawn


WRAPPED: Final = frozenset({"Why", "Reason", "Borrowed", "Lent", "Left alone, because"})


def _figure(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) else "-"


def _percent(value: Any) -> str:
    return f"{value:.0f} %" if isinstance(value, int | float) else "-"


def _span(value: Any) -> str:
    """Seconds; whole ones: nobody reads more of a wait that is estimated."""
    return span_text(round(value)) if isinstance(value, int | float) and value >= 1 else _nearly_none(value)


def _nearly_none(value: Any) -> str:
    return "0 s" if isinstance(value, int | float) else "-"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(printable(str(name)) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown or "-"
