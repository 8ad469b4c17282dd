"""The command as a whole: help, unknown names, lazy imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ariroute import __version__
from ariroute.cli.main import main

from .conftest import Ariroute

COMMANDS = sorted(main.commands)
HEAVY = (
    "aiohttp",
    "pydantic",
    "rich",
    "ruamel",
    "cel_expr_python",
    "google.protobuf",
    "requests",
    "phonenumbers",
    "asyncio",
)


def test_importing_the_command_imports_nothing_heavy() -> None:
    program = "import sys, ariroute.cli.main; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "click" in modules
    assert not [name for name in modules if name.startswith(HEAVY)]


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example_and_exits_with_0(ariroute: Ariroute, command: str, option: str) -> None:
    ended = ariroute(command, option)

    assert ended.code == 0
    assert f"Example:\n    ariroute {command}" in ended.out
    assert ended.err == ""


def test_the_help_lists_all_commands_and_the_exit_codes(ariroute: Ariroute) -> None:
    ended = ariroute("--help")

    assert ended.code == 0
    assert "Exit codes: 0 done" in ended.out
    assert sorted(line.split()[0] for line in ended.out.split("Commands:\n")[1].splitlines()) == COMMANDS


def test_when_a_command_is_misspelt_then_the_closest_is_named(ariroute: Ariroute) -> None:
    ended = ariroute("tset")

    assert ended.code == 2
    assert "No such command 'tset'. Did you mean 'test'?" in ended.err
    assert ended.out == ""


def test_when_an_option_is_misspelt_then_the_closest_is_named(ariroute: Ariroute) -> None:
    ended = ariroute("test", "--calller", "1")

    assert ended.code == 2
    assert "Did you mean one of: '--caller'" in ended.err


def test_version_is_printed_as_a_line_and_as_json(ariroute: Ariroute) -> None:
    assert ariroute("--version").out == ariroute("version").out
    assert ariroute("version").out.startswith(f"ariroute {__version__} (Python 3.")
    assert ariroute("version", "--json").json["ariroute"] == __version__


def test_when_a_container_sets_ARIROUTE_VERSION_for_itself_then_commands_still_work(ariroute: Ariroute) -> None:
    assert ariroute("version", "--json", ARIROUTE_VERSION="1.2.3").json["ariroute"] == __version__


def test_an_option_may_be_given_in_the_environment(ariroute: Ariroute) -> None:
    assert ariroute("version", ARIROUTE_JSON="1").json["ariroute"] == __version__


def test_when_there_is_no_flow_file_anywhere_then_the_ways_to_name_one_are_told(
    ariroute: Ariroute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ariroute.cli.options.FLOW_FILES", ())

    ended = ariroute("check")

    assert ended.code == 2
    assert "name one with -c FILE or in ARIROUTE_CONFIG" in ended.err
