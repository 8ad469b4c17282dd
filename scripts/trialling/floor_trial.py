"""The floor trial: each configuration played by real calls and by the simulation, and compared."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

from ariroute.simulate.floor import play as simulate
from ariroute.simulate.scenario import Caller, Scenario, Served
from scripts.trialling.against import Compared, compared
from scripts.trialling.floors import FLOORS, TIERS, Floor
from scripts.trialling.flows import flow_file
from scripts.trialling.house import House, play
from scripts.trialling.measured import Real

JITTER: Final = 0.008
"""Seconds by which a look of one who waits may come earlier or later than counted on: measured, some are 15."""
SIMULATIONS: Final = 20
_PRIORITIES: Final = dict(zip(TIERS, (30, 20, 0), strict=True))
_AFTERWARDS: Final = 120.0
"""Seconds in which the last callers are served."""
_APART: Final = 1e6
"""Seconds from one list to the next: nobody of one is answered in the time of another."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One configuration and what came of it."""

    floor: Floor
    compared: Compared


def floor_trial(
    names: Sequence[str], seconds: float, seeds: Sequence[int], folder: Path, at_once: int, say: Callable[[str], None]
) -> list[Tried]:
    """Try the floors of these names, some ``at_once``, each with a list for every seed.

    Raises LabError when one cannot be played.
    """
    wanted = [floor for floor in FLOORS if not names or floor.name in names]
    jobs = iter([(floor, seed) for floor in wanted for seed in seeds])
    played: dict[str, list[Real]] = {floor.name: [] for floor in wanted}
    while batch := list(islice(jobs, at_once)):
        say(f"playing {', '.join(f'{floor.name} {seed}' for floor, seed in batch)}")
        for (floor, _), real in zip(batch, _batch(batch, seconds, folder), strict=True):
            played[floor.name].append(real)
    return [Tried(floor, against(played[floor.name])) for floor in wanted]


def _batch(jobs: Sequence[tuple[Floor, int]], seconds: float, folder: Path) -> list[Real]:
    with contextlib.ExitStack() as stack:
        houses = []
        for floor, seed in jobs:
            scenario = floor.scenario(seconds, seed)
            flow = flow_file(_PRIORITIES, scenario.rules) if scenario.rules else ""
            houses.append(stack.enter_context(House(folder / f"{floor.name}-{seed}", scenario, flow)))
        play(houses, seconds + _AFTERWARDS)
        return [house.as_it_was() for house in houses]


def against(lists: Sequence[Real]) -> Compared:
    """Real floors against simulations of the same scenarios, the first of each exact, all lists together."""
    callers: list[Caller] = []
    served: list[Served] = []
    runs: list[list[Served]] = [[] for _ in range(SIMULATIONS)]
    for number, each in enumerate(lists):
        callers += [caller._replace(at=caller.at + number * _APART) for caller in each.scenario.callers]
        served += each.served
        for seed, run in enumerate(runs):
            chance = Random(seed)  # noqa: S311  # dice, no secret
            run += simulate(_shaken(each.scenario, chance) if seed else each.scenario, chance).served
    return compared(callers, served, runs)


def _shaken(scenario: Scenario, chance: Random) -> Scenario:
    """The same callers, each a few thousandths of a second earlier or later."""
    callers, latest = [], 0.0
    for caller in scenario.callers:
        latest = max(latest, caller.at + chance.uniform(-JITTER, JITTER))  # nobody passes another
        callers.append(caller._replace(at=latest))
    return replace(scenario, callers=callers)
