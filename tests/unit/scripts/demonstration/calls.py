"""Calls as the demo sees them, for its tests."""

from __future__ import annotations

from ariroute.lab.records import QueueEvent
from ariroute.lab.verdict import CallVerdict
from scripts.demonstration.board import Call, Routed

ARRIVED = 1_800_000_000.0


def routed(
    outcome: str = "found",
    *,
    reason: str = "",
    because: str = 'crm.loyalty == "gold"',
    by_default: bool = False,
    queue: str = "gold",
    **facts: object,
) -> Routed:
    return Routed({"crm": outcome}, {"crm": reason} if reason else {}, {"crm": facts}, because, by_default, queue, 20)


def call(
    number: str = "+46701000003",
    *queues: str,
    agent: str | None = "Eva",
    wait: int | None = 0,
    decision: Routed | None = None,
    uniqueid: str = "1.0",
    took: float = 0.024,
    ending: QueueEvent | None = None,
    twice: bool = False,
) -> Call:
    verdict = CallVerdict(uniqueid, number, queues, agent, wait, None, ending, twice) if queues else None
    return Call(uniqueid, number, ARRIVED, ARRIVED, ARRIVED + took, None, decision, "", verdict)
