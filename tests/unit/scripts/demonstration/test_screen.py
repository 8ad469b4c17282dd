"""What is printed, and when."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from scripts.demonstration.board import Board
from scripts.demonstration.judgement import tier
from scripts.demonstration.lines import NARROWEST
from scripts.demonstration.screen import Screen, table

from .calls import ARRIVED, call, routed


def plain() -> Console:
    return Console(file=StringIO(), width=NARROWEST)


def printed(out: Console) -> str:
    assert isinstance(out.file, StringIO)
    return out.file.getvalue()


def test_when_a_call_is_settled_then_its_line_is_printed_once() -> None:
    out = plain()
    with Screen(out, {}) as screen:
        for later in range(3):
            screen.show(Board({"1.0": call("+1", "gold", decision=routed())}), ARRIVED + later, "")

    assert printed(out).count("+1 ") == 1
    assert printed(out).endswith("Eva\n")


def test_when_it_waits_then_nothing_is_drawn_through_a_pipe() -> None:
    out = plain()
    with Screen(out, {}) as screen:
        screen.show(Board({"1.0": call("+1", "gold", agent=None, decision=routed())}), ARRIVED, "status")

    assert printed(out) == ""


def test_when_it_waits_then_a_terminal_shows_it_below() -> None:
    out = Console(file=StringIO(), width=NARROWEST, height=30, force_terminal=True, no_color=True)
    with Screen(out, {}) as screen:
        waiting = {str(n): call(f"+{n}", "gold", agent=None, wait=None, uniqueid=str(n)) for n in range(100, 120)}
        screen.show(Board(waiting), ARRIVED, "20 of 20 calls placed")

    assert "+100" in printed(out)
    assert "… and 8 more" in printed(out)
    assert "20 of 20 calls placed   waiting now: gold 20" in printed(out)


def test_when_the_daemons_line_is_missing_then_the_call_is_shown_a_little_later() -> None:
    out = plain()
    board = Board({"1.0": call("+1", "standard", agent="Hal")})
    with Screen(out, {}) as screen:
        screen.show(board, ARRIVED + 1.9, "")
        early = printed(out)
        screen.show(board, ARRIVED + 2.1, "")

    assert early == ""
    assert "no decision: default" in printed(out)


def test_when_a_call_is_not_wanted_then_it_is_not_shown() -> None:
    out = plain()
    with Screen(out, {}, lambda one: one.number == "+2") as screen:
        screen.show(Board({"1.0": call("+1", "gold", decision=routed())}), ARRIVED, "")

    assert printed(out) == ""


def test_when_there_are_no_figures_then_the_table_has_dashes() -> None:
    out = plain()

    out.print(table([tier("gold", []), tier("all", [])]))

    assert ["gold", "0", "0", "0", "-", "-", "-"] in [line.split() for line in printed(out).splitlines()]
