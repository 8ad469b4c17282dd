"""The floor trial: each configuration played by real calls and by the simulation, and compared."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

from ariroute.simulate.floor import play as simulate
from ariroute.simulate.scenario import Scenario, Served
from scripts.trialling.against import Compared, as_played, compared
from scripts.trialling.floors import FLOORS, TIERS, Floor
from scripts.trialling.flows import flow_file
from scripts.trialling.house import House, play

JITTER: Final = 0.004
"""Seconds by which SIP's calls come earlier or later than planned."""
SIMULATIONS: Final = 20
_PRIORITIES: Final = dict(zip(TIERS, (30, 20, 0), strict=True))
_AFTERWARDS: Final = 120.0
"""Seconds in which the last callers are served."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One configuration and what came of it."""

    floor: Floor
    compared: Compared
    callers: int


def floor_trial(
    names: Sequence[str], seconds: float, seed: int, folder: Path, at_once: int, say: Callable[[str], None]
) -> list[Tried]:
    """Try the floors of these names, some ``at_once``. Raises LabError when one cannot be played."""
    wanted = iter([floor for floor in FLOORS if not names or floor.name in names])
    tried: list[Tried] = []
    while batch := list(islice(wanted, at_once)):
        say(f"playing {', '.join(floor.name for floor in batch)}")
        tried += _batch(batch, seconds, seed, folder)
    return tried


def _batch(floors: Sequence[Floor], seconds: float, seed: int, folder: Path) -> Iterator[Tried]:
    with contextlib.ExitStack() as stack:
        houses = []
        for floor in floors:
            scenario = floor.scenario(seconds, seed)
            flow = flow_file(_PRIORITIES, scenario.rules) if scenario.rules else ""
            houses.append(stack.enter_context(House(folder / floor.name, scenario, flow)))
        play(houses, seconds + _AFTERWARDS)
        played = [(house.scenario, house.began(), house.served()) for house in houses]
    for floor, (scenario, began, served) in zip(floors, played, strict=True):
        yield Tried(floor, against(scenario, began, served, seed), len(served))


def against(scenario: Scenario, began: float, served: Sequence[Served], seed: int) -> Compared:
    """What was ``served`` for real against simulations of the same scenario."""
    exact = as_played(scenario, began)
    runs = [simulate(exact, Random(seed)).served]  # noqa: S311  # dice, no secret
    for number in range(1, SIMULATIONS):
        chance = Random(seed + number)  # noqa: S311
        runs.append(simulate(_shaken(exact, chance), chance).served)
    return compared(scenario.callers, served, runs)


def _shaken(scenario: Scenario, chance: Random) -> Scenario:
    """The same callers, each a few thousandths of a second earlier or later."""
    callers, latest = [], 0.0
    for caller in scenario.callers:
        latest = max(latest, caller.at + chance.uniform(-JITTER, JITTER))  # nobody passes another
        callers.append(caller._replace(at=latest))
    return replace(scenario, callers=callers)
