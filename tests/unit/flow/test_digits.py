"""Patterns of digits, as in extensions.conf."""

from __future__ import annotations

import pytest

from ariroute.flow.digits import Pattern


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("4XXXXX", ["400000", "499999"], ["300000", "40000", "4000000", "4A0000", "40000\n"]),
        ("ZN", ["12", "99"], ["02", "10", "11"]),
        ("[1-57]0", ["10", "50", "70"], ["60", "80", "00"]),
        ("*1#", ["*1#"], ["11#"]),
    ],
)
def test_a_pattern_fits_what_asterisk_would_take(pattern: str, fitting: list[str], others: list[str]) -> None:
    made = Pattern(pattern)
    assert [text for text in fitting if not made.fits(text)] == []
    assert [text for text in others if made.fits(text)] == []


def test_the_length_is_that_of_the_digits() -> None:
    assert [Pattern(text).length for text in ("4XXXXX", "[1-57]0", "7")] == [6, 2, 1]


@pytest.mark.parametrize("text", ["", "_4XX", "4X.", "4X!", "4x", "[", "[]", "[1-", "[5-1]", "[1-5-7]", "4 X", "٤"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a (pattern|set of digits)"):
        Pattern(text)
