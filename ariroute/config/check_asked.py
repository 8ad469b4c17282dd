"""What is known where: facts that nobody asked for, variables that nothing set, lookups too slow for the guard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

from ariroute.config.findings import Findings
from ariroute.config.model import FileSettings
from ariroute.config.places import Path
from ariroute.flow.conditions import Expression
from ariroute.flow.prompts import PromptPart, PromptTemplate, SayDigits, SayNumber, SayText
from ariroute.flow.steps import (
    AnswerCall,
    Branch,
    Collect,
    Consent,
    Dial,
    Goto,
    Lookup,
    Menu,
    Note,
    Play,
    RingAgent,
    Set,
    SetLabel,
    Step,
    ways_of,
)
from ariroute.flow.tree import Flow

GUARD_RESERVE = 1.0
"""Seconds of the guard kept for everything but lookups: Asterisk's answers, the hand-off, a busy machine."""

STATES_LIMIT = 64

Inputs = Mapping[str, list[str]]
"""For each lookup the facts of other lookups, and the variables, that its question is made of."""

Asked = frozenset[str]
States = dict[Asked, float]
"""Which lookups have been asked, and the most seconds that they can have taken since the guard was set last."""

SETS_THE_GUARD = (AnswerCall, Play, Menu, Collect, Consent, Dial, RingAgent)
"""Steps after which the guard runs anew, as the daemon or the dialplan sets it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The ways to reach a place, and the variables that one of them may have set; without states there is none."""

    states: States
    variables: frozenset[str] = frozenset()

    def joined(self, other: Reached) -> Reached:
        """The ways of both."""
        return Reached(_joined(self.states, other.states), self.variables | other.variables)

    def anew(self) -> Reached:
        """The same ways, with the guard set just now."""
        return Reached(dict.fromkeys(self.states, 0.0), self.variables)

    def asked(self) -> Asked:
        """Every lookup that one of the ways asks."""
        return frozenset().union(*self.states)


NOWHERE = Reached({})
START = Reached({frozenset(): 0.0})


