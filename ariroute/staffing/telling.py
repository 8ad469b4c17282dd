"""What a proposal tells besides its moves: how each tier does, whether the agents suffice, when to look again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ariroute.staffing.board import Board, Person
from ariroute.staffing.giving import Giving
from ariroute.staffing.people import movable, post
from ariroute.staffing.proposal import Memory, TierNow
from ariroute.staffing.remembering import peak
from ariroute.staffing.rules import StaffingRules
from ariroute.staffing.seats import needs
from ariroute.staffing.snapshot import Snapshot
from ariroute.staffing.standing import Standing
from ariroute.staffing.words import told


def tiers_now(rules: StaffingRules, tiers: Sequence[Standing], board: Board, memory: Memory) -> Iterator[TierNow]:
    """How each tier does, and what it lacks even when the moves on ``board`` are done."""
    lent, after = _lent(rules, tiers), _after(rules, tiers, board)
    for each in tiers:
        queue = each.tier.queue
        short = max(0, each.needed - after[queue])
        yield TierNow(
            queue=queue,
            target=each.tier.agents_per_call,
            achieved=each.achieved,
            calls=each.now.calls,
            waiting=each.now.waiting,
            agents=len(each.agents),
            needed=each.needed,
            kept=peak(memory, queue),
            short=short,
            borrowed=tuple(sorted(name for name, (_, at) in lent.items() if at == queue)),
            lent=tuple(sorted(name for name, (home, _) in lent.items() if home == queue)),
            estimated_wait=each.estimated_wait,
            why=told(each, short, board.room(queue), peak(memory, queue), queue in memory.reserves),
        )


def _lent(rules: StaffingRules, tiers: Sequence[Standing]) -> Mapping[str, tuple[str, str]]:
    """The home of each agent who serves elsewhere, and where that is."""
    serving = ((agent.name, each.tier.queue) for each in tiers for agent in each.agents if agent.name in rules.agents)
    return {name: (rules.agents[name].home, at) for name, at in serving if rules.agents[name].home != at}


def _after(rules: StaffingRules, tiers: Sequence[Standing], board: Board) -> Counter[str]:
    """How many serve each tier when the moves on ``board`` are done."""
    others = (each.tier.queue for each in tiers for agent in each.agents if not movable(rules, agent))
    return Counter(board.where.values()) + Counter(others)


def suffices(rules: StaffingRules, snapshot: Snapshot, tiers: Sequence[Standing], board: Board) -> bool:
    """Whether all needs are met by the moves on ``board``, or would be if those who talk and ring could be moved."""
    after = _after(rules, tiers, board)
    if all(after[each.tier.queue] >= each.needed for each in tiers):
        return True
    serving = [agent for agent in snapshot.agents.values() if agent.serves]
    if len(serving) < sum(each.needed for each in tiers):
        return False
    theirs = [agent for agent in serving if not agent.by_hand and agent.name in rules.agents]
    others = Counter(agent.queue for agent in serving) - Counter(agent.queue for agent in theirs)
    seats = {each.tier.queue: needs(each) for each in tiers}
    people = (Person(rules.agents[one.name], post(one, rules.agents[one.name], seats)) for one in theirs)
    return Giving(Board(people, others, seats), tiers).meets()


def look_again(rules: StaffingRules, snapshot: Snapshot, tiers: Sequence[Standing], memory: Memory) -> float | None:
    """When something changes by the clock alone: who may be moved, a peak that is forgotten, a wait."""
    now = snapshot.now
    moments = [until + rules.look_back for peaks in memory.peaks.values() for until, _ in peaks[:-1]]
    moments += [agent.moved_at + rules.min_stay for agent in snapshot.agents.values() if movable(rules, agent)]
    moments += [snapshot.agents[name].moved_at + rules.look_back for name in _lent(rules, tiers)]
    moments += [now - each.now.longest_wait + wait for each in tiers if each.now.waiting for wait in _waits(each)]
    return min((moment for moment in moments if moment > now), default=None)


def _waits(standing: Standing) -> Iterator[float]:
    """The waits by which something is decided."""
    for rule in (
        standing.tier.reserve and standing.tier.reserve.when,
        standing.tier.lend and standing.tier.lend.healthy,
    ):
        if rule and rule.wait is not None:
            yield rule.wait
