"""The answers of lookups as a run takes them: held to what an answer is, and told in its trace."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from ariroute.flow.contact import is_text
from ariroute.flow.facts import EMPTY, Answer, Failure, Outcome
from ariroute.flow.steps import Lookup, LookupWays, Way
from ariroute.flow.trace import TraceEntry


def no_answer(name: str) -> Answer:
    """The answer of a lookup that the driver left out."""
    return Answer(name, Outcome.FAILED, failure=Failure.ERROR, detail="no answer came")


def not_askable(name: str, needed: str) -> Answer:
    """The answer of a lookup whose question is made of what another one failed to tell."""
    detail = f"not asked, as it needs what {needed} says"
    return Answer(name, Outcome.FAILED, failure=Failure.ERROR, detail=detail, origin="")


def checked(answer: Answer) -> Answer:
    """``answer`` with fields only where it found some, and failed when one of them is no plain value."""
    if answer.outcome is not Outcome.FOUND:
        return replace(answer, fields=EMPTY) if answer.fields else answer
    odd = next((name for name, value in answer.fields.items() if not _plain(value)), None)
    if odd is None:
        return answer
    return replace(
        answer,
        outcome=Outcome.FAILED,
        fields=EMPTY,
        failure=Failure.WRONG_TYPE,
        detail=f"{odd} is not text, a finite number, true or false",
    )


def _plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return is_text(value)
    return value is None or isinstance(value, (bool, int))


def way_after(step: Lookup, answers: Mapping[str, Answer]) -> tuple[Way, str] | None:
    """The first way, in the file's order, that an answer of ``step`` leads to, and why; None goes on behind it."""
    for name, ways in step.ways.items():
        if name in answers and (way := _way(ways, answers[name])):
            return way, f"{name} {answers[name].failure or answers[name].outcome}"
    return None


def _way(ways: LookupWays, answer: Answer) -> Way | None:
    match answer.outcome:
        case Outcome.MISSING:
            return ways.missing
        case Outcome.FAILED:
            return (ways.timeout if answer.failure is Failure.TIMEOUT else None) or ways.error
        case Outcome.FOUND:
            return None


def trace_entry(path: str, answer: Answer) -> TraceEntry:
    """What ``answer`` said."""
    reason = (
        f"{answer.failure}: {answer.detail}" if answer.failure and answer.detail else answer.failure or answer.detail
    )
    return TraceEntry(
        path,
        "lookup",
        str(answer.outcome),
        answer.lookup,
        tuple(answer.fields.items()),
        str(reason),
        answer.took,
        answer.origin,
        answer.began,
    )
