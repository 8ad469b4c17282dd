"""Agents are given out: seats are filled by chains of steps, who is not needed goes home; what remains are moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ariroute.staffing.board import NOWHERE, Board, Claim, Step
from ariroute.staffing.proposal import Move, Why
from ariroute.staffing.seats import WEAKEST, Following, Level, Shared
from ariroute.staffing.snapshot import AgentNow
from ariroute.staffing.standing import Standing
from ariroute.staffing.words import WHYS, claimed

ROUNDS = ((Level.FLOOR,), (Level.NEED, Level.OWN), (Level.RESERVE,), (Level.KEPT,), (Level.WAITING,))
"""One after the other over all tiers, each of them highest first."""


class Giving:
    """The agents of one board on their way to their seats, and the reason of each who has been moved."""

    def __init__(self, board: Board, tiers: Sequence[Standing]) -> None:
        self.board = board
        self._tiers = tiers
        self._reasons: dict[str, tuple[Why, str]] = {}

    def follow(self, seats: Mapping[str, Following]) -> None:
        """Fill the seats of tiers that follow their calls, and send home who is left; that may free others."""
        self._fill_all(seats)
        while self.go_home():
            self._fill_all(seats)
        self.settle()

    def _fill_all(self, seats: Mapping[str, Following]) -> None:
        for levels in ROUNDS:
            for each in self._tiers:
                for level in levels:
                    self._fill(each, level, seats[each.tier.queue].wants.get(level, 0))

    def meets(self) -> bool:
        """Fill the seats that each tier needs; whether all could be."""
        return all(
            self._fill(each, level, each.tier.min_agents if level is Level.FLOOR else each.needed)
            for level in (Level.FLOOR, Level.NEED)
            for each in self._tiers
        )

    def _fill(self, standing: Standing, level: Level, agents: int) -> bool:
        """Whether the tier got so many ``agents``."""
        queue = standing.tier.queue
        claim = Claim(level, queue, standing.rank, _homes(standing, level))
        while self.board.count(queue) < agents:
            chain = self.board.chain(claim) if self.board.room(queue) else []
            if not chain:
                return False
            self._take(chain, WHYS[level], claimed(level, standing, agents))
        return True

    def share(self, seats: Mapping[str, Shared]) -> None:
        """Fill the seats of tiers that get a share, the strongest empty one first, until none can be filled."""
        open_tiers = {each.tier.queue: each for each in self._tiers}
        while open_tiers:
            queue = min(open_tiers, key=lambda name: seats[name].strength(self.board.count(name) + 1))
            if not self._one_more(open_tiers[queue], seats[queue]):
                del open_tiers[queue]
        self.go_home()
        self.settle()

    def _one_more(self, standing: Standing, seats: Shared) -> bool:
        queue = standing.tier.queue
        held = seats.strength(self.board.count(queue) + 1)
        if held == WEAKEST or not self.board.room(queue):
            return False
        chain = self.board.chain(Claim(Level(held[0]), queue, standing.rank, share=held))
        if held[0] == Level.FLOOR:
            self._take(chain, Why.FLOOR, claimed(Level.FLOOR, standing, 0))
        else:
            self._take(chain, Why.SHARE, f"{queue} gets its share of the agents on duty")
        return bool(chain)

    def _take(self, chain: Sequence[Step], why: Why, reason: str) -> None:
        """Carry out the steps of ``chain``: the first one is what it is for, each other one fills the place left."""
        before: Step | None = None
        for step in chain:
            self.board.move(step)
            place = f"{reason}; takes the place of {before.agent}, who goes to {before.queue}" if before else reason
            self._reasons[step.agent] = (why, place)
            before = step

    def go_home(self) -> bool:
        """Send home whom nobody needs where they are, until nobody is left who could go. Whether anybody went."""
        gone = False
        while sum(self._home_from(each.tier.queue) for each in self._tiers):
            gone = True
        return gone

    def settle(self) -> None:
        """Find a place for those who have none yet."""
        for name in [name for name, queue in self.board.where.items() if queue == NOWHERE]:
            self._somewhere(name)

    def _home_from(self, queue: str) -> int:
        """How many went home from ``queue``, those who fit it least first."""
        gone = 0
        for name in self.board.guests(queue):
            if self.board.weakest(queue) != WEAKEST:
                break
            home = self.board.people[name].staffed.home
            if self.board.room(home):
                self.board.move(Step(name, queue, home))
                self._reasons[name] = (Why.HOME, f"no longer needed in {queue}: back home to {home}")
                gone += 1
        return gone

    def _somewhere(self, name: str) -> None:
        """Whoever has no place yet goes home, else to the highest tier of theirs with room, else stays as they are."""
        person = self.board.people[name]
        theirs = (each.tier.queue for each in self._tiers if each.tier.queue in person.staffed.queues)
        queue = next((queue for queue in (person.staffed.home, *theirs) if self.board.room(queue)), None)
        if queue is not None:
            self.board.move(Step(name, NOWHERE, queue))
            self._reasons[name] = (
                (Why.CEILING, f"{person.over} has more agents than its max_agents")
                if person.over
                else (Why.HOME, f"serves none of their queues: to {queue}")
            )

    def moves(self, agents: Mapping[str, AgentNow]) -> Iterator[Move]:
        """What is left to be done, by the agents' names."""
        for name, queue in self.board.where.items():
            leaves = agents[name].queues - {queue}
            if queue and (leaves or queue != agents[name].queue):
                why, reason = self._reasons.get(name, (Why.ONE_QUEUE, f"serves one queue at a time: {queue}"))
                yield Move(name, leaves, queue, self.board.people[name].staffed.queues[queue], why, reason)


def _homes(standing: Standing, level: Level) -> tuple[str, ...]:
    """Whose agents alone will do."""
    if level is Level.OWN:
        return (standing.tier.queue,)
    reserve = standing.tier.reserve
    return reserve.queues if level is Level.RESERVE and reserve else ()
