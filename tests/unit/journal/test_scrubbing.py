"""The net under what is kept: a number or a word is found in whatever way others' texts write it."""

from __future__ import annotations

import pytest

from ariroute.journal.scrubbing import Scrubbing

LONG = Scrubbing.of(("0701234567", "+46701234567"), ("\u00c5sa \u00d6berg",))


@pytest.mark.parametrize(
    "text",
    [
        *("0701234567", "+46 (0)70-123 45 67", "0046 70 1234567", "070_123_45_67", "070\t123 45 67"),
        *("070\u00a0123\u00a045\u00a067", "070\u2013123 45 67", "070%20123%2045%2067", "%2B46%2070%2D1234567"),
        *("PJSIP/0701234567-00000012", "[46,70,123,45,67]", "070%C2%A0123%c2%a04567"),
    ],
)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    found = LONG.text(f"GET /who?phone={text} failed")
    assert "***" in found
    assert "67" not in found
    assert "123" not in found


@pytest.mark.parametrize(
    "text",
    [
        "\u00c5sa \u00d6berg",
        "\u00e5SA \u00f6BERG",
        "%C3%85sa%20%C3%96berg",
        "%c3%85sa+%c3%96berg",
        "\\u00c5sa \\u00d6berg",
    ],
)
def test_a_word_is_found_as_urls_and_json_write_it(text: str) -> None:
    assert LONG.text(f"GET /who?name={text} failed") == "GET /who?name=*** failed"


@pytest.mark.parametrize("text", ["HTTP 503 after 1.5 s", "order 4711, 2 of 3", "100%", "07-01, 23-45: 68"])
def test_other_numbers_stay(text: str) -> None:
    assert LONG.text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no key 101", "no key ***"),
        ("no key 0101: 3", "no key ***"),
        ("[101,102]", "[***]"),
        ("2101 of 1012", "2101 of 1012"),
    ],
)
def test_an_extension_is_found_where_it_stands_alone(text: str, shown: str) -> None:
    assert Scrubbing.of(("101",), ()).text(text) == shown
