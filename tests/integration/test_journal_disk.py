"""The journal on a disk that is full, and in a file that it may not write: real ones, not made-up errors."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ariroute.journal.sqlite import SqliteStore

TESTS = Path(__file__).parents[1]
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all")


def run(command: list[str]) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def mounts_may_be_made() -> bool:
    return (
        bool(shutil.which("unshare"))
        and not subprocess.run(
            ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
            capture_output=True,
            check=False,
        ).returncode
    )


def test_on_a_full_disk_records_wait_and_drop_with_one_alarm_until_there_is_room(tmp_path: Path) -> None:
    if not mounts_may_be_made():
        pytest.skip("no mount namespace can be had here")
    told = run(["unshare", "--map-root-user", "--mount", sys.executable, str(TESTS / "journal_disk.py"), str(tmp_path)])
    assert "database or disk is full: make room, or set journal.largest" in told["failure"]
    assert told["written_before"] > 0
    assert told["dropped"] > 300
    assert told["dropped_later"] == told["refused"] == 0
    assert told["rows"] == told["written"] == told["offered"] - told["dropped"], "each once, but for those dropped"
    assert told["sound"] == "ok"
    (level, alarm), (other, mended) = told["lines"]
    assert (level, other) == ("ERROR", "WARNING")
    assert alarm.endswith("calls are routed all the same, and their records wait")
    assert mended == f"the journal is written again; {told['dropped']} records were lost meanwhile"


WRITE = textwrap.dedent(
    """
    import json, sys
    from pathlib import Path
    from ariroute.errors import JournalError
    from ariroute.journal.sqlite import SqliteStore
    from ariroute.journal.store import Statement

    said = {}
    for what, path in zip(("file", "folder", "new"), sys.argv[1:]):
        try:
            store = SqliteStore(Path(path))
            store.migrate()
            store.write([Statement("INSERT INTO configs (digest, first_seen, rules) VALUES ('a', 1, '{}')")])
            said[what] = "written"
        except JournalError as error:
            said[what] = str(error)
    print(json.dumps(said))
    """
)


def test_what_may_not_be_written_is_told_with_the_remedy() -> None:
    command = [sys.executable, "-c", WRITE]
    if os.geteuid() == 0:  # whom no permission stops
        if not shutil.which("setpriv"):
            pytest.skip("no setpriv (util-linux) to be somebody else")
        command = [*AS_NOBODY, *command]
    with tempfile.TemporaryDirectory() as reachable:
        paths = []
        for name, of_file, of_folder in (("file", 0o444, 0o777), ("folder", 0o666, 0o555), ("new", 0, 0o555)):
            folder = Path(reachable) / name
            folder.mkdir()
            if of_file:
                store = SqliteStore(folder / "journal.db")
                store.migrate()
                store.close()
                (folder / "journal.db").chmod(of_file)
            folder.chmod(of_folder)
            paths.append(str(folder / "journal.db"))
        Path(reachable).chmod(0o755)
        told = run([*command, *paths])
    allowed = "the user that runs ariroute must be allowed to write it and its folder"
    assert told["file"].endswith(f"attempt to write a readonly database: {allowed}")
    assert "allowed" in told["folder"]
    assert "allowed" in told["new"]


ALSO = textwrap.dedent(
    """
    import json, sys
    from pathlib import Path
    from ariroute.journal.record import Rules
    from ariroute.journal.retention import Limits
    from ariroute.journal.sqlite import SqliteStore
    from ariroute.journal.writer import Journal

    def opened():
        store = SqliteStore(Path(sys.argv[1]))
        store.migrate()
        return store

    journal = Journal(opened, 100_000, Limits(1e12, 1 << 40))
    journal.start()
    for number in range(2000):
        journal.offer(Rules(f"{sys.argv[2]}{number}", 1.0, "{}"))
    journal.close(30)
    print(json.dumps({"written": journal.written, "lost": journal.dropped + journal.refused}))
    """
)


def test_two_daemons_write_into_one_file_from_their_start_on(tmp_path: Path) -> None:
    """As those of a pair, which share the state directory."""
    file = tmp_path / "journal.db"
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda name: run([sys.executable, "-c", ALSO, str(file), name]), ("a", "b")))
    assert both == [{"written": 2000, "lost": 0}] * 2
    store = SqliteStore(file, only_read=True)
    assert store.read("SELECT count(*) FROM configs") == [(4000,)]
    assert store.read("PRAGMA integrity_check") == [("ok",)]
    store.close()
