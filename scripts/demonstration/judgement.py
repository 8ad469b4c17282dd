"""What became of the stream: each planned call against Asterisk's queue_log. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from ariroute.lab.verdict import CallVerdict
from scripts.demonstration.board import Call
from scripts.demonstration.cast import Planned


@dataclass(frozen=True, slots=True)
class Judged:
    """A planned call and what Asterisk made of it; `call` is None when Asterisk never saw it."""

    planned: Planned
    call: Call | None

    @property
    def is_right(self) -> bool:
        """Whether it entered its queue, once, and no other."""
        return self.queues == (self.planned.queue,) and not (self._verdict and self._verdict.entered_twice)

    @property
    def is_answered(self) -> bool:
        """Whether an agent took it."""
        return self._verdict is not None and self._verdict.answered_by is not None

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues entered, in order, by queue_log."""
        return self._verdict.queues if self._verdict else ()

    @property
    def wait(self) -> int | None:
        """Whole seconds in the queue, by queue_log."""
        return self._verdict.wait if self._verdict else None

    @property
    def took(self) -> float | None:
        """Seconds from Stasis() to Queue(), by CEL."""
        return self.call.took if self.call else None

    @property
    def _verdict(self) -> CallVerdict | None:
        return self.call.verdict if self.call else None


def judge(planned: Sequence[Planned], calls: Iterable[Call]) -> list[Judged]:
    """Give each planned call the call that Asterisk saw: by number, in the order of arrival."""
    seen: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        seen[call.number].append(call)
    return [Judged(plan, seen[plan.number].pop(0) if seen[plan.number] else None) for plan in planned]


@dataclass(frozen=True, slots=True)
class Tier:
    """The figures of one queue, or of all. Median wait in seconds, median time to the queue in milliseconds."""

    name: str
    placed: int
    right: int
    answered: int
    wait: float | None
    longest: int | None
    to_queue: float | None


def tier(name: str, judged: Sequence[Judged]) -> Tier:
    """The figures of these calls."""
    waits = [one.wait for one in judged if one.wait is not None]
    took = [one.took for one in judged if one.took is not None]
    return Tier(
        name,
        placed=len(judged),
        right=sum(one.is_right for one in judged),
        answered=sum(one.is_answered for one in judged),
        wait=median(waits) if waits else None,
        longest=max(waits, default=None),
        to_queue=median(took) * 1000 if took else None,
    )


def tiers(judged: Sequence[Judged], queues: Iterable[str]) -> list[Tier]:
    """The figures of each queue in which calls belong, then of all."""
    mine = {queue: [one for one in judged if one.planned.queue == queue] for queue in queues}
    return [*(tier(queue, ones) for queue, ones in mine.items() if ones), tier("all", judged)]


def complaints(judged: Iterable[Judged]) -> list[str]:
    """A sentence for each call that is not where it belongs, or that nobody answered."""
    return [sentence for one in judged if (sentence := _complaint(one))]


def _complaint(one: Judged) -> str:
    who = f"{one.planned.number} ({one.planned.name or 'no name'})"
    if one.call is None:
        return f"{who} never reached Asterisk"
    if not one.queues:
        return f"{who} is lost: no queue"
    if not one.is_right:
        why = "by a decision of the flow" if one.call.routed else "without a decision of the daemon"
        return f"{who} belongs in {one.planned.queue}, but entered {', then '.join(one.queues)} {why}"
    return "" if one.is_answered else f"{who} waited in {one.planned.queue} and was not answered"


def summary(judged: Sequence[Judged]) -> str:
    """The one sentence at the end."""
    right, lost = sum(one.is_right for one in judged), sum(not one.queues for one in judged)
    text = f"{right} of {len(judged)} calls in the right queue, {lost or 'none'} lost"
    unanswered = sum(not one.is_answered for one in judged)
    return text + (f", {unanswered} not answered" if unanswered else "")
