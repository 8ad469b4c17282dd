"""``ariroute replay``: recorded contacts by changed rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_calls import Placed, record

from .conftest import FLOW_FILE, Ariroute

JOURNAL = 'journal: {url: "sqlite:journal.db"}\n'

CUSTOMERS = [("gold", 2.0)] * 3 + [("silver", 4.0), ("silver", 6.0), ("silver", 12.0), ("platinum", 0.0)]
CALLS = [
    Placed({"crm": {"loyalty": loyalty, "orders": orders, "blocked": False}}, caller=f"+467012345{number:02}")
    for number, (loyalty, orders) in enumerate(CUSTOMERS)
]


@pytest.fixture
def recorded(flow_file: Path, tmp_path: Path) -> Path:
    """The flow file, with seven calls in its journal."""
    flow_file.write_text(JOURNAL + FLOW_FILE, encoding="utf-8")
    record(tmp_path / "journal.db", flow_file, CALLS)
    return flow_file


def changed(recorded: Path, old: str, new: str) -> str:
    """The name of a flow file beside ``recorded`` in which ``new`` stands for ``old``."""
    text = recorded.read_text(encoding="utf-8")
    assert old in text
    (recorded.parent / "new.yaml").write_text(text.replace(old, new), encoding="utf-8")
    return "new.yaml"


def test_by_the_same_rules_nothing_goes_elsewhere(ariroute: Ariroute, recorded: Path) -> None:
    found = ariroute("replay", "--format", "json").json

    assert (found["read"], found["told"], found["changed"], found["differs_otherwise"]) == (7, 7, 0, 0)
    assert (found["moves"], found["causes"], found["examples"]) == ([], [], [])


def test_contacts_that_go_elsewhere_are_counted_and_shown_with_both_traces(ariroute: Ariroute, recorded: Path) -> None:
    ended = ariroute("replay", "-c", changed(recorded, "orders >= 10.0", "orders >= 5.0"))

    assert (ended.code, ended.err) == (0, "")
    assert "1 go elsewhere than they did (14.3 % of the 7 of which it can be said)" in ended.out
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "queue standard, priority 0 queue gold, priority 20 1" in lines
    assert "queue standard, priority 0 2 1 -1" in lines
    assert any(line.startswith("call.4: +46******504 to support, 2026-11-02 09:04:00") for line in lines)
    both = next(line for line in lines if "crm.orders >= 10.0: false" in line)
    assert "crm.orders >= 5.0: true" in both
