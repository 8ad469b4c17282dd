"""Steps of the file into steps of the engine: names resolved, expressions compiled, every mistake at its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ariroute.config.expressions import Expressions
from ariroute.config.findings import Findings
from ariroute.config.model import FileSettings
from ariroute.config.places import Path, printable
from ariroute.config.steps import OUTCOMES, Case, HoursStep, LookupWays, QueueStep, SplitStep, Step, Way
from ariroute.config.words import unknown_name
from ariroute.flow import steps as tree
from ariroute.flow.conditions import Condition
from ariroute.flow.endpoints import Agents
from ariroute.flow.index import index_of

NOTHING = tree.Set("", {})
"""Stands for a step that is wrong; a file with one is refused as a whole."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names that the file has, those of entries with mistakes included, so that one mistake is told once."""

    lookups: Mapping[str, Any]
    hours: Mapping[str, Any]
    queues: Mapping[str, Any]
    flows: Mapping[str, Any]
    damaged: Collection[str] = ()
    """Lookups and hours that could not be read: what expressions say of them is not judged."""
    endpoints: Mapping[str, Any] = field(default_factory=dict)
    agents: Mapping[str, Any] = field(default_factory=dict)
    notices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class StepBuilder:
    """Builds the steps of one file. ``whole`` becomes false when a lookup or a flow is named that is not there."""

    settings: FileSettings
    names: Names
    expressions: Expressions
    agents: Agents
    findings: Findings
    whole: bool = True
    places: dict[str, Path] = field(default_factory=dict)

    def steps(self, steps: Iterable[Step], path: Path) -> tuple[tree.Step, ...]:
        """The steps listed at ``path``."""
        return tuple(self._step(step, (*path, index)) for index, step in enumerate(steps))

    def way(self, way: Way | None, path: Path) -> tree.Way | None:
        """The way at ``path``; None where the file has none."""
        if way is None:
            return None
        return tree.Way(self.shown(path), self._onward(way, path))

    def shown(self, path: Path) -> str:
        """``path`` as traces show it; kept, so that what is found later can be told at its place."""
        shown = printable(path)
        self.places[shown] = path
        return shown

    def known(self, what: str, name: str, section: str, known: Mapping[str, Any], path: Path) -> bool:
        """Whether ``section`` has ``name``; if not, that is a mistake at ``path``."""
        if name in known:
            return True
        self.findings.wrong_value(path, unknown_name(what, name, section, known))
        return False

    def inner(self, path: Path, key: str) -> Path:
        """The place of ``key`` in a mapping, or of the value that is short for it."""
        place = (*path, key)
        return place if place in self.findings.places.values else path

    def queue(self, name: str, path: Path) -> None:
        """Check that there is the queue ``name``."""
        self.known("queue", name, "queues", self.names.queues, path)

    def _step(self, step: Step, path: Path) -> tree.Step:
        key = next(iter(step.model_fields_set))
        shown, value, place = self.shown(path), getattr(step, key), (*path, key)
        match key:
            case "lookup":
                return self._lookup(value, shown, place)
            case "branch":
                return self._branch(value, shown, place)
            case "set":
                return tree.Set(shown, self.expressions.values(value, place))
            case "split":
                return self._split(value, shown, place)
            case "hours":
                return self._hours(value, shown, place)
            case "notify":
                return self._notify(value, shown, place)
            case "note":
                text = self.expressions.value(value, place)
                return tree.Note(shown, text) if text else NOTHING
            case "answer" | "play" | "say" | "menu" | "collect" | "consent":
                from ariroute.config.build_talk import talk

                return talk(self, key, value, shown, place)
            case "dial" | "agent" | "label":
                from ariroute.config.build_rings import ring

                return ring(self, key, value, shown, place)
            case _:
                return self._end(step, key, path, shown)

    def _end(self, step: Step | Way, key: str, path: Path, shown: str) -> tree.Step:
        """The step that ends the walk, as a step of its own or as the short form of a way."""
        if step.queue is not None:
            return self._to_queue(step.queue, (*path, key), shown)
        if step.goto is not None:
            if not self.known("flow", step.goto, "flows", self.names.flows, (*path, key)):
                self.whole = False
            return tree.Goto(shown, step.goto)
        if step.voicemail is not None:
            return tree.Voicemail(shown, step.voicemail.box, step.voicemail.greeting)
        assert step.hangup is not None
        return tree.HangUp(shown, step.hangup)

    def _to_queue(self, queue: QueueStep, path: Path, shown: str) -> tree.ToQueue:
        self.queue(queue.name, self.inner(path, "name"))
        return tree.ToQueue(shown, queue.name, queue.priority)

    def _onward(self, way: Way, path: Path) -> tuple[tree.Step, ...]:
        if way.then is not None:
            return self.steps(way.then, (*path, "then"))
        key = next(name for name in OUTCOMES if getattr(way, name) is not None)
        return (self._end(way, key, path, self.shown((*path, key))),)

    def _lookup(self, asked: list[str] | dict[str, LookupWays], shown: str, path: Path) -> tree.Lookup:
        names = self._lookups(list(asked), path)
        ways = (
            {name: self._lookup_ways(ways, (*path, name)) for name, ways in asked.items()}
            if isinstance(asked, dict)
            else {}
        )
        needs = {name: sources for name in names if (sources := self._sources(name))}
        return tree.Lookup(shown, names, {name: found for name, found in ways.items() if found}, needs)

    def _lookup_ways(self, ways: LookupWays, path: Path) -> tree.LookupWays | None:
        missing, error, timeout = (
            self.way(way, (*path, key))
            for key, way in (
                ("on_missing", ways.on_missing),
                ("on_error", ways.on_error),
                ("on_timeout", ways.on_timeout),
            )
        )
        return tree.LookupWays(missing, error, timeout) if missing or error or timeout else None

    def _sources(self, name: str) -> frozenset[str]:
        """The other lookups that the question to ``name`` is made of."""
        entry = self.settings.lookups.get(name)
        asked = entry.body.template_names if entry else ()
        return frozenset(source for each in asked if (source := each.partition(".")[0]) in self.names.lookups) - {name}

    def _lookups(self, names: list[str], path: Path) -> tuple[str, ...]:
        for index, name in enumerate(names):
            item = next((each for each in ((*path, index), (*path, name)) if each in self.findings.places.values), path)
            if not self.known("lookup", name, "lookups", self.names.lookups, item):
                self.whole = False
            elif name in names[:index]:
                self.findings.wrong_value(item, f"'{name}' is given twice")
        return tuple(dict.fromkeys(names))

    def _branch(self, cases: list[Case], shown: str, path: Path) -> tree.Branch:
        built: list[tree.Case] = []
        otherwise: tuple[tree.Step, ...] = ()
        for index, case in enumerate(cases):
            place = (*path, index)
            steps = self._onward(case, place)
            if case.when is None and case.match is None:
                otherwise = steps
                if index < len(cases) - 1:
                    self.findings.wrong(place, "'else:' must be the last case: those after it are never reached")
            elif condition := self.expressions.condition(case, place):
                self._check_new(condition, built, place)
                built.append(tree.Case(self.shown(place), condition, steps))
        return tree.Branch(shown, tuple(built), otherwise, index_of([case.condition for case in built]))

    def _check_new(self, condition: Condition, before: list[tree.Case], path: Path) -> None:
        same = next((case for case in before if case.condition.text == condition.text), None)
        if same:
            line = self.findings.places.of(self.places[same.path])[0]
            self.findings.wrong(path, f"is never reached: the case in line {line} has the same condition")

    def _split(self, split: SplitStep, shown: str, path: Path) -> tree.Split:
        arms = (
            tree.Arm(
                arm.percent, tree.Way(self.shown((*path, "ways", index)), self._onward(arm, (*path, "ways", index)))
            )
            for index, arm in enumerate(split.ways)
        )
        return tree.Split(shown, split.name, tuple(arms))

    def _hours(self, step: HoursStep, shown: str, path: Path) -> tree.Step:
        self.known("calendar", step.calendar, "hours", self.names.hours, (*path, "calendar"))
        opened, closed, holiday = (
            self.way(way, (*path, key))
            for key, way in (("open", step.open), ("closed", step.closed), ("holiday", step.holiday))
        )
        return tree.AskHours(shown, step.calendar, opened, closed, holiday)

    def _notify(self, names: list[str], shown: str, path: Path) -> tree.Notify:
        for index, name in enumerate(names):
            item = (*path, index) if (*path, index) in self.findings.places.values else path
            self.known("notice", name, "notify", self.names.notices, item)
        return tree.Notify(shown, tuple(dict.fromkeys(names)))
