"""The steps that talk with the caller, from the file into the engine."""

from __future__ import annotations

from typing import Any, cast

from ariroute.config.build_steps import NOTHING, StepBuilder
from ariroute.config.places import Path
from ariroute.config.shapes import Calculated
from ariroute.config.talk_steps import CollectStep, ConsentStep, MenuStep, PlayStep, PromptItem, Spoken
from ariroute.flow import steps as tree
from ariroute.flow.digits import Pattern
from ariroute.flow.prompts import (
    PromptPart,
    PromptTemplate,
    SayDigits,
    SayNumber,
    SayText,
    digits_of,
    number_of,
)
from ariroute.flow.wants import Sound, Tone

SPEECH_AT_MOST = 60.0
"""Seconds of a ``say:`` step, as the default of ``play:``."""


def talk(builder: StepBuilder, key: str, value: Any, shown: str, path: Path) -> tree.Step:
    """The step ``key`` with the settings ``value`` at ``path``."""
    match value:
        case PlayStep():
            prompt = _prompt(builder, value.prompt, builder.inner(path, "prompt"))
            return tree.Play(shown, prompt, value.at_most, value.language or "")
        case MenuStep():
            return _menu(builder, value, shown, path)
        case CollectStep():
            return _collect(builder, value, shown, path)
        case ConsentStep():
            question = _question(builder, value, value.timeout, value.tries, None, path)
            return tree.Consent(shown, question, value.yes, value.no, value.into, value.record)
        case str():
            return tree.Play(shown, (_spoken(builder, value, path),), SPEECH_AT_MOST, what="say")
        case _:
            return tree.AnswerCall(shown) if key == "answer" else NOTHING


def _menu(builder: StepBuilder, step: MenuStep, shown: str, path: Path) -> tree.Menu:
    keys = {key: builder.way(way, (*path, "keys", key)) for key, way in step.keys.items()}
    return tree.Menu(
        shown,
        _question(builder, step, step.timeout, step.tries, step.invalid, path),
        {key: way for key, way in keys.items() if way},
        builder.way(step.on_no_input, (*path, "on_no_input")),
        builder.way(step.on_invalid, (*path, "on_invalid")),
    )


def _collect(builder: StepBuilder, step: CollectStep, shown: str, path: Path) -> tree.Collect:
    least, most = step.bounds
    return tree.Collect(
        shown,
        _question(builder, step, step.timeout, step.tries, step.invalid, path),
        step.into,
        least,
        most,
        step.terminator,
        step.between,
        Pattern(step.pattern) if step.pattern else None,
        builder.way(step.on_no_input, (*path, "on_no_input")),
        builder.way(step.on_invalid, (*path, "on_invalid")),
    )


def _question(
    builder: StepBuilder, step: Spoken, timeout: float, tries: int, invalid: list[PromptItem] | None, path: Path
) -> tree.Question:
    return tree.Question(
        _prompt(builder, step.prompt, (*path, "prompt")),
        step.at_most,
        timeout,
        tries,
        _prompt(builder, invalid or [], (*path, "invalid")),
        step.language or "",
    )


def _prompt(builder: StepBuilder, items: list[PromptItem], path: Path) -> PromptTemplate:
    parts = []
    for index, item in enumerate(items):
        place = (*path, index) if (*path, index) in builder.findings.places.values else path
        parts.append(_part(builder, item, place))
    return tuple(part for part in parts if part is not None)


def _part(builder: StepBuilder, item: PromptItem, path: Path) -> PromptPart | None:
    if item.sound is not None:
        return Sound(item.sound)
    if item.tone is not None:
        return Tone(item.tone)
    if item.say is not None:
        return _spoken(builder, item.say, (*path, "say"))
    key = "number" if item.number is not None else "digits"
    value = cast("str | int | float | bool | Calculated", getattr(item, key))
    made = builder.expressions.value(value, (*path, key))
    if made is None:
        return None
    can_be_said = number_of if key == "number" else digits_of
    if made.type == "bool" or (not isinstance(value, Calculated) and can_be_said(value) is None):
        what = "a number below a thousand million" if key == "number" else "digits, * and #"
        builder.findings.wrong_value((*path, key), f"can never be said: write {what}, or {{cel: ...}} that gives them")
    return SayNumber(made) if key == "number" else SayDigits(made)


def _spoken(builder: StepBuilder, text: str, path: Path) -> SayText:
    damaged = any(problem.path.startswith("speech") for problem in builder.findings.problems)
    if builder.settings.speech is None and not damaged:
        builder.findings.wrong(
            path, "nothing here turns text into speech: add a section such as speech: {command: [flite, -o, '{file}']}"
        )
    return SayText(builder.expressions.text(text, path))
