"""The same made-up callers before several floors, many times over: what each floor would do for each tier. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from ariroute.simulate.figures import Figure, Group, Tally
from ariroute.simulate.floor import play
from ariroute.simulate.intervals import Estimate, difference, estimate
from ariroute.simulate.load import Stream, callers
from ariroute.simulate.scenario import Scenario
from ariroute.simulate.tally import RunTally, Window, tally

Figures = Mapping[Figure, Estimate]
"""A figure that nobody knows is not there."""


class Arm(NamedTuple):
    """One floor of those that are compared; its callers are drawn for each run."""

    name: str
    floor: Scenario

    def serves(self) -> frozenset[str]:
        """The queues that somebody serves, or is moved to."""
        rules = self.floor.rules
        moved = rules.agents.values() if rules and rules.mode != "advise" else ()
        return frozenset(
            (*(member.queue for member in self.floor.members), *(queue for agent in moved for queue in agent.queues))
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """What is studied: ``streams`` of callers before each of ``arms``, counted in ``window``.

    Callers come until its end. ``levels`` has the seconds of each queue's service level, or None.
    """

    arms: Sequence[Arm]
    streams: Sequence[Stream]
    levels: Mapping[str, float | None]
    window: Window

    @property
    def groups(self) -> list[Group]:
        """Each queue, those of ``levels`` first, and under it its priorities where it has callers of several."""
        found = []
        for queue in dict.fromkeys((*self.levels, *(stream.queue for stream in self.streams))):
            priorities = sorted({each.priority for each in self.streams if each.queue == queue}, reverse=True)
            found.append(Group(queue))
            found += [Group(queue, each) for each in priorities if len(priorities) > 1]
        return found


@dataclass(frozen=True, slots=True)
class ArmResult:
    """What an arm does in all runs: for callers, on the floor, and both piece by piece of the window.

    ``change`` is how much more each figure is than in the first arm, run by run; empty for the first one.
    """

    name: str
    groups: Mapping[Group, Figures]
    floor: Figures
    courses: Mapping[Group, Sequence[Figures]]
    floor_course: Sequence[Figures]
    change: Mapping[Group, Figures]


def run(setting: Setting, seed: int) -> list[RunTally]:
    """One run: each arm before the same callers. The same seed gives the same figures."""
    coming = [each for each in callers(setting.streams, seed) if each.at < setting.window.end]
    tallies = []
    for arm in setting.arms:
        scenario = replace(arm.floor, callers=coming, step=setting.window.step)
        played = play(scenario, Random(seed))  # noqa: S311  # made-up time, no secret
        tallies.append(tally(scenario, played, setting.window, setting.groups, setting.levels))
    return tallies


def results(setting: Setting, runs: Sequence[Sequence[RunTally]]) -> list[ArmResult]:
    """What the arms do, from what :func:`run` gave for each seed; at least one."""
    by_arm = list(zip(*runs, strict=True))
    return [_result(arm.name, tallies, by_arm[0]) for arm, tallies in zip(setting.arms, by_arm, strict=True)]


def _result(name: str, runs: Sequence[RunTally], first: Sequence[RunTally]) -> ArmResult:
    groups = runs[0].groups
    return ArmResult(
        name,
        {group: _estimates([each.groups[group] for each in runs]) for group in groups},
        _estimates([each.floor for each in runs]),
        {group: _course([each.courses[group] for each in runs]) for group in groups},
        _course([each.floor_course for each in runs]),
        {
            group: _changes([each.groups[group] for each in runs], [each.groups[group] for each in first])
            for group in groups
        }
        if runs is not first
        else {},
    )


def _course(runs: Iterable[Sequence[Tally]]) -> list[Figures]:
    return [_estimates(pieces) for pieces in zip(*runs, strict=True)]


def _estimates(tallies: Sequence[Tally]) -> Figures:
    known = ((figure, estimate([each[figure] for each in tallies if figure in each])) for figure in _figures(tallies))
    return {figure: found for figure, found in known if found is not None}


def _changes(tallies: Sequence[Tally], others: Sequence[Tally]) -> Figures:
    both = [figure for figure in _figures(tallies) if all(figure in each for each in (*tallies, *others))]
    known = ((each, difference([one[each] for one in tallies], [one[each] for one in others])) for each in both)
    return {figure: found for figure, found in known if found is not None}


def _figures(tallies: Sequence[Tally]) -> list[Figure]:
    return [figure for figure in Figure if any(figure in each for each in tallies)]
