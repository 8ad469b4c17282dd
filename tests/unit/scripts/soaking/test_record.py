"""The record on disk: whole, cut, and continued."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.lab.debian import LabError
from scripts.soaking.record import Began, Ended, Entry, Fault, Life, Record, Sample, Window, Writer, parse, read

ENTRIES: list[Entry] = [
    Began(1000.0, 3600.0, 3.0, 60.0, 1, "0.1.0", "22.10.1", 4.0, "mix.yaml"),
    Life(1000.0, 1, "start"),
    Sample(1005.0, 1, 70_000_000, 12, 3, 9),
    Sample(1010.0, 1, 70_000_000, 12, 3, None),
    Fault(1030.0, "hang", "the daemon hangs", 1.5),
    Window(1000.0, 1300.0, 900, {"queued": 899, "lost": 1}, 0, 0, 12, 300, 0.01, 0.05, 4.02, ("1.7 lost",)),
    Ended(1400.0, "all calls placed"),
]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with Writer(tmp_path / "record") as writer:
        for entry in ENTRIES:
            writer.write(entry)
            assert read(tmp_path / "record").entries[-1] == entry  # on disk at once

    assert read(tmp_path / "record").entries == ENTRIES == writer.record.entries


def test_a_run_that_was_cut_tells_all_but_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "record"
    with Writer(path) as writer:
        for entry in ENTRIES:
            writer.write(entry)
    path.write_bytes(path.read_bytes()[:-20])

    assert read(path).entries == ENTRIES[:-1]


def test_a_cut_record_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "record"
    path.write_text('{"entry": "life", "at": 1.0, "life": 1, "why": "start"}\n{"entry": "sam')
    with Writer(path) as writer:
        assert writer.record.of(Life) == [Life(1.0, 1, "start")]
        writer.write(Life(9.0, 2, "kill"))

    assert read(path).entries == [Life(1.0, 1, "start"), Life(9.0, 2, "kill")]


@pytest.mark.parametrize("line", ['{"entry": "other"}', '{"entry": "life", "age": 3}', "[1]", "7"])
def test_another_file_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(LabError, match=r"record:2: not a line that scripts/soak writes"):
        parse(['{"entry": "ended", "at": 1.0, "why": "x"}', line], "record")


def test_an_empty_record_has_nothing() -> None:
    assert parse([], "record") == Record()
