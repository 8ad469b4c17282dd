"""Undoing what the staffing has done while no daemon runs: from the file that it left, over AMI."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ariroute.asterisk.ami import Ami
from ariroute.asterisk.queue_events import QueueMember
from ariroute.asterisk.settings import AmiSettings
from ariroute.daemon.staffing import kept
from ariroute.daemon.staffing.acts import Act, Places, back, is_ours, unpause
from ariroute.daemon.staffing.hands import Taken, know_again
from ariroute.errors import AmiError, UnusableInput
from ariroute.files import why


async def release_alone(settings: AmiSettings, file: Path) -> dict[str, list[str]]:
    """As :meth:`Staffer.release`, by the file of one PBX. A daemon that starts later moves nobody until it may again.

    Raises UnusableInput for a file that cannot be read or written, PbxUnreachable, PbxRefused and AmiError as
    :class:`Ami` does.
    """
    found = kept.read(file)
    try:
        kept.write(file, kept.text_of(kept.Kept(True, found.taken)))  # before anything is done
    except OSError as error:
        raise UnusableInput(f"{file}: {why(error)}") from None
    done: list[str] = []
    failed: dict[str, str] = {}
    async with Ami(settings) as ami:
        places = by_interface(await ami.members())
        know_again(found.taken, places)
        for interface, act in ways_back(found.taken, places):
            try:
                await act.carry_out(ami)
                done.append(f"{interface} {act}")
            except AmiError as error:
                failed[interface] = f"{interface} could not be {act}: {error}"
    rest = {interface: taken for interface, taken in found.taken.items() if interface in failed}
    kept.write(file, kept.text_of(kept.Kept(True, rest)))
    return {"undone": done, "failed": list(failed.values())}


def by_interface(members: tuple[QueueMember, ...]) -> dict[str, dict[str, QueueMember]]:
    """Each interface's memberships by queue."""
    found: dict[str, dict[str, QueueMember]] = {}
    for member in members:
        found.setdefault(member.interface, {})[member.queue] = member
    return found


def ways_back(taken: Mapping[str, Taken], places: Mapping[str, Places]) -> list[tuple[str, Act]]:
    """What undoes all that was done to ``taken``, and ends every pause of ours."""
    ways = [
        (interface, act)
        for interface, each in taken.items()
        for act in back(each.before, places.get(interface, {}), only_pauses=bool(each.left_alone))
    ]
    pauses = [
        (interface, unpause(member))
        for interface, there in places.items()
        if interface not in taken
        for member in there.values()
        if is_ours(member)
    ]
    return ways + pauses
