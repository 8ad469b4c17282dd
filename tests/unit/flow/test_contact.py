"""Who calls and what was dialled: untrusted text becomes plain, clean values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ariroute.flow.contact import NAME_LIMIT, Contact, Party, dialled_party, display_name, is_obeyed, party
from ariroute.flow.numbers import dialable, e164
from ariroute.flow.untrusted import Untrusted


@pytest.mark.parametrize(
    ("given", "number", "international"),
    [
        ("070-123 45 67", "0701234567", "+46701234567"),
        ("+46 (70) 123.45/67", "+46701234567", "+46701234567"),
        ("100", "100", ""),  # an extension, not a Swedish number
        ("*21#", "*21#", ""),
        ("anonymous", "", ""),
        ("", "", ""),
        ("sip:bo@example.com", "", ""),
        ("0701234567\r\nAction: Originate", "", ""),
        ("1" * 33, "", ""),
        ("1" * 32 + " " * 33, "", ""),
        ("٠٧٠١٢٣٤٥٦٧", "", ""),  # digits of another script are none that Asterisk dials
        ("${SHELL(id)}", "", ""),
    ],
)
def test_a_number_is_kept_as_dialled_and_in_international_form(given: str, number: str, international: str) -> None:
    found = party(given, "", "SE")
    assert (found.number, found.e164) == (number, international)


def test_without_a_region_only_international_numbers_are_understood() -> None:
    assert e164("+46701234567", "") == "+46701234567"
    assert e164("0701234567", "") == ""


def test_nothing_is_guessed_of_what_is_not_dialable() -> None:
    assert dialable("07O1234567") == ""


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Bo Ek", "Bo Ek"),
        ('"Bo" <1>', '"Bo" <1>'),  # quotes are no danger to whoever quotes them
        ("Bo\r\nEk\x00", "BoEk"),
        ("\u202eoB", "oB"),
        ("A\u030a", "Å"),
        ("\ud800Bo", "Bo"),
        ("x" * 500, "x" * NAME_LIMIT),
    ],
)
def test_a_name_is_printable_and_short(given: str, shown: str) -> None:
    assert display_name(given) == shown


@pytest.mark.parametrize(
    ("given", "number", "international"),
    [
        ("support", "support", ""),
        ("to-sales_2", "to-sales_2", ""),
        ("+46850000000", "+46850000000", "+46850000000"),
        ("08-500 000 00", "0850000000", "+46850000000"),
        ("08-50000000", "0850000000", "+46850000000"),  # as the dialplan's FILTER() leaves it
        ("1-800-FLOWERS", "1-800-FLOWERS", ""),
        ("a b", "", ""),
    ],
)
def test_what_was_dialled_is_a_number_or_a_word(given: str, number: str, international: str) -> None:
    found = dialled_party(given, "SE")
    assert (found.number, found.e164) == (number, international)


def test_a_party_is_labelled_by_the_best_that_is_known() -> None:
    assert [Party("070", "+4670").label, Party("100").label, Party().label] == ["+4670", "100", "unknown"]


def test_the_facts_are_what_templates_may_name() -> None:
    contact = Contact("1", datetime(2026, 1, 1, tzinfo=UTC), caller=party("0701234567", "Bo", "SE"))
    assert contact.facts() == {
        "caller.number": "0701234567",
        "caller.e164": "+46701234567",
        "caller.name": "Bo",
        "dialled.number": "",
        "dialled.e164": "",
        "contact.id": "1",
        "contact.pbx": "",
    }


def test_what_a_caller_says_of_itself_becomes_clean_and_is_never_shown_as_it_is() -> None:
    said = Untrusted("Bo\x1b[2J\u202eEk\ud800")
    assert party(Untrusted("0701234567"), said, "SE") == Party("0701234567", "+46701234567", "Bo[2JEk")
    assert f"{said} {said!r}" == r"'Bo\x1b[2J\u202eEk\ud800' 'Bo\x1b[2J\u202eEk\ud800'"


@pytest.mark.parametrize("name", ["a\x1bb", "a\r\nb", "a\x00", "\x7f", "\x85", "\u202eoB", "\u2066a", "a\u2028b"])
def test_a_name_that_a_telephone_may_obey_is_known(name: str) -> None:
    assert is_obeyed(Untrusted(name))


@pytest.mark.parametrize(
    "name", ["", "Bo Ek", "Åsa", "A\u030asa", "\u0645\u06cc\u200c\u062e", "\U0001f469\u200d\U0001f4bb", '"<>&']
)
def test_a_name_in_any_script_is_left_alone(name: str) -> None:
    assert not is_obeyed(Untrusted(name))
