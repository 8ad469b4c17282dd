"""What only the whole shows: goto circles, steps never reached, ways too long, facts nobody asked for, deadlines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from ariroute.config.build import Built
from ariroute.config.findings import Findings
from ariroute.config.model import FileSettings
from ariroute.config.near import suggestion
from ariroute.config.places import Path
from ariroute.flow.conditions import Expression
from ariroute.flow.run import STEP_LIMIT
from ariroute.flow.steps import Branch, Goto, HangUp, Lookup, Set, Step, ToQueue
from ariroute.flow.tree import Flow
from ariroute.lookups.template import CONTACT_NAMES

GUARD_RESERVE = 1.0
"""Seconds of the guard kept for everything but lookups: Asterisk's answers, the hand-off, a busy machine."""

STATES_LIMIT = 64

Inputs = Mapping[str, list[str]]
"""For each lookup the facts of other lookups that its question is made of."""

Asked = frozenset[str]
States = dict[Asked, float]
"""The ways to reach a place: which lookups have been asked by then, and the most seconds that can have taken."""


def check(settings: FileSettings, built: Built, findings: Findings, *, whole: bool) -> None:
    """Add every mistake of this sort to ``findings``. ``whole`` is false when steps were left out as unreadable."""
    inputs = _inputs(settings)
    _check_inputs(settings, inputs, findings)
    if settings.hours and "timezone" not in settings.model_fields_set:
        findings.wrong(("hours",), "opening hours need a time zone: add the key 'timezone', such as Europe/Stockholm")
    flows = built.ruleset.flows
    for flow in flows.values():
        _check_reached(flow.steps, built.places, findings)
    order = _in_order(flows, built.places, findings)
    lengths = _Lengths(built.places, findings)
    for name in order:
        lengths.flow(flows[name])
    _warn_of_idle_flows(flows, findings)
    walk = _Walk(settings, inputs, built.places, findings, whole and built.whole)
    for name in order:
        walk.flow(flows[name])


def _inputs(settings: FileSettings) -> Inputs:
    return {name: sorted(entry.body.template_names - CONTACT_NAMES) for name, entry in settings.lookups.items()}


def _check_inputs(settings: FileSettings, inputs: Inputs, findings: Findings) -> None:
    """Names in a lookup's template: of the contact, or a field of another lookup."""
    fields = {f"{name}.{key}" for name, entry in settings.lookups.items() for key in entry.fields}
    damaged = tuple(problem.path for problem in findings.problems if problem.path.startswith("lookups"))
    for name, needed in ((lookup, needed) for lookup, names in inputs.items() for needed in names):
        path: Path = ("lookups", name, settings.lookups[name].kind)
        source = needed.partition(".")[0]
        if source == name:
            findings.wrong(path, f"'{{{needed}}}' comes from this lookup itself: it is not known before it is asked")
        elif needed not in fields and not any(place.startswith(f"lookups.{source}") for place in damaged):
            meant = suggestion(needed, (*CONTACT_NAMES, *fields))
            findings.wrong(path, f"'{{{needed}}}' is not a value that a contact or a lookup has{meant}")


def _check_reached(steps: tuple[Step, ...], places: Mapping[str, Path], findings: Findings) -> None:
    for index, step in enumerate(steps):
        if isinstance(step, Branch):
            for way in _ways(step):
                _check_reached(way, places, findings)
        if _ends(step) and index + 1 < len(steps):
            where = findings.places.of(places[step.path])[0]
            findings.wrong(places[steps[index + 1].path], f"is never reached: the step in line {where} ends the flow")
            return


def _ways(branch: Branch) -> Iterator[tuple[Step, ...]]:
    yield from (case.steps for case in branch.cases)
    yield branch.otherwise


def _ends(step: Step) -> bool:
    """Whether nothing after ``step`` is ever reached."""
    if isinstance(step, Branch):
        return all(any(_ends(inner) for inner in way) for way in _ways(step))
    return isinstance(step, ToQueue | Goto | HangUp)


def _gotos(steps: Iterable[Step]) -> Iterator[Goto]:
    for step in steps:
        if isinstance(step, Goto):
            yield step
        elif isinstance(step, Branch):
            for way in _ways(step):
                yield from _gotos(way)


def _in_order(flows: Mapping[str, Flow], places: Mapping[str, Path], findings: Findings) -> list[str]:
    """The flows, each before those it goes to. Every circle is a mistake and is cut open."""
    gotos = {name: [step for step in _gotos(flow.steps) if step.flow in flows] for name, flow in flows.items()}
    graph = {name: {step.flow for step in steps} for name, steps in gotos.items()}
    while True:
        try:
            return list(reversed(list(TopologicalSorter(graph).static_order())))
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            name, target = _closing(circle, list(flows))
            step = next(step for step in gotos[name] if step.flow == target)
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


def _warn_of_idle_flows(flows: Mapping[str, Flow], findings: Findings) -> None:
    targets = {step.flow for flow in flows.values() for step in _gotos(flow.steps)}
    for name, flow in flows.items():
        if flow.trigger is None and name not in targets:
            findings.warn(("flows", name), "is never started: it has no trigger, and no goto leads to it")


