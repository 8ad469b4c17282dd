"""Digits that a caller keys in, and the patterns they are held against, written as in Asterisk's extensions.conf."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

KEYS = frozenset("0123456789*#")
"""What a telephone's keypad has."""

WORDS = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]"}
PIECE = re.compile(r"[0-9*#XZN]|\[[0-9*#-]+\]", re.ASCII)
RANGE = re.compile(r"([0-9])-([0-9])|[0-9*#]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pattern:
    """``4XXXXX``: digits, ``X`` for 0-9, ``Z`` for 1-9, ``N`` for 2-9, ``[1-57]`` for one of these.

    The same as in extensions.conf (``_extension_match_core()`` in pbx.c), without the underscore in front and without
    ``.`` and ``!``, as a length is given beside it. Raises ValueError for anything else.
    """

    text: str
    length: int = field(init=False, compare=False)
    _form: re.Pattern[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        pieces = PIECE.findall(self.text)
        if not self.text or "".join(pieces) != self.text:
            raise ValueError(
                f"'{self.text[:80]}' is not a pattern: write digits, X (0-9), Z (1-9), N (2-9) or [1-57], "
                "without an underscore"
            )
        form = "".join(_regular(piece) for piece in pieces)
        object.__setattr__(self, "length", len(pieces))
        object.__setattr__(self, "_form", re.compile(form, re.ASCII))

    def fits(self, digits: str) -> bool:
        """Whether ``digits`` are what the pattern describes, from first to last."""
        return self._form.fullmatch(digits) is not None


def _regular(piece: str) -> str:
    """A piece of a pattern as a regular expression. Raises ValueError for a range that goes backwards."""
    if piece[0] != "[":
        return WORDS.get(piece) or re.escape(piece)
    inside = piece[1:-1]
    parts = [match[0] for match in RANGE.finditer(inside)]
    if "".join(parts) != inside or any(part[0] > part[2] for part in parts if len(part) == 3):
        raise ValueError(f"'{piece}' is not a set of digits: write such as [1-57], for 1 to 5 and 7")
    return f"[{inside}]"
