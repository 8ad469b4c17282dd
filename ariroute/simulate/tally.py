"""What one run of a floor adds to each figure: as a whole, and piece by piece of time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf

from ariroute.simulate.figures import Figure, Group, Tally
from ariroute.simulate.intervals import Share
from ariroute.simulate.scenario import Caller, Played, Scenario, Served, TierSeconds

TEN_MINUTES = 600.0

Visit = tuple[Caller, Served]


@dataclass(frozen=True, slots=True)
class Window:
    """What is counted: callers who come, and seconds that pass, from ``begin`` to ``end``, in pieces of ``step``.

    ``begin`` is a whole number of steps.
    """

    begin: float
    end: float
    step: float

    @property
    def pieces(self) -> int:
        return max(1, ceil((self.end - self.begin) / self.step - 1e-9))

    def piece(self, at: float) -> int:
        """The number of the piece in which ``at`` lies."""
        return min(self.pieces - 1, int((at - self.begin) // self.step))

    def overlaps(self, spans: Iterable[tuple[float, float]]) -> list[float]:
        """For each piece, how many seconds of all ``spans`` lie in it."""
        found = [0.0] * self.pieces
        for start, stop in spans:
            start, stop = max(start, self.begin), min(stop, self.end)
            while start < stop:
                number = self.piece(start)
                until = min(stop, self.begin + (number + 1) * self.step)
                if until <= start:  # the last sliver of a piece, lost in rounding
                    break
                found[number] += until - start
                start = until
        return found


@dataclass(frozen=True, slots=True)
class RunTally:
    """One run of one floor."""

    groups: Mapping[Group, Tally]
    floor: Tally
    courses: Mapping[Group, Sequence[Tally]]
    floor_course: Sequence[Tally]


def tally(
    scenario: Scenario, played: Played, window: Window, groups: Iterable[Group], levels: Mapping[str, float | None]
) -> RunTally:
    """The run ``played`` of ``scenario``. ``levels`` has the seconds of each queue's service level, or None."""
    visits = _by_group(zip(scenario.callers, played.served, strict=True), window)
    targets = {tier.queue for tier in scenario.rules.tiers if tier.agents_per_call} if scenario.rules else set()
    wholes, courses = {}, {}
    for group in groups:
        own, within = visits.get(group, []), levels.get(group.queue)
        seconds = _seconds(played.courses.get(group.queue, ()), window) if group.priority is None else []
        pieces: list[list[Visit]] = [[] for _ in range(window.pieces)]
        for visit in own:
            pieces[window.piece(visit[0].at)].append(visit)
        has_target = group.queue in targets
        wholes[group] = _waits(own, within) | _longest(own) | _staffing(seconds, has_target)
        courses[group] = [
            _waits(piece, within) | _staffing(seconds[number : number + 1], has_target)
            for number, piece in enumerate(pieces)
        ]
    return RunTally(wholes, *_floor(scenario, played, window, courses))


def _by_group(visits: Iterable[Visit], window: Window) -> dict[Group, list[Visit]]:
    found: dict[Group, list[Visit]] = defaultdict(list)
    for visit in visits:
        caller = visit[0]
        if window.begin <= caller.at < window.end:
            found[Group(caller.queue)].append(visit)
            found[Group(caller.queue, caller.priority)].append(visit)
    return found


def _seconds(course: Sequence[TierSeconds], window: Window) -> list[TierSeconds]:
    """The pieces of the window; a course ends where its last caller went. Empty when there is none."""
    if not course:
        return []
    first = round(window.begin / window.step)
    there = course[first : first + window.pieces]
    return [*there, *[TierSeconds()] * (window.pieces - len(there))]


def _waits(visits: Sequence[Visit], within: float | None) -> dict[Figure, Share]:
    count = len(visits)
    found = {
        Figure.CALLERS: Share(count),
        Figure.WAIT: Share(sum(served.wait for _, served in visits), count),
        Figure.UNANSWERED: Share(sum(not served.answered for _, served in visits), count),
    }
    if within is not None:
        in_time = sum(served.answered and served.wait <= within for _, served in visits)
        found[Figure.IN_TIME] = Share(in_time, count)
    return found


def _longest(visits: Sequence[Visit]) -> dict[Figure, Share]:
    waits = sorted(served.wait for _, served in visits)
    return {Figure.WAIT_95: Share(waits[ceil(0.95 * len(waits)) - 1])} if waits else {}


def _staffing(seconds: Sequence[TierSeconds], has_target: bool) -> dict[Figure, Share]:
    if not seconds:
        return {}
    with_calls = sum(each.with_calls for each in seconds)
    enough = sum(each.with_calls_and_enough for each in seconds)
    found = {
        Figure.AGENTS_PER_CALL: Share(sum(each.agents for each in seconds), sum(each.calls for each in seconds)),
        Figure.ENOUGH: Share(enough, with_calls),
    }
    if has_target:
        found[Figure.HELD] = Share(sum(each.held for each in seconds), with_calls)
        found[Figure.HELD_AND_ENOUGH] = Share(sum(each.held_and_enough for each in seconds), enough)
    return found


def _floor(
    scenario: Scenario, played: Played, window: Window, courses: Mapping[Group, Sequence[Tally]]
) -> tuple[Tally, Mapping[Group, Sequence[Tally]], Sequence[Tally]]:
    busy = window.overlaps(
        (caller.at + served.wait, caller.at + served.wait + caller.talk + scenario.queues[caller.queue].wrap_up)
        for caller, served in zip(scenario.callers, played.served, strict=True)
        if served.answered
    )
    duty = window.overlaps((max(agent.start, 0.0), min(agent.end, inf)) for agent in scenario.agents)
    moved = [0] * window.pieces
    for at, _ in played.moves:
        if window.begin <= at < window.end:
            moved[window.piece(at)] += 1

    def both(busy: float, moves: int, duty: float) -> Tally:
        return {Figure.OCCUPANCY: Share(busy, duty), Figure.MOVES: Share(moves, duty / TEN_MINUTES)}

    pieces = [both(*each) for each in zip(busy, moved, duty, strict=True)]
    return both(sum(busy), sum(moved), sum(duty)), courses, pieces