@dataclass(slots=True)
class Walk:
    """Walks all ways through the flows at once, carrying what has been asked and how long that can have taken."""

    settings: FileSettings
    inputs: Inputs
    places: Mapping[str, Path]
    findings: Findings
    whole: bool
    entries: dict[str, Reached] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    """The lookups that a step asks."""

    def flow(self, flow: Flow) -> None:
        """Walk ``flow``; those that go to it must have been walked before."""
        entry = self.entries.get(flow.name, NOWHERE)
        if flow.trigger is not None or not entry.states:
            entry = entry.joined(START)
        self._steps(flow.steps, entry)

    def _steps(self, steps: tuple[Step, ...], reached: Reached) -> Reached:
        for step in steps:
            reached = self._step(step, reached)
            if not reached.states:
                break
        return reached

    def _step(self, step: Step, reached: Reached) -> Reached:
        path = self.places.get(step.path, ())
        if isinstance(step, Set):
            for name, value in step.values.items():
                self._check_known(value, (*path, "set", name, "cel"), reached)
                reached = Reached(reached.states, reached.variables | {name})
            return reached
        for expression, key in _expressions(step):
            self._check_known(expression, (*path, *key), reached)
        if isinstance(step, Branch):
            return self._branch(step, reached)
        if isinstance(step, Lookup):
            reached = self._lookup(step, reached)
        if isinstance(step, RingAgent) and step.name.names:
            return self._agent(step, reached)
        if isinstance(step, SETS_THE_GUARD) and not _may_be_skipped(step):
            reached = reached.anew()
        if isinstance(step, Collect | Consent):
            reached = Reached(reached.states, reached.variables | {step.into})
        if isinstance(step, Goto):
            self.entries[step.flow] = self.entries.get(step.flow, NOWHERE).joined(reached)
        return self._onward(step, reached)

    def _onward(self, step: Step, reached: Reached) -> Reached:
        after = NOWHERE
        for way in ways_of(step):
            after = after.joined(self._steps(way, reached))
        return after

    def _agent(self, step: RingAgent, reached: Reached) -> Reached:
        """Whoever is unknown is not rung, so that the guard runs on."""
        known = self._onward(replace(step, unknown=None), reached.anew())
        return known.joined(self._steps(step.unknown.steps if step.unknown else (), reached))

    def _branch(self, branch: Branch, reached: Reached) -> Reached:
        for case in branch.cases:
            path = self.places[case.path]
            key = "when" if (*path, "when") in self.findings.places.keys else "match"
            self._check_known(case.condition, (*path, key), reached)
        return self._onward(branch, reached)

    def _lookup(self, step: Lookup, reached: Reached) -> Reached:
        path = (*self.places[step.path], "lookup")
        known = [name for name in step.names if name in self.settings.lookups]
        self.used.update(known)
        self._check_inputs_known(known, path, reached)
        order = self._in_turn(step, path)
        after: States = {}
        for asked, took in reached.states.items():
            ends: dict[str, float] = {}
            for name in (name for name in order if name in known and name not in asked):
                before = max((ends[each] for each in step.needs.get(name, ()) if each in ends), default=0.0)
                ends[name] = before + self.settings.lookups[name].body.timeout
            after = _joined(after, {asked.union(known): took + max(ends.values(), default=0.0)})
        self._check_guard(path, max(reached.states.values()), max(after.values()))
        return Reached(after, reached.variables)

    def _in_turn(self, step: Lookup, path: Path) -> list[str]:
        """The lookups of one step, each behind those that it waits for. Two that wait for each other are a mistake."""
        waits = {name: step.needs.get(name, frozenset()).intersection(step.names) for name in step.names}
        try:
            return list(TopologicalSorter(waits).static_order())
        except CycleError as error:
            circle = " -> ".join(reversed(error.args[1]))
            self.findings.wrong(
                path, f"wait for each other in a circle: {circle}; take one of them out of the other's question"
            )
            return list(step.names)

    def _check_guard(self, path: Path, before: float, after: float) -> None:
        allowed = self.settings.daemon.guard - GUARD_RESERVE
        if before <= allowed + 1e-9 < after:
            self.findings.wrong(
                path,
                f"lookups up to here can take {after:g}s, but the guard of {self.settings.daemon.guard:g}s leaves "
                f"them {allowed:g}s: shorten their timeouts, or ask several in one step",
            )

    def _check_inputs_known(self, names: list[str], path: Path, reached: Reached) -> None:
        asked = reached.asked().union(names) if self.whole else frozenset(self.settings.lookups)
        for name, needed in ((lookup, needed) for lookup in names for needed in self.inputs[lookup]):
            source, _, variable = needed.partition(".")
            if source in self.settings.lookups and source not in asked:
                self.findings.wrong(
                    path, f"'{name}' needs {needed}, but '{source}' is not asked before: ask it in a step above"
                )
            elif source == "vars" and self.whole and variable not in reached.variables:
                self.findings.wrong(path, f"'{name}' needs {needed}, but {_unset(variable)}")

    def _check_known(self, expression: Expression, path: Path, reached: Reached) -> None:
        """A fact that cannot have been asked for makes a condition that can never be told."""
        if not self.whole:
            return  # it may be asked in a step that could not be read
        place = self.findings.places.known(path)
        for lookup in sorted(_lookups_of(expression) & self.settings.lookups.keys() - reached.asked()):
            self.findings.wrong_value(
                place, f"'{lookup}' has not been asked before: add the step '- lookup: {lookup}' above"
            )
        read = {name.removeprefix("vars.") for name in expression.names if name.startswith("vars.")}
        for variable in sorted(read - reached.variables):
            self.findings.wrong_value(place, _unset(variable))


def _unset(variable: str) -> str:
    return f"no way here sets vars.{variable}: it is always empty; set it in a step above"


def _expressions(step: Step) -> Iterator[tuple[Expression, Path]]:
    """What ``step`` works out when it is taken, and where in the step that stands; a branch and a set apart."""
    match step:
        case Note(text=text):
            yield text, ("note", "cel")
        case RingAgent(name=name):
            yield name, ("agent", "name", "cel")
        case SetLabel(name_prefix=prefix, headers=headers, variables=variables):
            if prefix is not None:
                yield prefix, ("label", "name_prefix", "cel")
            for key, values in (("headers", headers), ("variables", variables)):
                yield from ((value, ("label", key, name, "cel")) for name, value in values.items())
        case Play(prompt=prompt, what=what):
            yield from ((each, (what, "prompt")) for each in _said(prompt))
        case Menu() | Collect() | Consent():
            key = type(step).__name__.lower()
            yield from ((each, (key, "prompt")) for each in _said(step.question.prompt))
            yield from ((each, (key, "invalid")) for each in _said(step.question.invalid))


def _may_be_skipped(step: Step) -> bool:
    """Whether ``step`` is a prompt of facts alone, which is not played when none of them is known."""
    return isinstance(step, Play) and not any(_is_certain(part) for part in step.prompt)


def _is_certain(part: PromptPart) -> bool:
    match part:
        case SayNumber(value=value) | SayDigits(value=value):
            return not value.names
        case SayText(text=text):
            return any(isinstance(piece, str) and piece.strip() for piece in text.parts)
        case _:
            return True


def _said(prompt: PromptTemplate) -> Iterator[Expression]:
    for part in prompt:
        if isinstance(part, SayNumber | SayDigits):
            yield part.value
        elif isinstance(part, SayText):
            yield from (piece for piece in part.text.parts if isinstance(piece, Expression))


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
