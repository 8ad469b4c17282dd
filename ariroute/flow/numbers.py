"""Telephone numbers: what may be dialled, and the international form (E.164) by the rules of phonenumbers."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

DIALABLE = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)
SEPARATORS = re.compile(r"[ ().\-/]", re.ASCII)
LONGEST = 64
NATIONAL = re.compile(r"[0-9]{5,17}", re.ASCII)
NEVER = "(?!)"
"""A pattern that nothing matches."""

INTERNATIONAL = re.compile(r"\+[1-9][0-9]{5,14}", re.ASCII)


def dialable(text: str) -> str:
    """``text`` without the usual separators if the rest is ``+``, digits, ``*`` and ``#``; else an empty string.

    Nothing is guessed: ``anonymous``, a SIP address, 33 digits or 65 characters give an empty string.
    """
    bare = SEPARATORS.sub("", text) if len(text) <= LONGEST else ""
    return bare if DIALABLE.fullmatch(bare) else ""


def e164(number: str, region: str) -> str:
    """``number`` as E.164 read in ``region`` (ISO 3166 code), or an empty string when it is not a valid number.

    Short and feature codes stay out: phonenumbers would turn ``100`` in DE into ``+49100``.
    """
    if not number or "*" in number or "#" in number:
        return ""
    if is_e164(number):
        return number
    return _without_prefix(number, region) or _read(number, region)


def is_e164(number: str) -> bool:
    """Whether ``number`` is certain to be its own E.164: valid as it stands, with nothing to be taken out of it.

    False decides nothing. phonenumbers takes 0.1 ms and comes to the same; a property test holds the two together.
    """
    if not INTERNATIONAL.fullmatch(number):
        return False
    for end in (2, 3, 4):  # a calling code has one to three digits, and none begins with another
        if plan := _plan(number[1:end]):
            return plan.fullmatch(number, end) is not None
    return False


def _without_prefix(number: str, region: str) -> str:
    """``0701234567`` read in SE as ``+46701234567``, where phonenumbers is certain to do the same; else empty.

    A file may hold a million of them. A property test holds it and phonenumbers together.
    """
    rules = _prefixes(region)
    if rules is None or not NATIONAL.fullmatch(number):
        return ""
    code, abroad, prefix = rules
    if number.startswith(code) or abroad.match(number):
        return ""
    found = prefix.match(number)
    whole = f"+{code}{number[found.end() if found else 0 :]}"
    return whole if is_e164(whole) else ""


@cache
def _prefixes(region: str) -> tuple[str, re.Pattern[str], re.Pattern[str]] | None:
    """A region's calling code, what is dialled before it from there, and what before a number within the country.

    None where a number is rewritten on the way (mobiles of Argentina), or where regions share a calling code and this
    is not the main one of them.
    """
    plan = PhoneMetadata.metadata_for_region(region, None)
    if plan is None or plan.country_code is None or plan.national_prefix_transform_rule:
        return None
    if COUNTRY_CODE_TO_REGION_CODE[plan.country_code][0] != region:
        return None
    abroad, prefix = plan.international_prefix or NEVER, plan.national_prefix_for_parsing or NEVER
    return str(plan.country_code), re.compile(abroad, re.ASCII), re.compile(prefix, re.ASCII)


@lru_cache(maxsize=2048)
def _read(number: str, region: str) -> str:
    try:
        parsed = phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@cache
def _plan(calling_code: str) -> re.Pattern[str] | None:
    """What the national part of a valid number looks like; None where that is no calling code, or hard to tell.

    It puts together what ``is_valid_number()`` looks at, in the main region of the code: the general description, then
    any one type of number. What ``parse()`` might take for a national prefix is left to it.
    """
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code), ("001",))
    plan = PhoneMetadata.metadata_for_region(regions[0], None)
    if plan is None or plan.leading_digits is not None:
        return None
    kinds = [plan.premium_rate, plan.toll_free, plan.shared_cost, plan.voip, plan.personal_number, plan.pager]
    kinds += [plan.uan, plan.voicemail, plan.fixed_line]
    if not plan.same_mobile_and_fixed_line_pattern:
        kinds.append(plan.mobile)
    general, shapes = _shape(plan.general_desc), [shape for kind in kinds if (shape := _shape(kind))]
    if not general or not shapes:
        return None
    prefixes = "|".join(filter(None, ("0", plan.national_prefix_for_parsing)))
    return re.compile(f"(?!{prefixes})(?={general})(?:{'|'.join(shapes)})", re.ASCII)


def _shape(kind: phonenumbers.PhoneNumberDesc | None) -> str:
    """A pattern of the numbers of this kind; empty where there are none."""
    if kind is None or not kind.national_number_pattern:
        return ""
    lengths = "|".join(f"[0-9]{{{length}}}" for length in kind.possible_length if length > 0)
    bound = f"(?=(?:{lengths})$)" if lengths else ""
    return f"{bound}(?:{kind.national_number_pattern})$"


def masked(number: str) -> str:
    """A number as logs show it: the first and the last three characters, the rest starred."""
    if len(number) <= 6:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 6) + number[-3:]
