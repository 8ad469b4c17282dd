"""A run told in sentences: what each lookup said, which ways were taken, and why the others were not.

The sentences are made of the run's own trace. Only the ways that the run never came to are read from the flow itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ariroute.cli.other_ways import other_ways
from ariroute.cli.output import printable
from ariroute.cli.wording import opening, telling, took_text, values_text
from ariroute.flow.steps import (
    Branch,
    Case,
    Dial,
    Goto,
    HangUp,
    RingAgent,
    Step,
    ToQueue,
    Voicemail,
    ways_of,
)
from ariroute.flow.trace import covered_paths

if TYPE_CHECKING:
    from ariroute.flow.contact import Contact
    from ariroute.flow.decision import Decision
    from ariroute.flow.trace import TraceEntry
    from ariroute.flow.tree import Flow


@dataclass(frozen=True, slots=True)
class Walked:
    """A contact that has been walked, now or long ago. ``flow`` is the name of the one that took it.

    ``decision`` is None where it left before there was one; ``trace`` is what was done until then. ``flows`` are those
    of the rules that decided, none when these cannot be had any more; ``draws`` says where the caller stood in splits;
    ``clock`` is how the time of day is told.
    """

    contact: Contact
    flow: str
    decision: Decision | None
    trace: Sequence[TraceEntry]
    flows: Mapping[str, Flow]
    timezone: str
    draws: Mapping[str, float] = field(default_factory=dict)
    clock: str = "%H:%M"


Verdict = Literal["taken", "not taken", "not looked at"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a branch: what became of it, why, and where it leads."""

    path: str
    when: str
    verdict: Verdict
    why: str
    leads_to: tuple[str, ...] = ()

    @property
    def leads(self) -> str:
        """`` (to queue gold)``."""
        return f" (to {' or '.join(self.leads_to)})" if self.leads_to else ""


@dataclass(frozen=True, slots=True)
class Account:
    """The story in the order in which it happened, and each way that the flow has, taken or not."""

    sentences: tuple[str, ...]
    ways: tuple[Way, ...]

    def lines(self, afterwards: Iterable[str] = ()) -> list[str]:
        """The text form: the story with the ways that were tried, what came ``afterwards``, and the other ways."""
        unseen = [f"  when {way.when}{way.leads}: {way.why}" for way in self.ways if way.verdict == "not looked at"]
        return [*self.sentences, *afterwards, *(["Not looked at:", *unseen] if unseen else [])]

    def to_plain(self) -> dict[str, Any]:
        """JSON types, as ``--json`` prints it."""
        return {"sentences": list(self.sentences), "cases": [asdict(way) for way in self.ways]}


def account(walked: Walked) -> Account:
    """Tell ``walked``."""
    trace = walked.trace
    branches = [step for flow in visited(walked) for step in flow.walk() if isinstance(step, Branch)]
    cases = {case.path: case for branch in branches for case in branch.cases}
    tried = {entry.path: way(entry, cases.get(entry.path)) for entry in trace if entry.what == "case"}
    over = passed_over(trace)
    others = {
        number: [Way(way.path, label, "not taken", _outcome(trace[number]), leads_to(way.steps)) for label, way in ways]
        for number, ways in other_ways(visited(walked), trace, walked.draws).items()
    }
    unseen = [each for branch in branches for each in unseen_ways(branch, tried, over)]
    middle = [
        told + _not_taken(others.get(number, ()))
        for number, entry in enumerate(trace)
        if (told := sentence(entry, tried))
    ]
    return Account(
        (beginning(walked), *middle, *([ending(walked.contact, walked.decision)] if walked.decision else [])),
        (*tried.values(), *(way for ways in others.values() for way in ways), *unseen),
    )


def _outcome(entry: TraceEntry) -> str:
    """``menu: 2``, ``hours office: closed``."""
    return f"{entry.what}{f' {entry.text}' if entry.what != 'menu' else ''}: {entry.result.replace('_', ' ')}"


def _not_taken(ways: Iterable[Way]) -> str:
    """`` Not taken: key 2 (to queue gold), no input.``; empty without ways."""
    listed = ", ".join(f"{way.when}{way.leads}" for way in ways)
    return f" Not taken: {listed}." if listed else ""


def visited(walked: Walked) -> list[Flow]:
    """The flows that the run walked, in their order."""
    gone_to = [entry.result for entry in walked.trace if entry.what == "goto"]
    return [walked.flows[name] for name in dict.fromkeys([walked.flow, *gone_to]) if name in walked.flows]


def way(entry: TraceEntry, case: Case | None) -> Way:
    """A way that the run tried."""
    word = {"true": "it is true", "false": "it is false"}.get(entry.result, "it cannot be told")
    parts = (values_text(telling(entry), "is"), printable(entry.reason))
    because = ", ".join(part for part in parts if part)
    return Way(
        entry.path,
        printable(entry.text),
        "taken" if entry.result == "true" else "not taken",
        f"{word}, as {because}" if because else word,
        leads_to(case.steps) if case else (),
    )


def passed_over(trace: Iterable[TraceEntry]) -> set[str]:
    """The paths of the cases of long branches that one entry of the trace tells of together."""
    return {path for entry in trace if entry.what == "cases" for path in covered_paths(entry)}


