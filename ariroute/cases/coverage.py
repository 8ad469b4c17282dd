"""Which ways of the flows the tests take: every case of a branch both ways, and every way a step can end.

Pure. The ways are read from the ruleset, what was taken from the traces of runs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ariroute.flow.split import arm_at
from ariroute.flow.steps import (
    WHOLE,
    AskHours,
    Branch,
    Collect,
    Consent,
    Dial,
    Lookup,
    Menu,
    RingAgent,
    Split,
    Step,
)
from ariroute.flow.talk import INVALID, NO_INPUT
from ariroute.flow.trace import TraceEntry, covered_paths
from ariroute.flow.tree import Ruleset
from ariroute.flow.wants import RingOutcome

Trace = Sequence[TraceEntry]


@dataclass(frozen=True, slots=True)
class WayOut:
    """One way out of a step: the step's place, the way in a few words, and what the step is about.

    ``found`` tells it from the other ways of the step; it is made of the words of traces.
    """

    flow: str
    path: str
    found: str
    words: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every way out of every step, in the file's order, and those of them that were taken."""

    ways: tuple[WayOut, ...]
    taken: frozenset[WayOut]

    @property
    def untaken(self) -> list[WayOut]:
        """The ways that no test takes."""
        return [way for way in self.ways if way not in self.taken]

    @property
    def percent(self) -> float:
        """Cut off, not rounded, to one decimal: 100 means all."""
        return math.floor(1000 * len(self.taken) / len(self.ways)) / 10 if self.ways else 100.0

    def by_flow(self) -> Mapping[str, tuple[int, int]]:
        """For each flow how many of its ways were taken, and how many it has."""
        taken, every = Counter(way.flow for way in self.taken), Counter(way.flow for way in self.ways)
        return {flow: (taken[flow], count) for flow, count in every.items()}

    def to_plain(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "percent": self.percent,
            "taken": len(self.taken),
            "ways": len(self.ways),
            "flows": {flow: {"taken": taken, "ways": ways} for flow, (taken, ways) in self.by_flow().items()},
            "untaken": [{"path": way.path, "way": way.words} for way in self.untaken],
        }


def coverage(ruleset: Ruleset, traces: Iterable[Trace]) -> Coverage:
    """What ``traces``, of runs through ``ruleset``, cover of it."""
    ways = tuple(every_way(ruleset))
    splits = {step.path: step for flow in ruleset.flows.values() for step in flow.walk() if isinstance(step, Split)}
    taken = {found for trace in traces for found in ways_taken(trace, splits)}
    timed = {(way.path, way.found) for way in ways if way.found.endswith(_TIMEOUT)}
    taken |= {(path, found.replace(_TIMEOUT, " failed")) for path, found in taken - timed}
    return Coverage(ways, frozenset(way for way in ways if (way.path, way.found) in taken))


_TIMEOUT = " timeout"


def every_way(ruleset: Ruleset) -> Iterator[WayOut]:
    """Every way out of every step; first of each flow that it is walked at all."""
    for flow in ruleset.flows.values():
        yield WayOut(flow.name, f"flows.{flow.name}", "walked", f"flow {flow.name} is never walked")
        for step in flow.walk():
            for path, found, words in _ways(step):
                yield WayOut(flow.name, path, found, words)


def _ways(step: Step) -> Iterator[tuple[str, str, str]]:
    """The ways out of one step: place, what tells it from the others, and the words for one that is not taken."""
    match step:
        case Branch():
            yield from _branch(step)
        case Lookup():
            for name in step.names:
                ways = step.ways.get(name)
                ends = ["found", "missing", "failed", *(["timeout"] if ways and ways.timeout else [])]
                yield from ((step.path, f"{name} {end}", f"lookup {name} is never {_ENDS[end]}") for end in ends)
        case Split():
            for number, arm in enumerate(step.arms):
                yield step.path, f"arm {number}", f"split {step.name}: nobody is among the {arm.percent:g} percent"
            if sum(arm.percent for arm in step.arms) < WHOLE:
                yield step.path, "the rest", f"split {step.name}: nobody is left over"
        case AskHours():
            states = ["open", "closed", *(["holiday"] if step.holiday else [])]
            yield from ((step.path, state, f"hours {step.calendar} are never {_STATES[state]}") for state in states)
        case Menu() | Collect() | Consent() | Dial() | RingAgent():
            yield from ((step.path, found, words) for found, words in _ends_of_talk(step))


_ENDS = {"found": "found", "missing": "missing", "failed": "failed", "timeout": "too slow (timeout)"}
_STATES = {"open": "open", "closed": "closed", "holiday": "closed by a holiday"}


def _branch(step: Branch) -> Iterator[tuple[str, str, str]]:
    for case in step.cases:
        yield case.path, "true", f"when {case.condition.text}: never true"
        yield case.path, "not true", f"when {case.condition.text}: never false"
    if step.otherwise:
        yield f"{step.path}.branch[{len(step.cases)}]", "else", "else: never taken"
    else:
        yield step.path, "else", "no call goes past this branch"


def _ends_of_talk(step: Menu | Collect | Consent | Dial | RingAgent) -> Iterator[tuple[str, str]]:
    match step:
        case Menu():
            yield from ((key, f"menu: nobody presses {key}") for key in step.keys)
            yield from _silence("menu")
        case Collect():
            yield "collected", f"collect: nobody keys in what fits {step.into}"
            yield from _silence("collect")
        case Consent():
            yield from ((word, f"consent: nobody says {word} to {step.into}") for word in ("yes", "no"))
            yield from _silence("consent")
        case Dial() | RingAgent():
            name = step.name if isinstance(step, Dial) else f"agent {step.name.text}"
            yield from ((str(end), f"{name} is never {_RINGS[end]}") for end in RingOutcome)
            yield "answered", f"{name} never answers"
            if isinstance(step, RingAgent):
                yield "unknown", f"{name} is never unknown"


_RINGS = {
    RingOutcome.BUSY: "busy",
    RingOutcome.NO_ANSWER: "left ringing without an answer",
    RingOutcome.FAILED: "out of reach",
}


def _silence(what: str) -> Iterator[tuple[str, str]]:
    yield NO_INPUT, f"{what}: everybody presses something"
    yield INVALID, f"{what}: nobody presses what does not fit"


def ways_taken(trace: Trace, splits: Mapping[str, Split]) -> Iterator[tuple[str, str]]:
    """Place and way of everything that ``trace`` tells; ``splits`` are the ruleset's, by their places.

    Of a question that is asked again only how its last try ended counts: that is where the flow goes on.
    """
    for entry, after in zip(trace, [*trace[1:], None], strict=True):
        match entry.what:
            case "flow":
                yield entry.path, "walked"
            case "case" | "cases":
                word = "true" if entry.result == "true" else "not true"
                yield from ((path, word) for path in covered_paths(entry))
            case "otherwise":
                yield entry.path, "else"
            case "lookup":
                timed_out = entry.result == "failed" and entry.reason.partition(":")[0] == "timeout"
                yield entry.path, f"{entry.text}{_TIMEOUT}" if timed_out else f"{entry.text} {entry.result}"
            case "split":
                yield entry.path, _arm(splits[entry.path], dict(entry.values)["drawn"])
            case "menu" | "collect" | "consent":
                if after is None or (after.path, after.what) != (entry.path, entry.what):
                    yield entry.path, entry.result
            case "hours" | "dial" | "agent":
                yield entry.path, entry.result


def _arm(split: Split, place: float) -> str:
    arm = arm_at(split, place)
    return "the rest" if arm is None else f"arm {split.arms.index(arm)}"
