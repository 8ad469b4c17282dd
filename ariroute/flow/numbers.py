"""Telephone numbers: what may be dialled, and the international form (E.164) by the rules of phonenumbers."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

DIALABLE = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)
SEPARATORS = re.compile(r"[ ().\-/]", re.ASCII)


def dialable(text: str) -> str:
    """``text`` without the usual separators if the rest is ``+``, digits, ``*`` and ``#``; else an empty string.

    Nothing is guessed: ``anonymous``, a SIP address or 33 digits give an empty string.
    """
    bare = SEPARATORS.sub("", text[:64])
    return bare if DIALABLE.fullmatch(bare) else ""


@lru_cache(maxsize=8192)
def e164(number: str, region: str) -> str:
    """``number`` as E.164 read in ``region`` (ISO 3166 code), or an empty string when it is not a valid number.

    Short and feature codes stay out: phonenumbers would turn ``100`` in DE into ``+49100``.
    """
    if not number or "*" in number or "#" in number:
        return ""
    try:
        parsed = phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
