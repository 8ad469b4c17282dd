"""Dividing callers by chance that stays: the caller's number is the dice, so that nobody changes sides."""

from __future__ import annotations

from hashlib import sha256

from ariroute.flow.contact import Contact
from ariroute.flow.steps import Arm, Split


def drawn(split: Split, contact: Contact) -> float:
    """From 0 (included) to 100 (not included): where ``contact`` stands in ``split``, the same each time.

    A caller is known by number; one who withholds it by the call's id, and so stands elsewhere in each call.
    """
    who = contact.caller.e164 or contact.caller.number or contact.id
    digest = sha256(f"{split.name}\0{who}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 * 100


def arm_at(split: Split, place: float) -> Arm | None:
    """The arm that covers ``place``; None where the arms leave it to the step behind."""
    end = 0.0
    for arm in split.arms:
        end += arm.percent
        if place < end - 1e-9:
            return arm
    return split.arms[-1] if split.arms and end >= 100 - 1e-9 else None


Between = tuple[float, float]
"""From (included) to (not included)."""


def bounds(split: Split, arm: Arm | None) -> Between:
    """Between what a caller stands who takes ``arm``, or none of them."""
    begin = 0.0
    for each in split.arms:
        if each is arm:
            return begin, min(begin + each.percent, 100.0)
        begin += each.percent
    return begin, 100.0


def is_within(inner: Between, outer: Between) -> bool:
    """Whether whoever stands in ``inner`` stands in ``outer``; rounding of percents aside."""
    return inner[0] >= outer[0] - 1e-9 and inner[1] <= outer[1] + 1e-9
