"""What is told of the staffing: how each tier does and did, who serves where, and the latest moves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from ariroute.daemon.staffing.crew import Crew
from ariroute.daemon.staffing.held import Held
from ariroute.journal.moves import Moved
from ariroute.staffing.proposal import Move, Proposal, TierNow
from ariroute.staffing.snapshot import QueueNow, Snapshot

LATEST: Final = 20


class Figures:
    """Kept from plan to plan."""

    def __init__(self) -> None:
        self.took = 0.0
        """Seconds that the latest plan took."""
        self._moves: deque[Moved] = deque(maxlen=LATEST)
        self._held: dict[str, Held] = {}
        self._at: float | None = None
        """Until when it is counted how the tiers do; None while nobody knows."""
        self._snapshot: Snapshot | None = None
        self._proposal: Proposal | None = None
        self._advised: dict[tuple[str, str], Moved | None] = {}

    def on_plan(self, now: float, snapshot: Snapshot, proposal: Proposal) -> None:
        """What was so since the plan before, was so until now."""
        self._count(now)
        self._at, self._snapshot, self._proposal = now, snapshot, proposal

    def moved(self, move: Moved) -> None:
        self._moves.append(move)

    def advised(self, moves: Iterable[Move]) -> list[Move]:
        """Those of ``moves``, which are proposed now, that were not proposed before."""
        now = {(move.agent, move.queue): move for move in moves}
        fresh = [move for key, move in now.items() if key not in self._advised]
        self._advised = dict.fromkeys(now)
        return fresh

    def _count(self, now: float) -> None:
        for tier in self._proposal.tiers if self._proposal else ():
            if tier.achieved is not None and self._at is not None:
                held = self._held.setdefault(tier.queue, Held())
                held.add(self._at, now, tier.achieved, holds=tier.holds)
        self._at = None if self._at is None else now

    def blind(self, now: float) -> None:
        """From now on nobody knows how the tiers do, until the next plan."""
        self._count(now)
        self._at = None

    def told(self, now: float, crew: Crew, *, is_known: bool) -> dict[str, Any]:
        """The keys ``suffices``, ``tiers``, ``agents`` and ``moves`` of a status."""
        moves = [_move(moved) for moved in self._moves]
        proposal, snapshot = self._proposal, self._snapshot
        if proposal is None or snapshot is None or not is_known:
            return {"suffices": False, "tiers": [], "agents": [], "moves": moves}
        self._count(now)
        return {
            "suffices": proposal.suffices,
            "tiers": [self._tier(now, tier, snapshot.queues[tier.queue]) for tier in proposal.tiers],
            "agents": _agents(now, crew),
            "moves": moves,
        }

    def _tier(self, now: float, tier: TierNow, queue: QueueNow) -> dict[str, Any]:
        held = self._held.get(tier.queue)
        if held:
            held.forget(now)
        return {
            "queue": tier.queue,
            "target": tier.target,
            "achieved": tier.achieved,
            "average": held.average if held else None,
            "held": held.percent if held and tier.target is not None else None,
            "calls": tier.calls,
            "waiting": tier.waiting,
            "talking": queue.talking,
            "agents": tier.agents,
            "needed": tier.needed,
            "kept": tier.kept,
            "short": tier.short,
            "borrowed": list(tier.borrowed),
            "lent": list(tier.lent),
            "estimated_wait": tier.estimated_wait,
            "service_level": queue.answered_in_time,
            "why": tier.why,
        }


def _agents(now: float, crew: Crew) -> list[dict[str, Any]]:
    rules = crew.rules
    assert rules is not None
    return [
        {
            "agent": name,
            "state": str(seen.state),
            "since": round(now - crew.since(name), 1),
            "queue": seen.queue,
            "home": rules.agents[name].home,
            "by_hand": seen.by_hand,
        }
        for name, seen in sorted(crew.agents.items())
    ]


def _move(moved: Moved) -> dict[str, Any]:
    return {
        "at": datetime.fromtimestamp(moved.at, UTC).isoformat(timespec="milliseconds"),
        "agent": moved.agent,
        "from": list(moved.left),
        "to": moved.queue,
        "why": moved.why,
        "reason": moved.reason,
        "done": moved.done,
        "failure": moved.failure,
    }
