"""The word that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def meant(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The one of ``known`` that is most like ``word``, capitals aside; empty when none is near.

    ``likeness`` is from 0 to 1, for the same.
    """
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower()[:80], by_lower, n=1, cutoff=likeness)
    return by_lower[near[0]] if near else ""


def suggestion(word: str, known: Iterable[str]) -> str:
    """``, did you mean 'queue'?``, or an empty text when nothing is near."""
    found = meant(word, known)
    return f", did you mean '{found}'?" if found else ""
