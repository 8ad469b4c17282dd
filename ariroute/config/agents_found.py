"""The agents that are logged in to an Asterisk, as rows of the CSV file that a flow file may name."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

from ariroute.asterisk.queue_events import QueueMember
from ariroute.config.agents_file import COLUMNS
from ariroute.config.shapes import NAME
from ariroute.flow.endpoints import Endpoint, plain
from ariroute.staffing.rules import StaffedAgent

NOT_OF_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]+", re.ASCII)
LONGEST: Final = 60
"""Leaves room for a number behind the name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One agent: the cells of a row. ``member`` is empty where it is what ``dial`` is."""

    name: str
    dial: str
    home: str
    queues: Mapping[str, int]
    member: str = ""

    def cells(self) -> tuple[str, ...]:
        """In the order of the columns."""
        queues = " ".join(f"{queue}:{order}" for queue, order in self.queues.items())
        return self.name, self.dial, self.home, queues, self.member


def rows_of(
    members: Iterable[QueueMember],
    queues: Sequence[str],
    known: Iterable[StaffedAgent] = (),
    names: Mapping[str, str] | None = None,
    taken: Collection[str] = (),
) -> list[Row]:
    """A row for each interface that is a member of one of ``queues``, by name; and one for each of ``known``, as it is.

    ``queues`` are the file's, highest first. ``names`` are those that the file gives to interfaces, and ``taken`` those
    that nobody else may have. Whose home is not known has it where they are best, of several queues in the lowest.
    """
    there: dict[str, list[QueueMember]] = {}
    for member in sorted(members, key=lambda member: member.interface):
        if member.queue in queues and _is_endpoint(member.interface):
            there.setdefault(member.interface.casefold(), []).append(member)
    rows = [_of_known(agent) for agent in known]
    used = {plain(name) for name in (*taken, *(row.name for row in rows))}
    for row in rows:
        there.pop((row.member or row.dial).casefold(), None)
    for interface, places in there.items():
        name = (names or {}).get(interface, "") or _free(_name_of(places), used)
        used.add(plain(name))
        rows.append(_row(name, places, queues))
    return sorted(rows, key=lambda row: row.name)


def csv_text(rows: Iterable[Row]) -> str:
    """The CSV file, with its header line."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row.cells() for row in rows)
    return out.getvalue()


def _of_known(agent: StaffedAgent) -> Row:
    return Row(agent.name, agent.interface, agent.home, agent.queues)


def _row(name: str, places: Sequence[QueueMember], queues: Sequence[str]) -> Row:
    orders = {member.queue: member.penalty for member in places}
    home = min(orders, key=lambda queue: (orders[queue], -queues.index(queue)))
    in_order = {queue: orders[queue] for queue in queues if queue in orders}
    interface, state = places[0].interface, places[0].state_interface
    if state != interface and _is_endpoint(state) and interface.startswith("Local/"):
        return Row(name, state, home, in_order, interface)
    return Row(name, interface, home, in_order)


def _is_endpoint(text: str) -> bool:
    try:
        return bool(Endpoint(text))
    except ValueError:
        return False


def _name_of(places: Sequence[QueueMember]) -> str:
    """The member's name, in letters that a name may have; that of the telephone where there is none."""
    interface = places[0].interface
    telephone = interface.partition("/")[2].partition("@")[0]
    given = next((member.name for member in places if member.name not in ("", interface)), telephone)
    return _as_name(given) or _as_name(telephone) or "agent"


def _as_name(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = NOT_OF_NAMES.sub("-", letters).strip("-")[:LONGEST]
    return name if NAME.fullmatch(name) else ""


def _free(name: str, used: Collection[str]) -> str:
    """``name``, or with the first number behind it that nobody has."""
    free, number = name, 1
    while plain(free) in used:
        number += 1
        free = f"{name}-{number}"
    return free
