"""What is done to a member over AMI, and how a move, a pause and the way back become such acts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from ariroute.asterisk.ami import ActionRefused, Ami
from ariroute.asterisk.queue_events import QueueMember

POSTED: Final = "ariroute"
"""Why a member who cannot be removed is paused: they serve another queue."""
NO_ANSWER: Final = "ariroute: no answer"
"""Why somebody is paused who did not answer."""
DONE_ALREADY: Final = frozenset({"Unable to add interface: Already there", "Unable to remove interface: Not there"})
"""What manager_add_queue_member() and manager_remove_queue_member() say where nothing is left to do (app_queue.c)."""

Places = Mapping[str, QueueMember]
"""One interface's memberships by queue."""


@dataclass(frozen=True, slots=True)
class Act:
    """One change of one member, who is ``member`` afterwards, or was when it is removed."""

    kind: Literal["add", "remove", "pause", "unpause", "penalty"]
    member: QueueMember

    async def carry_out(self, ami: Ami) -> bool:
        """Whether there was something to do. Raises AmiError when it is refused, or nobody answers."""
        member = self.member
        try:
            match self.kind:
                case "add":
                    await ami.queue_add(member)
                case "remove":
                    await ami.queue_remove(member.queue, member.interface)
                case "pause":
                    await ami.queue_pause(member.queue, member.interface, member.reason, paused=True)
                case "unpause":
                    await ami.queue_pause(member.queue, member.interface, POSTED, paused=False)
                case "penalty":
                    await ami.queue_penalty(member.queue, member.interface, member.penalty)
        except ActionRefused as refused:
            if refused.message not in DONE_ALREADY:
                raise
            return False
        return True

    def __str__(self) -> str:
        words = {
            "add": "added to {}",
            "remove": "removed from {}",
            "pause": "paused in {}",
            "unpause": "unpaused in {}",
            "penalty": f"given penalty {self.member.penalty} in {{}}",
        }
        return words[self.kind].format(self.member.queue)


def is_ours(member: QueueMember) -> bool:
    """Whether it is paused, and by ariroute."""
    return member.paused and member.reason in (POSTED, NO_ANSWER)


def unpause(member: QueueMember) -> Act:
    return Act("unpause", replace(member, paused=False, reason=""))


def pause(member: QueueMember, reason: str) -> Act:
    return Act("pause", replace(member, paused=True, reason=reason))


def post(places: Places, staffed: Collection[str], fresh: QueueMember) -> tuple[list[Act], list[Act]]:
    """What makes the interface with these memberships serve the queue of ``fresh`` and no other of ``staffed``.

    ``fresh`` is its membership there where it has none yet. The acts of the second list follow those of the first: so
    there is always one queue that gives them calls.
    """
    first: list[Act] = []
    there = places.get(fresh.queue)
    if there is None:
        alike = next(iter(places.values()), fresh)
        first.append(
            Act("add", replace(fresh, name=alike.name, state_interface=alike.state_interface, wrap_up=alike.wrap_up))
        )
    else:
        if there.penalty != fresh.penalty:
            first.append(Act("penalty", replace(there, penalty=fresh.penalty)))
        if is_ours(there):
            first.append(unpause(there))
    others = [member for queue, member in places.items() if queue != fresh.queue and queue in staffed]
    then = [
        Act("remove", member) if member.dynamic else pause(member, POSTED) for member in others if not member.paused
    ]
    return first, then


def back(before: Iterable[QueueMember], places: Places, *, only_pauses: bool) -> Iterator[Act]:
    """What puts an interface back to the memberships of ``before``; with ``only_pauses`` ours are ended, and no more.

    Nothing for one that has no membership any more: they have logged out. Whoever is on a break stays on it.
    """
    if not places:
        return
    wanted = {member.queue: member for member in before}
    rest = _break_of(places)
    for queue, member in wanted.items():
        there = places.get(queue)
        if there is None:
            if not only_pauses and member.dynamic:
                yield Act("add", replace(member, paused=True, reason=rest.reason) if rest else member)
        elif there.penalty != member.penalty and not only_pauses:
            yield Act("penalty", replace(there, penalty=member.penalty))
    for queue, there in places.items():
        if is_ours(there):
            yield unpause(there)
        if queue not in wanted and there.dynamic and not only_pauses:
            yield Act("remove", there)


def _break_of(places: Places) -> QueueMember | None:
    """The membership with the reason for which they have paused everywhere themselves; None for who has not."""
    theirs = [member for member in places.values() if member.paused and not is_ours(member)]
    return theirs[0] if theirs and all(member.paused for member in places.values()) else None
