"""Which demo a single call goes to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ariroute.lab.debian import LabError
from scripts.demonstration import folder, play

NUMBER = "+46701000001"


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """The folders of two demos that take calls."""
    known = folder.running
    monkeypatch.setattr(folder, "running", lambda: known(tmp_path))
    with ExitStack() as stack:
        folders = [stack.enter_context(folder.taken(tmp_path)) for _ in range(2)]
        for place, one in enumerate(folders):
            folder.announce(one, folder.State(1, 5060 + place, "127.0.0.1:8067"))
        yield folders


def test_when_several_run_then_the_call_asks_which(two: list[Path]) -> None:
    with pytest.raises(LabError, match=f"say which one with --demo {two[0]} or --demo {two[1]}"):
        play.call(NUMBER, "", "support", None)


def test_when_the_chosen_one_does_not_run_then_the_call_says_so(two: list[Path], tmp_path: Path) -> None:
    with pytest.raises(LabError, match=f"no demo takes calls now in {tmp_path}: start one with .*scripts/demo --stay"):
        play.call(NUMBER, "", "support", tmp_path)


def test_when_none_runs_then_the_call_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "running", list)

    with pytest.raises(LabError, match=r"start one with .*scripts/demo --stay"):
        play.call(NUMBER, "", "support", None)


@pytest.mark.parametrize("number", ["", "a b", "1;2", "1\r\nX: y", "-" * 41])
def test_when_the_number_cannot_travel_then_no_call_is_placed(two: list[Path], number: str) -> None:
    with pytest.raises(LabError, match="cannot be called or called from"):
        play.call(number, "", "support", two[0])
