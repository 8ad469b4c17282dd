"""What is known of one PBX: the floor by its events, read where that is needed, and whose hand each change was."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from itertools import chain
from math import inf
from typing import Final

from ariroute.asterisk.ami import ActionRefused, QueueStatus
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.queue_events import MemberEvent, QueueEvent, RangInVain
from ariroute.daemon.staffing.acts import NO_ANSWER
from ariroute.daemon.staffing.crew import DID_NOT_ANSWER, Crew
from ariroute.daemon.staffing.floor import Change, Floor
from ariroute.daemon.staffing.hands import Hands, know_again
from ariroute.daemon.staffing.no_answer import Unanswered
from ariroute.staffing.rules import StaffingRules

log = logging.getLogger("ariroute.staffing")

GIVES_UP: Final = 2.0
"""Seconds until the queues are read again when Asterisk did not tell of what we have done."""
PAUSES_WITHIN: Final = 1.0
"""Seconds within which somebody who did not answer is paused, by us or by app_queue."""
LONG_BREAK: Final = 600.0
"""Seconds without AMI after which agents are taken to have logged in anew."""
NO_WRAP_UP: Final = (
    "%s: the wrap-up of %s is not known: agents who wrap up there count as free, and may be moved; write it into the "
    "flow file as wrapuptime of queues.conf says, such as wrap_up: 10s, and wrap_up: 0s for none"
)


class Watch:
    """Told of every event while :attr:`synced`; :meth:`read_all` makes it so."""

    def __init__(self, pbx: str, ami: AmiLink, clock: Callable[[], float]) -> None:
        self._pbx = pbx
        self._ami = ami
        self._clock = clock
        self.floor = Floor()
        self.hands = Hands()
        self.crew = Crew(self.floor, self.hands)
        self.unanswered = Unanswered()
        self.synced = False
        """Whether the queues have been read, and every event since was told."""
        self.doubted: set[str] = set()
        """Queues to be read again."""
        self.looked_at = -inf
        """When the queues were compared with what is thought of them."""
        self._asked: list[QueueEvent | MemberEvent] | None = None
        """Events that came while the queues were read; None while nobody reads them."""
        self._blind_since: float | None = None
        self._way_until: dict[str, float] = {}
        self._wrap_ups_of: StaffingRules | None = None
        self._wrap_up_missed: list[str] = []

    def on_event(self, event: QueueEvent | MemberEvent) -> bool:
        """Something has happened in a queue; whether that is taken in now."""
        if self._asked is not None:
            self._asked.append(event)
            return False
        if self.synced:
            self._take_in(event, self._clock())
        return self.synced

    def blind(self) -> None:
        """What happens from now on nobody tells, until the queues are read again."""
        if self.synced:
            self._blind_since = self._clock()
        self.synced, self._asked, self._wrap_ups_of = False, None, None

    def sends(self, interface: str, queue: str, now: float) -> None:
        """The agent is on the way to ``queue`` until Asterisk has told of it."""
        self.crew.way[interface] = queue
        self._way_until[interface] = now + GIVES_UP

    def arrives(self, interface: str) -> None:
        """They are there, if nothing is left of which Asterisk is to tell."""
        if not self.hands.expects(interface, self._clock()):
            self._arrived(interface)

    def give_up(self, now: float) -> float:
        """Of whose way nothing was told for long, where they are is to be read; when that is so of the next."""
        for interface, until in list(self._way_until.items()):
            if until <= now:
                places = {*self.floor.members.get(interface, {}), self.crew.way[interface]}
                self.doubted |= places & self.crew.staffed
                self._arrived(interface)
        return min(self._way_until.values(), default=inf)

    def _arrived(self, interface: str) -> None:
        self._way_until.pop(interface, None)
        if self.crew.way.pop(interface, None):
            self.floor.touched.add(interface)

    def _take_in(self, event: QueueEvent | MemberEvent, now: float) -> None:
        if change := self.floor.on_event(event, now):
            self._changed(change, now)
        rules = self.crew.rules
        if rules:
            self.unanswered.on_event(event, rules.no_answer, now)
            if isinstance(event, RangInVain) and self.unanswered.is_due(event.interface):
                self.crew.cannot[event.interface] = (DID_NOT_ANSWER, now + PAUSES_WITHIN)

    def _changed(self, change: Change, now: float) -> None:
        interface = change.member.interface
        places = self.floor.members.get(interface, {})
        self.crew.on_change(change, now)
        self.hands.on_change(change, places, self.crew.staffed, now)
        self._note_pause(change, now)
        self.arrives(interface)

    def _note_pause(self, change: Change, now: float, ago: float = 0.0) -> None:
        """Somebody did not answer, and was paused so many seconds ago: when they come back."""
        before, member, rules = change.before, change.after, self.crew.rules
        was = before is not None and before.paused and before.reason == NO_ANSWER
        if member and member.paused and member.reason == NO_ANSWER and rules and not was:
            pause = rules.no_answer.pause if rules.no_answer else 0.0
            self.unanswered.paused(member.interface, now + max(0.0, pause - ago))

    def _note_wrap_up(self, change: Change, now: float) -> None:
        """Somebody has talked a short while ago, when nobody told us: their wrap-up may not be over."""
        member = change.after
        if member and member.last_call and not member.in_call:
            ago = max(0.0, time.time() - member.last_call)
            self.floor.talked(member.interface, member.queue, now - ago)

    async def read_all(self) -> None:
        """Read every queue; what was changed while nobody told us is judged, or after a long time believed.

        Raises AmiError, as the next ones do.
        """
        status = await self._read("")
        now = self._clock()
        changes = self.floor.sync(status, now)
        know_again(self.hands.taken, self.floor.members)
        if self._blind_since is None or now - self._blind_since > LONG_BREAK:
            self.hands.after_a_break(lambda interface: self.floor.members.get(interface, {}))
            if self._blind_since is None:
                self.crew.earlier = dict.fromkeys(self.hands.taken, now)
        else:
            for change in changes:
                places = self.floor.members.get(change.member.interface, {})
                self.hands.on_change(change, places, self.crew.staffed, now)
        for change in changes:
            self._note_pause(change, now, max(0.0, time.time() - change.member.last_pause))
            self._note_wrap_up(change, now)
        self._replay(now)
        self.hands.stop_waiting(now)
        for interface in list(self.crew.way):
            self._arrived(interface)
        self.looked_at = now
        log.info(
            "%s: staffing has read the queues: %d members, %d callers",
            self._pbx,
            len(status.members),
            len(status.waiting),
        )

    async def read_doubted(self) -> None:
        """Read these queues; what differs is judged when all are read, for one may have gone from one to the other."""
        if not self.doubted:
            return
        queues, self.doubted = sorted(self.doubted), set()
        statuses = [await self._read(queue) for queue in queues]
        now = self._clock()
        found = [self.floor.sync(status, now, queue) for queue, status in zip(queues, statuses, strict=True)]
        for change in sorted(chain(*found), key=lambda change: change.before is not None):
            self._changed(change, now)
        self._replay(now)

    async def _read(self, queue: str) -> QueueStatus:
        """What Asterisk says. Events that come meanwhile may be older or newer than that: :meth:`_replay` follows."""
        if self._asked is None:
            self._asked = []
        try:
            return await self._ami.ask(lambda ami: ami.queue_status(queue))
        except BaseException:
            asked, self._asked = self._asked or [], None
            for event in asked if self.synced else ():
                self._take_in(event, self._clock())
            raise

    def _replay(self, now: float) -> None:
        """Take in what came while the queues were read, again: the last event of each member is always the newest."""
        asked, self._asked = self._asked or [], None
        self.synced = self._ami.is_up
        for event in asked:
            self._take_in(event, now)

    async def read_wrap_ups(self, rules: StaffingRules) -> None:
        """What the queues give as wrap-up, which no event and no status tells: by ``rules``, else as Asterisk has it.

        Only a user with the class ``reporting`` is told by Asterisk; of whose wrap-up nobody tells, there is none.
        """
        if rules is self._wrap_ups_of:
            return
        given = {tier.queue: tier.wrap_up for tier in rules.tiers if tier.wrap_up is not None}
        missed: list[str] = []
        for queue in (tier.queue for tier in rules.tiers if tier.queue not in given):
            try:
                value = "" if missed else await self._wrap_up_of(queue)
            except ActionRefused:
                value = ""
                missed = [tier.queue for tier in rules.tiers if tier.queue not in given]
            given[queue] = float(value) if value.isascii() and value.isdecimal() else 0.0
        self.floor.wrap_ups = given
        self._wrap_ups_of = rules
        if missed and missed != self._wrap_up_missed:
            log.warning(NO_WRAP_UP, self._pbx, ", ".join(missed))
        self._wrap_up_missed = missed

    async def _wrap_up_of(self, queue: str) -> str:
        """Seconds as queues.conf has them, empty for none. Raises ActionRefused where nobody tells us, and AmiError."""
        return await self._ami.ask(lambda ami: ami.variable(f"AST_CONFIG(queues.conf,{queue},wrapuptime)"))

    async def look_around(self) -> None:
        """Compare what we think of the queues with QueueSummary; what differs is read again."""
        self.looked_at = self._clock()
        self.floor.doubt(self.looked_at)
        for summary in await self._ami.ask(lambda ami: ami.queue_summary()):
            if summary.queue in self.crew.staffed:
                thought = (*self.floor.logged_in(summary.queue), self.floor.callers(summary.queue))
                if thought != (summary.logged_in, summary.available, summary.callers):
                    self.doubted.add(summary.queue)
