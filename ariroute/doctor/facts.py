"""What is gathered of one Asterisk, as plain values. None stands for what could not be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from ariroute.asterisk.floor_inventory import FloorInventory
from ariroute.asterisk.inventory import Inventory
from ariroute.config.dialplan import Dialplan
from ariroute.doctor.conf import Conf


@dataclass(frozen=True, slots=True)
class AriFacts:
    """``error`` says why ARI cannot be asked; ``bound`` are the addresses where this machine listens on its port."""

    url: str
    user: str
    error: str = ""
    may_write: bool | None = None
    reader: str = ""
    reader_error: str = ""
    reader_may_write: bool | None = None
    any_origin: bool | None = None
    dangerous: bool | None = None
    bound: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AmiFacts:
    """``actions`` are the names, in small letters, that the user may call."""

    address: str
    user: str
    error: str = ""
    actions: frozenset[str] | None = None
    bound: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An agent's place in a queue."""

    name: str
    paused: bool
    reachable: bool
    penalty: int = 0


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """One queue as AMI tells it."""

    name: str
    strategy: str
    weight: int
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class AsteriskFiles:
    """Its configuration folder: files that could be read, and those with passwords that every user may read."""

    folder: str
    files: Mapping[str, Conf] = field(default_factory=dict)
    readable_by_all: tuple[str, ...] = ()

    def file(self, name: str) -> Conf | None:
        return self.files.get(name)


@dataclass(frozen=True, slots=True)
class PbxFacts:
    """One Asterisk.

    ``unlisted``: why the inventory could not be taken of an ARI that answers; ``skew``: seconds by which its clock is
    ahead of ours; ``offset``: its time zone, as ``+0100``; ``dialplan``: that of its extensions.conf, where it may be
    read; ``floor``: who is a member where, as AMI tells it.
    """

    name: str
    ari: AriFacts
    ami: AmiFacts | None
    inventory: Inventory | None = None
    unlisted: str = ""
    queues: Mapping[str, QueueFacts] | None = None
    files: AsteriskFiles | None = None
    dialplan: Dialplan | None = None
    skew: float | None = None
    offset: str = ""
    floor: FloorInventory | None = None


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine's own loopback address, by its looks."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def beyond_loopback(bound: tuple[str, ...] | None) -> list[str]:
    """Those of ``bound`` that others can reach."""
    return [address for address in bound or () if not is_loopback(address)]
