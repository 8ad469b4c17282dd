"""Every file in tests/fixtures/bad is refused with exactly the mistakes that its first lines expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.config.load import load_rules
from ariroute.errors import ConfigError

BAD = sorted((Path(__file__).parents[2] / "fixtures" / "bad").glob("*.yaml"))
EXPECT = b"# expect: "


def test_there_are_at_least_forty() -> None:
    assert len(BAD) >= 40


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_when_the_file_is_bad_then_every_mistake_is_told_at_its_place(path: Path) -> None:
    expected = [
        line.removeprefix(EXPECT).decode() for line in path.read_bytes().splitlines() if line.startswith(EXPECT)
    ]
    with pytest.raises(ConfigError) as caught:
        load_rules(path)
    lines = [str(problem).splitlines()[0].replace(f"{path.parent}/", "") for problem in caught.value.problems]
    told = [line.removeprefix(f"{path.name}:").strip() for line in lines]
    assert told == expected


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_when_the_file_is_bad_then_no_word_of_the_libraries_behind_is_shown(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_rules(path)
    text = str(caught.value).replace(str(path), "").lower()
    for word in (
        "pydantic",
        "input should",
        "validation",
        "traceback",
        "block mapping",
        "<class",
        "nonetype",
        "hunter2",
    ):
        assert word not in text
