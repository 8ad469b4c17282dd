"""Every test file in tests/fixtures/bad_tests is refused with exactly the mistakes that its first lines expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.cases.read import Reader
from ariroute.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "fixtures" / "bad_tests"
FLOW_FILE = FOLDER / "ariroute.yaml"
BAD = sorted(path for path in FOLDER.glob("*.yaml") if path != FLOW_FILE)
EXPECT = "# expect: "


def mistakes(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Reader(FLOW_FILE, lambda: FLOW_FILE).suites([path])
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_when_a_test_file_is_bad_then_every_mistake_is_told_at_its_place(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = [line.removeprefix(EXPECT) for line in lines if line.startswith(EXPECT)]

    assert [told.splitlines()[0].removeprefix(f"{path}:").strip() for told in mistakes(path)] == expected


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_when_a_test_file_is_bad_then_no_word_of_the_libraries_behind_is_shown(path: Path) -> None:
    told = "\n".join(mistakes(path)).replace(str(path), "").lower()

    assert [word for word in ("pydantic", "input should", "validation", "nonetype", "<class") if word in told] == []


def test_mistakes_of_several_files_and_of_the_flow_file_are_told_together(tmp_path: Path) -> None:
    flow_file = tmp_path / "ariroute.yaml"
    flow_file.write_text("version: 1\nqueues: {gold: {}}\nflows: {support: {default: glod}}\n", encoding="utf-8")
    (tmp_path / "tests.yaml").write_text("tests: [{name: one, expect: {queue: gold}}]\n", encoding="utf-8")
    (tmp_path / "more.tests.yaml").write_text("tests: {}\n", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        Reader(flow_file, lambda: flow_file).suites([tmp_path])

    assert [problem.file for problem in caught.value.problems] == [str(tmp_path / "more.tests.yaml"), str(flow_file)]
