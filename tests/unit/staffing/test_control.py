"""Who goes where, and why."""

from __future__ import annotations

from staffing_builders import floor, rules, staffed, there

from ariroute.staffing.control import propose
from ariroute.staffing.proposal import Move, Why
from ariroute.staffing.rules import Tier
from ariroute.staffing.snapshot import QueueNow

TIERS = (Tier("platinum", 1.0), Tier("gold", 0.5), Tier("standard", 0.2))


def test_a_tier_with_too_few_agents_for_its_calls_gets_one() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", platinum=2)])
    proposal = propose(wanted, floor([there("anna", "gold")], QueueNow("platinum", waiting=1)))
    assert proposal.moves == (
        Move("anna", frozenset({"gold"}), "platinum", 2, Why.TARGET, "platinum has 1 call and no agents; needs 1"),
    )
    assert proposal.wanted == {"anna": "platinum"}
    assert [tier.short for tier in proposal.tiers] == [0, 0, 0]
