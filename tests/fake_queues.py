"""app_queue as AMI shows it, in memory: members, callers, and the events of both, which come when the test says so."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from ariroute.asterisk.ami import ActionRefused, QueueStatus, QueueSummary, Waiting
from ariroute.asterisk.ami_link import AmiDown
from ariroute.asterisk.queue_events import (
    Abandoned,
    Answered,
    Called,
    Ended,
    Entered,
    Left,
    MemberChanged,
    MemberEvent,
    QueueEvent,
    QueueMember,
    RangInVain,
)
from ariroute.daemon.staffing.staffer import Staffer
from ariroute.daemon.staffing_metrics import StaffingMetrics
from ariroute.errors import AmiError
from ariroute.journal.moves import Moved
from ariroute.staffing.rules import StaffedAgent, StaffingRules, Tier

QUEUES = ("platinum", "gold", "standard")


class FakeQueues:
    """Stands for an AmiLink and for its Ami. Events wait in ``told`` until :meth:`tell`, as they come after answers."""

    def __init__(self) -> None:
        self.is_up = True
        self.failure = ""
        self.follows_members = False
        self.members: dict[tuple[str, str], QueueMember] = {}
        self.callers: list[Waiting] = []
        self.told: list[QueueEvent | MemberEvent] = []
        self.acts: list[str] = []
        self.refuses = ""
        """With what each change is refused; empty when it is not."""
        self.is_deaf = False
        """Whether changes are made, and never answered."""
        self.clock = time.time
        self.reads = 0
        self.variables: dict[str, str] | None = None

    async def ask(self, question: Callable[[Any], Awaitable[Any]]) -> Any:
        if not self.is_up:
            raise AmiDown(f"AMI of pbx1: {self.failure}")
        return await question(self)

    # What is asked

    async def queue_status(self, queue: str = "") -> QueueStatus:
        self.reads += 1
        members = tuple(member for member in self.members.values() if queue in ("", member.queue))
        waiting = tuple(each for each in self.callers if queue in ("", each.queue))
        return QueueStatus(members, waiting, dict.fromkeys([queue] if queue else QUEUES, 0))

    async def queue_summary(self) -> list[QueueSummary]:
        found = []
        for queue in QUEUES:
            there = [each for each in self.members.values() if each.queue == queue and each.status not in (4, 5)]
            free = [each for each in there if each.status in (0, 1) and not each.paused]
            callers = [each for each in self.callers if each.queue == queue]
            found.append(QueueSummary(queue, len(there), len(free), len(callers), 0, 0, 0))
        return found

    async def variable(self, name: str) -> str:
        if self.variables is None:
            raise ActionRefused("AMI", "Getvar", "Permission denied")
        return self.variables.get(name, "")

    # What is done

    async def queue_add(self, member: QueueMember) -> None:
        if (member.queue, member.interface) in self.members:
            raise ActionRefused("AMI", "QueueAdd", "Unable to add interface: Already there")
        if member.queue not in QUEUES:
            raise ActionRefused("AMI", "QueueAdd", "Unable to add interface to queue: No such queue")
        self._done(f"add {member.queue} {member.interface} {member.penalty}")
        self.put(member, "added")

    async def queue_remove(self, queue: str, interface: str) -> None:
        if (queue, interface) not in self.members:
            raise ActionRefused("AMI", "QueueRemove", "Unable to remove interface: Not there")
        self._done(f"remove {queue} {interface}")
        self.drop(queue, interface)

    async def queue_pause(self, queue: str, interface: str, reason: str, *, paused: bool) -> None:
        self._done(f"{'pause' if paused else 'unpause'} {queue} {interface} {reason}")
        self.pause(queue, interface, reason if paused else "", paused=paused)

    async def queue_penalty(self, queue: str, interface: str, penalty: int) -> None:
        self._done(f"penalty {queue} {interface} {penalty}")
        self.put(replace(self.members[queue, interface], penalty=penalty), "penalty")

    def _done(self, what: str) -> None:
        if self.refuses:
            raise ActionRefused("AMI", what.split()[0], self.refuses)
        self.acts.append(what)
        if self.is_deaf:
            raise AmiError("AMI: no answer within 3 s")

    # What happens by itself, or by somebody's hand

    def put(self, member: QueueMember, what: Any = "added") -> None:
        self.members[member.queue, member.interface] = member
        self.told.append(MemberChanged(0.0, what, member))

    def drop(self, queue: str, interface: str) -> None:
        self.told.append(MemberChanged(0.0, "removed", self.members.pop((queue, interface))))

    def pause(self, queue: str, interface: str, reason: str = "", *, paused: bool = True) -> None:
        member = replace(self.members[queue, interface], paused=paused, reason=reason, last_pause=int(self.clock()))
        self.put(member, "pause")

    def status(self, interface: str, status: int, *, in_call: str = "") -> None:
        for (queue, each), member in list(self.members.items()):
            if each == interface:
                self.put(replace(member, status=status, in_call=queue == in_call), "status")

    def enter(self, queue: str, contact: str) -> None:
        self.callers.append(Waiting(queue, contact, 1, 0))
        self.told.append(Entered(0.0, contact, queue, contact, 1, 1))

    def leave(self, contact: str) -> str:
        (caller,) = [each for each in self.callers if each.contact == contact]
        self.callers.remove(caller)
        self.told.append(Left(0.0, contact, caller.queue))
        return caller.queue

    def abandon(self, contact: str) -> None:
        queue = next(each.queue for each in self.callers if each.contact == contact)
        self.told.append(Abandoned(0.0, contact, queue, 0, 1))
        self.leave(contact)

    def ring(self, contact: str, interface: str) -> None:
        queue = next(each.queue for each in self.callers if each.contact == contact)
        self.told.append(Called(0.0, contact, queue, interface))

    def rings_in_vain(self, contact: str, interface: str) -> None:
        queue = next(each.queue for each in self.callers if each.contact == contact)
        self.told.append(RangInVain(0.0, contact, queue, "", 15.0, interface))

    def answer(self, contact: str, interface: str) -> None:
        queue = self.leave(contact)
        self.told.append(Answered(0.0, contact, queue, "", 0, 0, interface))
        self.status(interface, 2, in_call=queue)

    def end(self, contact: str, interface: str, queue: str) -> None:
        self.status(interface, 1)
        self.told.append(Ended(0.0, contact, queue, "", 0, 60, "caller", interface))


class Staffed:
    """A staffing over :class:`FakeQueues`, with a clock that the test moves."""

    def __init__(self, folder: Path, rules: StaffingRules | None = None) -> None:
        self.queues = FakeQueues()
        self.rules: StaffingRules | None = rules or rules_of(("anna", "bob"))
        self.now = 1000.0
        self.moves: list[Moved] = []
        self.idle = ""
        self.file = folder / "state.json"
        self.staffer = self.new()

    def new(self) -> Staffer:
        """A daemon that begins."""
        self.staffer = Staffer(
            "pbx1",
            lambda: self.rules,
            self.queues,  # type: ignore[arg-type]  # all that it needs of an AmiLink
            self.moves.append,
            StaffingMetrics(CollectorRegistry()),
            file=self.file,
            idle=lambda: self.idle,
            clock=lambda: self.now,
        )
        self.staffer.read_file()
        return self.staffer

    def log_in(self, name: str, *queues: str, **more: Any) -> None:
        for queue in queues:
            self.queues.put(QueueMember(queue, f"PJSIP/{name}", name, **more))

    def tell(self) -> None:
        told, self.queues.told = self.queues.told, []
        for event in told:
            self.staffer.on_event(event)

    async def turn(self, later: float = 0.0) -> float:
        """So much ``later`` it is told what has happened, and acts; again, until nothing more comes of it."""
        self.now += later
        due = 0.0
        for _ in range(5):
            self.tell()
            due = await self.staffer.turn()
            if not self.queues.told:
                break
        return due

    @property
    def status(self) -> Any:
        return self.staffer.status()

    def agent(self, name: str) -> Any:
        return next((each for each in self.status["agents"] if each["agent"] == name), {})

    def tier(self, queue: str) -> Any:
        return next(each for each in self.status["tiers"] if each["queue"] == queue)

    def serves(self, name: str) -> set[str]:
        return {
            queue
            for (queue, interface), member in self.queues.members.items()
            if interface == f"PJSIP/{name}" and not member.paused
        }


def rules_of(names: tuple[str, ...], mode: Any = "dynamic", **more: Any) -> StaffingRules:
    """One agent for each call in each of three tiers; everybody may serve everywhere and has ``standard`` as home."""
    floors = more.pop("floors", {})
    tiers = tuple(Tier(queue, 1.0, floors.get(queue, 0)) for queue in QUEUES)
    agents = {name: StaffedAgent(name, f"PJSIP/{name}", "standard", dict.fromkeys(QUEUES, 0)) for name in names}
    return StaffingRules(mode, tiers, agents, **({"min_stay": 0.0, "look_back": 10.0, "no_answer": None} | more))