def unseen_ways(branch: Branch, tried: Collection[str], over: Collection[str]) -> list[Way]:
    """The ways of ``branch`` that the run never came to; ``tried`` and ``over`` are the paths of those that it did."""
    reached = any(case.path in tried or case.path in over for case in branch.cases)
    why = "an earlier case of this branch was taken" if reached else "the call did not come to this branch"
    return [
        Way(case.path, printable(case.condition.text), "not looked at", why, leads_to(case.steps))
        for case in branch.cases
        if case.path not in tried and case.path not in over
    ]


def leads_to(steps: Iterable[Step]) -> tuple[str, ...]:
    """The ends that lie directly on this way, behind its further branches too."""
    return tuple(dict.fromkeys(_ends(steps)))


def _ends(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        match step:
            case ToQueue():
                yield f"queue {step.queue}"
            case Goto():
                yield f"flow {step.flow}"
            case HangUp():
                yield "a hang-up"
            case Voicemail():
                yield f"voicemail {step.box}"
            case Dial():
                yield f"endpoint {step.name}"
            case RingAgent():
                yield "an agent"
        for way in ways_of(step):
            yield from _ends(way)


def sentence(entry: TraceEntry, ways: Mapping[str, Way]) -> str:
    """What the run did at ``entry``; empty for the entries that the first and the last sentence tell."""
    match entry.what:
        case "lookup":
            return lookup_sentence(entry)
        case "case":
            tried = ways[entry.path]
            return f"The case when {tried.when}{tried.leads} was {tried.verdict}: {tried.why}."
        case "cases":
            told = values_text(entry.values, "is") if entry.values else printable(entry.reason)
            return f"{printable(entry.text).capitalize()} were not taken: none of them is true, as {told}."
        case "otherwise":
            then = "its 'else' was taken" if entry.result == "taken" else "it went on to the next step"
            return f"As no case of this branch was true, {then}."
        case "set":
            return f"It set {values_text(entry.values, 'to')}{_in_brackets(entry.reason)}."
        case "goto":
            return f"It went on in flow {printable(entry.result)}."
        case _:
            return talk_sentence(entry) or step_sentence(entry)


def talk_sentence(entry: TraceEntry) -> str:
    """What the caller heard and keyed in; empty when ``entry`` is about something else."""
    said, why = printable(entry.text), _in_brackets(entry.reason)
    digits = next((value for name, value in entry.values if name == "digits"), "")
    heard = f"The caller keyed in {digits}" if digits else "The caller keyed in nothing"
    match entry.what:
        case "answer":
            return "It answered the call." if entry.result == "answered" else f"It could not answer the call{why}."
        case "play" | "say" if entry.result == "played":
            return f"The caller heard {said}{why}."
        case "play" | "say":
            return f"The caller was to hear {said or 'a prompt'}, which was {entry.result}{why}."
        case "menu" | "collect" | "consent":
            asked = f"{entry.what.capitalize()}: the caller was asked with {said or 'silence'}{why}."
            result = entry.result.replace("_", " ")
            return f"{asked} {heard}." if result == digits or not digits else f"{asked} {heard}: {result}."
        case _:
            return ""


def step_sentence(entry: TraceEntry) -> str:
    """What the other steps did; empty for the entries that the first and the last sentence tell."""
    name, result, why = printable(entry.text), printable(entry.result), _in_brackets(entry.reason)
    match entry.what:
        case "split":
            return f"Split {name} put the caller among {result} ({values_text(entry.values, 'is')})."
        case "hours":
            return f"Hours {name} are {result}{why}." if result != "holiday" else f"Hours {name} have a holiday{why}."
        case "label":
            return f"It labelled the call: {values_text(entry.values, 'is') or 'nothing'}{why}."
        case "notify":
            return f"It planned the notice {name}."
        case "note":
            return f"Note: {name}." if result == "noted" else f"The note {name} could not be told{why}."
        case "dial" | "agent" if result == "unknown":
            return f"The agent {name} is not known{why}."
        case "dial" | "agent":
            return f"It rang {name or result}: {result.replace('_', ' ')}{why}."
        case _:
            return ""


def beginning(walked: Walked) -> str:
    """Who called what and when, and the flow that took it."""
    flow = f"flow {walked.flow}" if walked.flow else "no flow"
    return f"{opening(walked.contact, walked.timezone, walked.clock)}; {flow} took it."


def lookup_sentence(entry: TraceEntry) -> str:
    """What a lookup said."""
    name = printable(entry.text) or entry.path
    took = f" after {took_text(entry)}" if entry.took else ""
    match entry.result:
        case "found":
            return f"Lookup {name} found a record{took}: {values_text(entry.values, 'is') or 'without any field'}."
        case "missing":
            return f"Lookup {name} has no record{_in_brackets(entry.reason)}{took}."
        case "unfinished":
            return f"Lookup {name} had not answered by then."
        case _:
            return f"Lookup {name} failed{took}: {printable(entry.reason) or 'no reason given'}."


def _in_brackets(text: str) -> str:
    return f" ({printable(text)})" if text else ""


def ending(contact: Contact, decision: Decision) -> str:
    """Where the contact went."""
    thing = "call" if contact.medium == "call" else "message"
    to = f"So the default takes the {thing}" if decision.by_default else f"So the {thing} goes"
    return f"{to} to {decision.destination}, by {printable(decision.reason)}."
