"""How steps read in a picture: a few words each, values as the file has them."""

from __future__ import annotations

from collections.abc import Iterable

from ariroute.flow.conditions import Expression
from ariroute.flow.prompts import PromptPart, PromptTemplate, SayDigits, SayNumber, Text
from ariroute.flow.steps import (
    AnswerCall,
    AskHours,
    Collect,
    Consent,
    Dial,
    Goto,
    HangUp,
    Lookup,
    Menu,
    Note,
    Notify,
    Play,
    RingAgent,
    Set,
    SetLabel,
    Split,
    Step,
    Voicemail,
    Way,
)
from ariroute.flow.wants import Sound, Tone

CAUSES = {16: "normal", 17: "busy", 18: "no answer", 21: "rejected", 34: "congestion"}
"""ITU-T Q.850, those one sees."""

Labelled = list[tuple[str, Way]]


def title(step: Step) -> tuple[str, str]:
    """The step's word in the file, and what it does in a few words; queues and branches are the outline's."""
    match step:
        case Lookup():
            return "lookup", f"look up {', '.join(step.names)}"
        case Set():
            return "set", "set " + values(step.values.items())
        case Split():
            return "split", f"split {step.name}"
        case AskHours():
            return "hours", f"hours {step.calendar}"
        case AnswerCall():
            return "answer", "answer the call"
        case Play():
            return step.what, f"{step.what} {prompt(step.prompt)}"
        case Menu():
            return "menu", f"menu: {prompt(step.question.prompt)}"
        case Collect():
            span = f"{step.least}" if step.least == step.most else f"{step.least} to {step.most}"
            pattern = f" like {step.pattern.text}" if step.pattern else ""
            return "collect", f"collect {span} digits{pattern} into {step.into}: {prompt(step.question.prompt)}"
        case Consent():
            recorded = ", yes records" if step.record else ""
            return "consent", f"ask consent into {step.into}{recorded}: {prompt(step.question.prompt)}"
        case _:
            return _further(step)


def _further(step: Step) -> tuple[str, str]:
    match step:
        case Dial():
            return "dial", f"ring {step.name} for {step.within:g}s"
        case RingAgent():
            return "agent", f"ring agent {step.name.text} for {step.within:g}s"
        case SetLabel():
            return "label", f"label {_label(step)}"
        case Notify():
            return "notify", f"notify {', '.join(step.names)}"
        case Note():
            return "note", f"note {step.text.text}"
        case Voicemail():
            return "voicemail", f"voicemail {step.box}, greeting {step.greeting}"
        case Goto():
            return "goto", f"go to {step.flow}"
        case HangUp():
            meaning = f" ({CAUSES[step.cause]})" if step.cause in CAUSES else ""
            return "hangup", f"hang up, cause {step.cause}{meaning}"
    return "", type(step).__name__


def values(items: Iterable[tuple[str, Expression]]) -> str:
    """``level = "gold", total = crm.orders * 2.0``."""
    return ", ".join(f"{name} = {expression.text}" for name, expression in items)


def prompt(template: PromptTemplate) -> str:
    """``custom/welcome, number crm.balance``."""
    return ", ".join(_part(part) for part in template) or "nothing"


def _part(part: PromptPart) -> str:
    match part:
        case Sound():
            return part.name
        case Tone():
            return f"tone {part.name}"
        case SayNumber():
            return f"number {part.value.text}"
        case SayDigits():
            return f"digits {part.value.text}"
    return f'"{written(part.text)}"'


def written(text: Text) -> str:
    """As in the file: ``Welcome back, {crm.name}``."""
    return "".join(part if isinstance(part, str) else f"{{{part.text}}}" for part in text.parts)


def _label(step: SetLabel) -> str:
    prefix = [("name prefix", step.name_prefix)] if step.name_prefix else []
    return values([*prefix, *step.headers.items(), *step.variables.items()])


def lookup_ways(step: Lookup) -> tuple[Labelled, str]:
    """The ways of lookups that did not find."""
    found: Labelled = []
    for name, ways in step.ways.items():
        given = [("missing", ways.missing), ("failed", ways.error), ("timed out", ways.timeout)]
        found += [(f"{name} {label}", way) for label, way in given if way]
    return found, ""


def hours_ways(step: AskHours) -> tuple[Labelled, str | None]:
    """Open, closed, holiday; a holiday without a way of its own goes with closed."""
    if step.holiday is None:
        given = [("open", step.open), ("closed or holiday", step.closed)]
    else:
        given = [("open", step.open), ("closed", step.closed), ("holiday", step.holiday)]
    return _given(given)


def key_ways(step: Menu) -> tuple[Labelled, str | None]:
    """One way for each key, and what remains."""
    keys = [(f"key {key}", way) for key, way in step.keys.items()]
    rest, goes_on = _given([("no input", step.on_no_input), ("invalid", step.on_invalid)])
    return keys + rest, goes_on


def ring_ways(step: Dial | RingAgent) -> tuple[Labelled, str | None]:
    """How a ring can end that nobody answers."""
    nobody = step.otherwise
    given = [("busy", nobody.busy), ("no answer", nobody.no_answer), ("failed", nobody.failed)]
    return _given([*given, ("unknown", step.unknown)] if isinstance(step, RingAgent) else given)


def _given(ways: list[tuple[str, Way | None]]) -> tuple[Labelled, str | None]:
    """The ways that lead somewhere, and the labels of the others, which go on below."""
    without = [label for label, way in ways if way is None]
    return [(label, way) for label, way in ways if way is not None], " or ".join(without) if without else None
