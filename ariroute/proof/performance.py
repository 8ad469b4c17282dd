"""Plays one plan: calls come, faults strike and are undone, and records are read until every call is judged."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from ariroute.lab.records import CelRow, QueueRow, RecordFile
from ariroute.proof.faults import ALL, Things
from ariroute.proof.plan import Act, Plan, PlannedCall, PlannedFault
from ariroute.proof.result import Ending, InjectedFault, ProvenCall
from ariroute.proof.verdict import MARGIN, Rules, Verdict, judge
from ariroute.proof.watcher import Watcher

TICK: Final = 0.01
"""Seconds between two looks at what is due."""
LOOK: Final = 0.4
"""Seconds between two looks at Asterisk's records, at least; and no more than a tenth of the time goes into them."""
RECOVERING: Final = 15.0
"""Seconds that the daemon has after an act until it serves again; then the next act begins all the same."""
APPEARING: Final = 15.0
"""Seconds after the last call was placed by which it must have become a channel."""
STAYING: Final = 4.0
"""Seconds beyond the guard that calls in a queue are watched at the end: they must not be torn out of it."""


class Venue(Protocol):
    """Where calls are placed and faults strike."""

    @property
    def things(self) -> Things:
        """What faults are done to."""

    def place(self, calls: Sequence[PlannedCall]) -> None:
        """Begin to place these calls, each at its time from now; earlier ones go on."""

    def tick(self) -> None:
        """Called all the time."""


@dataclass(frozen=True, slots=True)
class Records:
    """Where Asterisk writes what becomes of calls."""

    cel: RecordFile[CelRow]
    queue: RecordFile[QueueRow]


@dataclass(frozen=True, slots=True)
class Played:
    """What a plan has become. Times are seconds since the run began."""

    calls: tuple[ProvenCall, ...]
    faults: tuple[InjectedFault, ...]


@dataclass(slots=True)
class Performance:
    """One plan being played. ``longest`` are the seconds that the last call may take in all, rings included."""

    plan: Plan
    venue: Venue
    records: Records
    rules: Rules
    watcher: Watcher
    longest: float = 0.0
    supervised: bool = True
    """Whether the daemon is started again when it ends."""
    _faults: list[InjectedFault] = field(default_factory=list)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)
    _look_at: float = 0.0
    _since: float = 0.0

    def play(self, began: float) -> Played:
        """Play it to the end; results count from ``began``, in seconds since 1970."""
        self._since = time.time()
        try:
            for act in self.plan.acts:
                self._act(act, began)
            self._settle()
        finally:
            self._undo()
        return Played(tuple(self._result(began)), tuple(self._faults))

    def _act(self, act: Act, began: float) -> None:
        """Play one act, and wait until the daemon serves again."""
        if act.calls:
            self.venue.place(act.calls)
        start = self._now()
        if (fault := act.fault) is not None:
            self._at(start + fault.at - fault.held, lambda: self._begin(fault, start, began))
        self._pass_time(start + act.lasts)
        recovering = self._now() + RECOVERING
        while self.supervised and not self.venue.things.daemon.serves and self._now() < recovering:
            self._tend()
            self._look()
            time.sleep(TICK)

    def _now(self) -> float:
        return time.time() - self._since

    def _at(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (moment, next(self._order), act))

    def _pass_time(self, until: float) -> None:
        """Do what is due until then."""
        while (now := self._now()) < until or self._due:
            while self._due and self._due[0][0] <= now:
                heapq.heappop(self._due)[2]()
            self._tend()
            self._look()
            time.sleep(TICK)

    def _tend(self) -> None:
        self.venue.tick()
        if self.supervised:
            self.venue.things.daemon.tend()

    def _settle(self) -> None:
        """Wait until every call is judged, or cannot be under way any more."""
        deadline = self._now() + max(APPEARING, self.longest + 2 * self.rules.guard + MARGIN)
        judged: float | None = None
        while True:
            verdicts = self._look(at_once=True)
            if len(verdicts) >= self.plan.calls and all(verdict.call for verdict in verdicts):
                judged = self._now() if judged is None else judged
                watched = self._now() > judged + self.rules.guard + STAYING
                if watched or not self.supervised or all(verdict.is_over for verdict in verdicts):
                    return
            if judged is None and self._now() > deadline:
                return
            self._tend()
            time.sleep(LOOK)

    # Faults

    def _begin(self, fault: PlannedFault, start: float, began: float) -> None:
        kind = ALL[fault.kind]
        injected = InjectedFault(fault.kind, kind.says, time.time() - began, fault.held + fault.lasted)
        self._faults.append(injected)
        self.watcher.fault(injected)
        if fault.held:
            self.venue.things.daemon.hold()
            self._at(start + fault.at, lambda: kind.begin(self.venue.things, fault))
        else:
            kind.begin(self.venue.things, fault)
        if kind.end is not None:
            end, place = kind.end, len(self._faults) - 1
            self._at(start + fault.at + fault.lasted, lambda: self._end(end, place, began))

    def _end(self, end: Callable[[Things], None], place: int, began: float) -> None:
        end(self.venue.things)
        fault = self._faults[place]
        self._faults[place] = replace(fault, lasted=time.time() - began - fault.at)

    def _undo(self) -> None:
        """Whatever a fault has left behind when a run is broken off."""
        things = self.venue.things
        if self._due and things.link is not None:
            things.link.mend()

    # Calls

    def _look(self, *, at_once: bool = False) -> list[Verdict]:
        """Read the records and tell the watcher; nothing when it is not time for that."""
        started = self._now()
        if started < self._look_at and not at_once:
            return []
        now = time.time()
        verdicts = judge(self.records.cel.rows(), self.records.queue.rows(), self.rules, self._since, now, self._since)
        self.watcher.calls(len(verdicts), sum(verdict.call is not None for verdict in verdicts), self.plan.calls)
        self._look_at = self._now() + max(LOOK, 10 * (self._now() - started))
        return verdicts

    def _result(self, began: float) -> list[ProvenCall]:
        """All calls of the plan: what is under way at the end is lost, and so is one that never became a channel."""
        rows, queue = self.records.cel.rows(), self.records.queue.rows()
        verdicts = judge(rows, queue, self.rules, began, time.time(), self._since)
        starts = {row.uniqueid: row for row in reversed(rows)}
        calls = [verdict.call or _lost(starts[verdict.uniqueid], self.rules, began) for verdict in verdicts]
        missing = self.plan.calls - len(calls)
        offset = self._since - began
        return [*calls, *(ProvenCall("", "", "", offset, Ending.LOST) for _ in range(missing))]


def _lost(start: CelRow, rules: Rules, began: float) -> ProvenCall:
    known = rules.placed(start)
    return ProvenCall(start.uniqueid, start.caller, known.dialled if known else "", start.time - began, Ending.LOST)
