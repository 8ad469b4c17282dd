"""The closed set of names, and values without control characters."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ariroute.asterisk.variables import (
    VALUE_LIMIT,
    VARIABLES,
    clean_value,
    guard_value,
    is_readable,
    is_writable,
)


@pytest.mark.parametrize("name", [*sorted(VARIABLES), "ARIROUTE_VAR_A", "ARIROUTE_VAR_" + "Z" * 32])
def test_our_own_names_are_written_and_read(name: str) -> None:
    assert is_writable(name)
    assert is_readable(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "X",
        "queue_prio",
        "QUEUE_PRIO\n",
        "ARIROUTE_VAR_",
        "ARIROUTE_VAR_a",
        "ARIROUTE_VAR_Å",
        "ARIROUTE_VAR_A\n",
        "ARIROUTE_VAR_" + "Z" * 33,
        "SHELL(id)",
        "CALLERID(num)",
        "CALLERID(all)",
        "TIMEOUT(absolute)",
        "__ARIROUTE_QUEUE",
        "__ARIROUTE_HEADER_0",
        "__ARIROUTE_HEADER_1\n",
        "__CALLERID(num)",
        "__x",
        "_X",
        "___X",
    ],
)
def test_no_other_name_is_written(name: str) -> None:
    assert not is_writable(name)


@pytest.mark.parametrize("name", ["AST_CONFIG(manager.conf,ariroute,secret)", "CURL(file:///etc/passwd)", "ENV(PATH)"])
def test_no_function_with_reach_is_read(name: str) -> None:
    assert not is_readable(name)


@given(st.text())
def test_a_clean_value_has_no_control_character_and_can_be_sent(value: str) -> None:
    cleaned = clean_value(value)
    assert not any(unicodedata.category(character) == "Cc" for character in cleaned)
    assert len(cleaned) <= VALUE_LIMIT
    cleaned.encode()
    assert clean_value(cleaned) == cleaned


@pytest.mark.parametrize("value", ['a "b"', "${SHELL(id)}", "Åsa 東京 🙂", "a\u00a0b", "", " "])
def test_a_harmless_value_stays_as_it_is(value: str) -> None:
    assert clean_value(value) == value


@pytest.mark.parametrize("seconds", [0.001, 1, 4.0, 86400])
def test_a_guard_is_a_number_above_zero(seconds: float) -> None:
    assert math.isclose(float(guard_value(seconds)), seconds)


@pytest.mark.parametrize("seconds", [0, -0.0, -5, 0.0009, 86401, math.nan, math.inf, -math.inf, "4", None, True, [4]])
def test_nothing_that_switches_the_guard_off_is_written(seconds: Any) -> None:
    with pytest.raises(ValueError, match="the guard takes"):
        guard_value(seconds)
