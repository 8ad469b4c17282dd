"""``docs/cli.md`` is made from the help, and is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.cli.main import main
from ariroute.cli.manual import manual

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == manual(), "run scripts/docs"


def test_each_command_and_each_option_is_on_the_page() -> None:
    page = manual()

    for name, command in main.commands.items():
        assert f"## `ariroute {name}`" in page
        section = page.split(f"## `ariroute {name}`")[1].split("\n## ")[0]
        for parameter in command.params:
            assert parameter.opts[0] in section or parameter.human_readable_name in section


def test_the_page_does_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    page = manual()
    monkeypatch.setenv("COLUMNS", "40")

    assert manual() == page
