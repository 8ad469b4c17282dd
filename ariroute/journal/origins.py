"""Where the words of a trace come from: which of them are made of facts that are not to be kept.

Worked out once for a configuration, from its steps alone. It does not look at which way was taken: that is the
decision, and always kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ariroute.flow.conditions import Expression
from ariroute.flow.prompts import PromptTemplate, SayDigits, SayNumber
from ariroute.flow.steps import (
    Branch,
    Collect,
    Consent,
    Menu,
    Note,
    Play,
    RingAgent,
    Set,
    SetLabel,
    Split,
    Step,
)
from ariroute.flow.talk import rule_of
from ariroute.flow.tree import Ruleset
from ariroute.flow.wants import Sound, Tone

HIDDEN = "***"
"""Stands for what is not kept."""

TEXT, DIGITS, PREFIX = "text", "digits", "name_prefix"
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Origins:
    """What of one ruleset's traces is not to be kept, by the paths of its steps.

    ``secret`` names the facts that are meant, ``facts`` has the variables that are made of them as well. ``parts`` has
    for a path what of its entry is made of them: ``text``, ``digits``, a label's or a variable's name; ``said`` a
    prompt as it may be told. ``labels`` are the parts of a label that any step makes of them. ``unrecorded``: a consent
    to a recording is among them; ``unnamed``: an agent who is rung.
    """

    secret: frozenset[str] = NOTHING
    facts: frozenset[str] = NOTHING
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    labels: frozenset[str] = NOTHING
    splits: Mapping[str, Split] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    """For each question what its digits have to be."""
    unrecorded: bool = False
    unnamed: bool = False

    def hides(self, path: str, part: str) -> bool:
        return part in self.parts.get(path, NOTHING)


def origins(ruleset: Ruleset, secret: Collection[str]) -> Origins:
    """What of the traces of ``ruleset`` is made of ``secret``: facts such as ``crm.pin`` and ``caller.e164``."""
    steps = [step for flow in ruleset.flows.values() for step in flow.walk()]
    facts = _with_variables(steps, secret)
    parts: dict[str, frozenset[str]] = {}
    said: dict[str, str] = {}
    for step in steps:
        for path, found in _parts(step, facts):
            parts[path] = parts.get(path, NOTHING) | found
        for template in _prompts(step):
            if _is_made_of(_values(template), facts):
                said[step.path] = _described(template)
    return Origins(
        frozenset(secret),
        facts,
        {path: found for path, found in parts.items() if found},
        said,
        frozenset(name for step in steps if isinstance(step, SetLabel) for name in _label(step, facts)),
        {step.path: step for step in steps if isinstance(step, Split)},
        {step.path: rule_of(step) for step in steps if isinstance(step, Menu | Collect | Consent)},
        any(isinstance(step, Consent) and step.record and f"vars.{step.into}" in facts for step in steps),
        any(isinstance(step, RingAgent) and step.name.names & facts for step in steps),
    )


def read_by(ruleset: Ruleset) -> frozenset[str]:
    """The facts that its steps read."""
    steps = (step for flow in ruleset.flows.values() for step in flow.walk())
    return frozenset(name for step in steps for expression in expressions(step) for name in expression.names)


def _with_variables(steps: Sequence[Step], secret: Collection[str]) -> frozenset[str]:
    """``secret``, and the variables that are set from any of them, however many steps lie between."""
    found = frozenset(secret)
    while True:
        made = {
            f"vars.{name}"
            for step in steps
            if isinstance(step, Set)
            for name, value in step.values.items()
            if value.names & found
        }
        if made <= found:
            return found
        found |= made


def _parts(step: Step, facts: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    match step:
        case Branch():
            for case in step.cases:
                yield case.path, frozenset({TEXT}) if case.condition.names & facts else NOTHING
        case Set():
            yield step.path, frozenset(name for name in step.values if f"vars.{name}" in facts)
        case SetLabel():
            yield step.path, frozenset(_label(step, facts))
        case Note() | RingAgent():
            yield step.path, frozenset({TEXT}) if _is_made_of(expressions(step), facts) else NOTHING
        case Collect() | Consent() if f"vars.{step.into}" in facts:
            yield step.path, frozenset({DIGITS})
        case _:
            return


def _label(step: SetLabel, facts: frozenset[str]) -> Iterator[str]:
    if step.name_prefix is not None and step.name_prefix.names & facts:
        yield PREFIX
    for name, value in (*step.headers.items(), *step.variables.items()):
        if value.names & facts:
            yield name


def _is_made_of(expressions: Iterator[Expression], facts: frozenset[str]) -> bool:
    return any(expression.names & facts for expression in expressions)


def expressions(step: Step) -> Iterator[Expression]:
    """Every expression of the step itself, not of the steps on its ways."""
    match step:
        case Branch():
            yield from (case.condition for case in step.cases)
        case Set():
            yield from step.values.values()
        case SetLabel():
            yield from (step.name_prefix,) if step.name_prefix else ()
            yield from (*step.headers.values(), *step.variables.values())
        case Note():
            yield step.text
        case RingAgent():
            yield step.name
        case _:
            for template in _prompts(step):
                yield from _values(template)


def _prompts(step: Step) -> Iterator[PromptTemplate]:
    match step:
        case Play():
            yield step.prompt
        case Menu() | Collect() | Consent():
            yield step.question.invalid
            yield step.question.prompt


def _values(template: PromptTemplate) -> Iterator[Expression]:
    for part in template:
        if isinstance(part, SayNumber | SayDigits):
            yield part.value
        elif not isinstance(part, Sound | Tone):
            yield from (piece for piece in part.text.parts if not isinstance(piece, str))


def _described(template: PromptTemplate) -> str:
    """The template in words, its fixed parts alone."""
    return ", ".join(part.name if isinstance(part, Sound | Tone) else HIDDEN for part in template)
