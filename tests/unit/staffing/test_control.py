"""Who goes where, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from staffing_builders import carried_out, floor, rules, settled, staffed, there

from ariroute.staffing.control import propose
from ariroute.staffing.proposal import Memory, Move, Proposal, Why
from ariroute.staffing.rules import Lend, Reserve, Threshold, Tier
from ariroute.staffing.snapshot import AgentNow, QueueNow, Snapshot, State

TIERS = (Tier("platinum", 1.0), Tier("gold", 0.5), Tier("standard", 0.2))


def gone(proposal: Proposal) -> dict[str, tuple[str, Why]]:
    """Where each agent who moves goes, and why."""
    return {move.agent: (move.queue, move.why) for move in proposal.moves}


# ---- floors and needs


def test_a_tier_with_too_few_agents_for_its_calls_gets_one() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", platinum=2)])
    proposal = propose(wanted, floor([there("anna", "gold")], QueueNow("platinum", waiting=1)))
    assert proposal.moves == (
        Move("anna", frozenset({"gold"}), "platinum", 2, Why.TARGET, "platinum has 1 call and no agents; needs 1"),
    )
    assert proposal.wanted == {"anna": "platinum"}
    assert [tier.short for tier in proposal.tiers] == [0, 0, 0]


def test_a_floor_is_kept_without_a_call() -> None:
    wanted = rules([Tier("platinum", 1.0, min_agents=1), *TIERS[1:]], [staffed("anna", "gold", "platinum")])
    proposal = propose(wanted, floor([there("anna", "gold")]))
    assert gone(proposal) == {"anna": ("platinum", Why.FLOOR)}
    assert proposal.moves[0].reason == "platinum has no agents; it is to have 1 at least"


def test_when_agents_do_not_suffice_the_lowest_tier_goes_short_and_keeps_its_floor() -> None:
    tiers = [Tier("platinum", 1.0), Tier("gold", 1.0), Tier("standard", 1.0, min_agents=1)]
    people = [staffed(name, "standard", "gold", "platinum") for name in ("anna", "bob", "cleo", "dan")]
    snapshot = floor(
        [there(one.name, "standard") for one in people],
        QueueNow("platinum", waiting=2),
        QueueNow("gold", waiting=2),
        QueueNow("standard", waiting=2),
    )
    proposal = propose(rules(tiers, people), snapshot)
    assert [(tier.queue, tier.needed, tier.short) for tier in proposal.tiers] == [
        ("platinum", 2, 0),
        ("gold", 2, 1),
        ("standard", 2, 1),
    ]
    assert not proposal.suffices
    assert proposal.tiers[1].why == "short of 1 agent: nobody else who may serve it is free or may leave"


def test_a_chain_fills_the_place_of_who_is_needed_higher() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", "platinum"), staffed("bob", "standard", "gold")])
    snapshot = floor(
        [there("anna", "gold"), there("bob", "standard")],
        QueueNow("platinum", waiting=1),
        QueueNow("gold", waiting=1),
    )
    proposal = propose(wanted, snapshot)
    assert gone(proposal) == {"anna": ("platinum", Why.TARGET), "bob": ("gold", Why.TARGET)}
    assert proposal.moves[1].reason == (
        "platinum has 1 call and no agents; needs 1; takes the place of anna, who goes to platinum"
    )


def test_talks_elsewhere_suffice_if_they_could_be_had() -> None:
    wanted = rules(TIERS, [staffed("anna", "standard", "platinum")])
    snapshot = floor([there("anna", "standard", State.TALKING)], QueueNow("platinum", waiting=1))
    proposal = propose(wanted, snapshot)
    assert proposal.moves == ()
    assert proposal.suffices
    assert not propose(wanted, replace(snapshot, queues={"platinum": QueueNow("platinum", waiting=2)})).suffices


def test_shares_of_calls_are_rounded_up_and_not_by_the_last_bit_of_a_fraction() -> None:
    proposal = propose(rules([Tier("gold", 0.1)], []), floor([], QueueNow("gold", waiting=30)))
    assert proposal.tiers[0].needed == 3
    assert propose(rules([Tier("gold", 0.1)], []), floor([], QueueNow("gold", 31))).tiers[0].needed == 4


def test_no_tier_gets_more_than_its_maximum() -> None:
    wanted = rules([Tier("platinum", 1.0, max_agents=1), TIERS[1]], [staffed(n, "gold", "platinum") for n in "ab"])
    proposal = propose(wanted, floor([there("a", "gold"), there("b", "gold")], QueueNow("platinum", waiting=2)))
    assert gone(proposal) == {"a": ("platinum", Why.TARGET)}
    assert proposal.tiers[0].why == "short of 1 agent: max_agents is 1"


def test_whom_a_tier_has_too_many_leaves_and_those_who_fit_stay() -> None:
    people = [
        staffed("anna", "platinum", "gold"),
        staffed("bob", "platinum", "gold", home="gold"),
        staffed("cleo", "platinum"),
    ]
    wanted = rules([Tier("platinum", 1.0, max_agents=1), TIERS[1]], people)
    proposal = propose(wanted, floor([there(one.name, "platinum") for one in people]))
    assert gone(proposal) == {"bob": ("gold", Why.CEILING)}
    assert proposal.wanted == {"anna": "platinum", "bob": "gold"}  # cleo has nowhere else to go, and stays


# ---- who


@pytest.mark.parametrize("state", [state for state in State if state is not State.FREE])
def test_only_who_is_free_is_moved(state: State) -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", "platinum")])
    assert not propose(wanted, floor([there("anna", "gold", state)], QueueNow("platinum", waiting=1))).moves


def test_who_is_left_alone_stays_and_counts_where_they_are() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", "platinum")])
    snapshot = floor(
        [there("anna", "gold", by_hand="paused by themselves")], QueueNow("platinum", 1), QueueNow("gold", 1)
    )
    proposal = propose(wanted, snapshot)
    assert not proposal.moves
    assert [tier.agents for tier in proposal.tiers] == [0, 1, 0]


def test_somebody_whom_the_rules_do_not_know_counts_and_stays() -> None:
    proposal = propose(rules(TIERS, []), floor([there("zoe", "platinum")], QueueNow("gold", waiting=1)))
    assert not proposal.moves
    assert proposal.tiers[0].agents == 1


def test_the_best_fit_goes() -> None:
    """The lowest skill order; of equals those at home there, those of the fewest tiers, the first by name."""
    snapshot = floor([there(name, "standard") for name in "abcde"], QueueNow("platinum", waiting=1))
    ladder = [
        staffed("a", "standard", "gold", platinum=2),
        staffed("b", "standard", "gold", platinum=1),
        staffed("e", "standard", platinum=1),
        staffed("d", "standard", platinum=1),
        staffed("c", "standard", "gold", platinum=1, home="platinum"),
    ]
    for count in range(1, 6):
        best = ladder[:count][-1].name
        known = rules(TIERS, ladder[:count])
        assert [move.agent for move in propose(known, snapshot).moves if move.why is Why.TARGET] == [best]


def test_who_is_not_missed_goes_before_who_fits_better() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", platinum=0), staffed("bob", "standard", platinum=5)])
    snapshot = floor(
        [there("anna", "gold"), there("bob", "standard")], QueueNow("platinum", 1), QueueNow("gold", waiting=1)
    )
    assert gone(propose(wanted, snapshot)) == {"bob": ("platinum", Why.TARGET)}


def test_who_is_logged_in_to_several_queues_serves_one_from_now_on() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", "standard", "platinum")])
    anna = AgentNow("anna", State.FREE, "", frozenset({"gold", "standard"}))
    proposal = propose(wanted, floor([anna]))
    assert proposal.moves == (
        Move("anna", frozenset({"standard"}), "gold", 0, Why.ONE_QUEUE, "serves one queue at a time: gold"),
    )


def test_who_serves_a_queue_that_is_not_theirs_any_more_goes_home() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", "platinum")])
    assert gone(propose(wanted, floor([there("anna", "standard")]))) == {"anna": ("gold", Why.HOME)}


# ---- what was needed of late, stays, home


def test_what_was_needed_of_late_is_kept_from_callers_who_wait_elsewhere() -> None:
    wanted = rules(TIERS, [staffed("anna", "standard", "platinum")], min_stay=0.0, look_back=600.0)
    called = floor([there("anna", "standard")], QueueNow("platinum", waiting=1))
    snapshot, memory = settled(wanted, called)
    assert snapshot.agents["anna"].queue == "platinum"
    idle = replace(snapshot, now=300.0, queues={"standard": QueueNow("standard", talking=5, waiting=1)})
    proposal = propose(rules([TIERS[0], Tier("standard")], wanted.agents.values(), look_back=600.0), idle, memory)
    assert not proposal.moves
    assert proposal.memory.peaks["platinum"][0] == (300.0, 1)  # it was needed until now
    assert proposal.tiers[0].why == "keeps whom it has: it needed 1 agent of late"
    later = replace(idle, now=900.0)
    assert gone(propose(rules([TIERS[0], Tier("standard")], wanted.agents.values()), later, proposal.memory)) == {
        "anna": ("standard", Why.WAITING)
    }


def test_what_was_needed_of_late_gives_way_to_the_need_of_a_lower_tier() -> None:
    wanted = rules(TIERS, [staffed("anna", "platinum", "standard")])
    memory = Memory({"platinum": ((0.0, 1),)})
    proposal = propose(wanted, floor([there("anna", "platinum")], QueueNow("standard", waiting=1), now=60.0), memory)
    assert gone(proposal) == {"anna": ("standard", Why.TARGET)}


def test_what_was_needed_of_late_is_brought_back_from_where_callers_wait() -> None:
    """Or the agent would talk there when the tier needs them again."""
    wanted = rules([TIERS[0], Tier("standard")], [staffed("anna", "standard", "platinum")])
    memory = Memory({"platinum": ((0.0, 1),)})
    snapshot = floor([there("anna", "standard")], QueueNow("standard", waiting=3), now=60.0)
    proposal = propose(wanted, snapshot, memory)
    assert gone(proposal) == {"anna": ("platinum", Why.TARGET)}
    assert proposal.moves[0].reason == "platinum needed 1 agent or more of late, and will again"


def test_wrap_up_does_not_call_anybody_back_and_forth() -> None:
    """One of two is in wrap-up: the floor gets another one, who stays when the first is back."""
    tiers = [Tier("platinum", 1.0, min_agents=2), TIERS[2]]
    people = [staffed("anna", "platinum"), staffed("bob", "platinum"), staffed("cleo", "standard", "platinum")]
    wanted = rules(tiers, people, min_stay=0.0)
    wrapping = floor(
        [there("anna", "platinum", State.WRAP_UP), there("bob", "platinum"), there("cleo", "standard")], now=0.0
    )
    snapshot, memory = settled(wanted, wrapping)
    assert snapshot.agents["cleo"].queue == "platinum"
    for now in range(10, 300, 10):
        state = State.WRAP_UP if now % 20 else State.FREE
        snapshot = replace(
            snapshot, now=float(now), agents={**snapshot.agents, "anna": there("anna", "platinum", state)}
        )
        proposal = propose(wanted, snapshot, memory)
        memory = proposal.memory
        assert not proposal.moves


def moved_to(queue: str, now: float, *queues: QueueNow) -> Snapshot:
    """Anna has served ``queue`` since 0."""
    return floor([there("anna", queue, moved_at=0.0)], *queues, now=now)


def test_who_was_moved_stays_unless_a_higher_tier_or_a_floor_calls() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", "platinum", "standard")], min_stay=60.0)
    lower, higher = QueueNow("standard", waiting=1), QueueNow("platinum", waiting=1)
    held = propose(wanted, moved_to("gold", 30.0, lower))
    assert not held.moves
    assert held.look_again == 60.0
    assert gone(propose(wanted, moved_to("gold", 60.0, lower))) == {"anna": ("standard", Why.TARGET)}
    assert gone(propose(wanted, moved_to("gold", 30.0, higher))) == {"anna": ("platinum", Why.TARGET)}
    floored = replace(wanted, tiers=(*TIERS[:2], Tier("standard", 0.2, min_agents=1)))
    assert gone(propose(floored, moved_to("gold", 30.0))) == {"anna": ("standard", Why.FLOOR)}


def test_who_was_lent_lingers_and_then_goes_home() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", "platinum")], min_stay=60.0, look_back=600.0)
    lingers = propose(wanted, moved_to("platinum", 599.0))
    assert not lingers.moves
    assert lingers.look_again == 600.0
    assert (lingers.tiers[0].borrowed, lingers.tiers[1].lent) == (("anna",), ("anna",))
    home = propose(wanted, moved_to("platinum", 600.0))
    assert gone(home) == {"anna": ("gold", Why.HOME)}
    assert home.moves[0].reason == "no longer needed in platinum: back home to gold"


def test_idle_agents_help_where_callers_wait_and_nobody_is_taken_from_waiting_callers() -> None:
    tiers = [Tier("platinum"), Tier("gold"), Tier("standard")]
    wanted = rules(tiers, [staffed("anna", "gold", "platinum"), staffed("bob", "standard", "platinum")])
    snapshot = floor(
        [there("anna", "gold"), there("bob", "standard")],
        QueueNow("platinum", waiting=2),
        QueueNow("standard", waiting=1),
    )
    proposal = propose(wanted, snapshot)
    assert gone(proposal) == {"anna": ("platinum", Why.WAITING)}
    assert proposal.moves[0].reason == "2 callers wait in platinum"


# ---- reserve and lend

RESERVE = Reserve(("gold", "standard"), 1, Threshold(wait=20.0), Threshold(wait=5.0))


def waits(seconds: float) -> QueueNow:
    """One talks in platinum, one waits already so long."""
    return QueueNow("platinum", waiting=1, talking=1, longest_wait=seconds)


def test_a_reserve_is_called_at_one_wait_and_called_off_at_another() -> None:
    tiers = [Tier("platinum", 0.5, reserve=RESERVE), Tier("gold", 0.5), Tier("standard", 0.2)]
    people = [
        staffed("anna", "standard", "platinum"),
        staffed("bob", "gold", "platinum"),
        staffed("cleo", "platinum"),
    ]
    wanted = rules(tiers, people, min_stay=0.0)
    here = [there("anna", "standard"), there("bob", "gold"), there("cleo", "platinum", State.TALKING)]
    cushion = Memory({"gold": ((0.0, 1),)})  # bob is kept in gold, though not from the reserve
    before = propose(wanted, floor(here, waits(19.0), QueueNow("standard", waiting=1)), cushion)
    assert not before.moves
    assert before.look_again == 1.0
    called = floor(here, waits(20.0), QueueNow("standard", waiting=1))
    proposal = propose(wanted, called, cushion)
    assert gone(proposal) == {"bob": ("platinum", Why.RESERVE)}
    assert proposal.moves[0].reason == "platinum calls its reserve: a caller has waited 20 s"
    assert proposal.memory.reserves == {"platinum"}
    after = replace(carried_out(called, proposal), queues={"platinum": waits(6.0)})
    assert not propose(wanted, after, proposal.memory).moves
    well = replace(after, queues={"platinum": QueueNow("platinum", talking=1)})
    called_off = propose(wanted, well, Memory(reserves=proposal.memory.reserves))
    assert gone(called_off) == {"bob": ("gold", Why.HOME)}
    assert not called_off.memory.reserves


def test_a_reserve_is_no_larger_than_it_is_said_to_be() -> None:
    """Who came from the reserve and talks already is one of it."""
    tiers = [Tier("platinum", reserve=RESERVE), Tier("gold", 0.5)]
    wanted = rules(tiers, [staffed("anna", "gold", "platinum"), staffed("bob", "gold", "platinum")])
    queue = QueueNow("platinum", waiting=1, talking=1, longest_wait=30.0)
    talks = floor([there("anna", "platinum", State.TALKING), there("bob", "gold")], queue)
    kept = Memory({"gold": ((0.0, 1),)}, frozenset({"platinum"}))
    assert not propose(wanted, talks, kept).moves
    two = replace(tiers[0], reserve=replace(RESERVE, agents=2))
    assert gone(propose(replace(wanted, tiers=(two, tiers[1])), talks, kept)) == {"bob": ("platinum", Why.RESERVE)}


def test_a_reserve_is_not_called_off_because_it_has_come() -> None:
    tiers = [Tier("platinum", 0.5, reserve=RESERVE), Tier("gold", 0.5)]
    wanted = rules(tiers, [staffed("anna", "gold", "platinum"), staffed("bob", "platinum")], min_stay=0.0)
    queue = QueueNow("platinum", talking=1, handling_time=30.0)
    called = Memory(reserves=frozenset({"platinum"}))
    helped = floor([there("anna", "platinum"), there("bob", "platinum", State.TALKING)], queue)
    proposal = propose(wanted, helped, called)
    assert not proposal.moves
    assert proposal.tiers[0].estimated_wait == 0.0
    assert proposal.tiers[0].why == "its reserve is called: without it a caller would wait 30 s"
    alone = replace(helped, agents={**helped.agents, "bob": there("bob", "platinum")})
    without = propose(wanted, replace(alone, queues={"platinum": QueueNow("platinum")}), called)
    assert gone(without) == {"anna": ("gold", Why.HOME)}


def test_a_service_level_calls_a_reserve_too() -> None:
    reserve = Reserve(("gold",), 1, Threshold(service_level=80.0), Threshold(service_level=90.0))
    wanted = rules([Tier("platinum", 1.0, reserve=reserve), Tier("gold")], [staffed("anna", "gold", "platinum")])
    called: list[str] = []
    for level in (80.0, 79.0, 85.0, 90.0, 85.0):
        queue = QueueNow("platinum", answered_in_time=level)
        proposal = propose(wanted, floor([there("anna", "gold")], queue), Memory(reserves=frozenset(called[-1:])))
        called.append("platinum" if proposal.memory.reserves else "")
    assert called == ["", "platinum", "platinum", "", ""]


LENDS = Lend(1, Threshold(wait=10.0))


def test_a_tier_lends_only_what_leaves_it_healthy() -> None:
    """Gold has 3 agents of its own; one call of 30 s. With 1 it would have to wait; standard gets one, and not two."""
    tiers = [Tier("gold", lend=LENDS), Tier("standard")]
    people = [staffed(name, "gold", "standard") for name in "abc"]
    queues = QueueNow("gold", talking=1, handling_time=30.0), QueueNow("standard", waiting=3)
    snapshot = floor([there("a", "gold", State.TALKING), there("b", "gold"), there("c", "gold")], *queues)
    proposal = propose(rules(tiers, people), snapshot)
    assert gone(proposal) == {"b": ("standard", Why.WAITING)}
    everything = propose(rules([Tier("gold"), Tier("standard")], people), snapshot)
    assert sorted(gone(everything)) == ["b", "c"]


@pytest.mark.parametrize(("spare", "go"), [(0, ["a", "b", "c"]), (2, ["a", "b"]), (4, ["a"]), (9, [])])
def test_a_tier_keeps_agents_for_so_many_calls_more_while_callers_wait_elsewhere(spare: int, go: list[str]) -> None:
    people = [staffed(name, "gold", "standard") for name in "abc"]
    snapshot = floor([there(name, "gold") for name in "abc"], QueueNow("standard", waiting=4))
    of_late = Memory({"gold": ((0.0, 3),)})
    proposal = propose(rules([Tier("gold", 0.5, spare=spare), Tier("standard")], people), snapshot, of_late)
    assert sorted(gone(proposal)) == go
    quiet = replace(snapshot, queues={})
    assert not propose(rules([Tier("gold", 0.5, spare=spare), Tier("standard")], people), quiet, of_late).moves


def test_what_was_not_needed_of_late_is_not_kept_to_spare() -> None:
    people = [staffed(name, "gold", "standard") for name in "ab"]
    snapshot = floor([there(name, "gold") for name in "ab"], QueueNow("standard", waiting=2))
    tiers = [Tier("gold", 1.0, spare=2), Tier("standard")]
    assert sorted(gone(propose(rules(tiers, people), snapshot))) == ["a", "b"]


def test_a_tier_that_lends_lends_what_it_keeps_of_late_as_well() -> None:
    people = [staffed("anna", "gold", "standard"), staffed("bob", "gold", "standard")]
    snapshot = floor([there("anna", "gold"), there("bob", "gold")], QueueNow("standard", waiting=2))
    kept = Memory({"gold": ((0.0, 2),)})
    assert not propose(rules([Tier("gold", 1.0, spare=2), Tier("standard")], people), snapshot, kept).moves
    lends = propose(rules([Tier("gold", 1.0, lend=LENDS), Tier("standard")], people), snapshot, kept)
    assert gone(lends) == {"anna": ("standard", Why.WAITING)}  # its floor of 1 stays


def test_a_tier_that_does_badly_lends_nothing_to_lower_needs_and_calls_its_own_back() -> None:
    tiers = [Tier("platinum", 1.0), Tier("gold", 0.2, lend=LENDS), Tier("standard", 1.0)]
    people = [staffed("anna", "gold", "platinum", "standard"), staffed("bob", "gold", "standard")]
    bad = QueueNow("gold", waiting=1, longest_wait=30.0)
    snapshot = floor([there("anna", "gold"), there("bob", "standard")], bad, QueueNow("standard", waiting=2))
    proposal = propose(rules(tiers, people), snapshot)
    assert gone(proposal) == {"bob": ("gold", Why.HOME)}
    assert proposal.moves[0].reason == "gold does not do well enough to lend its agents"
    higher = replace(snapshot, queues={**snapshot.queues, "platinum": QueueNow("platinum", waiting=1)})
    assert gone(propose(rules(tiers, people), higher))["anna"] == ("platinum", Why.TARGET)


# ---- static


def test_agents_are_shared_in_proportion_whatever_the_calls() -> None:
    people = [staffed(f"agent{number:02}", "standard", "gold", "platinum") for number in range(17)]
    wanted = rules(TIERS, people, "static")
    snapshot = floor([there(one.name, "standard") for one in people], QueueNow("standard", waiting=50))
    after, _ = settled(wanted, snapshot)
    shares = [sum(agent.queue == tier.queue for agent in after.agents.values()) for tier in TIERS]
    assert shares == [10, 5, 2]  # 1 : 0.5 : 0.2
    assert not propose(wanted, replace(after, queues={})).moves


def test_shares_count_who_is_not_free_and_respect_floors_ceilings_and_skills() -> None:
    tiers = [Tier("platinum", 1.0, max_agents=2), Tier("gold", 0.5), Tier("standard", 0.2, min_agents=2)]
    people = [*(staffed(name, "gold", "platinum", "standard") for name in "abcdef"), staffed("z", "gold")]
    snapshot = floor(
        [there("a", "gold", State.TALKING), there("b", "gold", State.PAUSED)] + [there(n, "gold") for n in "cdefz"]
    )
    proposal = propose(rules(tiers, people, "static"), snapshot)
    queues = [proposal.wanted[name] for name in "cdef"]
    assert sorted(queues) == ["platinum", "platinum", "standard", "standard"]
    assert proposal.wanted["z"] == "gold"
    assert {move.why for move in proposal.moves} == {Why.SHARE, Why.FLOOR}


def test_shares_are_of_all_on_duty_and_shortage_is_of_those_who_serve() -> None:
    wanted = rules([Tier("gold", 1.0)], [staffed("anna", "gold"), staffed("bob", "gold")], "static")
    snapshot = floor([there("anna", "gold", State.PAUSED), there("bob", "gold")], QueueNow("gold", waiting=2))
    proposal = propose(wanted, snapshot)
    assert (proposal.tiers[0].agents, proposal.tiers[0].short, proposal.suffices) == (1, 1, False)


def test_advise_proposes_what_dynamic_would_do() -> None:
    wanted = rules(TIERS, [staffed("anna", "gold", "platinum")])
    snapshot = floor([there("anna", "gold")], QueueNow("platinum", waiting=1))
    assert propose(replace(wanted, mode="advise"), snapshot) == propose(wanted, snapshot)
