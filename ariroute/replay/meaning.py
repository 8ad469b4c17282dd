"""Two configurations compared by meaning: every way through both is walked, and where they part is told.

A contact of which nothing is known is walked through both, by the engine that routes calls. Where a step needs a
fact, a lookup's answer, the time or a key, that is divided into the options that make a difference
(:mod:`ariroute.replay.inputs`), and each is walked on its own. So every way is walked once, and nothing is guessed: a
region is exact where its inputs are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any

from ariroute.config.load import Config
from ariroute.flow.again import subject
from ariroute.flow.answers import not_askable
from ariroute.flow.contact import Contact, Party, dialled_party
from ariroute.flow.decision import Decision
from ariroute.flow.domains import TEXTS, Domain
from ariroute.flow.facts import Answer, Outcome
from ariroute.flow.gaps import Gaps
from ariroute.flow.numbers import e164
from ariroute.flow.run import Run
from ariroute.flow.split import drawn
from ariroute.flow.steps import Goto, Split
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import Fetch, Gather, Gathered, Played, Rang, Ring, Want
from ariroute.replay.inputs import NUMBERS_KNOWN, Inputs, started
from ariroute.replay.walker import destination

Chosen = Mapping[str, int]
"""By input the option that holds; what is not there has not mattered yet."""

CALLER = ("caller.e164", "caller.number", "caller.name")
NATIONAL = ("100", "200", "0701234567", "*21")
"""Callers whose number is not written in the international form, or has none."""
MOST_WALKS = 20_000
"""So many walks of all ways; as many again of some of the others."""
TRIED = 5000
"""So many callers are tried for one that stands in the right place of splits."""


@dataclass(frozen=True, slots=True)
class Needs:
    """A run cannot go on without this input."""

    name: str


class Draws(dict[str, float]):
    """Where the caller stands in splits; ``lacking`` are those that were asked for and not given."""

    def __init__(self, given: Mapping[str, float]) -> None:
        super().__init__(given)
        self.lacking: list[str] = []

    def get(self, name: str, default: Any = None) -> Any:
        """0 where nothing is given, and noted then."""
        if name not in self:
            self.lacking.append(name)
            return 0.0
        return self[name]


@dataclass(slots=True)
class Done:
    """What the caller and the phones did on one way, in order."""

    presses: list[str] = field(default_factory=list)
    rings: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)

    def next(self, question: str) -> str:
        """The input that answers ``question``: one who is asked the same again may do something else."""
        self.asked[question] += 1
        times = self.asked[question]
        return question if times == 1 else f"{question} (time {times})"


@dataclass(frozen=True, slots=True)
class Region:
    """Contacts that go elsewhere: by input the options of which any holds, and one of them to try."""

    move: tuple[str, str]
    chosen: Mapping[str, frozenset[int]]
    example: Chosen
    before: Decision | None
    after: Decision | None
    ways: int = 1


@dataclass(slots=True)
class Meaning:
    """What was found. ``complete``: all ways were walked; else a seeded sample of those that were too many."""

    inputs: Inputs
    walks: int = 0
    ways: int = 0
    complete: bool = True
    same: list[str] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    beside: list[Region] = field(default_factory=list)
    sampled: set[str] = field(default_factory=set)


class Explorer:
    """Walks every way through both."""

    def __init__(self, old: Config, new: Config, at: datetime, most: int = MOST_WALKS) -> None:
        self.inputs = Inputs(old, new, at)
        self.found = Meaning(self.inputs)
        self._sides = (old.ruleset, new.ruleset)
        self._most = most
        self._dice = Random(1)  # noqa: S311  # a sample that is the same each time
        self._fields = self.inputs.fields()
        self._templates = {name: set(kind.template_names) for side in (old, new) for name, kind in side.kinds.items()}

    def explore(self) -> Meaning:
        """All of it."""
        for number, option in enumerate(self.inputs.get("dialled").options):
            if self._alike(option.value):
                self.found.same.append(option.words)
            else:
                self._explore({"dialled": number})
        self.found.regions = merged(self.found.regions, self.inputs)
        self.found.beside = merged(self.found.beside, self.inputs)
        return self.found

    def _explore(self, chosen: Chosen) -> None:
        waiting: list[Chosen] = [chosen]
        while waiting:
            here = waiting.pop()
            if self._impossible(here):
                continue
            self.found.walks += 1
            if self.found.walks == self._most:
                self.found.complete = not waiting
                self._dice.shuffle(waiting)
            if self.found.walks >= 2 * self._most:
                return
            ended = [self.walk(side, here) for side in self._sides]
            need = next((each for each in ended if isinstance(each, Needs)), None)
            if need is None:
                before, after = (each for each in ended if not isinstance(each, Needs))
                self._met(here, before, after)
                continue
            wanted = self.inputs.get(need.name)
            if not wanted.exact:
                self.found.sampled.add(wanted.name)
            numbers = list(range(len(wanted.options)))
            if self.found.walks >= self._most:
                self.found.complete = False
                numbers = [self._dice.choice(numbers)]
            waiting += [{**here, need.name: number} for number in reversed(numbers)]

    def _met(self, chosen: Chosen, before: Decision | None, after: Decision | None) -> None:
        self.found.ways += 1
        move = destination(before), destination(after)
        region = Region(move, {name: frozenset({number}) for name, number in chosen.items()}, chosen, before, after)
        if move[0] != move[1]:
            self.found.regions.append(region)
            return
        if before is None or after is None:
            return
        whole = [self.walk(side, chosen, whole=True) for side in self._sides]
        one, other = (_beside(each) for each in whole)
        if one != other:
            differs = " and ".join(name for name in one if one[name] != other[name])
            self.found.beside.append(replace(region, move=(move[0], differs)))

    def _alike(self, dialled: str) -> bool:
        """Whether both sides start the same flow, and nothing that it can come by differs."""
        one, other = (_reached(side, started(side, dialled)) for side in self._sides)
        return one == other and (not one or _rest(self._sides[0]) == _rest(self._sides[1]))

    def _impossible(self, chosen: Chosen) -> bool:
        """A number that has no such form; a lookup that knows something though what it asks by is empty."""
        empty = {name for name in CALLER[:2] if name in chosen and not self._value(name, chosen)}
        known = self._domain("caller.number", chosen)
        numbers = None if known is None else known.points()
        if numbers is not None:
            forms = {e164(str(number), self._sides[1].region) for number in numbers}
            if not any(form in (self._domain("caller.e164", chosen) or TEXTS) for form in forms):
                return True
            if forms == {""}:
                empty.add("caller.e164")
        for name in chosen:
            if name.startswith("lookup "):
                answer = self._value(name, chosen)
                if answer.outcome is not Outcome.MISSING and self._templates.get(answer.lookup, set()) & empty:
                    return True
        return False

    def value(self, name: str, chosen: Chosen) -> Any:
        """What stands for the input in ``chosen``; None where it did not matter."""
        return self._value(name, chosen) if name in chosen else None

    def _value(self, name: str, chosen: Chosen) -> Any:
        return self.inputs.get(name).options[chosen[name]].value

    def _contact(self, ruleset: Ruleset, chosen: Chosen) -> Contact:
        def chosen_or(name: str, otherwise: Any) -> Any:
            return self._value(name, chosen) if name in chosen else otherwise

        dialled, form = self._value("dialled", chosen), chosen_or("caller.e164", "")
        caller = Party(chosen_or("caller.number", form), form, chosen_or("caller.name", ""))
        flow = ruleset.flows.get(started(ruleset, dialled))
        medium = flow.trigger.medium if flow and flow.trigger else "call"
        at, pbx = chosen_or("now", self.inputs.at), chosen_or("contact.pbx", "")
        to = dialled_party(dialled, ruleset.region)
        return Contact("diff", at, caller, to, medium, pbx, chosen_or("arguments", ()))

    def _gaps(self, chosen: Chosen) -> frozenset[str]:
        facts = {*CALLER, "contact.pbx", "arguments", "now"}
        for name in chosen:
            if name.startswith("lookup ") and self._value(name, chosen).outcome is Outcome.FOUND:
                lookup = name.removeprefix("lookup ")
                facts |= {f"{lookup}.{each}" for each in self._fields[lookup]}
        facts -= chosen.keys()
        if "now" not in chosen:
            facts |= {f"hours.{name}" for side in self._sides for name in side.hours}
        return frozenset(facts)

    def walk(self, ruleset: Ruleset, chosen: Chosen, did: Done | None = None, *, whole: bool = False) -> Any:
        """The decision by ``ruleset``, None without a flow, or what it needs; ``whole``: nothing is a gap."""
        contact = self._contact(ruleset, chosen)
        flow = ruleset.flow_for(contact)
        if flow is None:
            return None
        draws = Draws(
            {name.removeprefix("split "): self._value(name, chosen) for name in chosen if name[:6] == "split "}
        )
        did = did or Done()
        run = Run(ruleset, flow, contact, Gaps(frozenset() if whole else self._gaps(chosen), draws))
        wanted = run.start(contact.arrived)
        while True:
            if draws.lacking and not whole:
                return Needs(f"split {draws.lacking[0]}")
            if run.missed:
                return Needs(self._input_of(run.missed[0], chosen))
            if isinstance(wanted, Decision):
                return wanted
            reply = self._reply(wanted, chosen, did)
            if isinstance(reply, Needs):
                return reply
            wanted = run.answered(contact.arrived) if reply is None else run.receive(reply, contact.arrived)

    def caller(self, chosen: Chosen) -> str | None:
        """A number that calls so; None when none is found that stands there in the splits."""
        contact = self._contact(self._sides[1], chosen)
        region, withheld = self._sides[1].region, not self._is_known(chosen)
        domains = [(self._domain(name, chosen) or TEXTS) for name in CALLER[:2]]
        numbers = [*NUMBERS_KNOWN, *NATIONAL]
        if {"caller.e164", "caller.number"} & chosen.keys():
            numbers = [contact.caller.number, contact.caller.e164, *numbers]
        numbers = [each for each in numbers if e164(each, region) in domains[0] and each in domains[1]]
        given = next((each for each in numbers if each or withheld), None)
        asked = {name.removeprefix("split "): number for name, number in chosen.items() if name.startswith("split ")}
        if not asked or given is None:
            return given
        ends = {name: self.inputs.get(f"split {name}").options[number].words for name, number in asked.items()}
        splits = {step.name: step for side in self._sides for step in _splits(side) if step.name in ends}
        for number in (given, *(f"+4670{each:07}" for each in range(TRIED))):
            form = e164(number, region)
            caller = replace(contact, caller=replace(contact.caller, number=number, e164=form))
            if (
                number
                and form in domains[0]
                and number in domains[1]
                and all(_within(drawn(splits[name], caller), words) for name, words in ends.items())
            ):
                return number
        return None

    def _is_known(self, chosen: Chosen) -> bool:
        """Whether a lookup that asks by the caller's number has not said that it knows nothing."""
        return any(
            name.startswith("lookup ")
            and self._value(name, chosen).outcome is not Outcome.MISSING
            and not self._templates.get(name.removeprefix("lookup "), set()).isdisjoint(CALLER[:2])
            for name in chosen
        )

    def _domain(self, name: str, chosen: Chosen) -> Domain | None:
        return self.inputs.get(name).options[chosen[name]].domain if name in chosen else None

    def did(self, chosen: Chosen) -> Done:
        """What the caller presses, and how rings end, by the new rules."""
        done = Done()
        self.walk(self._sides[1], chosen, done)
        return done

    def _input_of(self, fact: str, chosen: Chosen) -> str:
        if fact.startswith("hours."):
            return "now"
        if not fact.startswith("vars."):
            return fact
        gaps = self._gaps(chosen)
        return next(name for name in self.inputs.sources(fact.removeprefix("vars.")) if name in gaps)

    def _reply(self, wanted: Want, chosen: Chosen, did: Done) -> Any:
        match wanted:
            case Fetch(lookups=names):
                lacking = next((name for name in names if f"lookup {name}" not in chosen), None)
                return Needs(f"lookup {lacking}") if lacking else list(self._answers(wanted, chosen))
            case Gather():
                _, most, terminator, *sounds = map(str, subject(wanted))
                key = did.next(f"keys {most}{terminator} {' '.join(sounds) or 'silence'}")
                if key not in chosen:
                    return Needs(key)
                did.presses.append(self._value(key, chosen))
                return Gathered(self._value(key, chosen))
            case Ring(name=name):
                ring = did.next(f"ring {name}")
                if ring not in chosen:
                    return Needs(ring)
                outcome = self._value(ring, chosen)
                did.rings.append(str(outcome or "answered"))
                return Rang(outcome) if outcome else None
            case _:
                return Played()

    def _answers(self, wanted: Fetch, chosen: Chosen) -> Iterator[Answer]:
        for name in wanted.lookups:
            answer: Answer = self._value(f"lookup {name}", chosen)
            failed = next(
                (
                    each
                    for each in sorted(wanted.after.get(name, ()))
                    if self._value(f"lookup {each}", chosen).outcome is Outcome.FAILED
                ),
                "",
            )
            if failed:
                yield not_askable(name, failed)
            elif answer.outcome is Outcome.FOUND:
                facts = [fact for fact in chosen if fact.startswith(f"{name}.")]
                yield replace(answer, fields={fact.partition(".")[2]: self._value(fact, chosen) for fact in facts})
            else:
                yield answer


