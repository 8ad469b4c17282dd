"""What Prometheus is told of the staffing."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ariroute.daemon.staffing_metrics import STATES, StaffingMetrics
from ariroute.journal.moves import Moved

GOLD: dict[str, Any] = {
    "queue": "gold",
    "target": 0.5,
    "achieved": 0.4,
    "average": 0.61,
    "held": 91.0,
    "calls": 5,
    "waiting": 3,
    "talking": 2,
    "agents": 2,
    "needed": 3,
    "kept": 3,
    "short": 1,
    "borrowed": ["carl", "dora"],
    "lent": [],
    "estimated_wait": 95.0,
    "service_level": 71.0,
    "why": "short of 1",
}
IDLE: dict[str, Any] = GOLD | {
    "queue": "idle",
    "target": None,
    "achieved": None,
    "average": None,
    "held": None,
    "estimated_wait": None,
    "borrowed": [],
}
STATUS: dict[str, Any] = {
    "mode": "dynamic",
    "acting": True,
    "why": "",
    "suffices": False,
    "tiers": [GOLD, IDLE],
    "agents": [],
    "moves": [],
}


class Told:
    """The figures of the staffing, whose status is ``status``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = StaffingMetrics(self.registry)
        self.status: dict[str, Any] = STATUS
        self.metrics.watch("pbx1", lambda: self.status)

    def of(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"ariroute_staffing_{name}", {"pbx": "pbx1", **labels})


@pytest.fixture
def told() -> Told:
    return Told()


def test_each_figure_of_a_tier_is_told(told: Told) -> None:
    names = ("target", "achieved", "average", "calls", "agents", "needed", "short", "estimated_wait_seconds")
    assert [told.of(name, queue="gold") for name in names] == [0.5, 0.4, 0.61, 5, 2, 3, 1, 95]
    assert told.of("held_ratio", queue="gold") == 0.91
    assert told.of("borrowed", queue="gold") == 2
    assert told.of("suffices") == 0


def test_what_is_not_known_has_no_figure(told: Told) -> None:
    names = ("target", "achieved", "average", "held_ratio", "estimated_wait_seconds")
    assert [told.of(name, queue="idle") for name in names] == [None] * 5
    assert told.of("borrowed", queue="idle") == 0


@pytest.mark.parametrize(
    ("acting", "why", "state"),
    [
        (True, "", "acting"),
        (False, "advise", "advise"),
        (False, "released by hand", "released"),
        (False, "AMI is down: nobody answers", "frozen"),
        (False, "what nobody has thought of", "frozen"),
        (False, "another daemon has the calls", "standby"),
        (False, "no staffing in the flow file", "none"),
    ],
)
def test_it_is_in_one_state(told: Told, acting: bool, why: str, state: str) -> None:
    told.status = STATUS | {"acting": acting, "why": why}
    assert {each for each in STATES if told.of("state", state=each)} == {state}
    assert {told.of("state", state=each) for each in STATES} == {0.0, 1.0}


def test_without_tiers_nothing_is_said_of_whether_agents_suffice(told: Told) -> None:
    told.status = {"mode": "", "acting": False, "why": "no staffing in the flow file", "tiers": [], "suffices": True}
    assert told.of("suffices") is None
    assert told.of("state", state="none") == 1


def test_moves_are_counted_by_queue_reason_and_what_became_of_them(told: Told) -> None:
    move = Moved(1.0, "pbx1", "anna", ("gold",), "platinum", "target", "why", "dynamic", True, "")
    for each in (move, move, move._replace(done=False, failure="no"), move._replace(done=False, mode="advise")):
        told.metrics.moved(each)
    results = [
        told.of("moves_total", queue="platinum", why="target", result=result)
        for result in ("done", "failed", "advised")
    ]
    assert results == [2, 1, 1]
