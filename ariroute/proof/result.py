"""What a proof found: every call, every fault, and whether the promise held. Pure values; `proof.report` shows them.

All times are seconds since the run began (`Run.began` is when that was). The verdict about a call comes from
Asterisk's queue_log and CEL alone.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

SLACK = 0.1
"""Seconds beyond the guard that a call may wait for some queue: the promise."""


SEEN = 0.1
"""The share of its calls that the control must lose at least, so that the meter counts as one that sees losses."""


class Ending(enum.Enum):
    """Where a call ended up, the only thing that is proved of it."""

    QUEUED = "in a queue"
    ANSWERED = "answered by a phone that the flow rang"
    VOICEMAIL = "in a mailbox"
    REFUSED = "refused by the flow"
    LEFT = "ended by the caller first"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ProvenCall:
    """One call that was placed, as Asterisk's records tell it."""

    uniqueid: str
    caller: str
    dialled: str
    placed: float
    ending: Ending
    entered: float | None = None
    """When it first entered Stasis()."""
    settled: float | None = None
    """When it reached what `ending` names: its queue, a phone, a mailbox, the end of its channel."""
    queues: tuple[str, ...] = ()
    """The queues it entered, in order."""
    by_default: bool = False
    """Whether no decision was made about it: the dialplan took its default queue."""
    twice: bool = False
    """Whether it was put into a queue a second time although it had not left the first by overflow."""
    stay: float | None = None
    """Seconds of its longest stay where nothing rings for it and no queue has it; without it, the whole time counts."""
    allowed: float | None = None
    """Seconds that its own flow may hold it in one stay, more when the daemon died in between; without it those of the
    run."""

    @property
    def wait(self) -> float | None:
        """Seconds from entering Stasis(), or from being placed where it never did, to where it ended up.

        Of a call for which phones rang on the way, those of its longest stay between the rings.
        """
        if self.settled is None:
            return None
        if self.stay is not None:
            return self.stay
        return self.settled - (self.placed if self.entered is None else self.entered)


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """One fault, from `at` for `lasted` seconds."""

    kind: str
    """One word, the name by which it is asked for: kill, hang, cut, deaf, ..."""
    says: str
    """What was done, in words."""
    at: float
    lasted: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """Calls under faults. `guard` is None in the control run, which shows that the meter sees losses."""

    began: float
    """Seconds since 1970."""
    guard: float | None
    allowed: float
    """Longest wait in seconds that this run's flow may cause by itself (prompts, keys), without any fault."""
    calls: tuple[ProvenCall, ...]
    faults: tuple[InjectedFault, ...]

    def ended(self, ending: Ending) -> tuple[ProvenCall, ...]:
        """The calls that ended so."""
        return tuple(call for call in self.calls if call.ending is ending)

    @property
    def lost(self) -> tuple[ProvenCall, ...]:
        """Must be empty, except in the control."""
        return self.ended(Ending.LOST)

    @property
    def twice(self) -> tuple[ProvenCall, ...]:
        """Must be empty."""
        return tuple(call for call in self.calls if call.twice)

    @property
    def waits(self) -> tuple[float, ...]:
        """Sorted: how long each call that got somewhere took to get there."""
        return tuple(
            sorted(call.wait for call in self.calls if call.wait is not None and call.ending is not Ending.LEFT)
        )

    @property
    def has_decided(self) -> bool:
        """Whether the daemon routed any call: without one, only the dialplan's default queue has been seen at work."""
        return any(not call.by_default and call.ending not in (Ending.LEFT, Ending.LOST) for call in self.calls)

    @property
    def late(self) -> tuple[ProvenCall, ...]:
        """Those who waited longer than what the flow itself may take, the guard, and `SLACK`."""
        if self.guard is None:
            return ()
        return tuple(
            call
            for call in self.calls
            if (call.wait or 0.0) > self._allowed(call) + self.guard + SLACK and call.ending is not Ending.LEFT
        )

    def _allowed(self, call: ProvenCall) -> float:
        return self.allowed if call.allowed is None else call.allowed

    def under(self, fault: InjectedFault) -> tuple[ProvenCall, ...]:
        """The calls that were on their way to a queue while that fault was there."""
        until = fault.at + fault.lasted
        return tuple(
            call for call in self.calls if call.placed <= until and (call.settled is None or call.settled >= fault.at)
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """The whole: a control that must lose calls, and the run that must not."""

    flow_file: str
    ariroute: str
    asterisk: str
    seed: int
    run: Run
    control: Run | None
    """None where the reader chose to go without."""

    @property
    def failures(self) -> tuple[str, ...]:
        """Why it does not hold, in words; empty when it does."""
        found = []
        if not self.run.calls:
            found.append("no call was placed")
        if lost := len(self.run.lost):
            found.append(f"{lost} of {len(self.run.calls)} calls lost")
        if twice := len(self.run.twice):
            found.append(f"{twice} calls put into a queue twice")
        if (undecided := sum(call.by_default for call in self.run.calls)) and not (
            self.run.faults and self.run.has_decided
        ):
            found.append(_unrouted(undecided, self.run))
        if late := len(self.run.late):
            found.append(f"{late} calls waited longer than the guard and {SLACK:g} s")
        if self.control is not None and len(self.control.lost) <= SEEN * len(self.control.calls):
            share = (
                f"only {len(self.control.lost)} of {len(self.control.calls)} calls" if self.control.lost else "no call"
            )
            found.append(f"the control without a guard lost {share}: this meter may be blind, inject more faults")
        return tuple(found)

    @property
    def holds(self) -> bool:
        """Whether the promise was kept."""
        return not self.failures


def _unrouted(undecided: int, run: Run) -> str:
    """Why calls without a decision are too many."""
    if not run.faults:
        return f"{undecided} of {len(run.calls)} calls had no decision although there was no fault"
    return "the daemon routed no call, all went to the dialplan's default queue: place more calls, or see what it logs"
