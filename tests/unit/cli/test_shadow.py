"""``ariroute shadow``: from its first word to its exit code."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recorded_calls import Placed, record

from .conftest import FLOW_FILE, Ariroute

OLD = 'journal: {url: "sqlite:journal.db"}\n' + FLOW_FILE.replace('!open("office")', "false")
NEW = OLD.replace("orders >= 10.0", "orders >= 5.0")
PATIENCE = 20.0


@pytest.fixture
def place(tmp_path: Path, flow_file: Path) -> Path:
    flow_file.write_text(OLD, encoding="utf-8")
    (tmp_path / "new.yaml").write_text(NEW, encoding="utf-8")
    record(tmp_path / "journal.db", flow_file, [])
    return tmp_path


def during(place: Path, play: Callable[[Path], None]) -> threading.Thread:
    """``play`` once the shadow follows (its rules are in the journal then), and Ctrl-C after that."""

    def run() -> None:
        if until(place, "SELECT count(*) FROM configs", 2):
            play(place)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until(place: Path, question: str, answer: int) -> bool:
    """Wait for that answer."""
    base = sqlite3.connect(place / "journal.db")
    end = time.monotonic() + PATIENCE
    try:
        while base.execute(question).fetchone() != (answer,):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True
    finally:
        base.close()


def three_calls(place: Path) -> None:
    calls = [Placed({"crm": {"orders": orders, "loyalty": "", "blocked": False}}) for orders in (1.0, 6.0, 20.0)]
    record(place / "journal.db", place / "ariroute.yaml", calls, datetime.now(UTC))
    assert until(place, "SELECT count(*) FROM shadows", 1)


def test_a_difference_is_told_while_it_follows_and_summed_up_at_the_end(ariroute: Ariroute, place: Path) -> None:
    thread = during(place, three_calls)
    ended = ariroute("shadow", "-c", "new.yaml", "--for", f"{PATIENCE}s", "--max-changed", "50%")
    thread.join()
    line, *summary = ended.out.splitlines()
    assert "call.1  +46******567 to support: queue standard, priority 0 > queue gold, priority 20" in line
    assert summary == [
        "3 calls: 1 would have gone elsewhere (33.3 % of 3)",
        "  1  queue standard, priority 0 > queue gold, priority 20",
    ]
    assert ended.code == 0
    assert ended.err.startswith("following the journal by the rules of new.yaml (")


def test_as_json_and_with_a_limit_that_is_passed(ariroute: Ariroute, place: Path) -> None:
    thread = during(place, three_calls)
    ended = ariroute("shadow", "-c", "new.yaml", "--journal", "journal.db", "--json", "--max-changed", "0")
    thread.join()
    difference, summary = map(json.loads, ended.out.splitlines())
    assert (difference["contact"], difference["after"]["queue"]) == ("call.1", "gold")
    counts = {name: summary["summary"][name] for name in ("read", "changed", "asked", "unrecorded")}
    assert counts == {"read": 3, "changed": 1, "asked": 0, "unrecorded": 0}
    assert ended.code == 1
    assert ended.err.endswith("1 of 3 contacts would have gone elsewhere; at most 0 may\n")


def test_it_ends_when_its_time_is_over(ariroute: Ariroute, place: Path) -> None:
    ended = ariroute("shadow", "-c", "new.yaml", "--for", "10ms")
    assert (ended.code, ended.out) == (0, "0 calls: 0 would have gone elsewhere (0.0 % of 0)\n")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--for", "1"), 2, "--for: '1' is not a duration"),
        (("--max-changed", "x"), 2, "--max-changed x: write a share"),
        (("--journal", "bare.yaml"), 2, "no journal is kept"),
        (("--journal", "elsewhere.yaml"), 3, "nothing has been recorded yet"),
    ],
)
def test_what_cannot_be_followed_is_said(
    ariroute: Ariroute, place: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    (place / "bare.yaml").write_text(FLOW_FILE, encoding="utf-8")
    (place / "elsewhere.yaml").write_text(NEW.replace("journal.db", "nowhere.db"), encoding="utf-8")
    ended = ariroute("shadow", "-c", "new.yaml", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert words in ended.err


def test_of_whom_nothing_can_be_told_is_not_taken_for_no_change(ariroute: Ariroute, place: Path) -> None:
    asks_more = NEW.replace(
        "- lookup: [crm]", "- lookup: [crm]\n      - lookup: {vip_list: {on_missing: {queue: gold}}}"
    )
    (place / "new.yaml").write_text(asks_more, encoding="utf-8")

    def one_call(place: Path) -> None:
        call = Placed({"crm": {"orders": 1.0, "loyalty": "", "blocked": False}})
        record(place / "journal.db", place / "ariroute.yaml", [call], datetime.now(UTC))

    thread = during(place, one_call)
    ended = ariroute("shadow", "-c", "new.yaml", "--for", f"{PATIENCE}s", "--max-changed", "100%")
    thread.join()

    assert "1 cannot be told: lookup vip_list was not asked then" in ended.out
    assert ended.code == 1
    assert "nothing is known of these rules" in ended.err
