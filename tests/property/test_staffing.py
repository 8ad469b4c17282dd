"""What the controller promises of every floor there can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from math import inf
from random import Random
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from staffing_builders import carried_out, floor, rules

from ariroute.staffing.control import propose
from ariroute.staffing.proposal import Memory, Proposal
from ariroute.staffing.rules import Lend, Mode, Reserve, StaffedAgent, StaffingRules, Threshold, Tier
from ariroute.staffing.snapshot import AgentNow, QueueNow, Snapshot, State
from ariroute.staffing.standing import standings

Value = TypeVar("Value")

QUEUES = ("platinum", "gold", "silver", "standard")
NAMES = ("anna", "bob", "cleo", "dan", "eve", "finn", "gus")
WAITS = st.sampled_from([2.0, 5.0, 20.0])


@st.composite
def tiers(draw: st.DrawFn, extras: bool) -> list[Tier]:
    names = QUEUES[: draw(st.integers(1, len(QUEUES)))]
    return [draw(tier(name, names, extras)) for name in names]


@st.composite
def tier(draw: st.DrawFn, name: str, names: tuple[str, ...], extras: bool) -> Tier:
    least = draw(st.integers(0, 2))
    reserve = lend = None
    lower = names[names.index(name) + 1 :]
    if extras and lower and draw(st.booleans()):
        when = draw(WAITS)
        homes = tuple(draw(st.lists(st.sampled_from(lower), min_size=1, unique=True)))
        reserve = Reserve(homes, draw(st.integers(1, 3)), Threshold(wait=when), Threshold(wait=when / 2))
    if extras and draw(st.booleans()):
        lend = Lend(draw(st.integers(0, 2)), Threshold(wait=draw(WAITS)))
    return Tier(
        name,
        draw(st.sampled_from([None, 0.2, 0.5, 1.0, 1.5])),
        least,
        draw(st.none() | st.integers(max(1, least), 4)),
        None,
        reserve,
        lend,
    )


@st.composite
def agent(draw: st.DrawFn, name: str, queues: tuple[str, ...]) -> StaffedAgent:
    theirs = draw(st.lists(st.sampled_from(queues), min_size=1, unique=True))
    orders = {queue: draw(st.integers(0, 2)) for queue in theirs}
    return StaffedAgent(name, f"PJSIP/{name}", draw(st.sampled_from(theirs)), orders)


@st.composite
def there(draw: st.DrawFn, one: StaffedAgent, queues: tuple[str, ...], now: float) -> AgentNow:
    at = frozenset(draw(st.lists(st.sampled_from(sorted(one.queues)), min_size=1, max_size=2, unique=True)))
    queue = draw(st.sampled_from(sorted(at)))
    state = draw(st.sampled_from([State.FREE] * 6 + list(State)))
    by_hand = "paused by themselves" if draw(st.integers(0, 6)) == 0 else ""
    if by_hand or state is not State.FREE:
        queue = draw(st.sampled_from(("", *queues)))
    moved = draw(st.sampled_from([-inf, -inf, now - 100.0, now - 10.0]))
    return AgentNow(one.name, state, queue, at, by_hand, moved)


@st.composite
def calls(draw: st.DrawFn, name: str) -> QueueNow:
    waiting = draw(st.integers(0, 4))
    return QueueNow(
        name,
        waiting,
        draw(st.integers(0, 4)),
        draw(st.sampled_from([0.0, 3.0, 30.0])) if waiting else 0.0,
        draw(st.sampled_from([None, 10.0, 180.0])),
    )


@st.composite
def scenes(
    draw: st.DrawFn, mode: Mode = "dynamic", extras: bool = True, min_stay: float = 60.0
) -> tuple[StaffingRules, Snapshot]:
    now = 1000.0
    wanted = draw(tiers(extras))
    queues = tuple(each.queue for each in wanted)
    people = [draw(agent(name, queues)) for name in NAMES[: draw(st.integers(0, len(NAMES)))]]
    now_there = [draw(there(one, queues, now)) for one in people]
    return (
        rules(wanted, people, mode, min_stay=min_stay, look_back=600.0),
        floor(now_there, *(draw(calls(name)) for name in queues), now=now),
    )


def counts(snapshot: Snapshot) -> Counter[str]:
    return Counter(agent.queue for agent in snapshot.agents.values() if agent.serves)


def movable(snapshot: Snapshot) -> list[AgentNow]:
    return [agent for agent in snapshot.agents.values() if agent.state is State.FREE and not agent.by_hand]


def assignments(rules: StaffingRules, snapshot: Snapshot) -> Iterator[Counter[str]]:
    """The agents of each tier for every way in which those who may be moved can be given out."""
    ones = movable(snapshot)
    fixed = counts(snapshot) - Counter(agent.queue for agent in ones)
    for queues in product(*(sorted(rules.agents[agent.name].queues) for agent in ones)):
        yield fixed + Counter(queues)


@given(scenes())
def test_what_holds_of_every_proposal(scene: tuple[StaffingRules, Snapshot]) -> None:
    wanted, snapshot = scene
    proposal = propose(wanted, snapshot)
    after = carried_out(snapshot, proposal)
    nobody_is_moved_who_must_not_be(wanted, snapshot, proposal)
    floors_are_kept_whenever_they_can_be(wanted, snapshot, after)
    no_higher_tier_is_short_while_a_lower_one_could_help(wanted, after)
    no_tier_gets_more_than_its_ceiling(wanted, proposal, snapshot, after)
    assert propose(wanted, after, proposal.memory).moves == ()


def nobody_is_moved_who_must_not_be(wanted: StaffingRules, snapshot: Snapshot, proposal: Proposal) -> None:
    assert {move.agent for move in proposal.moves} <= {agent.name for agent in movable(snapshot)}
    for move in proposal.moves:
        one, agent = wanted.agents[move.agent], snapshot.agents[move.agent]
        assert move.order == one.queues[move.queue]
        assert proposal.wanted[move.agent] == move.queue
        assert move.leaves == agent.queues - {move.queue}
        assert move.why
        assert len(move.reason) > 10


def floors_are_kept_whenever_they_can_be(wanted: StaffingRules, snapshot: Snapshot, after: Snapshot) -> None:
    stands = standings(wanted, snapshot)

    def kept(agents: Counter[str]) -> bool:
        return all(
            agents[each.tier.queue] >= each.tier.min_agents
            and (each.tier.max_agents is None or agents[each.tier.queue] + each.wrapping <= each.tier.max_agents)
            for each in stands
        )

    got = counts(after)
    if not all(got[each.tier.queue] >= each.tier.min_agents for each in stands):
        assert not any(map(kept, assignments(wanted, snapshot)))


def no_higher_tier_is_short_while_a_lower_one_could_help(wanted: StaffingRules, after: Snapshot) -> None:
    free = {agent.name for agent in movable(after)}
    stands = standings(wanted, after)
    for high in stands:
        most = inf if high.tier.max_agents is None else high.tier.max_agents - high.wrapping
        if len(high.agents) >= min(high.needed, most):
            continue
        for low in stands[high.rank + 1 :]:
            able = [
                agent.name
                for agent in low.agents
                if agent.name in free and high.tier.queue in wanted.agents[agent.name].queues
            ]
            assert not able or len(low.agents) <= low.tier.min_agents


def no_tier_gets_more_than_its_ceiling(
    wanted: StaffingRules, proposal: Proposal, snapshot: Snapshot, after: Snapshot
) -> None:
    came = {move.queue for move in proposal.moves if move.queue != snapshot.agents[move.agent].queue}
    for each in standings(wanted, after):
        if each.tier.max_agents is not None and each.tier.queue in came:
            assert len(each.agents) + each.wrapping <= each.tier.max_agents


def shuffled(mapping: Mapping[str, Value], chance: Random) -> dict[str, Value]:
    pairs = list(mapping.items())
    chance.shuffle(pairs)
    return dict(pairs)


@settings(max_examples=60)
@given(scenes(), st.randoms(use_true_random=False), st.sampled_from(["dynamic", "static"]))
def test_the_order_of_the_input_does_not_matter(
    scene: tuple[StaffingRules, Snapshot], chance: Random, mode: Mode
) -> None:
    wanted, snapshot = scene
    wanted = replace(wanted, mode=mode)

    other = replace(
        wanted,
        agents={
            name: replace(one, queues=shuffled(one.queues, chance))
            for name, one in shuffled(wanted.agents, chance).items()
        },
    )
    turned = replace(snapshot, agents=shuffled(snapshot.agents, chance), queues=shuffled(snapshot.queues, chance))
    assert propose(wanted, snapshot) == propose(other, turned)


@settings(max_examples=120)
@given(scenes(extras=False, min_stay=0.0))
def test_floors_and_needs_are_given_as_well_as_they_can_be(scene: tuple[StaffingRules, Snapshot]) -> None:
    """Floors first, then needs, highest tier first: compared with every way to give the agents out."""
    wanted, snapshot = scene
    stands = standings(wanted, snapshot)

    def filled(agents: Counter[str]) -> tuple[int, ...] | None:
        """Seats by their strength; None for what breaks a ceiling that need not be broken."""
        for each in stands:
            most = inf if each.tier.max_agents is None else each.tier.max_agents - each.wrapping
            if agents[each.tier.queue] > max(most, before[each.tier.queue]):
                return None
        floors = [min(agents[each.tier.queue], each.tier.min_agents) for each in stands]
        return (*floors, *(min(agents[each.tier.queue], each.needed) for each in stands))

    before = counts(snapshot)
    got = filled(counts(carried_out(snapshot, propose(wanted, snapshot))))
    best = max(found for found in map(filled, assignments(wanted, snapshot)) if found is not None)
    assert got == best


@given(scenes())
@settings(max_examples=30)
def test_constant_load_comes_to_rest(scene: tuple[StaffingRules, Snapshot]) -> None:
    """Nothing changes but the clock: each agent moves a few times at most, and then never again."""
    wanted, snapshot = scene
    memory, moves = Memory(), Counter[str]()
    for step in range(60):
        proposal = propose(wanted, snapshot, memory)
        moves.update(move.agent for move in proposal.moves)
        assert step < 40 or not proposal.moves
        snapshot, memory = carried_out(snapshot, proposal), proposal.memory
        snapshot = replace(snapshot, now=snapshot.now + 30.0)
    assert max(moves.values(), default=0) <= 3


@settings(max_examples=60)
@given(scenes(mode="static", extras=False), st.data())
def test_shares_do_not_depend_on_calls(scene: tuple[StaffingRules, Snapshot], data: st.DataObject) -> None:
    wanted, snapshot = scene
    other = replace(snapshot, queues={name: data.draw(calls(name)) for name in sorted(snapshot.queues)})

    def to(proposal: Proposal) -> dict[str, str]:
        return {move.agent: move.queue for move in proposal.moves}

    first = propose(wanted, snapshot)
    assert to(first) == to(propose(wanted, other))
    assert propose(wanted, carried_out(snapshot, first)).moves == ()
