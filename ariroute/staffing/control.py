"""The controller: from a snapshot and what is wanted, who should serve where, and the few moves that lead there.

An agent serves one tier at a time. Each tier has seats, numbered, each weaker than the one before (`seats`): its floor,
what its calls need, its reserve, what it needed of late, a seat for each caller who waits. Agents are given out by the
strength of the seats over the whole floor (`giving`). Who sits already stays; a seat that is empty takes an agent
from a weaker one (`board`). So the fewest are moved, and in one snapshot nobody is ever moved back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ariroute.staffing.board import Board
from ariroute.staffing.giving import Giving
from ariroute.staffing.people import gathered, movable
from ariroute.staffing.proposal import Memory, Proposal
from ariroute.staffing.remembering import peak, remembered
from ariroute.staffing.rules import StaffingRules
from ariroute.staffing.seats import following, shared
from ariroute.staffing.snapshot import Snapshot
from ariroute.staffing.standing import Standing, standings
from ariroute.staffing.telling import look_again, suffices, tiers_now

NOTHING = Memory()


def propose(rules: StaffingRules, snapshot: Snapshot, memory: Memory = NOTHING) -> Proposal:
    """Who of the agents in ``snapshot`` should serve where by ``rules``, and which moves lead there.

    Only agents of ``rules.agents`` are moved, who are free, not left alone (``by_hand``), and each to a queue of
    theirs. Whoever feeds the controller adds those read from Asterisk to ``rules.agents`` first. The same input gives
    the same proposal, in whatever order it comes; ties are settled by the agents' names.
    """
    tiers = standings(rules, snapshot)
    memory = remembered(memory, tiers, snapshot.now, rules.look_back)
    giving = _share(rules, snapshot, tiers) if rules.mode == "static" else _follow(rules, snapshot, tiers, memory)
    return Proposal(
        wanted={name: queue for name, queue in giving.board.where.items() if queue},
        moves=tuple(giving.moves(snapshot.agents)),
        tiers=tuple(tiers_now(rules, tiers, giving.board, memory)),
        suffices=suffices(rules, snapshot, tiers, giving.board),
        memory=memory,
        look_again=look_again(rules, snapshot, tiers, memory),
    )


def _follow(rules: StaffingRules, snapshot: Snapshot, tiers: Sequence[Standing], memory: Memory) -> Giving:
    """Each tier gets agents as its calls ask for. Only who can take a call is counted."""
    others = {each.tier.queue: [agent for agent in each.agents if not movable(rules, agent)] for each in tiers}
    counts = Counter({queue: len(agents) for queue, agents in others.items()})
    seats = {
        each.tier.queue: following(each, memory, peak(memory, each.tier.queue), others[each.tier.queue])
        for each in tiers
    }
    giving = Giving(Board(gathered(rules, snapshot, seats, counts), counts, seats), tiers)
    giving.follow(seats)
    return giving


def _share(rules: StaffingRules, snapshot: Snapshot, tiers: Sequence[Standing]) -> Giving:
    """Each tier gets its share of all who are on duty, whatever they do now."""
    counts = Counter(agent.queue for agent in snapshot.agents.values() if not movable(rules, agent))
    seats = {each.tier.queue: shared(each) for each in tiers}
    giving = Giving(Board(gathered(rules, snapshot, seats, counts), counts, seats), tiers)
    giving.share(seats)
    return giving