def _splits(ruleset: Ruleset) -> Iterator[Split]:
    return (step for flow in ruleset.flows.values() for step in flow.walk() if isinstance(step, Split))


def _within(place: float, words: str) -> bool:
    """Whether ``place`` lies in ``10 to 30 %``."""
    low, _, high = words.removesuffix(" %").partition(" to ")
    return float(low) <= place < float(high)


def _reached(ruleset: Ruleset, name: str) -> dict[str, Flow]:
    """The flow called ``name`` and those behind it."""
    found: dict[str, Flow] = {}
    waiting = [name] if name else []
    while waiting:
        flow = ruleset.flows[waiting.pop()]
        if flow.name not in found:
            found[flow.name] = flow
            waiting += [step.flow for step in flow.walk() if isinstance(step, Goto)]
    return found


def _rest(ruleset: Ruleset) -> tuple[Any, ...]:
    """All of a ruleset that decides beside its flows."""
    queues = {name: queue.priority for name, queue in ruleset.queues.items()}
    return queues, ruleset.hours, ruleset.agents, ruleset.endpoints, ruleset.region, ruleset.timezone


def _beside(decision: Decision) -> dict[str, Any]:
    return {
        "variables": dict(decision.variables),
        "label": decision.label.to_plain() if decision.label else None,
        "recording": decision.record,
        "notices": [notice.name for notice in decision.notices],
        "greeting": getattr(decision.destination, "greeting", ""),
    }


