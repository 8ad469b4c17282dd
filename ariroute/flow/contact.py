"""The thing being routed: a call or a message, in plain, cleaned values."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ariroute.flow.numbers import dialable, e164
from ariroute.flow.untrusted import Untrusted

Medium = Literal["call", "message"]

NAME_LIMIT = 64

OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that do something where a name is shown: control characters, line breaks, directions of text. Joiners
(U+200C, U+200D) are not among them, which names and emoji are written with."""


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a contact.

    ``number`` holds digits, ``+``, ``*`` and ``#`` only (empty when withheld or not a number), ``e164`` the same
    as an international number (empty when it is none), ``name`` display text without control characters.
    """

    number: str = ""
    e164: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """How a log or a table shows this party."""
        return self.e164 or self.number or "unknown"


@dataclass(frozen=True, slots=True)
class Contact:
    """A call or a message on its way to a destination.

    ``id`` is the channel's uniqueid for a call; ``arguments`` are those of ``Stasis()`` after the dialled number;
    ``arrived`` is aware wall-clock time.
    """

    id: str
    arrived: datetime
    caller: Party = Party()
    dialled: Party = Party()
    medium: Medium = "call"
    pbx: str = ""
    arguments: tuple[str, ...] = ()

    def facts(self) -> dict[str, str]:
        """The values a lookup's template may name, as ``{caller.e164}``."""
        return {
            "caller.number": self.caller.number,
            "caller.e164": self.caller.e164,
            "caller.name": self.caller.name,
            "dialled.number": self.dialled.number,
            "dialled.e164": self.dialled.e164,
            "contact.id": self.id,
            "contact.pbx": self.pbx,
        }


def party(number: Untrusted | str, name: Untrusted | str, region: str) -> Party:
    """A party from untrusted text: the number reduced to dialable characters, the name to printable ones.

    The one door by which what a caller says of itself comes in.
    """
    digits = dialable(_raw(number))
    return Party(digits, e164(digits, region), display_name(_raw(name)))


def is_obeyed(name: Untrusted) -> bool:
    """Whether ``name`` has characters that a telephone which is shown it may obey."""
    return OBEYED.search(name.raw) is not None


def _raw(text: Untrusted | str) -> str:
    return text.raw if isinstance(text, Untrusted) else text


def dialled_party(text: str, region: str) -> Party:
    """What was dialled: a number, or a word such as ``support`` that stands for an extension.

    A word is what is no number: the dialplan's ``FILTER()`` takes blanks out of a number and leaves its dashes.
    """
    digits = dialable(text)
    word = text if text.isascii() and text.replace("_", "").replace("-", "").isalnum() else ""
    return Party(digits or word[:NAME_LIMIT], e164(digits, region))


def display_name(text: str) -> str:
    """``text`` as a name is shown: see :func:`clean`; 64 characters at most."""
    return clean(text, NAME_LIMIT)


def clean(text: str, limit: int) -> str:
    """``text`` in NFC without control, format (bidirectional overrides) or surrogate characters, ``limit`` at most."""
    if text.isascii() and text.isprintable():  # nearly every text
        return text[:limit]
    normal = unicodedata.normalize("NFC", text[: 4 * limit])
    return "".join(c for c in normal if unicodedata.category(c)[0] != "C")[:limit]


def is_text(text: str) -> bool:
    """Whether ``text`` can be written as UTF-8: JSON may bring half of a character (a lone surrogate)."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
