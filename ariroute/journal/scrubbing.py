"""A net under :mod:`ariroute.journal.origins`: the caller's number and what is omitted, found in any text and hidden.

Words of others (a database's complaint, a program's standard error, an argument of the dialplan) may repeat them in
any way of writing a number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from ariroute.flow.contact import Contact
from ariroute.flow.scope import as_text
from ariroute.journal.origins import HIDDEN

BETWEEN = r"(?:%(?:2[0-9a-f]|5f|c2%a0)|[^0-9a-z%]){0,3}"
"""What may stand between a number's digits: what is neither a letter nor a digit, also as a URL writes it."""
LIKE_A_NUMBER = re.compile(rf"\+?[0-9](?:{BETWEEN}[0-9])*", re.ASCII | re.IGNORECASE)
NO_DIGIT = re.compile(r"%[0-9a-f]{2}|[^0-9]", re.ASCII | re.IGNORECASE)
DIGITS_ALONE = re.compile(r"[0-9]+", re.ASCII)
TELLING = 8
"""So many last digits are enough to know a number by, however its beginning is written."""
SHORT = 6
"""A number of fewer digits is an extension: hidden where it stands alone."""
LEAST = 3
"""Characters of a word that is looked for: shorter ones stand everywhere."""


@dataclass(frozen=True, slots=True)
class Scrubbing:
    """Hides ``numbers`` (digits alone) and ``words`` in texts."""

    numbers: frozenset[str] = frozenset()
    words: re.Pattern[str] | None = field(default=None)

    @classmethod
    def of(cls, numbers: Iterable[str], words: Iterable[str]) -> Scrubbing:
        digits = frozenset(filter(None, (NO_DIGIT.sub("", number).lstrip("0") for number in numbers)))
        telling = sorted({way for word in words if len(word) >= LEAST for way in _ways(word)}, key=len, reverse=True)
        return cls(digits, re.compile("|".join(map(re.escape, telling)), re.IGNORECASE) if telling else None)

    def __bool__(self) -> bool:
        return bool(self.numbers) or self.words is not None

    def text(self, text: str) -> str:
        """``text`` with what is to be hidden starred."""
        if text and self.words:
            text = self.words.sub(HIDDEN, text)
        return self.number(text)

    def number(self, text: str) -> str:
        """``text`` with the numbers alone starred."""
        if not text or not self.numbers:
            return text
        return LIKE_A_NUMBER.sub(lambda match: HIDDEN if self._is_one(match[0]) else match[0], text)

    def holds_number(self, value: object) -> bool:
        """Whether ``value``, of any plain type, holds one of the numbers."""
        if isinstance(value, str):
            return self.number(value) != value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        digits = as_text(value)
        return any(len(own) >= SHORT and own[-TELLING:] in digits for own in self.numbers)

    def _is_one(self, found: str) -> bool:
        digits = NO_DIGIT.sub("", found)
        for own in self.numbers:
            if len(own) < SHORT:
                if own in (digits.lstrip("0"), *(run.lstrip("0") for run in DIGITS_ALONE.findall(found))):
                    return True
            elif own[-TELLING:] in digits:
                return True
        return False


def _ways(word: str) -> tuple[str, ...]:
    """``word`` as it is, as URLs and as JSON write it: so it is repeated by those who were asked with it."""
    return word, quote(word, safe="", errors="replace"), quote_plus(word, errors="replace"), json.dumps(word)[1:-1]


def caller_numbers(contact: Contact) -> tuple[str, ...]:
    """What the caller's number may be known by."""
    return contact.caller.number, contact.caller.e164
