"""ariroute's controller on the floor: what it sees, when its moves take effect, and the seconds that are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from random import Random

import pytest

from ariroute.simulate.scenario import AgentModel, Caller, Member, Played, QueueModel, Scenario, TierSeconds
from ariroute.staffing.proposal import Why
from ariroute.staffing.rules import Mode, NoAnswer, StaffedAgent, StaffingRules, Tier

from .pools import floor, played

QUEUES = ("platinum", "gold")


def rules(mode: Mode, homes: Mapping[str, str], *tiers: Tier, rings: int = 0) -> StaffingRules:
    """Each agent may serve platinum and gold."""
    agents = {name: StaffedAgent(name, f"PJSIP/{name}", home, dict.fromkeys(QUEUES, 0)) for name, home in homes.items()}
    given = tiers or (Tier("platinum", 1.0), Tier("gold", 0.5))
    return StaffingRules(mode, given, agents, no_answer=NoAnswer(rings, 60.0) if rings else None)


def staffed(
    mode: Mode, homes: Mapping[str, str], callers: list[Caller], *tiers: Tier, rings: int = 0, step: float = 0.0
) -> Scenario:
    """All begin where their home is."""
    models = [QueueModel(queue, "rrmemory", retry=1) for queue in QUEUES]
    scenario = floor(callers, homes, *models, recheck=1.0)
    return replace(scenario, rules=rules(mode, homes, *tiers, rings=rings), step=step)


TWO = {"ann": "gold", "bob": "gold"}


def test_an_idle_agent_is_moved_to_the_tier_that_has_a_call_and_none_for_it() -> None:
    found = played(staffed("dynamic", TWO, [Caller(100.25, "platinum", talk=50)]))
    ((at, move),) = found.moves
    assert at == pytest.approx(100.27)
    assert (move.queue, set(move.leaves), move.why) == ("platinum", {"gold"}, Why.TARGET)
    (served,) = found.served
    assert served.agent == move.agent
    assert served.wait == pytest.approx(1)  # the caller looks again a second after they came
    assert not played(staffed("advise", TWO, [Caller(100.25, "platinum", talk=50, patience=30)])).moves


def test_nobody_is_moved_before_all_who_come_together_are_there() -> None:
    homes = {"ann": "platinum", "amy": "platinum", "bob": "gold"}
    floors = (Tier("platinum", 1.0, 1), Tier("gold", 0.5, 1))
    scenario = staffed("dynamic", homes, [Caller(100.25, "platinum", talk=5)], *floors)
    assert not played(scenario).moves
    comes = [replace(agent, start=50.0) for agent in scenario.agents]
    assert not played(replace(scenario, agents=comes)).moves


def test_moves_take_effect_later_only() -> None:
    """Whoever looks before that finds nobody."""
    scenario = replace(staffed("dynamic", TWO, [Caller(100.25, "platinum", talk=50)]), acts_after=2.5)
    assert played(scenario).served[0].wait == pytest.approx(3)


def test_who_was_rung_meanwhile_is_in_the_new_queue_all_the_same_and_finishes_the_call() -> None:
    callers = [Caller(100, "platinum", talk=30), Caller(101, "gold", talk=40), Caller(120, "gold", talk=5, patience=10)]
    scenario = replace(staffed("dynamic", {"ann": "gold"}, callers), acts_after=2)
    found = played(scenario)
    assert [each.agent for each in found.served] == ["ann", "ann", ""]
    assert found.served[0].wait == pytest.approx(41)


def seconds(found: Played, queue: str) -> TierSeconds:
    return found.tiers[queue]


def test_the_seconds_of_a_tier_are_those_with_calls_held_and_with_enough() -> None:
    """One agent of two asked for: ten seconds short while two talk or wait, ten seconds met with one call left."""
    callers = [Caller(100, "gold", talk=10), Caller(100, "gold", talk=10)]
    found = seconds(played(staffed("advise", {"ann": "gold"}, callers, Tier("gold", 1.0))), "gold")
    assert found.with_calls == pytest.approx(20)
    assert found.held == pytest.approx(10)
    assert found.calls == pytest.approx(30)
    assert found.agents == pytest.approx(20)
    assert found.with_calls_and_enough == found.held_and_enough == pytest.approx(10)


def test_one_who_is_free_counts_in_each_of_several_queues_and_one_who_talks_in_one() -> None:
    callers = [Caller(100, "gold", talk=10), Caller(105, "platinum", patience=5)]
    scenario = staffed("advise", {"ann": "gold", "bob": "gold"}, callers)
    members = [Member("ann", "gold"), Member("bob", "gold"), Member("bob", "platinum")]
    found = played(replace(scenario, members=members, queues=scenario.queues))
    assert found.served[1].agent == "bob"
    assert seconds(found, "gold").agents == pytest.approx(5 * 2 + 5)
    assert seconds(found, "platinum").agents == pytest.approx(60)


def test_wrap_up_pause_and_log_out_end_the_service() -> None:
    scenario = staffed("advise", {"ann": "gold", "bob": "gold"}, [Caller(100, "gold", talk=10), Caller(110, "gold")])
    queues = {"gold": QueueModel("gold", "linear", wrap_up=20)}
    agents = [AgentModel("ann"), AgentModel("bob", end=150)]
    found = seconds(played(replace(scenario, queues=queues, agents=agents)), "gold")
    # ann until 110; from 110 bob who talks until 170; ann again from 130 on
    assert found.agents == pytest.approx(10 * 2 + 20 * 1 + 40 * 2)


def test_the_pieces_make_the_whole() -> None:
    dice = Random(1)
    callers = sorted(Caller(dice.uniform(100, 2000), dice.choice(QUEUES), talk=dice.uniform(1, 90)) for _ in range(80))
    homes = {"ann": "gold", "bob": "gold", "cay": "platinum"}
    found = played(staffed("dynamic", homes, callers, step=60.0))
    assert found.moves
    for queue in QUEUES:
        pieces = found.courses[queue]
        for field in TierSeconds.__slots__:
            whole = getattr(found.tiers[queue], field)
            assert sum(getattr(piece, field) for piece in pieces) == pytest.approx(whole)
        assert all(piece.with_calls <= 60 + 1e-9 for piece in pieces)
        assert (
            0 < seconds(found, queue).held_and_enough <= seconds(found, queue).held <= seconds(found, queue).with_calls
        )
    last = max(caller.at + each.wait + caller.talk for caller, each in zip(callers, found.served, strict=True))
    assert len(found.courses["gold"]) == int(last / 60) + 1


def test_everybody_is_at_one_place_and_the_moves_lead_from_one_to_the_next() -> None:
    dice = Random(2)
    callers = sorted(Caller(dice.uniform(100, 4000), dice.choice(QUEUES), talk=dice.uniform(1, 90)) for _ in range(200))
    homes = {"ann": "gold", "bob": "gold", "cay": "platinum", "dan": "platinum", "eve": "gold"}
    found = played(staffed("dynamic", homes, callers))
    where = dict(homes)
    for _, move in found.moves:
        assert move.leaves == {where[move.agent]}
        assert move.reason
        where[move.agent] = move.queue
    assert {each.agent for each in found.served} <= set(homes)


def test_who_does_not_answer_is_paused_by_ariroute_for_a_while_and_the_next_one_rings() -> None:
    def found(mode: Mode) -> Played:
        homes = {"ann": "gold", "bob": "gold"}
        scenario = staffed(mode, homes, [Caller(100, "gold", talk=5), Caller(200, "gold", talk=5)], rings=1)
        agents = [AgentModel("ann", picks_up=inf), AgentModel("bob", start=110)]
        return played(replace(scenario, agents=agents, queues={"gold": QueueModel("gold", "linear", retry=1)}))

    first, second = found("dynamic").served
    assert (first.agent, first.rings) == ("bob", 1)
    assert first.wait == pytest.approx(16)
    assert (second.agent, second.rings) == ("bob", 1)  # ann is back after a minute, and does not answer again
    assert found("advise").served[0].rings >= 1


def test_the_same_dice_give_the_same_moves() -> None:
    dice = Random(3)
    callers = sorted(Caller(dice.uniform(100, 900), dice.choice(QUEUES), talk=dice.uniform(1, 90)) for _ in range(60))
    scenario = staffed("dynamic", {"ann": "gold", "bob": "gold", "cay": "platinum"}, callers)
    assert played(scenario) == played(scenario)
