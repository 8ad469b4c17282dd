"""What the user says the lookups answer: ``--set``, ``--missing`` and ``--fail`` become answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from ariroute.errors import UnknownName, UnusableInput
from ariroute.flow.digits import KEYS
from ariroute.flow.facts import Answer, Failure, FieldType, Outcome, Scalar
from ariroute.flow.wants import RingOutcome

Fields = Mapping[str, Mapping[str, FieldType]]
"""The declared fields of each lookup."""

TRUTH = {"true": True, "yes": True, "false": False, "no": False}
LISTED = 10
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)


def given_answers(
    fields: Fields, found: Iterable[str] = (), missing: Iterable[str] = (), failed: Iterable[str] = ()
) -> dict[str, Answer]:
    """The answers by lookup. ``found`` holds ``crm.loyalty=gold``, ``missing`` names, ``failed`` ``crm=timeout``.

    Raises UnusableInput for a name that the configuration does not have, a value of another type than the field's,
    and a lookup that is given twice.
    """
    groups = (_found(fields, found), _missing(fields, missing), _failed(fields, failed))
    answers: dict[str, Answer] = {}
    for answer in (answer for group in groups for answer in group):
        if answer.lookup in answers:
            raise UnusableInput(
                f"lookup {answer.lookup} is given twice, as {answers[answer.lookup].outcome} and as {answer.outcome}: "
                "keep one"
            )
        answers[answer.lookup] = answer
    return answers


def known(kind: str, name: str, names: Collection[str]) -> str:
    """``name`` if it is one of ``names``; else raises UnknownName with the closest one."""
    if name in names:
        return name
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"there is {listed(names)}"
    raise UnknownName(f"there is no {kind} '{name}'; {hint}")


def listed(names: Collection[str]) -> str:
    """``crm, vip_list``, or ``none``; of many the first ones and how many more there are."""
    shown = ", ".join(list(names)[:LISTED])
    return f"{shown} and {len(names) - LISTED} more" if len(names) > LISTED else shown or "none"


def _found(fields: Fields, texts: Iterable[str]) -> list[Answer]:
    records: dict[str, dict[str, Scalar]] = {}
    for text in texts:
        place, equals, value = text.partition("=")
        lookup, dot, field = place.partition(".")
        if not equals or not dot:
            raise UnusableInput(f"--set {text}: write LOOKUP.FIELD=VALUE, such as crm.loyalty=gold")
        declared = fields[known("lookup", lookup, fields)]
        kind = declared[known(f"field in lookup {lookup}", field, declared)]
        records.setdefault(lookup, {})[field] = scalar(text, value, kind)
    return [Answer(name, Outcome.FOUND, record, origin="given") for name, record in records.items()]


def scalar(text: str, value: str, kind: FieldType) -> Scalar:
    """``value`` as its field's type; nothing means an empty field. Raises UnusableInput, which names ``text``."""
    if not value:
        return None
    match kind:
        case "string":
            return value
        case "bool":
            if value.lower() in TRUTH:
                return TRUTH[value.lower()]
            raise UnusableInput(f"--set {text}: the field is a bool: write true or false")
        case "number":
            if NUMBER.fullmatch(value):
                return float(value)
            raise UnusableInput(f"--set {text}: the field is a number: write digits, such as 12 or 0.5")


def _missing(fields: Fields, names: Iterable[str]) -> list[Answer]:
    return [Answer(known("lookup", name, fields), Outcome.MISSING, origin="given") for name in names]


def _failed(fields: Fields, texts: Iterable[str]) -> list[Answer]:
    reasons = [str(failure) for failure in Failure]
    answers = []
    for text in texts:
        name, equals, reason = text.partition("=")
        if not equals:
            raise UnusableInput(f"--fail {text}: write LOOKUP=REASON; the reasons are {listed(reasons)}")
        failure = Failure(known("reason to fail", reason, reasons))
        answers.append(Answer(known("lookup", name, fields), Outcome.FAILED, failure=failure, origin="given"))
    return answers


def given_presses(texts: Iterable[str]) -> list[str]:
    """What the caller keys in. Raises UnusableInput for what no telephone has a key for."""
    presses = list(texts)
    for text in presses:
        if not KEYS.issuperset(text):
            raise UnusableInput(f"--press {text}: a telephone has the keys 0 to 9, * and #")
    return presses


def given_rings(texts: Iterable[str]) -> list[RingOutcome | None]:
    """How the rings end, None for answered. Raises UnusableInput for another word."""
    words = [*map(str, RingOutcome), ANSWERED]
    given = [known("end of a ring", text, words) for text in texts]
    return [None if word == ANSWERED else RingOutcome(word) for word in given]


ANSWERED = "answered"
