"""``--expect gold:20``: where a call must end, and whether it did."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from ariroute.cli.given import known
from ariroute.errors import UnusableInput
from ariroute.flow.decision import Destination, HangUpDestination, QueueDestination

FORM = re.compile(r"(?P<name>[A-Za-z0-9_-]{1,64})(:(?P<number>-?[0-9]{1,9}))?", re.ASCII)
HANG_UP = "hangup"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A queue, or a hang-up when ``queue`` is None; ``number`` is the queue priority or the cause, None for any."""

    queue: str | None
    number: int | None = None

    def met_by(self, destination: Destination) -> bool:
        match destination:
            case QueueDestination(queue, priority):
                return self.queue == queue and self.number in (None, priority)
            case HangUpDestination(cause):
                return self.queue is None and self.number in (None, cause)

    def __str__(self) -> str:
        """In the words of :class:`QueueDestination` and :class:`HangUpDestination`."""
        subject, number = ("hang up", "cause") if self.queue is None else (f"queue {self.queue}", "priority")
        return subject if self.number is None else f"{subject}, {number} {self.number}"


def expectation(text: str, queues: Collection[str]) -> Expectation:
    """The expectation that ``text`` writes. Raises UnusableInput when it is none, UnknownName for an unknown queue.

    A misspelt queue is no failed expectation: it would fail for ever, and look like a fault of the flow.
    """
    match = FORM.fullmatch(text)
    if not match:
        raise UnusableInput(f"--expect {text}: write QUEUE, QUEUE:PRIORITY, {HANG_UP} or {HANG_UP}:CAUSE")
    name, number = match["name"], int(match["number"]) if match["number"] else None
    if name == HANG_UP and HANG_UP not in queues:
        return Expectation(None, number)
    return Expectation(known("queue", name, queues), number)
