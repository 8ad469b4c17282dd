"""What a tier gets and why, in a sentence."""

from __future__ import annotations

import pytest

from ariroute.staffing.rules import Tier
from ariroute.staffing.snapshot import AgentNow, QueueNow, State
from ariroute.staffing.standing import Standing
from ariroute.staffing.words import told


@pytest.mark.parametrize(
    ("agents", "wrapping", "kept", "says"),
    [
        (2, 0, 0, "has what it needs"),
        (1, 0, 0, "lacks 1 agent, who can be moved here"),
        (0, 0, 9, "lacks 2 agents, who can be moved here"),
        (1, 1, 0, "lacks 1 agent, who will be back from wrap-up in a moment"),
        (0, 1, 0, "lacks 1 agent, who can be moved here"),
        (4, 0, 4, "keeps whom it has: it needed 4 agents of late"),
        (2, 0, 4, "has what it needs"),
    ],
)
def test_a_tier_is_told_by_what_it_has(agents: int, wrapping: int, kept: int, says: str) -> None:
    there = tuple(AgentNow(f"a{number}", State.FREE, "gold", frozenset({"gold"})) for number in range(agents))
    standing = Standing(Tier("gold", agents_per_call=0.5), 0, QueueNow("gold", talking=4), there, wrapping, 0)
    assert told(standing, 0, True, kept, False) == says


def test_what_cannot_be_had_comes_first() -> None:
    standing = Standing(Tier("gold", agents_per_call=1.0, max_agents=1), 0, QueueNow("gold", waiting=3), (), 0, 0)
    assert told(standing, 2, True, 0, False) == "short of 2 agents: nobody else who may serve it is free or may leave"
    assert told(standing, 2, False, 0, False) == "short of 2 agents: max_agents is 1"
