"""What must survive the daemon: where the file lies, and whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.daemon.staffing.kept import place_of, write


def test_a_folder_that_is_named_by_a_dot_has_the_file_that_it_has_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "callcentre"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert place_of(Path(), "pbx1", {}) == place_of(folder, "pbx1", {}) == folder / "callcentre.staffing.pbx1.json"


@pytest.mark.parametrize("is_there", [True, False])
def test_what_root_writes_belongs_to_whom_the_daemon_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    path, given = tmp_path / "a.json", list[tuple[int, int]]()
    if is_there:
        write(path, "{}")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.fchown", lambda _, user, group: given.append((user, group)))
    write(path, "{}\n")
    owner = (path if is_there else tmp_path).stat()
    assert given == [(owner.st_uid, owner.st_gid)]
    given.clear()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    write(path, "{}\n")
    assert given == []
