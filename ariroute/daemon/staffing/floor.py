"""The floor as AMI tells it: who is a member where, who waits and talks, and what each agent does.

Pure: events and moments go in. Moments are seconds on one clock that never jumps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Final, NamedTuple

from ariroute.asterisk.ami import QueueStatus
from ariroute.asterisk.queue_events import (
    Abandoned,
    Answered,
    Called,
    Ended,
    Entered,
    Left,
    LetGo,
    MemberChanged,
    MemberEvent,
    QueueEvent,
    QueueMember,
    RangInVain,
)
from ariroute.staffing.recent import Recent
from ariroute.staffing.snapshot import QueueNow, State

SETTLES: Final = 1.0
"""Seconds by which the state of a phone and the events of its call may tell of one thing at different times."""
LEAVES: Final = 0.25
"""Seconds in which a caller who waits no more is heard of again: answered, or gone."""
DOUBTS: Final = 1.0
"""Seconds after which a ring or a talk is over whose end was not told, though the phone is idle.

Asterisk leaves AgentComplete out now and then where both ends hang up at once (seen with 16.28).
"""

UNKNOWN, IDLE, GONE, AWAY = 0, 1, 4, 5
"""``AST_DEVICE_UNKNOWN``, ``NOT_INUSE``, ``INVALID``, ``UNAVAILABLE``: a phone in any other state is in use."""


class Doing(NamedTuple):
    """What an agent does, for which queue (empty: for none), and until when at most unless an event says otherwise."""

    state: State
    queue: str
    until: float = inf


class Change(NamedTuple):
    """A member before and after; None where there was none, or is none any more."""

    before: QueueMember | None
    after: QueueMember | None

    @property
    def member(self) -> QueueMember:
        """The one that there is, the later of two."""
        member = self.after or self.before
        assert member is not None
        return member


class Floor:
    """Told of every event; :meth:`sync` makes it what Asterisk says that it is."""

    def __init__(self) -> None:
        self.members: dict[str, dict[str, QueueMember]] = {}
        """By interface and queue."""
        self.wrap_ups: dict[str, float] = {}
        """Seconds of wrap-up by queue, as far as they are known."""
        self.touched: set[str] = set()
        """Interfaces of which something was told since somebody emptied this."""
        self.queues: dict[str, Recent] = {}
        self._waiting: dict[str, dict[str, float]] = {}
        self._leaving: dict[str, tuple[str, float]] = {}
        self._rings: dict[str, dict[str, str]] = {}
        self._rung: dict[str, set[str]] = {}
        self._talks: dict[str, dict[str, str]] = {}
        self._talking: dict[str, int] = {}
        self._rest: dict[str, tuple[str, float]] = {}
        self._in_use: dict[str, float] = {}
        self._freed: dict[str, float] = {}
        self._doubted: dict[str, float] = {}

    # What it is told

    def on_event(self, event: QueueEvent | MemberEvent, now: float) -> Change | None:
        """Take in ``event``; what it changed of a member, if it did."""
        match event:
            case MemberChanged():
                return self._changed(event, now)
            case Entered():
                self._wait(event.queue, event.contact, now)
            case Called():
                self._rings.setdefault(event.interface, {})[event.contact] = event.queue
                self._rung.setdefault(event.contact, set()).add(event.interface)
                self.touched.add(event.interface)
            case RangInVain():
                self._stop_ringing(event.contact, event.interface, now)
            case Left():
                if self._waiting.get(event.queue, {}).pop(event.contact, None) is not None:
                    self._leaving[event.contact] = (event.queue, now + LEAVES)
                    self._recent(event.queue)
            case Answered():
                self._answered(event, now)
            case Ended():
                self._ended(event, now)
            case Abandoned() | LetGo():
                since = self._gone(event.contact, event.queue, now)
                if since is not None and isinstance(event, Abandoned):
                    self._recent(event.queue).abandoned(now, now - since)
        return None

    def _changed(self, event: MemberChanged, now: float) -> Change | None:
        member = event.member
        places = self.members.get(member.interface, {})
        before = places.get(member.queue)
        if event.what == "removed":
            return self.put(before, None, now) if before else None
        if before is None and event.what != "added":
            return None  # told of a member that was removed meanwhile: its removal is told, or was ours
        if before is not None and event.what == "added":
            member = replace(member, in_call=before.in_call)
        if event.what != "pause":
            member = _still_paused(before, member)
        return self.put(before, member, now)

    def put(self, before: QueueMember | None, after: QueueMember | None, now: float) -> Change:
        """A member is ``after`` from now on, or none any more."""
        change = Change(before, after)
        member = change.member
        interface = member.interface
        self.touched.add(interface)
        places = self.members.setdefault(interface, {})
        if after is None:
            places.pop(member.queue, None)
            if not places:
                del self.members[interface]
            return change
        places[after.queue] = after
        if after.status in (UNKNOWN, IDLE):
            self._in_use.pop(interface, None)
            talks = not after.in_call and after.queue in self._talks.get(interface, {}).values()
            if talks or interface in self._rings:
                self._doubted.setdefault(interface, now + DOUBTS)
        elif after.status not in (GONE, AWAY):
            self._in_use.setdefault(interface, now)
        return change

    def sync(self, status: QueueStatus, now: float, only: str = "") -> list[Change]:
        """Be as Asterisk says in ``status``, of all queues or of ``only`` one; what of the members was otherwise."""
        there = {(member.interface, member.queue): member for member in status.members}
        known = [
            (interface, queue, member)
            for interface, places in self.members.items()
            for queue, member in places.items()
            if not only or queue == only
        ]
        changes = [self.put(member, None, now) for interface, queue, member in known if (interface, queue) not in there]
        for (interface, queue), member in there.items():
            before = self.members.get(interface, {}).get(queue)
            if before != (kept := _still_paused(before, member)):
                changes.append(self.put(before, kept, now))
        self._sync_talks(there, now, only)
        self._sync_waiting(status, now, only)
        return changes

    def _sync_talks(self, there: Mapping[tuple[str, str], QueueMember], now: float, only: str) -> None:
        for interface, talks in list(self._talks.items()):
            for contact, queue in list(talks.items()):
                member = there.get((interface, queue))
                if (not only or queue == only) and not (member and member.in_call):
                    self._end_talk(interface, contact)
        for (interface, queue), member in there.items():
            has_ended = now < self._freed.get(interface, -inf) + SETTLES  # a status tells of it later than an event
            if member.in_call and not has_ended and queue not in self._talks.get(interface, {}).values():
                self._begin_talk(interface, "", queue)

    def _sync_waiting(self, status: QueueStatus, now: float, only: str) -> None:
        before = self._waiting
        self._waiting = {queue: callers for queue, callers in before.items() if only and queue != only}
        for queue in status.talk_times:
            self._waiting.setdefault(queue, {})
            self._recent(queue).usual_talk = float(status.talk_times[queue]) or None
        for each in sorted(status.waiting, key=lambda each: -each.wait):
            since = before.get(each.queue, {}).get(each.contact, now - each.wait)
            self._waiting.setdefault(each.queue, {})[each.contact] = since
            self._leaving.pop(each.contact, None)

    def settle(self, now: float) -> float:
        """Let go of what should have been told by now; the next moment at which there is something to let go of."""
        for contact, (_, until) in list(self._leaving.items()):
            if until <= now:
                del self._leaving[contact]
                self._silence(contact, now)
        for interface, until in list(self._doubted.items()):
            if until <= now:
                del self._doubted[interface]
                self._give_up(interface, until - DOUBTS)
        return min((until for _, until in self._leaving.values()), default=min(self._doubted.values(), default=inf))

    def doubt(self, now: float) -> None:
        """Whose phone is idle though a call of theirs is known: the end of that was not told, if it stays so."""
        for interface in self._rings.keys() | self._talks.keys():
            places = self.members.get(interface, {}).values()
            if all(member.status in (UNKNOWN, IDLE) and not member.in_call for member in places):
                self._doubted.setdefault(interface, now + DOUBTS)

    def _give_up(self, interface: str, since: float) -> None:
        """The phone has been idle since then: whatever was told of its calls, they are over."""
        places = self.members.get(interface, {})
        for contact, queue in list(self._talks.get(interface, {}).items()):
            member = places.get(queue)
            if member is None or (member.status in (UNKNOWN, IDLE) and not member.in_call):
                self._end_talk(interface, contact)
                self._wrap_up(interface, queue, since)
        if all(member.status in (UNKNOWN, IDLE) for member in places.values()):
            for contact in list(self._rings.get(interface, ())):
                self._stop_ringing(contact, interface, -inf)

    # What it says

    def doing(self, interface: str, now: float) -> Doing:
        """What the agent at ``interface`` does."""
        if talks := self._talks.get(interface):
            return Doing(State.TALKING, next(reversed(talks.values())))
        if rings := self._rings.get(interface):
            return Doing(State.RINGING, next(reversed(rings.values())))
        queue, until = self._rest.get(interface, ("", -inf))
        if now < until:
            return Doing(State.WRAP_UP, queue, until)
        places = self.members.get(interface, {}).values()
        if all(member.paused for member in places):
            return Doing(State.PAUSED, "")
        statuses = {member.status for member in places}
        if statuses & {UNKNOWN, IDLE}:
            return Doing(State.FREE, "")
        if statuses <= {GONE, AWAY}:
            return Doing(State.AWAY, "")
        if now < (freed := self._freed.get(interface, -inf) + SETTLES):
            return Doing(State.FREE, "", freed)
        if now < (settled := self._in_use.get(interface, -inf) + SETTLES):
            return Doing(State.RINGING, "", settled)
        return Doing(State.BUSY, "")

    def queue_now(self, queue: str, now: float, within: float | None, look_back: float) -> QueueNow:
        """How ``queue`` does; ``within`` is its service level's time, ``look_back`` how long ago is of late."""
        since = self._waiting.get(queue, {})
        leaving = sum(each == queue for each, _ in self._leaving.values()) if self._leaving else 0
        recent = self._recent(queue)
        recent.forget(now - look_back)
        return QueueNow(
            queue,
            len(since) + leaving,
            self._talking.get(queue, 0),
            now - min(since.values()) if since else 0.0,
            recent.handling_time(self.wrap_ups.get(queue, 0.0)),
            recent.answered_in_time(within),
        )

    def callers(self, queue: str) -> int:
        """How many wait, as app_queue counts them."""
        return len(self._waiting.get(queue, {}))

    def logged_in(self, queue: str) -> tuple[int, int]:
        """Members whose phones can be reached, and those of them who could take a call, as QueueSummary counts them
        (manager_queues_summary(), app_queue.c)."""
        found = [places[queue] for places in self.members.values() if queue in places]
        there = [member for member in found if member.status not in (GONE, AWAY)]
        return len(there), sum(member.status in (UNKNOWN, IDLE) and not member.paused for member in there)

    # How

    def _wait(self, queue: str, contact: str, now: float) -> None:
        self._recent(queue)
        self._leaving.pop(contact, None)
        self._waiting.setdefault(queue, {}).setdefault(contact, now)

    def _answered(self, event: Answered, now: float) -> None:
        since = self._gone(event.contact, event.queue, now)
        self._recent(event.queue).answered(now, event.hold if since is None else now - since)
        self._begin_talk(event.interface, event.contact, event.queue)

    def _ended(self, event: Ended, now: float) -> None:
        interface, talks = event.interface, self._talks.get(event.interface, {})
        known = event.contact if event.contact in talks else ""
        self._silence(event.contact, now)
        self._end_talk(interface, known)
        self._recent(event.queue).talked(now, float(event.talk))
        self._doubted.pop(interface, None)
        self._freed[interface] = now
        # It counts from the begin of the second in which the talk ended: can_ring_entry(), app_queue.c.
        self._wrap_up(interface, event.queue, now - event.at % 1)

    def talked(self, interface: str, queue: str, since: float) -> None:
        """A talk has ended then of which no event told: there may be wrap-up left."""
        before = self._rest.get(interface)
        self._wrap_up(interface, queue, since)
        if before and before[1] > self._rest[interface][1]:
            self._rest[interface] = before
        self.touched.add(interface)

    def _wrap_up(self, interface: str, queue: str, since: float) -> None:
        member = self.members.get(interface, {}).get(queue)
        wrap_up = float(member.wrap_up if member else 0) or self.wrap_ups.get(queue, 0.0)
        self._rest[interface] = (queue, since + wrap_up)

    def _begin_talk(self, interface: str, contact: str, queue: str) -> None:
        talks = self._talks.setdefault(interface, {})
        if contact and talks.get("") == queue:  # a talk that was found, and whose caller is known now
            talks[contact] = talks.pop("")
        if contact not in talks:
            talks[contact] = queue
            self._talking[queue] = self._talking.get(queue, 0) + 1
        self._rest.pop(interface, None)
        self.touched.add(interface)

    def _end_talk(self, interface: str, contact: str) -> None:
        talks = self._talks.get(interface, {})
        queue = talks.pop(contact, None)
        if queue is not None:
            self._talking[queue] -= 1
        if not talks:
            self._talks.pop(interface, None)
        self.touched.add(interface)

    def _gone(self, contact: str, queue: str, now: float) -> float | None:
        """``contact`` waits no more, and no phone rings for it; since when it waited, None when that is not known."""
        self._leaving.pop(contact, None)
        self._silence(contact, now)
        return self._waiting.get(queue, {}).pop(contact, None)

    def _silence(self, contact: str, now: float) -> None:
        for interface in list(self._rung.get(contact, ())):
            self._stop_ringing(contact, interface, now)

    def _stop_ringing(self, contact: str, interface: str, now: float) -> None:
        rings = self._rings.get(interface, {})
        if rings.pop(contact, None) is not None and not rings:
            del self._rings[interface]
            self._freed[interface] = now
        phones = self._rung.get(contact, set())
        phones.discard(interface)
        if not phones:
            self._rung.pop(contact, None)
        self.touched.add(interface)

    def _recent(self, queue: str) -> Recent:
        return self.queues.get(queue) or self.queues.setdefault(queue, Recent())


def _still_paused(before: QueueMember | None, member: QueueMember) -> QueueMember:
    """``member`` with the reason of a pause that goes on: a reload of queues.conf drops it for those whom it names
    (reload_single_member(), app_queue.c)."""
    if before and before.paused and member.paused and not member.reason and not member.dynamic:
        return replace(member, reason=before.reason)
    return member
