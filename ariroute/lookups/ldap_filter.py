"""Search filters (RFC 4515) with values of the contact in them: checked when the file loads, escaped when asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ariroute.lookups.template import Pieces, pieces_of, places_in

PLAIN = re.compile(r"[A-Za-z0-9+@._ -]", re.ASCII)
ITEM = re.compile(
    r"\((?P<name>[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*"
    r"(?::dn)?(?::[A-Za-z0-9.-]+)?(?:[~><:]?=)(?P<value>(?:[^()\\\0]|\\[0-9A-Fa-f]{2})*)\)"
)
PLACE = "\x01"
"""Stands for a value while a filter is checked; no filter has it."""


@dataclass(frozen=True, slots=True)
class FilterTemplate:
    """A filter cut at its places."""

    pieces: Pieces

    @classmethod
    def parse(cls, text: str) -> FilterTemplate:
        """The filter in ``text``. Raises ValueError with the remedy."""
        pieces = pieces_of(text)
        if not text.isprintable():
            raise ValueError("a filter is made of printable characters: write others as \\ and two hexadecimal digits")
        shape = "".join(piece if isinstance(piece, str) else PLACE for piece in pieces)
        end = _end_of_filter(shape, 0)
        if end < len(shape):
            raise ValueError(f"the filter ends before '{shape[end:][:40].replace(PLACE, '{...}')}': one ( ) around all")
        return cls(pieces)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(place.name for place in places_in(self.pieces))

    def filled(self, inputs: Mapping[str, str]) -> str | None:
        """The filter for these inputs; None when a value is empty, as ``(mail=*)`` would find everybody.

        Raises LookupFailed when a value is not of its form.
        """
        values = {place: place.value(inputs) for place in places_in(self.pieces)}
        if not all(values.values()):
            return None
        return "".join(piece if isinstance(piece, str) else escaped(values[piece]) for piece in self.pieces)


def escaped(value: str) -> str:
    """``value`` as the text of an assertion: all but the plainest characters as their UTF-8 bytes in hexadecimal.

    More than RFC 4515 section 3 demands (``* ( ) \\ NUL``), so that nothing depends on what a parser makes of the rest.
    """
    return "".join(
        c if PLAIN.match(c) else "".join(f"\\{byte:02x}" for byte in c.encode(errors="surrogatepass")) for c in value
    )


def _end_of_filter(text: str, start: int) -> int:
    """Where the filter that begins at ``start`` ends. Raises ValueError."""
    if not text.startswith("(", start):
        raise ValueError("a filter stands in parentheses: (telephoneNumber={caller.e164}), (&(...)(...))")
    if text[start + 1 : start + 2] in ("&", "|", "!"):
        place, count = start + 2, 0
        while text.startswith("(", place):
            place, count = _end_of_filter(text, place), count + 1
        if not text.startswith(")", place) or not count or (text[start + 1] == "!" and count > 1):
            shown = text[start:][:40].replace(PLACE, "{...}")
            raise ValueError(f"'{shown}': after &, | or ! stand filters in parentheses (after ! one), then )")
        return place + 1
    item = ITEM.match(text, start)
    if not item:
        shown = text[start:][:40].replace(PLACE, "{...}")
        raise ValueError(f"'{shown}' is not (attribute=value); values of the contact may stand in the value only")
    return item.end()
