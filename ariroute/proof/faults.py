"""The kinds of fault: what each is called, what is done, and how it is undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ariroute.lab.relay import Newcomers
from ariroute.proof.plan import PlannedFault
from ariroute.proof.supervised import Supervised


class Link(Protocol):
    """What lies between daemon and Asterisk (:class:`ariroute.lab.relay.Relay`)."""

    newcomers: Newcomers

    def reset(self) -> None: ...

    def lose(self) -> None: ...

    def slow(self, *, delay: float) -> None: ...

    def mend(self) -> None: ...


class Service(Protocol):
    """What answers lookups (:class:`ariroute.proof.stand_in.StandIn`)."""

    held: float


@dataclass(frozen=True, slots=True)
class Things:
    """What faults are done to. ``link`` and ``service`` are None where there is none of ours."""

    daemon: Supervised
    link: Link | None
    service: Service | None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault. ``needs`` names what of :class:`Things` it is done to, beside the daemon."""

    name: str
    says: str
    begin: Callable[[Things, PlannedFault], None]
    end: Callable[[Things], None] | None = None
    needs: str = ""


SLOW: Final = 0.15
"""Seconds that each piece of data takes on a slow link, each way."""
LATE: Final = 3.0
"""Seconds by which lookups are late: more than any sensible timeout."""


def _kill(things: Things, fault: PlannedFault) -> None:
    things.daemon.kill(fault.lasted)


def _cut(things: Things, fault: PlannedFault) -> None:
    assert things.link is not None
    things.link.reset()


def _deaf(things: Things, fault: PlannedFault) -> None:
    assert things.link is not None
    things.link.lose()


def _slow(things: Things, fault: PlannedFault) -> None:
    assert things.link is not None
    things.link.slow(delay=SLOW)


def _refuse(things: Things, fault: PlannedFault) -> None:
    assert things.link is not None
    things.link.newcomers = Newcomers.RESET
    things.link.reset()


def _mend(things: Things) -> None:
    assert things.link is not None
    things.link.mend()


def _late(things: Things, fault: PlannedFault) -> None:
    assert things.service is not None
    things.service.held = LATE


def _in_time(things: Things) -> None:
    assert things.service is not None
    things.service.held = 0.0


ALL: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("kill", "the daemon is down, killed by SIGKILL", _kill),
        Kind("hang", "the daemon hangs (SIGSTOP)", lambda things, _: things.daemon.hold(), lambda t: t.daemon.go_on()),
        Kind("restart", "the daemon is stopped (SIGTERM) and started again", lambda things, _: things.daemon.stop()),
        Kind("upgrade", "a second daemon takes over from the first", lambda things, _: things.daemon.upgrade()),
        Kind("reload", "the daemon reads its flow file again", lambda things, _: things.daemon.reload()),
        Kind("cut", "its connections with Asterisk are reset", _cut, needs="link"),
        Kind("deaf", "what it and Asterisk say to each other is swallowed", _deaf, _mend, "link"),
        Kind("slow", f"each word between it and Asterisk takes {SLOW * 1000:.0f} ms more", _slow, _mend, "link"),
        Kind("refuse", "its connections are reset, and no new ones taken", _refuse, _mend, "link"),
        Kind("crm", f"lookups answer {LATE:g} s late", _late, _in_time, "service"),
    )
}
"""By the name by which each is asked for."""


def offered(link: bool, service: bool) -> list[str]:
    """The kinds that can be done where there are these."""
    have = {"": True, "link": link, "service": service}
    return [name for name, kind in ALL.items() if have[kind.needs]]