@dataclass(slots=True)
class _Lengths:
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
            taken = self._step(step, taken + 1)
        return taken

    def _step(self, step: Step, taken: int) -> int | None:
        if taken > STEP_LIMIT and not self.told:
            self.told = True
            self.findings.wrong(
                self.places[step.path],
                f"is step number {taken} on the longest way here, and a contact takes {STEP_LIMIT} at most: "
                "put the cases of several branches into one",
            )
        match step:
            case Branch():
                ends = [end for way in _ways(step) if (end := self._steps(way, taken)) is not None]
                return max(ends, default=None)
            case Goto():
                self.entries[step.flow] = max(taken, self.entries.get(step.flow, 0))
                return None
            case ToQueue() | HangUp():
                return None
        return taken


@dataclass(slots=True)
class _Walk:
    """Walks all ways through the flows at once, carrying what has been asked and how long that can have taken."""

    settings: FileSettings
    inputs: Inputs
    places: Mapping[str, Path]
    findings: Findings
    whole: bool
    entries: dict[str, States] = field(default_factory=dict)

    def flow(self, flow: Flow) -> None:
        """Walk ``flow``; those that go to it must have been walked before."""
        entry = self.entries.get(flow.name, {})
        if flow.trigger is not None or not entry:
            entry = _joined(entry, {frozenset(): 0.0})
        self._steps(flow.steps, entry)

    def _steps(self, steps: tuple[Step, ...], states: States) -> States:
        for step in steps:
            states = self._step(step, states)
            if not states:
                break
        return states

    def _step(self, step: Step, states: States) -> States:
        match step:
            case Lookup():
                return self._lookup(step, states)
            case Branch():
                return self._branch(step, states)
            case Set():
                for name, value in step.values.items():
                    self._check_asked(value, (*self.places[step.path], "set", name, "cel"), states)
                return states
            case Goto():
                self.entries[step.flow] = _joined(self.entries.get(step.flow, {}), states)
        return {}

    def _branch(self, branch: Branch, states: States) -> States:
        after: States = {}
        for case in branch.cases:
            path = self.places[case.path]
            key = "when" if (*path, "when") in self.findings.places.keys else "match"
            self._check_asked(case.condition, (*path, key), states)
            after = _joined(after, self._steps(case.steps, states))
        return _joined(after, self._steps(branch.otherwise, states))

    def _lookup(self, step: Lookup, states: States) -> States:
        path = (*self.places[step.path], "lookup")
        known = [name for name in step.names if name in self.settings.lookups]
        self._check_inputs_asked(known, path, states)
        after: States = {}
        for asked, took in states.items():
            fresh = [self.settings.lookups[name].body.timeout for name in known if name not in asked]
            after = _joined(after, {asked.union(known): took + max(fresh, default=0.0)})
        self._check_guard(path, max(states.values()), max(after.values()))
        return after

    def _check_guard(self, path: Path, before: float, after: float) -> None:
        allowed = self.settings.daemon.guard - GUARD_RESERVE
        if before <= allowed + 1e-9 < after:
            self.findings.wrong(
                path,
                f"lookups up to here can take {after:g}s, but the guard of {self.settings.daemon.guard:g}s leaves "
                f"them {allowed:g}s: shorten their timeouts, or ask several in one step",
            )

    def _check_inputs_asked(self, names: list[str], path: Path, states: States) -> None:
        asked = frozenset().union(*states) if self.whole else frozenset(self.settings.lookups)
        for name, needed in ((lookup, needed) for lookup in names for needed in self.inputs[lookup]):
            source = needed.partition(".")[0]
            if source in self.settings.lookups and source not in asked:
                self.findings.wrong(
                    path, f"'{name}' needs {needed}, but '{source}' is not asked before: ask it in a step above"
                )

    def _check_asked(self, expression: Expression, path: Path, states: States) -> None:
        """A fact that cannot have been asked for makes a condition that can never be told."""
        if not self.whole:
            return  # it may be asked in a step that could not be read
        asked = frozenset().union(*states)
        for lookup in sorted(_lookups_of(expression) & self.settings.lookups.keys() - asked):
            self.findings.wrong_value(
                path, f"'{lookup}' has not been asked before: add the step '- lookup: {lookup}' above"
            )


def _lookups_of(expression: Expression) -> set[str]:
    parts = (name.split(".") for name in expression.names)
    return {part[1] if part[0] == "outcome" and len(part) > 1 else part[0] for part in parts}


def _joined(one: States, other: States) -> States:
    """Both; of the same set of lookups the longer time. Very many are taken together, on the side of caution."""
    states = dict(one)
    for asked, took in other.items():
        states[asked] = max(took, states.get(asked, 0.0))
    if len(states) > STATES_LIMIT:
        return {frozenset.intersection(*states): max(states.values()), frozenset().union(*states): max(states.values())}
    return states
