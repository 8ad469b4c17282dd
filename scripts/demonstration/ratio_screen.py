"""Two call centres side by side on a screen: agents per call of each tier now, and second by second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scripts.demonstration.ratio_board import Board, Mark
from scripts.demonstration.screen import STYLES
from scripts.trialling.arms import TARGETS
from scripts.trialling.markdown import percent
from scripts.trialling.ratio_trial import Outcome

SIGNS: Final[Mapping[Mark, tuple[str, str]]] = {
    "held": ("█", "green"),
    "short": ("░", "red"),
    "few": ("▒", "yellow"),
    "none": ("·", "dim"),
}
LEGEND: Final = "a second each:  █ agents per call held  ░ not held  ▒ not held, too few agents on duty  · no call"
_PLAIN_EVERY: Final = 5.0


class RatioScreen:
    """Drawn over and over on a terminal; a line per tier every five seconds through a pipe. A context manager."""

    def __init__(self, out: Console) -> None:
        self._out = out
        is_live = out.is_terminal and not out.is_dumb_terminal
        self._live = Live(console=out, auto_refresh=False) if is_live else None
        self._next = 0.0

    def __enter__(self) -> RatioScreen:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, boards: Sequence[Board], passed: float, status: str) -> None:
        """How it is ``passed`` seconds after the list began."""
        if self._live:
            self._live.update(Group(now_table(boards), *_courses(boards, self._out.width), Text(status)), refresh=True)
        elif passed >= self._next:
            self._next = (passed // _PLAIN_EVERY + 1) * _PLAIN_EVERY
            self._out.print(plain_line(boards, passed), no_wrap=True, crop=False, overflow="ignore")


def now_table(boards: Sequence[Board]) -> RenderableType:
    """Calls, agents and agents per call of each tier now."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("tier", vertical="bottom")
    table.add_column("target", justify="right", vertical="bottom")
    for board in boards:
        for head in (_over(board.name, "calls"), "wait", "agents", "per\ncall"):
            table.add_column(head, justify="right", vertical="bottom")
    for queue, target in boards[0].targets.agents_per_call.items():
        cells: list[Text | str] = [Text(queue, style=STYLES.get(queue, "")), f"{target:g}"]
        for board in boards:
            cells += _now(board, queue)
        table.add_row(*cells)
    return table


def result_table(outcomes: Mapping[str, Outcome]) -> RenderableType:
    """What came of it, tier by tier; ``outcomes`` by the name of the call centre. 80 characters are enough for two."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("tier", vertical="bottom")
    table.add_column("target", justify="right", vertical="bottom")
    for name in outcomes:
        for head in (_over(name, "held"), "mean\nwait", "gave\nup"):
            table.add_column(head, justify="right", vertical="bottom")
    for queue, target in TARGETS.items():
        cells: list[Text | str] = [Text(queue, style=STYLES.get(queue, "")), f"{target:g}"]
        for each in outcomes.values():
            waits = each.waits[queue]
            cells += [percent(each.held[queue].share_enough), f"{waits.mean:.0f} s", percent(waits.gave_up)]
        table.add_row(*cells)
    return table


def _over(name: str, head: str) -> str:
    """``name``, a word a line, over the first of its columns."""
    return "\n".join([*name.split(), head])


def plain_line(boards: Sequence[Board], passed: float) -> str:
    """Agents per call of every tier in one line."""
    parts = [
        f"{board.name}: {', '.join(f'{queue} {_now(board, queue)[-1]}' for queue in board.targets.agents_per_call)}"
        for board in boards
    ]
    return f"{passed:4.0f} s  {'   '.join(parts)}"


def _now(board: Board, queue: str) -> list[Text | str]:
    tier = board.tiers.get(queue)
    if tier is None:
        return ["-"] * 4
    if not tier.calls:
        return ["0", "0", str(tier.serving), "-"]
    style = "green" if board.targets.holds(queue, tier) else "bold red"
    ratio = Text(f"{tier.serving / tier.calls:.2f}", style=style)
    return [str(tier.calls), str(tier.waiting), str(tier.serving), ratio]


def _courses(boards: Sequence[Board], width: int) -> list[RenderableType]:
    """The seconds so far of each tier, the latest ones where there are more than fit."""
    lines: list[RenderableType] = []
    for board in boards:
        lines.append(Text(f"\n{board.name}", style="bold"))
        for queue in board.targets.agents_per_call:
            line = Text(f"  {queue:<10}", style=STYLES.get(queue, ""))
            for mark in board.marks.get(queue, [])[-(width - 14) :]:
                line.append(*SIGNS[mark])
            lines.append(line)
    return [*lines, Text(LEGEND, style="dim")]
