"""How few agents do, how they are split, and how many to schedule."""

from __future__ import annotations

import pytest

from ariroute.planning import need
from ariroute.planning.erlang import Load, Service, service
from ariroute.planning.need import Goal, own_agents, pool_agents, pool_meets, scheduled, split

GOAL = Goal(0.8, 20.0)
TIERS = [Load(40, 180), Load(60, 180), Load(100, 180)]


def test_the_published_example_needs_fourteen_and_twenty_are_scheduled() -> None:
    """pyworkforce and Call Centre Helper: 100 calls in half an hour, 3 minutes each, 80 % in 20 s, 30 % shrinkage."""
    assert own_agents(Load(200, 180), GOAL) == 14
    assert scheduled(14, 0.3) == 20
    assert (scheduled(14, 0.0), scheduled(0, 0.3), scheduled(7, 0.3)) == (14, 0, 10)


@pytest.mark.parametrize("load", [*TIERS, Load(200, 180), Load(200, 180, patience=90), Load(3000, 240, ring=6)])
def test_one_agent_fewer_misses_the_goal(load: Load) -> None:
    agents = own_agents(load, GOAL)
    assert agents is not None
    assert GOAL.met_by(service(load, agents, GOAL.within))
    assert not GOAL.met_by(service(load, agents - 1, GOAL.within))


def test_callers_who_give_up_need_fewer_agents() -> None:
    assert own_agents(Load(200, 180, patience=120), GOAL) == 12


def test_agents_who_are_not_to_be_busy_for_more_of_their_time_are_more() -> None:
    assert own_agents(Load(200, 180), Goal(0.8, 20.0, 0.85)) == 14
    assert own_agents(Load(200, 180), Goal(0.8, 20.0, 0.5)) == 20


def test_no_number_of_agents_shortens_a_ring() -> None:
    slow = Load(10, 180, ring=25)
    assert own_agents(slow, GOAL) is None
    assert pool_agents([slow, *TIERS], [GOAL] * 4) is None
    assert own_agents(Load(10, 180, ring=19), GOAL) is not None


def test_nobody_comes_nobody_is_needed() -> None:
    assert own_agents(Load(0, 0), GOAL) == 0
    assert pool_agents([Load(0, 0)] * 2, [GOAL] * 2) == 0
    assert split([Load(0, 0)], [GOAL], 3) is None


def test_a_pool_needs_no_more_than_the_tiers_apart_and_one_fewer_misses_a_goal() -> None:
    goals = [Goal(0.9, 10.0), GOAL, Goal(0.7, 60.0)]
    pool = pool_agents(TIERS, goals)
    apart = [own_agents(load, goal) for load, goal in zip(TIERS, goals, strict=True)]

    assert pool is not None
    assert pool < sum(each or 0 for each in apart)
    assert pool_meets(TIERS, goals, pool)
    assert not pool_meets(TIERS, goals, pool - 1)


def test_the_published_split() -> None:
    """12 pooled agents cannot be split at all; 16 of them give the three tiers 16, 21 and 29 s with 4, 5 and 7."""
    assert split(TIERS, [GOAL] * 3, 12) is None
    assert split(TIERS, [GOAL] * 3, 13) == (3, 4, 6)
    assert split(TIERS, [GOAL] * 3, 16) == (4, 5, 7)
    waits = [service(load, agents, 20.0).wait for load, agents in zip(TIERS, (4, 5, 7), strict=True)]
    assert waits == pytest.approx([15.65, 21.25, 29.17], abs=0.01)


def test_a_split_leaves_nobody_out() -> None:
    for agents in range(13, 30):
        shares = split(TIERS, [GOAL] * 3, agents)
        assert shares is not None
        assert sum(shares) == agents
        assert all(share > load.erlangs for share, load in zip(shares, TIERS, strict=True))


def test_agents_for_whom_there_is_nothing_to_do_are_not_tried_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def counted(load: Load, agents: int, within: float) -> Service:
        tried.append(agents)
        return service(load, agents, within)

    monkeypatch.setattr(need, "service", counted)
    found = split(TIERS, [GOAL] * 3, 100_000)

    assert found is not None
    assert sum(found) == 100_000
    assert all(GOAL.met_by(service(load, each, GOAL.within)) for load, each in zip(TIERS, found, strict=True))
    assert len(tried) < 200
