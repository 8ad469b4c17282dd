"""Text that a stranger wrote, from where Asterisk hands it to us until it is cleaned."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = 80


@dataclass(frozen=True, slots=True, repr=False)
class Untrusted:
    """What a caller says of itself. It is no ``str``, so that mypy refuses it wherever text is written, logged or sent.

    :func:`ariroute.flow.contact.party` makes clean values of it. What slips through all the same is formatted as quoted
    ASCII, which no reader obeys.
    """

    raw: str = ""

    def __repr__(self) -> str:
        return ascii(self.raw[:SHOWN])

    __str__ = __repr__
