"""What staffing needs to know of one Asterisk beforehand: what our AMI user may do, and who is a member where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ariroute.asterisk.ami import Ami
from ariroute.asterisk.queue_events import QueueMember, listed_member, whole
from ariroute.asterisk.settings import AmiSettings


@dataclass(frozen=True, slots=True)
class FloorInventory:
    """``actions`` are the names, in small letters, that the user may call; ``weights`` are those of all queues."""

    user: str
    actions: frozenset[str]
    weights: Mapping[str, int]
    members: tuple[QueueMember, ...]

    @property
    def tells_wrap_ups(self) -> bool:
        """Whether the user may read wrapuptime of the queues: the right alone, not the module ``func_config``."""
        return "getvar" in self.actions


async def take_floor(settings: AmiSettings) -> FloorInventory:
    """One look over AMI. Raises PbxUnreachable, PbxRefused and AmiError."""
    async with Ami(settings) as ami:
        actions = await allowed(ami)
        events = await ami.action("QueueStatus", answers_with_list=True)
    return floor_of(settings.user, actions, events)


def floor_of(user: str, actions: frozenset[str], events: Sequence[Mapping[str, str]]) -> FloorInventory:
    """The floor as the ``events`` of QueueStatus tell it."""
    weights = {each.get("queue", ""): whole(each, "weight") for each in events if each.get("event") == "QueueParams"}
    members = (listed_member(each) for each in events if each.get("event") == "QueueMember")
    return FloorInventory(user, actions, weights, tuple(filter(None, members)))


async def allowed(ami: Ami) -> frozenset[str]:
    """The actions that this user may call: ListCommands names no others. Needs no class of rights."""
    (commands,) = await ami.action("ListCommands")
    return frozenset(name for name, text in commands.items() if "(Priv: " in text)
