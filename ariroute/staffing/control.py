"""The controller: from a snapshot and what is wanted, who should serve where, and the few moves that lead there.

An agent serves one tier at a time. Agents are given out by the strength of the seats (`seats`), over the whole floor:
first the floors, then the needs, highest tier first, then reserves, what was needed of late, callers who wait. Where
an agent sits already, nothing is done; a seat that is empty takes an agent from a weaker one (`board`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ariroute.staffing import words
from ariroute.staffing.board import NOWHERE, Board, Person
from ariroute.staffing.giving import Giving
from ariroute.staffing.proposal import Memory, Proposal, TierNow
from ariroute.staffing.remembering import remembered
from ariroute.staffing.rules import StaffedAgent, StaffingRules
from ariroute.staffing.seats import Seats, following, needs, shared
from ariroute.staffing.snapshot import AgentNow, Snapshot, State
from ariroute.staffing.standing import Standing, standings

NOTHING = Memory()


def propose(rules: StaffingRules, snapshot: Snapshot, memory: Memory = NOTHING) -> Proposal:
    """Who of the agents in ``snapshot`` should serve where by ``rules``, and which moves lead there.

    Only agents of ``rules.agents`` are moved, who are free, not left alone (``by_hand``), and each to a queue of
    theirs. Whoever feeds the controller adds those read from Asterisk to ``rules.agents`` first. The same input gives
    the same proposal, in whatever order it comes; ties are settled by the agents' names.
    """
    tiers = standings(rules, snapshot)
    memory = remembered(memory, tiers, snapshot.now, rules.look_back)
    giving = _shared(rules, snapshot, tiers) if rules.mode == "static" else _following(rules, snapshot, tiers, memory)
    return Proposal(
        wanted={name: queue for name, queue in giving.board.where.items() if queue},
        moves=tuple(giving.moves(snapshot.agents)),
        tiers=tuple(_told(rules, tiers, giving.board, memory)),
        suffices=_suffices(rules, snapshot, tiers, giving.board),
        memory=memory,
        look_again=_look_again(rules, snapshot, tiers, memory),
    )


def _following(rules: StaffingRules, snapshot: Snapshot, tiers: Sequence[Standing], memory: Memory) -> Giving:
    """Each tier gets agents as its calls ask for."""
    fixed = [agent for agent in snapshot.agents.values() if agent.serves and not _movable(rules, agent)]
    seats = {
        each.tier.queue: following(
            each,
            memory,
            max(peak for _, peak in memory.peaks[each.tier.queue]),
            _from_elsewhere(rules, each, fixed),
        )
        for each in tiers
    }
    stays = {name for name, agent in snapshot.agents.items() if agent.moved_at + rules.min_stay > snapshot.now}
    counts = Counter(agent.queue for agent in fixed)
    giving = Giving(Board(_people(rules, snapshot, seats, counts, stays), counts, seats), tiers)
    giving.follow(seats)
    return giving


def _shared(rules: StaffingRules, snapshot: Snapshot, tiers: Sequence[Standing]) -> Giving:
    """Each tier gets its share of all who are on duty, whatever they do now; only who is free can be moved."""
    counts = Counter(agent.queue for agent in snapshot.agents.values() if not _movable(rules, agent))
    seats = {each.tier.queue: shared(each) for each in tiers}
    giving = Giving(Board(_people(rules, snapshot, seats, counts, ()), counts, seats), tiers)
    giving.share(seats)
    return giving


def _movable(rules: StaffingRules, agent: AgentNow) -> bool:
    return agent.state is State.FREE and not agent.by_hand and agent.name in rules.agents


def _people(
    rules: StaffingRules,
    snapshot: Snapshot,
    seats: Mapping[str, Seats],
    fixed: Mapping[str, int],
    stays: Collection[str],
) -> Iterator[Person]:
    """Everybody who may be moved. Those whom a tier has too many begin nowhere, who fit it least first."""
    there: dict[str, list[tuple[bool, int, str]]] = {queue: [] for queue in (NOWHERE, *seats)}
    for name, agent in snapshot.agents.items():
        if _movable(rules, agent):
            staffed = rules.agents[name]
            queue = _post(agent, staffed, seats)
            there[queue].append((staffed.home != queue, staffed.queues.get(queue, 0), name))
    for queue, ones in there.items():
        places = len(ones) if queue == NOWHERE else seats[queue].ceiling - fixed[queue]
        for place, (_, _, name) in enumerate(sorted(ones)):
            fits = place < places
            yield Person(rules.agents[name], queue if fits else NOWHERE, name in stays, "" if fits else queue)


def _post(agent: AgentNow, staffed: StaffedAgent, seats: Mapping[str, Seats]) -> str:
    """The queue in which an agent serves, of those they may: of several their home, or the highest."""
    if agent.queue in seats and agent.queue in staffed.queues:
        return agent.queue
    theirs = [queue for queue in seats if queue in agent.queues and queue in staffed.queues]
    return staffed.home if staffed.home in theirs else next(iter(theirs), NOWHERE)


def _from_elsewhere(rules: StaffingRules, standing: Standing, fixed: Iterable[AgentNow]) -> int:
    """How many serve a tier who cannot be moved, without those of its reserve."""
    homes = standing.tier.reserve.queues if standing.tier.reserve else ()
    there = (rules.agents.get(agent.name) for agent in fixed if agent.queue == standing.tier.queue)
    return sum(staffed is None or staffed.home not in homes for staffed in there)


def _suffices(rules: StaffingRules, snapshot: Snapshot, tiers: Sequence[Standing], board: Board) -> bool:
    """Whether all needs would be met if those who talk and ring could be moved as well."""
    if all(board.count(each.tier.queue) >= each.needed for each in tiers):
        return True
    serving = [agent for agent in snapshot.agents.values() if agent.serves]
    if len(serving) < sum(each.needed for each in tiers):
        return False
    may = {agent.name for agent in serving if not agent.by_hand and agent.name in rules.agents}
    fixed = Counter(agent.queue for agent in serving if agent.name not in may)
    seats = {each.tier.queue: needs(each) for each in tiers}
    people = (Person(rules.agents[name], _post(snapshot.agents[name], rules.agents[name], seats)) for name in may)
    return Giving(Board(people, fixed, seats), tiers).meets()


def _look_again(rules: StaffingRules, snapshot: Snapshot, tiers: Sequence[Standing], memory: Memory) -> float | None:
    """When something changes by the clock alone: who may be moved, a peak, a caller's wait."""
    now = snapshot.now
    moments = [agent.moved_at + rules.min_stay for agent in snapshot.agents.values()]
    moments += [until + rules.look_back for peaks in memory.peaks.values() for until, _ in peaks[:-1]]
    for each in tiers:
        if each.now.waiting:
            began = now - each.now.longest_wait
            moments += [began + wait for wait in _waits(each)]
    return min((moment for moment in moments if moment > now), default=None)


