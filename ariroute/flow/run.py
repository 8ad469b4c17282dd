"""The engine: one contact walked through its flow, up to what it wants next or to the decision.

A :class:`Run` is a state machine without I/O. The daemon, the tests, ``ariroute test`` and replay drive the same one::

    wanted = run.start(now)
    while not isinstance(wanted, Decision):
        wanted = run.receive(reply_to(wanted), now)

A Ring is the one want that may have no reply: whoever answers it ends the run, by :meth:`Run.answered`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ariroute.flow import asking, taking
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision, EndpointDestination
from ariroute.flow.facts import Answer
from ariroute.flow.gaps import NO_GAPS, Gaps
from ariroute.flow.history import History, Told
from ariroute.flow.steps import (
    AnswerCall,
    AskHours,
    Branch,
    Collect,
    Consent,
    Dial,
    Goto,
    HangUp,
    Lookup,
    Menu,
    Note,
    Notify,
    Play,
    RingAgent,
    Set,
    SetLabel,
    Split,
    Step,
    ToQueue,
    Voicemail,
)
from ariroute.flow.trace import TraceEntry
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.walk import STEP_LIMIT as STEP_LIMIT
from ariroute.flow.walk import Walk
from ariroute.flow.wants import Reply, Want

TAKERS: Mapping[type[Step], Callable[[Walk, Any, Any], Want | Decision | None]] = {
    Branch: taking.branch,
    Lookup: asking.look_up,
    Set: taking.assign,
    ToQueue: taking.to_queue,
    Goto: taking.goto,
    HangUp: taking.hang_up,
    Split: taking.split,
    AskHours: taking.hours,
    AnswerCall: asking.pick_up,
    Play: asking.play,
    Menu: asking.ask,
    Collect: asking.ask,
    Consent: asking.ask,
    Dial: asking.dial,
    RingAgent: asking.ring_agent,
    Voicemail: taking.voicemail,
    SetLabel: taking.label,
    Notify: taking.notify,
    Note: taking.note,
}
"""What takes each kind of step. A table, as it is looked into for every step of every call."""


class Run:
    """One contact on its way through ``flow``. Raises nothing: whatever breaks ends in the flow's default queue."""

    def __init__(self, ruleset: Ruleset, flow: Flow, contact: Contact, gaps: Gaps = NO_GAPS) -> None:
        self._walk = Walk(ruleset, flow, contact, gaps)
        self._wanted: Want | None = None
        self.began_in = flow.name
        self.history = History(draws=self._walk.draws, calendars=self._walk.scope.calendars)
        """What it was told so far."""

    @property
    def missed(self) -> Sequence[str]:
        """The gaps that mattered: facts that the steps needed and that nobody knows any more."""
        return self._walk.scope.missed

    @property
    def trace(self) -> tuple[TraceEntry, ...]:
        """What it did so far."""
        return tuple(self._walk.trace)

    def start(self, now: datetime) -> Want | Decision:
        """Begin; ``now`` is aware. What is wanted first, or the decision."""
        walk = self._walk
        if walk.decision is not None:
            return walk.decision
        self.history.began = now
        try:
            walk.scope.now = now
            walk.scope.read_calendars(walk.ruleset.hours.values())
            walk.enter(walk.flow)
            return self._wanting(_advance(walk))
        except Exception as error:
            return self._broken(error)

    def receive(self, reply: Sequence[Answer] | Reply, now: datetime) -> Want | Decision:
        """Go on with the reply to the last want: answers to Fetch, else Played, Gathered or Rang.

        A lookup without an answer among the answers counts as failed. A reply to something else is a fault of the
        driver and ends the run.
        """
        walk = self._walk
        if walk.decision is not None:
            return walk.decision
        waiting = walk.waiting
        if waiting is None or self._wanted is None:
            return self.give_up("a reply came that was not asked for")
        self.history.told.append(Told(self._wanted, reply, now))
        try:
            walk.waiting = None
            walk.scope.now = now
            return self._wanting(asking.take_reply(walk, waiting, reply) or _advance(walk))
        except Exception as error:
            return self._broken(error)

    def answered(self, now: datetime) -> Decision:
        """The end, as the Ring that was wanted last has been answered; ``now`` is aware."""
        if self._walk.decision is None:
            if self._wanted is not None:
                self.history.told.append(Told(self._wanted, None, now))
            self._walk.scope.now = now
            self._walk.decision = self.if_answered()
        return self._walk.decision

    def if_answered(self) -> Decision:
        """What :meth:`answered` would decide, without deciding it: who rings needs label and variables before."""
        walk, waiting = self._walk, self._walk.waiting
        if waiting is None or waiting.ring is None:
            return self.give_up("an answer was told though nobody was rung")
        ring, path = waiting.ring, waiting.step.path
        entry = TraceEntry(path, "agent" if ring.only_idle else "dial", "answered", ring.name)
        destination = EndpointDestination(ring.name, ring.endpoint)
        return walk.made(destination, waiting.frame.because(path), trace=(*walk.trace, entry))

    def give_up(self, reason: str) -> Decision:
        """The default queue, because whoever drives this run cannot go on; a decision already made stays."""
        walk = self._walk
        if walk.decision is not None:
            return walk.decision
        self.history.given_up = reason
        if walk.waiting is not None:
            self.history.left = self._wanted
            asking.leave_off(walk, walk.waiting)
        return walk.default(reason)

    def _wanting(self, wanted: Want | Decision) -> Want | Decision:
        self._wanted = None if isinstance(wanted, Decision) else wanted
        return wanted

    def _broken(self, error: Exception) -> Decision:
        return self.give_up(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _advance(walk: Walk) -> Want | Decision:
    """Walk until something is wanted from outside or a destination is reached."""
    while walk.frames:
        frame = walk.frames[-1]
        if frame.next == len(frame.steps):
            walk.frames.pop()
            continue
        if too_many := walk.counted():
            return too_many
        step = frame.steps[frame.next]
        frame.next += 1
        wanted = TAKERS[type(step)](walk, step, frame)
        if wanted is not None:
            return wanted
    return walk.default("the steps ended without a destination")
