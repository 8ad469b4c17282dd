"""A word with the caller: what menu, collect and consent ask for, and what the digits that come mean."""

from __future__ import annotations

from dataclasses import dataclass

from ariroute.flow.facts import Scalar
from ariroute.flow.prompts import Said, filled
from ariroute.flow.scope import Scope, Unknown
from ariroute.flow.steps import Collect, Consent, Menu, Way
from ariroute.flow.wants import Gather, Gathered

Asking = Menu | Collect | Consent

NO_INPUT, INVALID = "no_input", "invalid"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a reply means. ``word`` is short and for the trace; without ``good`` the caller may try again."""

    word: str
    good: bool
    way: Way | None = None
    value: Scalar | Unknown = None


def question(step: Asking, scope: Scope, *, after_invalid: bool) -> tuple[Gather, Said]:
    """What to play and gather; after digits that did not fit, a word on that comes first."""
    asked = step.question
    said = filled((*asked.invalid, *asked.prompt) if after_invalid else asked.prompt, scope)
    most, terminator, between = 1, "", 0.0
    if isinstance(step, Collect):
        most, terminator, between = step.most, step.terminator, step.between
    return Gather(
        said.prompt,
        asked.at_most,
        most,
        asked.timeout,
        between,
        terminator,
        language=asked.language,
        anew=after_invalid,
    ), said


def rule_of(step: Asking) -> str:
    """What digits have to be to be good for ``step``."""
    match step:
        case Menu():
            return "keys " + "".join(sorted(step.keys))
        case Collect():
            return f"{step.least} to {step.most}" + (f", {step.pattern.text}" if step.pattern else "")
        case Consent():
            return f"keys {step.yes}{step.no}"


def heard(step: Asking, reply: Gathered) -> Heard:
    """What ``reply`` means to ``step``: where it leads when it is good, or when this was the last try."""
    if reply.word:
        return _heard_then(step, reply.word)
    match step:
        case Menu():
            return _heard_by_menu(step, reply.digits)
        case Collect():
            return _heard_by_collect(step, reply.digits)
        case Consent():
            return _heard_by_consent(step, reply.digits)


def _heard_then(step: Asking, word: str) -> Heard:
    """What digits meant that were not kept."""
    if isinstance(step, Menu):
        return _heard_by_menu(step, word if word in step.keys else "" if word == NO_INPUT else INVALID)
    if word not in (NO_INPUT, INVALID):
        return Heard(word, True, None, Unknown("what was keyed in was not recorded"))
    way = None
    if isinstance(step, Collect):
        way = step.on_no_input if word == NO_INPUT else step.on_invalid
    return Heard(word, False, way)


def _heard_by_menu(step: Menu, digits: str) -> Heard:
    if not digits:
        return Heard(NO_INPUT, False, step.on_no_input)
    if way := step.keys.get(digits):
        return Heard(digits, True, way)
    return Heard(INVALID, False, step.on_invalid)


def _heard_by_collect(step: Collect, digits: str) -> Heard:
    if not digits:
        return Heard(NO_INPUT, False, step.on_no_input)
    fits = step.pattern.fits if step.pattern else str.isdecimal  # * and # are keys and no digits
    if step.least <= len(digits) <= step.most and fits(digits):
        return Heard("collected", True, None, digits)
    return Heard(INVALID, False, step.on_invalid)


def _heard_by_consent(step: Consent, digits: str) -> Heard:
    if digits in (step.yes, step.no):
        agreed = digits == step.yes
        return Heard("yes" if agreed else "no", True, None, agreed)
    return Heard(INVALID if digits else NO_INPUT, False)
