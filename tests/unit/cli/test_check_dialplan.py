"""``ariroute check dialplan``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ariroute.cli.main import main
from ariroute.lab.pbxconfig import SAMPLES

OURS = SAMPLES / "extensions-ariroute.conf"


def run(*arguments: str | Path) -> tuple[int, str, str]:
    ended = CliRunner().invoke(main, ["check", "dialplan", *map(str, arguments)])
    return ended.exit_code, ended.stdout, ended.stderr


def test_our_own_dialplan_is_in_order() -> None:
    code, out, words = run(OURS, SAMPLES / "extensions-demo.conf")
    assert (code, out) == (0, "")
    assert words.endswith("no rule is broken that loses calls\n")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    text = OURS.read_text(encoding="utf-8")
    file = tmp_path / "extensions.conf"
    file.write_text(
        text.replace("Set(TIMEOUT(absolute)=4)", "NoOp()").replace(
            "${FILTER(-+_*#0-9A-Za-z,${ARIROUTE_TO})}${ARIROUTE_BACK}", "${X}"
        )
        + "what is this\n"
        + "[in]\nexten => _X.,1,Set(ARIROUTE_TO=${EXTEN})\n same => n,Goto(ariroute,s,1)\n"
    )
    return file


def test_what_loses_calls_is_a_mistake_and_the_rest_a_warning(broken: Path) -> None:
    code, out, words = run(broken)
    lines = [line.removeprefix(f"{broken}:").partition(" ")[2] for line in out.splitlines()]
    assert code == 2
    assert lines == [
        "Stasis() without a guard: Set(TIMEOUT(absolute)=SECONDS) must come before",
        "jumps past the guard",
        "${EXTEN} without FILTER (warning)",
    ]
    assert "what is this" in words
    assert "calls would be lost: 2 mistakes; dialplan/extensions-ariroute.conf keeps every rule" in words


def test_as_json(broken: Path) -> None:
    code, out, _ = run(broken, "--json")
    plain = json.loads(out)
    assert code == 2
    assert plain["usable"] is False
    assert [each["text"] for each in plain["problems"]][1] == "jumps past the guard"
    assert [each["text"] for each in plain["warnings"]] == ["${EXTEN} without FILTER"]
    assert len(plain["not_understood"]) == 1


def test_where_nobody_calls_stasis_there_is_nothing_to_judge() -> None:
    code, _, words = run(SAMPLES / "extensions-demo.conf")
    assert code == 2
    assert "no context gives calls to Stasis(ariroute): name the file that does" in words


@pytest.mark.parametrize("arguments", [[], ["--live", str(OURS)]])
def test_it_takes_files_alone(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where no folder has the name "dialplan"
    code, _, words = run(*arguments)
    assert code == 2
    assert "check dialplan takes files of extensions" in words
