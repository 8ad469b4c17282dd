"""Whose hand it was: which changes of members are ours, which a human's, and what was before ours.

A human's change wins: the agent is left alone from then on, until they have logged out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from ariroute.asterisk.queue_events import QueueMember
from ariroute.daemon.staffing.acts import POSTED, Act, Places, is_ours
from ariroute.daemon.staffing.floor import Change

HEARD_WITHIN: Final = 60.0
"""Seconds within which Asterisk may tell of what we have done, and it counts as ours: either side may hang a while."""
WAITS: Final = 5.0
"""Seconds for which nothing else is done to the agent meanwhile: it is told at once, or else read."""


@dataclass(slots=True)
class Taken:
    """An agent whom ariroute has moved, by interface: their memberships ``before``, and the queue they were sent to.

    ``came_from`` is where they were before that, for one who was on the way when the daemon died. ``left_alone`` says
    why ariroute does not move them any more: what somebody has changed since; empty while it does.
    """

    before: tuple[QueueMember, ...]
    queue: str = ""
    came_from: str = ""
    left_alone: str = ""


@dataclass(slots=True)
class Expected:
    """A change of which Asterisk is to tell until a moment."""

    queue: str
    kind: str
    penalty: int
    since: float


@dataclass(slots=True)
class Hands:
    """Told of each change of a member, and of each act of ours before it is carried out. Pure, as the floor is."""

    taken: dict[str, Taken] = field(default_factory=dict)
    changed: bool = False
    """Whether ``taken`` is other than when somebody kept it."""
    _expected: dict[str, list[Expected]] = field(default_factory=dict)

    def take(self, interface: str, places: Places) -> None:
        """From now on the agent is moved: remember what is before, once."""
        if interface not in self.taken:
            # A pause of ours that is there already is of an earlier life.
            before = (replace(each, paused=False, reason="") if is_ours(each) else each for each in places.values())
            self.taken[interface] = Taken(tuple(before))
            self.changed = True

    def sends(self, interface: str, came_from: str, queue: str) -> None:
        """The agent is about to be sent to ``queue``."""
        taken = self.taken[interface]
        taken.came_from, taken.queue, self.changed = came_from, queue, True

    def forget(self, interfaces: Iterable[str]) -> None:
        """They are to us as if they had never been moved."""
        for interface in list(interfaces):
            if self.taken.pop(interface, None):
                self.changed = True

    def expect(self, act: Act, now: float) -> None:
        """``act`` is about to be carried out."""
        waits = self._expected.setdefault(act.member.interface, [])
        waits[:] = [each for each in waits if now < each.since + HEARD_WITHIN]
        waits.append(Expected(act.member.queue, act.kind, act.member.penalty, now))

    def stop_waiting(self, now: float) -> None:
        """All was read anew: what was not told by then was not done, or is told of late."""
        for each in chain.from_iterable(self._expected.values()):
            each.since = min(each.since, now - WAITS)

    def not_done(self, act: Act) -> None:
        """``act`` was refused, or there was nothing left to do: Asterisk tells of nothing."""
        self._heard(act.member, act.kind, 0.0)

    def expects(self, interface: str, now: float) -> bool:
        """Whether Asterisk is about to tell of something that we have done to the agent."""
        return any(now < each.since + WAITS for each in self._expected.get(interface, ()))

    def on_change(self, change: Change, places: Places, staffed: Collection[str], now: float) -> None:
        """A member has changed; ``places`` is where the interface is a member now."""
        member = change.member
        what = self._by_hand(change, now) if member.queue in staffed else ""
        taken = self.taken.get(member.interface)
        if taken is None:
            return
        if _is_logged_out(places, staffed):
            self.forget([member.interface])
        elif what and not taken.left_alone:
            taken.left_alone, self.changed = what, True

    def after_a_break(self, places_of: Callable[[str], Places]) -> None:
        """Nobody watched for long: whoever is not where they were sent to has logged in anew since."""
        for interface, taken in list(self.taken.items()):
            serve = {queue for queue, member in places_of(interface).items() if not member.paused}
            sent = {taken.queue, taken.came_from}
            if not places_of(interface) or (serve and not serve & sent and not taken.left_alone):
                self.forget([interface])

    def _by_hand(self, change: Change, now: float) -> str:
        """What somebody else has done, in words; empty when it was us, or counts for nothing."""
        before, after = change.before, change.after
        if before is None:
            assert after is not None
            ours = self._heard(after, "add", now)
            return "" if ours or not after.dynamic else f"somebody added them to {after.queue}"
        if after is None:
            ours = self._heard(before, "remove", now)
            return "" if ours or not before.dynamic else f"somebody removed them from {before.queue}"
        what = ""
        if before.login and after.login > before.login:
            return ""  # another member of the same name: Asterisk was started anew
        if before.paused != after.paused or (after.paused and before.reason != after.reason):
            ours = self._heard(after, "pause" if after.paused else "unpause", now)
            if not ours and not after.paused and before.reason == POSTED:
                what = f"somebody unpaused them in {after.queue}"
        if before.penalty != after.penalty and not self._heard(after, "penalty", now):
            what = f"somebody gave them penalty {after.penalty} in {after.queue}"
        return what

    def _heard(self, member: QueueMember, kind: str, now: float) -> bool:
        """Whether such an act is under way, or was; it is not expected any more then."""
        waits = self._expected.get(member.interface, [])
        for each in waits:
            alike = (each.queue, each.kind) == (member.queue, kind)
            if alike and now < each.since + HEARD_WITHIN and (kind != "penalty" or each.penalty == member.penalty):
                waits.remove(each)
                if not waits:
                    del self._expected[member.interface]
                return True
        return False


def know_again(taken: Mapping[str, Taken], places: Mapping[str, dict[str, QueueMember]]) -> None:
    """Give pauses of ours their reason again, which a reload of queues.conf has dropped meanwhile.

    Ours is one without a reason in another queue than that to which we have sent somebody who is not on a break.
    """
    for interface, each in taken.items():
        there = places.get(interface, {})
        if each.left_alone or all(member.paused for member in there.values()):
            continue
        paused_before = {member.queue for member in each.before if member.paused}
        for queue, member in there.items():
            is_bare = member.paused and not member.reason and not member.dynamic
            if is_bare and queue != each.queue and queue not in paused_before:
                there[queue] = replace(member, reason=POSTED)


def _is_logged_out(places: Mapping[str, QueueMember], staffed: Collection[str]) -> bool:
    """Whether they are in none of the queues; or are where they cannot be removed, and paused there by somebody."""
    there = [member for queue, member in places.items() if queue in staffed]
    return all(not member.dynamic and member.paused and not is_ours(member) for member in there)
