"""``ariroute replay --simulate``: what the table says, and when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_calls import BEGIN, Placed, record

from ariroute.journal.record import Happened
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Statement

from .conftest import FLOW_FILE, Ariroute

LEVEL = "service_level: {target: 80, within: 20s}"
OLD = 'journal: {url: "sqlite:journal.db"}\n' + FLOW_FILE.replace("agents_per_call: 0.5", LEVEL).replace(
    '!open("office")', "false"
)
NEW = OLD.replace("orders >= 10.0", "orders >= 5.0")
WAIT = 5.0


@pytest.fixture
def place(tmp_path: Path, flow_file: Path) -> Path:
    """A minute between two calls, which last for a minute and a half: two agents in standard, one in gold."""
    flow_file.write_text(OLD, encoding="utf-8")
    (tmp_path / "new.yaml").write_text(NEW, encoding="utf-8")
    orders = [7.0 if number % 3 == 0 else 1.0 for number in range(58)] + [20.0, 20.0]
    calls = [Placed({"crm": {"orders": each, "loyalty": "", "blocked": False}}) for each in orders]
    record(tmp_path / "journal.db", flow_file, calls)
    return tmp_path


def outcomes(place: Path, calls: int = 60) -> None:
    """What Asterisk did with the first ``calls``: each was answered, a lone one gave up."""
    statements: list[Statement] = []
    for number in range(calls):
        agent = "Cleo" if number >= 58 else ("Alva", "Bo")[number % 2]
        columns = {"outcome": "answered", "wait": WAIT, "agent": agent, "talk": 90.0, "outcome_queue": "standard"}
        if number == 5:
            columns = {"outcome": "abandoned", "wait": WAIT, "outcome_queue": "standard"}
        answered = {"what": "answered", "at": BEGIN.timestamp(), "ring": 5}
        statements += Happened(f"call.{number}", "pbx1", answered, columns).statements()
    store = SqliteStore(place / "journal.db")
    store.write(statements)
    store.close()


def test_the_table_and_what_is_assumed_stand_under_the_replay(ariroute: Ariroute, place: Path) -> None:
    outcomes(place)
    ended = ariroute("replay", "-c", "new.yaml", "--show", "0", "--simulate", "--agents", "gold=2")
    assert ended.code == 0
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "20 go elsewhere than they did (33.3 % of the 60 of which it can be said)" in lines
    (standard,) = (line for line in lines if line.startswith("standard "))
    assert standard.startswith("standard 58 > 38 5.0 s 5.0 s (5.0 to 5.0) 5.0 s (5.0 to 5.0) +0.0 s (+0.0 to +0.0)")
    (gold,) = (line for line in lines if line.startswith("gold "))
    assert gold.startswith("gold 2 > 22 5.0 s ")
    assert " in 20s " in gold
    assert any("1 gave up" in line for line in lines)
    assert any("gold=2, all the time" in line for line in lines)
    assert ended.err == ""


def test_as_json_it_stands_beside_the_replay(ariroute: Ariroute, place: Path) -> None:
    outcomes(place, 59)
    found = ariroute("replay", "-c", "new.yaml", "--simulate", "--format", "json").json
    assert found["changed"] == 20
    gold, standard = found["simulation"]["tiers"]
    assert (gold["queue"], gold["within"], gold["recorded"]["contacts"]) == ("gold", 20.0, 1)
    assert standard["after"]["contacts"] == {"mean": 38, "low": 38, "high": 38}
    assert found["simulation"]["doubts"] == ["of 1 of 60 calls in queues nobody knows what became of them"]


def test_what_was_measured_and_is_not_given_back_is_a_note(ariroute: Ariroute, place: Path) -> None:
    outcomes(place)
    ended = ariroute("replay", "-c", "new.yaml", "--simulate", "--wrap-up", "5m")
    assert ended.code == 0
    assert (
        "note: queue standard: callers waited 5.0 s on average, and by the same rules the simulation says" in ended.err
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--agents", "gold"), "--agents gold: write QUEUE=NUMBER"),
        (("--agents", "vip=2"), "--agents: there is no queue vip, neither in the flow file nor in the record"),
        (("--wrap-up", "5"), "--wrap-up: '5' is not a duration"),
        (("--flow", "support"), "--simulate needs every call, as it was"),
        ((), "what Asterisk did with these calls was not recorded"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    ariroute: Ariroute, place: Path, arguments: tuple[str, ...], words: str
) -> None:
    ended = ariroute("replay", "-c", "new.yaml", "--simulate", *arguments)
    assert ended.code == 2
    assert words in ended.err
