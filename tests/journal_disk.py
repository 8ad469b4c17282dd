"""A journal on a disk of its own that gets full and then is made larger; tells what it saw as JSON.

unshare --map-root-user --mount python3 tests/journal_disk.py FOLDER
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ariroute.journal import writer
from ariroute.journal.record import Rules
from ariroute.journal.retention import Limits
from ariroute.journal.sqlite import SqliteStore

WAITING = 200
RECORD = "x" * 8000


class Lines(logging.Handler):
    """Keeps the level and the text of each line."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append((record.levelname, record.getMessage()))


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("waited in vain")
        time.sleep(0.005)


def disk(folder: Path, *options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "none", str(folder)], check=True)


def main(folder: Path) -> None:
    lines = Lines()
    logging.getLogger("ariroute.journal").addHandler(lines)
    writer.PAUSE = 0.05
    disk(folder, "size=1m")
    file = folder / "journal.db"

    def opened() -> SqliteStore:
        store = SqliteStore(file)
        store.migrate()
        return store

    journal = writer.Journal(opened, WAITING, Limits(keep=1e12, largest=1 << 40))
    journal.start()
    offered = 0

    def offer(count: int) -> None:
        nonlocal offered
        for _ in range(count):
            journal.offer(Rules(f"r{offered:05}", float(offered), RECORD))
            offered += 1

    while not journal.failure:
        offer(10)
        until(lambda: journal.failure or not journal.waiting)
    failure, before = journal.failure, journal.written
    offer(3 * WAITING)
    dropped = journal.dropped
    disk(folder, "remount", "size=64m")
    until(lambda: not journal.failure and not journal.waiting)
    journal.close()
    store = SqliteStore(file, only_read=True)
    (rows,) = store.read("SELECT count(*) FROM configs")[0]
    report = {
        "failure": failure,
        "written_before": before,
        "written": journal.written,
        "dropped": dropped,
        "dropped_later": journal.dropped - dropped,
        "refused": journal.refused,
        "offered": offered,
        "rows": rows,
        "sound": store.read("PRAGMA integrity_check")[0][0],
        "lines": lines.kept,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
