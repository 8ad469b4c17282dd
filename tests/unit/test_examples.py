"""Every example of docs/examples passes ``ariroute check``, and its own ``ariroute test`` lines.

The calls that they describe are placed for real in tests/acceptance/test_examples.py.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from examples import FOLDER, Example, examples, folders_without_try

from ariroute.cli.main import main
from ariroute.config.steps import STEPS
from ariroute.lookups.kinds import KINDS

PLAYED_ELSEWHERE = {"demo", "plugin"}
"""scripts/demo has tests of its own; a package is installed by one."""


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_an_example_passes_its_checks(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(example.folder)

    checked = CliRunner().invoke(main, ["check", "ariroute.yaml"])

    assert checked.exit_code == 0, checked.output
    assert "warning" not in checked.output.lower(), checked.output
    for line in example.trial.test:
        ended = CliRunner().invoke(main, ["test", *shlex.split(line), "--config", "ariroute.yaml"])
        assert ended.exit_code == 0, f"ariroute test {line}\n{ended.output}"


ALWAYS_OPEN = "answer"
"""The office of this one never closes, so that nobody can go that way."""


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*/tests.yaml")), ids=lambda file: file.parent.name)
def test_the_test_file_of_an_example_passes_and_takes_every_way(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    floor = "60" if file.parent.name == ALWAYS_OPEN else "100"

    ended = CliRunner().invoke(main, ["test", "-f", "tests.yaml", "--coverage", "--fail-under", floor])

    assert ended.exit_code == 0, ended.output


def test_each_example_has_a_test_file() -> None:
    assert [
        path.parent.name for path in FOLDER.glob("*/ariroute.yaml") if not (path.parent / "tests.yaml").exists()
    ] == []


def test_cases_stand_beside_the_flows_of_an_example_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER / "several-files")

    ended = CliRunner().invoke(main, ["test", "-f", "ariroute.yaml", "-v"])

    assert ended.exit_code == 0, ended.output
    assert "flows/sales.yaml:" in ended.output
    assert "flows/support.yaml:" in ended.output


def commands_at_the_head(file: Path) -> list[list[str]]:
    """The arguments of each `ariroute …` in the comment that a flow file begins with."""
    head = file.read_text(encoding="utf-8").partition("version: 1")[0].replace("\\\n#", "")
    return [shlex.split(line, comments=True) for line in re.findall(r"^# {3}ariroute (.*)$", head, re.MULTILINE)]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*/ariroute.yaml")), ids=lambda file: file.parent.name)
def test_the_commands_at_the_head_of_an_example_work_in_its_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    commands = commands_at_the_head(file)

    assert commands
    for arguments in commands:
        told = [str(path) for each in arguments for path in ([each] if "*" not in each else sorted(Path().glob(each)))]
        ended = CliRunner().invoke(main, told)
        assert ended.exit_code == 0, f"ariroute {arguments}\n{ended.output}"


def test_the_overview_leads_to_every_example() -> None:
    overview = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert [folder.name for folder in FOLDER.iterdir() if folder.is_dir() and f"]({folder.name}/" not in overview] == []


def test_each_example_says_how_to_try_it() -> None:
    assert set(folders_without_try()) <= PLAYED_ELSEWHERE


def test_each_step_and_each_kind_of_lookup_has_an_example() -> None:
    texts = "\n".join(example.text for example in examples())

    assert [step for step in STEPS if f"- {step}:" not in texts] == []
    assert [kind for kind in KINDS if f"    {kind}:" not in texts] == []
