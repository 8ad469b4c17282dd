"""`scripts/trials` on a real Asterisk, for seconds: it serves as the simulated floor does, and agents per call hold."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def trial(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts/trials"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)


def rows(text: str) -> list[list[str]]:
    """The cells of the first table."""
    first = text.partition("\n\n")[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in first.splitlines()[2:]]


def percent(cell: str) -> float:
    return float(cell.removesuffix(" %"))


def test_real_calls_are_served_as_in_the_simulation(tmp_path: Path) -> None:
    done = trial("floor", "linear", "priorities", "--seconds", "12", "--seed", "2", "--folder", str(tmp_path))

    table = rows(done.stdout)
    assert [row[0] for row in table if row[0]] == ["linear", "priorities"], done.stderr
    assert sum(int(row[2]) for row in table) > 20
    for name, *_, answered, same_wait, _, same_order in table:
        really, simulated = map(int, answered.split(" / "))
        assert abs(really - simulated) <= 1, done.stdout
        assert not name or percent(same_wait) >= 80, done.stdout  # on a busy machine an agent may be free a look later
        assert not name or percent(same_order) >= 90, done.stdout
    kept = json.loads((tmp_path / "linear-2/events.json").read_text())
    assert {event["Event"] for _, event in kept["events"]} >= {"QueueMemberAdded", "QueueCallerJoin", "AgentConnect"}


def test_agents_per_call_hold_under_a_burst_and_the_exit_code_says_so() -> None:
    done = trial("ratios", "--short", "--arm", "dynamic", "--arm", "none")

    table = rows(done.stdout)
    held = {(row[0] or table[place // 3 * 3][0], row[1]): row[4] for place, row in enumerate(table)}
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(percent(held["dynamic", tier]) >= 95 for tier in ("platinum", "gold", "standard"))
    assert percent(held["none", "platinum"]) < percent(held["dynamic", "platinum"])


def test_a_floor_that_is_not_there_is_named() -> None:
    done = trial("floor", "ringsome")

    assert done.returncode == 2
    assert "no floor ringsome; there are rrmemory, leastrecent" in done.stderr
