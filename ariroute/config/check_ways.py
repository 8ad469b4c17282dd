"""The ways through the flows: steps never reached, flows that go round in a circle, ways too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from ariroute.config.findings import Findings
from ariroute.config.places import Path
from ariroute.flow.run import STEP_LIMIT
from ariroute.flow.steps import Collect, Consent, Goto, Menu, Step, ways_of
from ariroute.flow.tree import Flow


def check_reached(steps: tuple[Step, ...], places: Mapping[str, Path], findings: Findings) -> None:
    """Tell steps that stand behind one that never goes on."""
    for index, step in enumerate(steps):
        for way in ways_of(step):
            check_reached(way, places, findings)
        if _ends(step) and index + 1 < len(steps):
            where = findings.places.of(places[step.path])[0]
            findings.wrong(places[steps[index + 1].path], f"is never reached: the step in line {where} ends the flow")
            return


def _ends(step: Step) -> bool:
    """Whether nothing after ``step`` is ever reached."""
    return all(any(_ends(inner) for inner in way) for way in ways_of(step))


def gotos(flow: Flow) -> Iterator[Goto]:
    """Every goto of ``flow``."""
    return (step for step in flow.walk() if isinstance(step, Goto))


def in_order(flows: Mapping[str, Flow], places: Mapping[str, Path], findings: Findings) -> list[str]:
    """The flows, each before those it goes to. Every circle is a mistake and is cut open."""
    leading = {name: [step for step in gotos(flow) if step.flow in flows] for name, flow in flows.items()}
    graph = {name: {step.flow for step in steps} for name, steps in leading.items()}
    while True:
        try:
            return list(reversed(list(TopologicalSorter(graph).static_order())))
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            name, target = _closing(circle, list(flows))
            step = next(step for step in leading[name] if step.flow == target)
            shown = " -> ".join(_turned(circle[:-1], target)[:8])
            findings.wrong_value((*places[step.path], *_key(places[step.path])), _circle_text(shown, target))
            graph[name].discard(target)


def _circle_text(shown: str, target: str) -> str:
    return f"goes round in a circle: {shown} -> {target}; a call would never arrive"


def _key(path: Path) -> Path:
    return () if path[-1] == "goto" else ("goto",)


def _turned(names: list[str], first: str) -> list[str]:
    start = names.index(first)
    return names[start:] + names[:start]


def _closing(circle: list[str], order: list[str]) -> tuple[str, str]:
    """The edge of the circle that leads back to its first flow in the file's order."""
    first = min(circle, key=order.index)
    return next((a, b) for a, b in pairwise(circle) if b == first)


def warn_of_idle_flows(flows: Mapping[str, Flow], findings: Findings) -> None:
    """Tell flows that nothing starts."""
    targets = {step.flow for flow in flows.values() for step in gotos(flow)}
    for name, flow in flows.items():
        if flow.trigger is None and name not in targets:
            findings.warn(("flows", name), "is never started: it has no trigger, and no goto leads to it")


@dataclass(slots=True)
class Lengths:
    """The longest way through the flows, in steps; what the engine would not walk to its end is a mistake."""

    places: Mapping[str, Path]
    findings: Findings
    entries: dict[str, int] = field(default_factory=dict)
    told: bool = False

    def flow(self, flow: Flow) -> None:
        """Walk ``flow``; those that go to it must have been walked before."""
        self._steps(flow.steps, self.entries.get(flow.name, 0))

    def _steps(self, steps: tuple[Step, ...], taken: int | None) -> int | None:
        """The most steps taken when these have been walked; None when no way leads to their end."""
        for step in steps:
            if taken is None:
                break
            taken = self._step(step, taken + _counts(step))
        return taken

    def _step(self, step: Step, taken: int) -> int | None:
        if taken > STEP_LIMIT and not self.told:
            self.told = True
            self.findings.wrong(
                self.places[step.path],
                f"is step number {taken} on the longest way here, and a contact takes {STEP_LIMIT} at most: "
                "put the cases of several branches into one",
            )
        if isinstance(step, Goto):
            self.entries[step.flow] = max(taken, self.entries.get(step.flow, 0))
        ends = [end for way in ways_of(step) if (end := self._steps(way, taken)) is not None]
        return max(ends, default=None)


def _counts(step: Step) -> int:
    """How many of a contact's steps ``step`` takes: each try of a question is one."""
    return step.question.tries if isinstance(step, Menu | Collect | Consent) else 1
