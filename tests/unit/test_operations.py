"""docs/operations.md: its commands exist, and the log says what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ariroute.proof.faults import ALL

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCE = "\n".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "ariroute").rglob("*.py")))
CODE = re.findall(r"`([^`\n]+)`", PAGE + README)


def test_the_tests_that_prove_are_there() -> None:
    paths = [path for text in CODE for path in re.findall(r"\.venv/bin/pytest (\S+)", text)]

    assert len(paths) >= 6
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_rows_of_the_matrix_that_prove_are_there() -> None:
    folder = ROOT / "tests" / "acceptance" / "matrix"
    names = "\n".join(f"{file.name}\n{file.read_text(encoding='utf-8')}" for file in folder.glob("test_*.py"))
    tests = re.findall(r"^(test_\w+)\.py|def (test_\w+)", names, re.MULTILINE)
    wanted = [
        text.partition(" -k ")[2].strip('"') for text in CODE if text.startswith("scripts/matrix") and " -k " in text
    ]

    assert len(wanted) >= 6
    for word in (word for text in wanted for word in text.split(" or ")):
        assert [name for pair in tests for name in pair if word in name], word


def test_the_faults_that_are_asked_for_are_kinds() -> None:
    asked = [
        kind.partition("=")[0]
        for text in CODE
        for faults in re.findall(r"--faults (\S+)", text)
        for kind in faults.split(",")
    ]

    assert asked
    assert set(asked) <= set(ALL)


def told() -> list[str]:
    """What the page says that the log says: words between backticks in the third column, up to what differs."""
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ") and line.count(" | ") == 3]
    texts = [text for row in rows for text in re.findall(r"`([^`]+)`", row[2]) if " " in text and "=" not in text]
    parts = [part.strip() for text in texts for part in re.split(r"…|pbx1: |lookup crm |notify ticket: |\d+ s", text)]
    return [part for part in parts if len(part) > 6]


@pytest.mark.parametrize("part", told())
def test_the_log_says_what_the_page_says(part: str) -> None:
    flat = re.sub(r'"\s*\n\s*f?"', "", SOURCE)

    assert part in flat


def test_many_words_of_the_log_are_told() -> None:
    assert len(told()) >= 10


def test_the_ways_in_which_calls_leave_are_those_of_the_daemon() -> None:
    paragraph = PAGE.partition("`how` says how calls left the daemon:")[2].partition("\n\n")[0]
    ways = re.findall(r"`([a-z ]+)`", paragraph)

    assert len(ways) >= 8
    assert [way for way in ways if f'"{way}"' not in SOURCE] == []
