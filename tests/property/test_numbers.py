"""The short way to E.164 comes to what phonenumbers comes to, for every country, also for numbers nearly right."""

from __future__ import annotations

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberFormat, PhoneNumberType

from ariroute.flow.contact import dialled_party
from ariroute.flow.numbers import e164, is_e164


def examples() -> list[str]:
    """phonenumbers' own example of each type of number in each region, as E.164."""
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                found.append(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return found


EXAMPLES = examples()
CODES = st.sampled_from(sorted(COUNTRY_CODE_TO_REGION_CODE)).map(lambda code: f"+{code}")
DIGITS = st.text("0123456789", min_size=2, max_size=13)
CHANGES = st.lists(st.tuples(st.integers(1, 20), st.sampled_from("0123456789")), max_size=4)


def by_phonenumbers(number: str, region: str) -> str:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return ""
    valid = phonenumbers.is_valid_number(parsed)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if valid else ""


@given(st.sampled_from(EXAMPLES), CHANGES, st.sampled_from(["SE", "US", "GB", "IT"]))
def test_a_number_near_a_valid_one_is_read_as_phonenumbers_reads_it(
    number: str, changes: list[tuple[int, str]], region: str
) -> None:
    for at, digit in changes:
        number = number[:at] + digit + number[at + 1 :]
    assert e164(number, region) == by_phonenumbers(number, region)


@given(CODES, DIGITS, st.sampled_from(["SE", "US", "GB", "IT"]))
def test_any_digits_behind_a_calling_code_are_read_as_phonenumbers_reads_them(
    code: str, digits: str, region: str
) -> None:
    assert e164(code + digits, region) == by_phonenumbers(code + digits, region)


@given(DIGITS, st.sampled_from(["SE", "US", "GB", "IT", "DE"]))
def test_a_national_number_is_read_as_phonenumbers_reads_it(digits: str, region: str) -> None:
    assert e164(digits, region) == by_phonenumbers(digits, region)


def national_examples() -> list[tuple[str, str]]:
    """phonenumbers' own examples as they are dialled within their country, digits only, each with its region."""
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                text = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
                found.append((region, "".join(c for c in text if c.isdecimal())))
    return found


NATIONAL = national_examples()


@settings(max_examples=1000)
@given(st.sampled_from(NATIONAL), CHANGES, st.text("0123456789", max_size=2))
def test_a_number_dialled_within_its_country_is_read_as_phonenumbers_reads_it(
    example: tuple[str, str], changes: list[tuple[int, str]], more: str
) -> None:
    region, number = example
    for at, digit in changes:
        number = number[: at - 1] + digit + number[at:]
    assert e164(number + more, region) == by_phonenumbers(number + more, region)


def test_every_example_dialled_within_its_country_is_read_as_phonenumbers_reads_it() -> None:
    wrong = [(region, number) for region, number in NATIONAL if e164(number, region) != by_phonenumbers(number, region)]
    assert wrong == []


def test_the_short_way_serves_four_numbers_in_five() -> None:
    short = [number for number in EXAMPLES if is_e164(number)]
    assert [number for number in short if by_phonenumbers(number, "SE") != number] == []
    assert len(short) > 0.8 * len(EXAMPLES)


@given(
    st.lists(
        st.tuples(st.sampled_from("0123456789*#"), st.sampled_from(["", " ", "-", ".", "/", "(", ")"])), min_size=1
    ),
    st.booleans(),
)
def test_separators_never_change_what_was_dialled(pieces: list[tuple[str, str]], international: bool) -> None:
    pieces = pieces[:25]
    plus = "+" if international else ""
    bare = plus + "".join(digit for digit, _ in pieces)
    spaced = plus + "".join(digit + separator for digit, separator in pieces)
    assert dialled_party(spaced, "SE") == dialled_party(bare, "SE")
