"""Two call centres side by side: what is marked for each second, and how it is shown."""

from __future__ import annotations

import re
from io import StringIO

from rich.console import Console

from scripts.demonstration.ratio_board import Board
from scripts.demonstration.ratio_screen import RatioScreen, now_table, result_table
from scripts.trialling.arms import ARMS, TIERS
from scripts.trialling.arms import TARGETS as ARM_TARGETS
from scripts.trialling.observer import Message
from scripts.trialling.ratio_trial import Outcome, Waits
from scripts.trialling.seconds import Held, Targets
from scripts.trialling.seen import Seen, Tier
from unit.scripts.trialling.events import caller, member

TARGETS = Targets({"gold": 1.0, "silver": 0.5}, {"anna": {"gold", "silver"}, "bo": {"gold", "silver"}})
EVENTS: list[tuple[float, Message]] = [
    (90.0, member("silver", "anna")),
    (90.0, member("silver", "bo")),
    (101.0, caller("Join", "gold", "1")),
    (102.5, member("silver", "bo", what="Removed")),
    (102.5, member("gold", "bo")),
    (104.0, caller("Join", "gold", "2")),
    (105.0, caller("Join", "silver", "3")),
]


def board() -> Board:
    return Board("with ariroute", TARGETS, Seen(("gold", "silver")))


def played(one: Board, *moments: float) -> Board:
    for now in moments:
        one.take([each for each in EVENTS if each[0] <= now], 100.0, now)
    return one


def test_a_second_has_its_worst_mark_and_one_that_nobody_looked_at_that_of_the_next() -> None:
    seen = played(board(), 99.0, 100.2, 101.2, 101.8, 102.1, 102.7, 103.5, 105.5)

    assert seen.marks["gold"] == ["none", "short", "short", "held", "few", "few"]
    assert seen.marks["silver"] == ["none"] * 4 + ["held"] * 2


def test_only_moves_of_the_list_are_counted() -> None:
    assert played(board(), 99.0).moves == 0
    assert played(board(), 99.0, 103.0).moves == 1


def test_a_pipe_gets_a_line_every_five_seconds_with_the_agents_per_call_of_each_tier() -> None:
    out = StringIO()
    one, other = board(), board()
    with RatioScreen(Console(file=out, width=99, color_system=None)) as screen:
        for now in (101.5, 103.0, 106.0, 107.0):
            played(one, now), played(other, now)
            screen.show([one, other], now - 100, "")

    assert out.getvalue().splitlines() == [
        "   2 s  with ariroute: gold 0.00, silver -   with ariroute: gold 0.00, silver -",
        "   6 s  with ariroute: gold 0.50, silver 1.00   with ariroute: gold 0.50, silver 1.00",
    ]


def test_a_terminal_gets_a_table_and_a_row_of_seconds_for_each_tier() -> None:
    out = StringIO()
    with RatioScreen(Console(file=out, width=99, force_terminal=True, color_system=None)) as screen:
        screen.show([played(board(), *(100.0 + step for step in range(7)))], 6.0, "0.1 of 10 minutes: begin")

    text = out.getvalue()
    assert re.search(r"gold +1 +2 +2 +1 +0\.50 *\n", text)
    assert "gold      ·░░█░▒▒" in text
    assert "silver    ·····██" in text
    assert "0.1 of 10 minutes: begin" in text


def test_eighty_characters_show_two_call_centres_whole() -> None:
    """Nothing is cut, of what is now and of what came of it."""
    held, waits = Held(enough=600, held_enough=600), Waits(999, 999.0, 999.0, 1.0)
    one = Outcome(ARMS[0], dict.fromkeys(TIERS, held), dict.fromkeys(TIERS, waits), {}, None, None, (), 9)
    sixty = Tier(99, 99, 99)
    boards = [Board(name, Targets(ARM_TARGETS, {}), Seen(TIERS)) for name in ("with ariroute", "penalties")]
    for each in boards:
        each.tiers = dict.fromkeys(TIERS, sixty)
    for drawn in (now_table(boards), result_table({each.name: one for each in boards})):
        out = StringIO()
        Console(file=out, width=80, color_system=None).print(drawn)
        text = out.getvalue()
        assert "…" not in text
        assert {"tier", "target", "ariroute", "penalties", *TIERS} <= set(text.split())
