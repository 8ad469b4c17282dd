"""Prompts and texts as the flow file has them, and as they are for one contact: every value filled in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ariroute.flow.conditions import Expression
from ariroute.flow.contact import clean
from ariroute.flow.facts import Scalar
from ariroute.flow.numbers import dialable
from ariroute.flow.scope import Scope, Unknown, as_text
from ariroute.flow.wants import Digits, Number, Prompt, PromptItem, Sound, Speech, Tone


@dataclass(frozen=True, slots=True)
class Text:
    """A text with facts in it: ``Welcome back, {crm.name}`` is a fixed text and an expression."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class SayNumber:
    """A number said as a number; nothing when there is none."""

    value: Expression


@dataclass(frozen=True, slots=True)
class SayDigits:
    """Digits said one by one; nothing when there are none."""

    value: Expression


@dataclass(frozen=True, slots=True)
class SayText:
    """A text for text-to-speech."""

    text: Text


PromptPart = Sound | Tone | SayNumber | SayDigits | SayText
PromptTemplate = tuple[PromptPart, ...]

SPEECH_LIMIT = 500
"""Characters of a text that are spoken: half a minute, and more than anybody listens to."""

NUMBER_LIMIT = 999_999_999
"""Above that Asterisk says nothing (``ast_say_number_full_en()`` in say.c, 22.10.1)."""

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Said:
    """A prompt for one contact. ``left_out`` says what is not in it and why, empty when all is."""

    prompt: Prompt
    left_out: str = ""


def filled(template: PromptTemplate, scope: Scope) -> Said:
    """``template`` with the values that are known now; a number that is not known is left out, never said as zero."""
    items: list[PromptItem] = []
    doubts: list[str] = []
    missed = len(scope.missed)
    for part in template:
        item = part if isinstance(part, Sound | Tone) else _item(part, scope, doubts)
        if item is not None:
            items.append(item)
    scope.forgive(missed)
    return Said(tuple(items), "; ".join(doubts))


def _item(part: SayNumber | SayDigits | SayText, scope: Scope, doubts: list[str]) -> PromptItem | None:
    if isinstance(part, SayText):
        text = filled_text(part.text, scope, SPEECH_LIMIT, doubts).strip()
        return Speech(text) if text else None
    value = part.value.evaluate(scope)
    item = None if isinstance(value, Unknown) else number_of(value) if isinstance(part, SayNumber) else digits_of(value)
    if item is None:
        word = "number" if isinstance(part, SayNumber) else "digits"
        doubts.append(f"{word} {part.value.text} left out: {_why(value)}")
    return item


def _why(value: Scalar | Unknown) -> str:
    if isinstance(value, Unknown):
        return value.reason
    return "it is empty" if value in (None, "") else "it cannot be said so"


def number_of(value: Scalar) -> Number | None:
    """``value`` to the nearest whole number; None when it is none that can be said."""
    if isinstance(value, str):
        return Number(int(value)) if WHOLE_NUMBER.fullmatch(value) else None
    if value is None or isinstance(value, bool) or not math.isfinite(value) or abs(value) > NUMBER_LIMIT:
        return None
    return Number(math.floor(value + 0.5))


def digits_of(value: Scalar) -> Digits | None:
    """``value`` as digits, ``*`` and ``#``; a leading ``+`` and separators go; None when something else is in it."""
    if isinstance(value, bool) or (isinstance(value, int | float) and (value < 0 or value != value // 1)):
        return None
    text = dialable(as_text(value)).removeprefix("+")
    return Digits(text) if text else None


def filled_text(text: Text, scope: Scope, limit: int, doubts: list[str]) -> str:
    """``text`` with its facts, without control characters; a fact that is not known or empty is left out."""
    parts = []
    for part in text.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        value = part.evaluate(scope)
        if isinstance(value, Unknown) or value in (None, ""):
            doubts.append(f"{part.text} left out: {_why(value)}")
        else:
            parts.append(as_text(value))
    return clean("".join(parts), limit)


def described(prompt: Prompt) -> str:
    """A prompt in words, for traces: ``custom/welcome, number 3, "Welcome back"``."""
    return ", ".join(_described(item) for item in prompt)


def _described(item: PromptItem) -> str:
    match item:
        case Sound(name):
            return name
        case Tone(name):
            return f"tone {name}"
        case Number(value):
            return f"number {value}"
        case Digits(text):
            return f"digits {text}"
        case Speech(text):
            return f'"{text}"'
