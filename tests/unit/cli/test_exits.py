"""Errors become exit codes and words in one place."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Callable

import click
import pytest

from ariroute import errors
from ariroute.cli.exits import ExitCode, code_of, exit_code, with_output
from ariroute.cli.output import show, show_drawn, show_json


def every_error(base: type[errors.ArirouteError] = errors.ArirouteError) -> list[type[errors.ArirouteError]]:
    return [base, *(kind for child in base.__subclasses__() for kind in every_error(child))]


def raising(error: BaseException) -> object:
    raise error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UnusableInput("x"), 2),
        (errors.ConfigError([]), 2),
        (errors.UnknownName("x"), 2),
        (errors.DaemonUnreachable("x"), 3),
        (errors.PbxUnreachable("x"), 3),
        (errors.PbxRefused("x"), 3),
        (errors.PbxReplaced("x"), 4),
        (errors.AriTimeout("x"), 3),
        (errors.AriRefused(500, "x", "GET /"), 3),
        (errors.AmiError("x"), 3),
        (errors.LookupFailed("timeout"), 3),
    ],
)
def test_each_error_has_its_code_and_its_words(
    error: errors.ArirouteError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(lambda: raising(error)) == code
    assert capsys.readouterr() == ("", f"{error}\n")


def test_every_class_of_the_tree_maps_to_a_code_that_is_documented() -> None:
    for kind in every_error():
        assert code_of(kind.__new__(kind)) in (ExitCode.UNUSABLE_INPUT, ExitCode.UNREACHABLE, ExitCode.REPLACED)


def test_control_characters_of_an_error_never_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(lambda: raising(errors.UnusableInput("a\x1b]0;b\x07\u202e\n  ^")))

    assert capsys.readouterr().err == "a\\x1b]0;b\\x07\\u202e\n  ^\n"


def test_when_a_command_returns_a_code_then_it_is_the_code() -> None:
    assert exit_code(lambda: ExitCode.NOT_AS_EXPECTED) == 1
    assert exit_code(lambda: None) == 0


def test_when_ctrl_c_ends_it_then_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(lambda: raising(click.Abort())) == 130
    assert capsys.readouterr().err == ""


def test_when_ariroute_itself_is_at_fault_then_the_traceback_is_kept_and_no_promised_code_is_used(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code(lambda: raising(KeyError("oops"))) == ExitCode.FAULT
    assert "KeyError: 'oops'" in capsys.readouterr().err


def test_when_the_reader_of_the_output_went_away_then_it_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Closed())

    assert ended(lambda: None) == ExitCode.BROKEN_PIPE
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EBADF, errno.EIO])
def test_when_the_output_cannot_be_written_then_74_and_one_sentence(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(lambda: raising(OSError(number, "x"))) == ExitCode.OUTPUT_LOST
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("the output cannot be written: ")


@pytest.mark.parametrize("error", [OSError(errno.EIO, "x", "flow.yaml"), ConnectionRefusedError(111, "x")])
def test_another_error_of_the_system_is_not_taken_for_one_of_the_output(error: OSError) -> None:
    with pytest.raises(OSError, match="x"):
        with_output(lambda: raising(error))


def test_when_standard_output_is_closed_then_showing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    assert with_output(lambda: 5) == 5
    for shown in (lambda: show("x"), lambda: show_json({}), lambda: show_drawn("x")):
        assert ended(shown) == ExitCode.OUTPUT_LOST


def ended(command: Callable[[], object]) -> int:
    with pytest.raises(click.exceptions.Exit) as caught:
        with_output(command)
    return caught.value.exit_code
