"""Durations, sizes and secrets as settings have them."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ariroute.values import (
    ByteSize,
    Duration,
    FromFile,
    PrivateText,
    Secret,
    Settings,
    duration_text,
    seconds,
    size,
    size_text,
)


class Example(Settings):
    wait: Duration = 1.0
    most: ByteSize = 1
    secret: Secret = Secret("x")
    header: PrivateText = PrivateText("x")


FILE = FromFile(reveal=lambda text: text.replace("${env:A}", "hunter2"))


@pytest.mark.parametrize(("text", "value"), [("800ms", 0.8), ("2s", 2), ("1.5m", 90), ("24h", 86400), ("7d", 604800)])
def test_a_duration_has_a_unit(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["2500", 2500, 2.5, True, None, "2 s", "-1s", "1e3s", "2S", "٢s", "", "s", "1h30m"])
def test_what_has_no_unit_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match=r"write a number and a unit|needs a unit"):
        seconds(text)


@pytest.mark.parametrize("text", ["256", 256, "256KB", "1.5MiB", "-1B", "1TiB"])
def test_what_has_no_unit_is_no_size(text: object) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        size(text)


@given(st.integers(0, 10**9))
def test_a_duration_written_out_reads_the_same(milliseconds: int) -> None:
    value = milliseconds / 1000
    assert seconds(duration_text(value)) == pytest.approx(value, rel=1e-5, abs=1e-9)


@given(st.integers(0, 2**29))
def test_a_size_written_out_reads_the_same(value: int) -> None:
    assert size(size_text(value)) == value


def test_code_may_give_plain_numbers_and_a_file_may_not() -> None:
    assert Example(wait=2.5, most=7).wait == 2.5
    for settings in ({"wait": 2.5}, {"wait": 2}, {"most": 7}):
        with pytest.raises(ValidationError):
            Example.model_validate(settings, context=FILE)


def test_a_secret_in_a_file_is_a_reference_and_a_private_text_may_hold_one() -> None:
    example = Example.model_validate({"secret": "${env:A}", "header": "plain"}, context=FILE)
    assert (example.secret.reveal(), example.header.reveal()) == ("hunter2", "plain")
    assert Example.model_validate({"header": "Bearer ${env:A}"}, context=FILE).header.reveal() == "Bearer hunter2"
    with pytest.raises(ValidationError, match="a secret never stands in this file"):
        Example.model_validate({"secret": "hunter2"}, context=FILE)


def test_a_secret_never_shows() -> None:
    example = Example(secret=Secret("hunter2"), header=PrivateText("hunter2"))
    shown = f"{example} {example!r} {example.secret:>20} {example.model_dump()} {[example.header]}"
    assert "hunter2" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(example.secret)
