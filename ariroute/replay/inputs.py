"""All that two rulesets can depend on, each input divided into options that make no difference to either of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from ariroute.config.load import Config
from ariroute.flow import cells
from ariroute.flow.atoms import Atoms
from ariroute.flow.cells import divided, example
from ariroute.flow.contact import Contact, Medium, dialled_party
from ariroute.flow.domains import EVERYTHING, NUMBERS, TEXTS, TRUTHS, Domain, of
from ariroute.flow.facts import Answer, Failure, FieldType, Outcome, Scalar
from ariroute.flow.numbers import e164
from ariroute.flow.scope import CONTACT_FACTS
from ariroute.flow.steps import AskHours, Branch, Collect, Consent, Menu, RingAgent, Set, Split, Step
from ariroute.flow.tree import Ruleset
from ariroute.flow.wants import RingOutcome
from ariroute.replay import times

NULL = Domain(null=True)
KINDS: dict[FieldType, Domain] = {"string": TEXTS | NULL, "number": NUMBERS | NULL, "bool": TRUTHS | NULL}
NUMBERS_KNOWN = ("+46701234567", "+46850000000", "+4930901820", "+442079460000", "+12025550123", "")
"""Callers for examples: set aside for such use, or nobody's."""
PHONES = ("caller.e164", "caller.number")
"""Empty for a caller who withholds the number, which is always told apart."""
DIGITS = ("701234567890", "2123456789", "91234567890", "3012345678", "612345678")
KEYS = "0123456789*#"
MEDIA: tuple[Medium, ...] = ("call", "message")
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Option:
    """``value`` stands for all of the option. ``domain`` is what a fact's values are, else ``words`` say it."""

    value: Any
    words: str = ""
    domain: Domain | None = None
    stretches: tuple[times.Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that decides. ``exact``: no value is left out, and those of one option are alike to all conditions."""

    name: str
    options: tuple[Option, ...]
    exact: bool = True
    timezone: str = ""

    def described(self, chosen: Iterable[int]) -> str:
        """What these options are, in words."""
        options = [self.options[number] for number in sorted(chosen)]
        if options[0].domain is not None:
            domain, universe = Domain(), Domain()
            for option in self.options:
                universe |= option.domain or Domain()
            for option in options:
                domain |= option.domain or Domain()
            return cells.described(self.name, domain, universe)
        if options[0].stretches:
            stretches = [stretch for option in options for stretch in option.stretches]
            return f"the time is {times.described(stretches, self.timezone)}"
        return f"{self.name} {' or '.join(option.words for option in options)}"


@dataclass(slots=True)
class Inputs:
    """The inputs of two configurations, made when they are first asked for. ``at`` (aware) is where time begins."""

    old: Config
    new: Config
    at: datetime
    _known: dict[str, Input] = field(default_factory=dict)
    _atoms: Atoms = field(init=False)
    _steps: list[Step] = field(init=False)

    def __post_init__(self) -> None:
        self._steps = [step for side in (self.old, self.new) for step in _steps(side.ruleset)]
        self._atoms = _atoms(self._steps, (*self.old.ruleset.agents.by_name, *self.new.ruleset.agents.by_name))

    def get(self, name: str) -> Input:
        """The input called ``name``: a fact, ``now``, ``lookup crm``, ``split a``, ``keys after menu``, ``ring bo``."""
        if name not in self._known:
            self._known[name] = self._made(name)
        return self._known[name]

    def fields(self) -> dict[str, dict[str, FieldType]]:
        """The fields of both, by lookup."""
        found: dict[str, dict[str, FieldType]] = {}
        for side in (self.old, self.new):
            for name, (settings, _) in side.lookups.items():
                found.setdefault(name, {}).update(settings.fields)
        return found

    def sources(self, variable: str) -> list[str]:
        """The facts of which flow variables called ``variable`` are made."""
        found: dict[str, None] = {}
        waiting = [variable]
        seen = set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            for step in self._steps:
                if isinstance(step, Set) and name in step.values:
                    for fact in sorted(step.values[name].names):
                        if fact.startswith("vars."):
                            waiting.append(fact.removeprefix("vars."))
                        else:
                            found[fact] = None
        return list(found)

    def _made(self, name: str) -> Input:
        kind, _, rest = name.partition(" ")
        match kind:
            case "now":
                return self._time()
            case "lookup":
                return Input(f"lookup {rest}", tuple(_outcomes(rest, self._tells_timeouts(rest))))
            case "split":
                return self._split(rest)
            case "keys":
                return self._keys(f"asked with {rest.partition(' ')[2]}, the caller presses")
            case "ring":
                ends = [Option(outcome, str(outcome).replace("_", " ")) for outcome in RingOutcome]
                return Input(f"the ring of {rest} ends:", (Option(None, "answered"), *ends))
            case "dialled":
                return self._dialled()
            case "arguments":
                texts = [text for text in self._atoms.literals if isinstance(text, str)]
                options = [Option((), "none"), *(Option((text,), f'"{text}"') for text in texts)]
                return Input("the argument of Stasis() is", tuple(options), exact=False)
        return self._fact(name)

    def _dialled(self) -> Input:
        """What is dialled; numbers that start the same flows as one, unless a condition tells them apart."""
        together: dict[tuple[str, ...], list[str]] = {}
        by_number = any(fact.startswith("dialled.") for fact in {*self._atoms.sets, *self._atoms.loose})
        for text in entries(self.old, self.new):
            flows = [started(side.ruleset, text) for side in (self.old, self.new)]
            together.setdefault((*flows, text if by_number else ""), []).append(text)
        return Input("what is dialled is", tuple(Option(texts[0], " or ".join(texts)) for texts in together.values()))

    def _fact(self, name: str) -> Input:
        lookup, _, rest = name.partition(".")
        kind = self.fields().get(lookup, {}).get(rest)
        universe = KINDS[kind] if kind else TEXTS if name in CONTACT_FACTS else EVERYTHING
        exact = name not in self._atoms.loose
        sets = list(self._atoms.sets.get(name, ()))
        sets += [of([""])] if name in PHONES else []
        sets += [] if exact else [of([each]) for each in self._atoms.literals]
        find = _phone if name == "caller.e164" else example
        found = [(find(domain), domain) for domain in divided(universe, sets).domains]
        return Input(name, tuple(Option(value[0], domain=domain) for value, domain in found if value), exact)

    def _tells_timeouts(self, lookup: str) -> bool:
        return any(
            ways.timeout is not None
            for step in self._steps
            for name, ways in getattr(step, "ways", {}).items()
            if name == lookup
        )

    def _time(self) -> Input:
        names = {step.calendar for step in self._steps if isinstance(step, AskHours)} | self._atoms.hours
        rulesets = (self.old.ruleset, self.new.ruleset)
        hours = [ruleset.hours[name] for name in sorted(names) for ruleset in rulesets if name in ruleset.hours]
        loose = "now" in self._atoms.loose
        found = times.moments(hours, self.at, every_hour=loose)
        options = tuple(Option(each.first, stretches=tuple(each.stretches)) for each in found)
        return Input("now", options, not loose, self.new.ruleset.timezone)

    def _split(self, split: str) -> Input:
        cuts = {0.0, 100.0}
        for step in self._steps:
            if isinstance(step, Split) and step.name == split:
                end = 0.0
                for arm in step.arms:
                    end = min(end + arm.percent, 100.0)
                    cuts.add(round(end, 9))
        ends = sorted(cuts)
        options = [Option((low + high) / 2, f"{low:g} to {high:g} %") for low, high in pairwise(ends)]
        return Input(f"the caller's place in split {split} is", tuple(options))

    def _keys(self, name: str) -> Input:
        """What a caller may key in: every key that means something to either, one that does not, nothing; digits."""
        used: dict[str, None] = {}
        exact = True
        for step in self._steps:
            match step:
                case Menu():
                    used |= dict.fromkeys(step.keys)
                case Consent():
                    used |= dict.fromkeys((step.yes, step.no))
                case Collect():
                    exact = False
                    pattern = "1234567890"[: step.most].ljust(step.least, "0")
                    used |= dict.fromkeys(
                        text
                        for text in (pattern, *(str(each) for each in self._atoms.literals))
                        if text and set(text) <= set(KEYS)
                    )
        other = next((key for key in KEYS if key not in used), "")
        pressed = [Option(keys, keys) for keys in used]
        if other:
            pressed.append(Option(other, "another key"))
        return Input(name, (*pressed, Option("", "nothing")), exact)


def _phone(domain: Domain) -> tuple[Scalar] | None:
    """A caller's number in ``domain``; None when there is none that a telephone could have."""
    return next(((text,) for text in _phones(domain) if text in domain and text in ("", e164(text, ""))), None)


def _phones(domain: Domain) -> Iterator[str]:
    """Numbers for examples, then what lies in ``domain`` itself, made as long as a number there has to be."""
    yield from NUMBERS_KNOWN
    for low, _ in domain.texts:
        if low and isinstance(low[0], str):
            yield low[0]
            for digits in DIGITS:
                yield from (low[0] + digits[:length] for length in range(1, len(digits) + 1))


def _outcomes(name: str, tells_timeouts: bool) -> Iterator[Option]:
    yield Option(Answer(name, Outcome.FOUND, origin="given"), "has a record")
    yield Option(Answer(name, Outcome.MISSING, origin="given"), "has no record")
    if tells_timeouts:
        yield Option(Answer(name, Outcome.FAILED, failure=Failure.TIMEOUT, origin="given"), "is too late")
        yield Option(Answer(name, Outcome.FAILED, failure=Failure.ERROR, origin="given"), "fails otherwise")
    else:
        yield Option(Answer(name, Outcome.FAILED, failure=Failure.ERROR, origin="given"), "fails")


def started(ruleset: Ruleset, dialled: str) -> str:
    """The flow that a contact to this number starts; empty for none."""
    to = dialled_party(dialled, ruleset.region)
    for medium in MEDIA:
        flow = ruleset.flow_for(Contact("", NEVER, dialled=to, medium=medium))
        if flow:
            return flow.name
    return ""


def entries(old: Config, new: Config) -> list[str]:
    """What can be dialled to reach each trigger of either, and something that none of them names."""
    triggers = [flow.trigger for side in (old, new) for flow in side.ruleset.flows.values() if flow.trigger]
    named = [text for trigger in triggers for text in sorted(trigger.to)]
    anything = ["anything-else"] if not named or any(not trigger.to for trigger in triggers) else []
    return list(dict.fromkeys([*named, *anything]))


def _steps(ruleset: Ruleset) -> Iterator[Step]:
    for flow in ruleset.flows.values():
        yield from flow.walk()


def _atoms(steps: Sequence[Step], agents: Iterable[str]) -> Atoms:
    """What all conditions compare; a variable that is a copy of a fact passes its comparisons on to the fact."""
    found, people = Atoms(), of(agents)
    copies: list[tuple[str, str]] = []
    made: list[tuple[str, Atoms]] = []
    for step in steps:
        match step:
            case Branch():
                for case in step.cases:
                    found.add(case.condition.atoms())
            case RingAgent():
                if len(step.name.names) == 1 and step.name.text in step.name.names:
                    found.sets.setdefault(step.name.text, []).append(people)
                else:
                    found.add(step.name.atoms())
            case Set():
                for name, value in step.values.items():
                    if value.text in value.names:
                        copies.append((f"vars.{name}", value.text))
                    else:
                        made.append((f"vars.{name}", value.atoms()))
    for _ in range(len(copies) + len(made) + 1):
        before = sum(map(len, found.sets.values())) + len(found.loose)
        for variable, fact in copies:
            known = found.sets.setdefault(fact, [])
            known += [each for each in found.sets.get(variable, ()) if each not in known]
            if variable in found.loose:
                found.loose.add(fact)
        for variable, atoms in made:
            if variable in found.sets or variable in found.loose:
                found.loose |= atoms.loose | set(atoms.sets)
                found.literals |= atoms.literals
                found.literals |= {
                    point: None for each in found.sets.get(variable, ()) for point in (each.points() or ())
                }
        if before == sum(map(len, found.sets.values())) + len(found.loose):
            break
    return found
