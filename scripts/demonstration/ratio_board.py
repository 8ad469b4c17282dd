"""What two call centres side by side do now, and did in each second: from app_queue's events alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from scripts.trialling.observer import Message
from scripts.trialling.seconds import Targets
from scripts.trialling.seen import Seen, Tier, suffice

Mark = Literal["held", "short", "few", "none"]
"""A second of a tier: it had its agents per call; it had not; it had not, and the agents on duty would not have
sufficed; it had no call."""
WORST: Final[Mapping[Mark, int]] = {"none": 0, "held": 1, "few": 2, "short": 3}


@dataclass(slots=True)
class Board:
    """One call centre. ``marks`` has for each tier the worst mark of each second so far, the last of which goes on."""

    name: str
    targets: Targets
    seen: Seen
    marks: dict[str, list[Mark]] = field(default_factory=dict)
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    moves: int = 0
    _taken: int = 0

    def take(self, events: Sequence[tuple[float, Message]], began: float, now: float) -> None:
        """Take in what came since, of a list that began at ``began``."""
        fresh = events[self._taken :]
        self._taken += len(fresh)
        for at, event in fresh:
            self.seen.take(event, at)
            self.moves += event["Event"] == "QueueMemberAdded" and at >= began
        self.tiers = self.seen.tiers(now)
        if now < began:
            return
        enough = suffice(self.targets.needs(self.tiers), self.targets.may_serve, self.seen.on_duty(now))
        for queue, tier in self.tiers.items():
            self._mark(queue, self._judge(queue, tier, enough), int(now - began))

    def _judge(self, queue: str, tier: Tier, enough: bool) -> Mark:
        if not tier.calls:
            return "none"
        if self.targets.holds(queue, tier):
            return "held"
        return "short" if enough else "few"

    def _mark(self, queue: str, mark: Mark, second: int) -> None:
        marks = self.marks.setdefault(queue, [])
        marks += [mark] * (second + 1 - len(marks))
        marks[second] = max(marks[second], mark, key=WORST.__getitem__)
