"""Folders of demos side by side."""

from __future__ import annotations

from pathlib import Path

from scripts.demonstration.folder import State, announce, running, taken

STATE = State(4711, 5060, "127.0.0.1:8067")


def test_when_two_run_side_by_side_then_each_has_its_folder(tmp_path: Path) -> None:
    with taken(tmp_path) as one, taken(tmp_path) as two:
        announce(one, STATE)
        announce(two, STATE)

        assert (one.name, two.name) == ("1", "2")
        assert running(tmp_path) == [(one, STATE), (two, STATE)]


def test_when_the_last_run_left_files_then_the_next_one_begins_empty(tmp_path: Path) -> None:
    with taken(tmp_path) as folder:
        (folder / "daemon.log").touch()

    with taken(tmp_path) as again:
        assert again == folder
        assert list(again.iterdir()) == []


def test_when_a_demo_ended_then_it_takes_no_calls(tmp_path: Path) -> None:
    with taken(tmp_path) as folder:
        announce(folder, STATE)

    assert running(tmp_path) == []


def test_when_a_demo_was_killed_then_what_it_announced_counts_no_more(tmp_path: Path) -> None:
    (tmp_path / "1.lock").touch()
    (tmp_path / "1").mkdir()
    announce(tmp_path / "1", STATE)

    assert running(tmp_path) == []


def test_when_there_was_never_a_demo_then_none_runs(tmp_path: Path) -> None:
    assert running(tmp_path / "nowhere") == []