def merged(regions: list[Region], inputs: Inputs) -> list[Region]:
    """Regions of one move that differ in one input only as one; an input of which every option holds is left out."""
    by_move: dict[tuple[str, str, int], list[Region]] = {}
    for region in regions:
        by_move.setdefault((*region.move, region.example["dialled"]), []).append(region)
    found: list[Region] = []
    for group in by_move.values():
        found += _merged(group, inputs)
    return sorted(found, key=lambda region: -region.ways)


def _merged(group: list[Region], inputs: Inputs) -> list[Region]:
    while True:
        count = len(group)
        names = dict.fromkeys(name for region in group for name in region.chosen)
        for name in names:
            group = _merged_by(group, name, len(inputs.get(name).options))
        if len(group) == count:
            return group


def _merged_by(group: list[Region], name: str, options: int) -> list[Region]:
    known: dict[Any, Region] = {}
    for region in group:
        rest = frozenset((each, chosen) for each, chosen in region.chosen.items() if each != name)
        key = (rest, name in region.chosen)
        if key not in known:
            known[key] = region
            continue
        other = known[key]
        union = other.chosen.get(name, frozenset()) | region.chosen.get(name, frozenset())
        known[key] = replace(other, chosen={**other.chosen, name: union}, ways=other.ways + region.ways)
    return [
        replace(region, chosen={each: chosen for each, chosen in region.chosen.items() if each != name})
        if len(region.chosen.get(name, ())) == options
        else region
        for region in known.values()
    ]
