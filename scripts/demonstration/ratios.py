"""The demo of agents per call: one burst into two call centres side by side, one of which ariroute staffs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from scripts.demonstration import folder as folders
from scripts.demonstration.folder import shown
from scripts.demonstration.ratio_board import Board
from scripts.demonstration.ratio_screen import LEGEND, RatioScreen, result_table
from scripts.demonstration.screen import console
from scripts.demonstration.signals import orderly_end
from scripts.trialling.arms import ARMS, TARGETS, TIERS, Arm, Centre, Part, may_serve
from scripts.trialling.house import House
from scripts.trialling.ratio_trial import HELD, Outcome, holds, house, outcome
from scripts.trialling.seconds import Targets
from scripts.trialling.seen import Seen

_USUAL: Final = dict.fromkeys(TIERS, 1.0)
DAY: Final = (
    Part("begin", 1, _USUAL),
    Part("steady", 2, _USUAL),
    Part("burst", 3, {"platinum": 3.0, "gold": 2.0, "standard": 1.0}),
    Part("after", 4, _USUAL),
)
"""Ten minutes of a call centre, played in one."""
NAMES: Final = {"none": "without", "penalties": "penalties", "weights": "weights"}
SEED: Final = 7
_POLL: Final = 0.2
_WRAP_UP: Final = 1.0


def ratios(against: str) -> int:
    """Play the burst with ariroute and beside it as ``against``; 0 when ariroute held each tier's agents per call.

    Raises LabError when something does not start or ends.
    """
    out, centre = console(), Centre(DAY)
    arms = [next(arm for arm in ARMS if arm.name == name) for name in ("dynamic", against)]
    with folders.taken() as folder, contextlib.ExitStack() as stack:
        out.print(f"Run folder {shown(folder)}: configuration, logs, records")
        houses = _open(arms, centre, folder, stack)
        stack.enter_context(orderly_end())
        out.print(_words(arms, centre))
        _play(houses, centre, against, out)
        outcomes = [
            outcome(arm, centre, each.began(), tuple(each.events)) for arm, each in zip(arms, houses, strict=True)
        ]
    out.print("\nBy app_queue's own events, compared with queue_log; waits in the time of the call centre:\n")
    out.print(result_table(dict(zip(_names(against), outcomes, strict=True))))
    out.print(Text(_reactions(outcomes[0])))
    is_held = holds(outcomes[0])
    out.print(Text(_verdict(outcomes[0]), style="bold green" if is_held else "bold red"))
    return 0 if is_held else 1


def _open(arms: Sequence[Arm], centre: Centre, folder: Path, stack: contextlib.ExitStack) -> list[House]:
    """Both at once: each starts an Asterisk and a daemon."""
    houses = [house(arm, centre, SEED, folder / arm.name) for arm in arms]
    with ThreadPoolExecutor(len(houses)) as pool:
        for started in [pool.submit(stack.enter_context, each) for each in houses]:
            started.result()
    return houses


def _play(houses: Sequence[House], centre: Centre, against: str, out: Console) -> None:
    targets = Targets(TARGETS, may_serve())
    boards = [Board(name, targets, Seen(TIERS, _WRAP_UP)) for name in _names(against)]
    begins = [each.begin() for each in houses]
    parts = centre.spans()
    with RatioScreen(out) as screen:
        while (passed := time.time() - max(begins)) < centre.lasts:
            for each, board, begin in zip(houses, boards, begins, strict=True):
                _ = each.is_over  # raises when something has ended
                board.take(each.events, begin, time.time())
            part = next((name for name, (begin, end) in parts.items() if begin <= passed < end), "begin")
            status = f"{passed * centre.speed / 60:4.1f} of {centre.lasts * centre.speed / 60:.0f} minutes: {part}"
            screen.show(boards, passed, f"{status}; moves of agents: {boards[0].moves}")
            time.sleep(_POLL)
    for each in houses:
        each.finish()


def _names(against: str) -> tuple[str, str]:
    return "with ariroute", NAMES[against]


def _reactions(one: Outcome) -> str:
    if one.reaction is None:
        return ""
    times = len(one.reactions)
    return (
        f"Where a tier was short and a free agent could help, ariroute brought one after {one.reaction * 1000:.0f} ms "
        f"(median of {times}; {max(one.reactions) * 1000:.0f} ms at most)"
    )


def _words(arms: Sequence[Arm], centre: Centre) -> str:
    minutes, burst = centre.lasts * centre.speed / 60, next(part for part in DAY if part.name == "burst")
    return f"""
Two call centres, each with its own Asterisk and thirty agents, get the same calls: {minutes:.0f} minutes of them in \
{centre.lasts:.0f} seconds. After three minutes come {burst.times["platinum"]:g} times as many platinum calls and \
{burst.times["gold"]:g} times as many gold calls, for three minutes.
  with ariroute   {arms[0].words}
  beside it       {arms[1].words}
{LEGEND}
"""


def _verdict(one: Outcome) -> str:
    shares = ", ".join(f"{tier} {(held.share_enough or 1.0):.1%}" for tier, held in one.held.items())
    return f"ariroute held the agents per call in these shares of the seconds ({HELD:.0%} wanted): {shares}"