def _waits(standing: Standing) -> Iterator[float]:
    """The waits by which something is decided."""
    if standing.tier.reserve and standing.tier.reserve.when.wait is not None:
        yield standing.tier.reserve.when.wait
    if standing.tier.lend and standing.tier.lend.healthy.wait is not None:
        yield standing.tier.lend.healthy.wait


def _told(rules: StaffingRules, tiers: Sequence[Standing], board: Board, memory: Memory) -> Iterator[TierNow]:
    """How each tier does, and what becomes of it when the moves are done."""
    homes = {
        agent.name: rules.agents[agent.name].home
        for each in tiers
        for agent in each.agents
        if agent.name in rules.agents
    }
    lent: dict[str, list[str]] = {each.tier.queue: [] for each in tiers}
    for each in tiers:
        for agent in each.agents:
            home = homes.get(agent.name, each.tier.queue)
            if home != each.tier.queue and home in lent:
                lent[home].append(agent.name)
    for each in tiers:
        queue = each.tier.queue
        short = max(0, each.needed - board.count(queue))
        kept = max(peak for _, peak in memory.peaks[queue])
        yield TierNow(
            queue=queue,
            target=each.tier.agents_per_call,
            achieved=each.achieved,
            calls=each.now.calls,
            waiting=each.now.waiting,
            agents=len(each.agents),
            needed=each.needed,
            kept=kept,
            short=short,
            borrowed=tuple(agent.name for agent in each.agents if homes.get(agent.name, queue) != queue),
            lent=tuple(sorted(lent[queue])),
            estimated_wait=each.estimated_wait,
            why=words.told(each, short, board.room(queue), kept, queue in memory.reserves),
        )
