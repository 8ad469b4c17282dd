"""app_queue.c (22.10.1) line by line, as processes of simpy: slow, and the oracle of ``ariroute.simulate.floor``.

Each caller is a process that does what the thread of a caller does: it looks each second, rings, waits, and looks
again. Functions have the names that they have in the source. Written from the source, not from the floor.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from math import inf
from typing import Any

import simpy

from ariroute.simulate.scenario import Caller, QueueModel, Scenario, Served

Steps = Generator[simpy.Event, Any, Any]


@dataclass
class Device:
    """A telephone. ``state`` is NOT_INUSE, RINGING or INUSE."""

    name: str
    picks_up: float
    state: str = "NOT_INUSE"
    attempt: Attempt | None = None
    """The ring that is under way (``pending_members``); ``state`` tells of it later."""


@dataclass(eq=False)
class Member:
    device: Device
    penalty: int
    queuepos: int
    paused: bool = False
    calls: int = 0
    lastcall: int = 0
    lastqueue: CallQueue | None = None


@dataclass(eq=False)
class Entry:
    """``struct queue_ent``."""

    number: int
    caller: Caller
    start: int
    expire: float
    pending: bool = False
    linpos: int = 0
    linwrapped: bool = False
    ringing: list[Attempt] = field(default_factory=list)
    in_vain: int = 0


@dataclass(eq=False)
class Attempt:
    """``struct callattempt``."""

    member: Member
    metric: int
    stillgoing: bool = True
    called: bool = False


@dataclass(eq=False)
class CallQueue:
    """``struct call_queue``; ``head`` is its list of callers, ``members`` are as an iterator finds them."""

    model: QueueModel
    members: list[Member]
    head: list[Entry] = field(default_factory=list)
    rrpos: int = 0
    wrapped: bool = False


def member_hash(interface: str) -> int:
    def compress_char(c: int) -> int:
        return 0 if c < 32 else c - 64 if c > 96 else c - 32

    chname = interface[interface.index("/") :]
    ret = 0
    for i in range(min(5, len(chname))):
        ret += compress_char(ord(chname[i])) << (i * 6)
    return ret


class AppQueue:
    """All queues of ``scenario``, whose agents are there all the time. Nothing is by chance but equals of ringall."""

    def __init__(self, scenario: Scenario) -> None:
        self.env = simpy.Environment()
        self.scenario = scenario
        self.devices = {agent.name: Device(agent.name, agent.picks_up) for agent in scenario.agents}
        self.queues = {name: CallQueue(model, self._members(model)) for name, model in scenario.queues.items()}
        self.use_weight = any(model.weight for model in scenario.queues.values())
        self.served: list[Served | None] = [None] * len(scenario.callers)

    def _members(self, model: QueueModel) -> list[Member]:
        own = [member for member in self.scenario.members if member.queue == model.queue]
        members = [Member(self.devices[each.agent], each.penalty, place) for place, each in enumerate(own)]
        if model.strategy in ("linear", "rrordered"):
            return members
        return sorted(members, key=lambda member: member_hash(f"PJSIP/{member.device.name}") % 37)

    def run(self, until: float) -> list[Served | None]:
        for number, caller in enumerate(self.scenario.callers):
            self.env.process(self._arrive(number, caller))
        self.env.run(until)
        return self.served

    def time(self) -> int:
        return int(self.env.now)

    def _arrive(self, number: int, caller: Caller) -> Steps:
        yield self.env.timeout(caller.at)
        process = self.env.process(self.queue_exec(number, caller))
        if caller.patience < inf:
            yield self.env.timeout(caller.patience)
            if self.served[number] is None:
                process.interrupt()

    # ---- a caller

    def queue_exec(self, number: int, caller: Caller) -> Steps:
        q = self.queues[caller.queue]
        qe = Entry(number, caller, self.time(), self.time() + q.model.max_wait)
        self.join_queue(q, qe)
        try:
            while True:
                yield from self.wait_our_turn(q, qe)
                while True:
                    if self.time() >= qe.expire:
                        self._end(q, qe)
                        return
                    if (yield from self.try_calling(q, qe)):
                        return
                    if self.time() >= qe.expire:
                        self._end(q, qe)
                        return
                    yield self.env.timeout(q.model.retry)  # wait_a_bit
                    if not self.is_our_turn(q, qe):
                        break
        except simpy.Interrupt:
            if qe.ringing:
                self.store_next(q, qe, qe.ringing)
                self.hangupcalls(qe.ringing)
            self._end(q, qe)

    def _end(self, q: CallQueue, qe: Entry) -> None:
        q.head.remove(qe)
        self.served[qe.number] = Served(self.env.now - qe.caller.at, "", qe.in_vain)

    def join_queue(self, q: CallQueue, qe: Entry) -> None:
        for place, cur in enumerate(q.head):
            if qe.caller.priority > cur.caller.priority:
                q.head.insert(place, qe)
                return
        q.head.append(qe)

    def wait_our_turn(self, q: CallQueue, qe: Entry) -> Steps:
        while not self.is_our_turn(q, qe):
            if self.time() >= qe.expire:
                return
            yield self.env.timeout(1)  # RECHECK
            if self.time() >= qe.expire:
                return

    def is_member_available(self, q: CallQueue, mem: Member) -> bool:
        wrapuptime = q.model.wrap_up
        if mem.lastcall and wrapuptime and self.time() - wrapuptime < mem.lastcall:
            return False
        return mem.device.state == "NOT_INUSE" and not mem.paused

    def num_available_members(self, q: CallQueue) -> int:
        avl = 0
        for mem in q.members:
            avl += self.is_member_available(q, mem)
            if (not q.model.autofill or q.model.strategy == "ringall") and avl:
                break
        return avl

    def is_our_turn(self, q: CallQueue, qe: Entry) -> bool:
        avl = self.num_available_members(q)
        idx = 0
        for ch in q.head:
            if idx >= avl or ch is qe:
                break
            if not ch.pending:
                idx += 1
        return ch is qe and idx < avl and (q.model.autofill or q.head[0] is qe)

    # ---- a ring

    def try_calling(self, q: CallQueue, qe: Entry) -> Steps:
        outgoing: list[Attempt] = []
        for x, cur in enumerate(q.members):
            metric = self.calc_metric(q, cur, x, qe)
            if metric is not None:
                outgoing.insert(0, Attempt(cur, metric))
        to = q.model.timeout
        if qe.expire - self.time() <= to:
            to = qe.expire - self.time()
        qe.pending = True
        self.ring_one(q, qe, outgoing)
        peer = yield from self.wait_for_answer(q, qe, outgoing, to)
        self.store_next(q, qe, outgoing)
        qe.ringing = []
        if peer is None:
            qe.pending = False
            self.hangupcalls(outgoing)
            return False
        self.hangupcalls([attempt for attempt in outgoing if attempt is not peer])
        q.head.remove(qe)
        self.served[qe.number] = Served(self.env.now - qe.caller.at, peer.member.device.name, qe.in_vain)
        self.env.process(self.talk(q, peer.member, qe.caller.talk))
        return True

    def talk(self, q: CallQueue, member: Member, seconds: float) -> Steps:
        member.device.state, member.device.attempt = "INUSE", None
        yield self.env.timeout(seconds)
        member.device.state = "NOT_INUSE"
        self.update_queue(q, member)

    def update_queue(self, q: CallQueue, member: Member) -> None:
        shared = [mem for qtmp in self.queues.values() for mem in qtmp.members if mem.device is member.device]
        for mem in shared if self.scenario.shared_last_call else [member]:
            mem.lastcall = self.time()
            mem.calls += 1
            mem.lastqueue = q

    def calc_metric(self, q: CallQueue, mem: Member, pos: int, qe: Entry) -> int | None:
        limit = qe.caller.max_penalty
        if limit is not None and mem.penalty > limit:
            return None
        penalty = mem.penalty * 1000000
        match q.model.strategy:
            case "ringall":
                return penalty
            case "linear":
                if pos < qe.linpos:
                    return 1000 + pos + penalty
                if pos > qe.linpos:
                    qe.linwrapped = True
                return pos + penalty
            case "rrmemory" | "rrordered":
                if mem.queuepos < q.rrpos:
                    return 1000 + mem.queuepos + penalty
                if mem.queuepos > q.rrpos:
                    q.wrapped = True
                return mem.queuepos + penalty
            case "fewestcalls":
                return mem.calls + penalty
            case "leastrecent":
                return (1000000 - (self.time() - mem.lastcall) if mem.lastcall else 0) + penalty
        raise AssertionError(q.model.strategy)

    def find_best(self, outgoing: list[Attempt]) -> Attempt | None:
        best = None
        for cur in outgoing:
            if cur.stillgoing and not cur.called and (best is None or cur.metric < best.metric):
                best = cur
        return best

    def ring_one(self, q: CallQueue, qe: Entry, outgoing: list[Attempt]) -> None:
        self._ring_one(q, outgoing)
        for attempt in outgoing:
            if attempt.called:
                self.env.process(self.device_state(attempt))

    def device_state(self, attempt: Attempt) -> Steps:
        if self.scenario.lag:
            yield self.env.timeout(self.scenario.lag)
        device = attempt.member.device
        if device.attempt is attempt and device.state == "NOT_INUSE":
            device.state = "RINGING"

    def _ring_one(self, q: CallQueue, outgoing: list[Attempt]) -> None:
        ret = False
        while not ret:
            best = self.find_best(outgoing)
            if best is None:
                return
            if q.model.strategy == "ringall":
                for cur in outgoing:
                    if cur.stillgoing and not cur.called and cur.metric <= best.metric:
                        ret |= self.ring_entry(q, cur)
            else:
                ret = self.ring_entry(q, best)

    def ring_entry(self, q: CallQueue, tmp: Attempt) -> bool:
        if not self.can_ring_entry(q, tmp.member):
            tmp.stillgoing = False
            return False
        tmp.called = True
        tmp.member.device.attempt = tmp
        return True

    def can_ring_entry(self, q: CallQueue, member: Member) -> bool:
        if member.paused or member.device.state != "NOT_INUSE" or member.device.attempt:
            return False
        wrapuptime = (member.lastqueue or q).model.wrap_up
        if wrapuptime and self.time() - member.lastcall < wrapuptime:
            return False
        return not (self.use_weight and self.compare_weight(q, member))

    def compare_weight(self, rq: CallQueue, member: Member) -> bool:
        for q in self.queues.values():
            if q is rq or not q.head:
                continue
            if any(mem.device is member.device for mem in q.members) and (
                q.model.weight > rq.model.weight and len(q.head) >= self.num_available_members(q)
            ):
                return True
        return False

    def wait_for_answer(self, q: CallQueue, qe: Entry, outgoing: list[Attempt], to: float) -> Steps:
        called = [attempt for attempt in outgoing if attempt.called]
        if not called:
            return None
        qe.ringing = outgoing
        first = min(called, key=lambda attempt: attempt.member.device.picks_up)
        if first.member.device.picks_up < to:
            yield self.env.timeout(first.member.device.picks_up)
            return first
        yield self.env.timeout(to)
        for attempt in called:
            self.rna(q, qe, attempt.member)
        return None

    def rna(self, q: CallQueue, qe: Entry, member: Member) -> None:
        qe.in_vain += 1
        if q.model.autopause == "yes":
            member.paused = True
        elif q.model.autopause == "all":
            for each in self.queues.values():
                for mem in each.members:
                    if mem.device is member.device:
                        mem.paused = True

    def store_next(self, q: CallQueue, qe: Entry, outgoing: list[Attempt]) -> None:
        best = self.find_best(outgoing)
        if q.model.strategy in ("rrmemory", "rrordered"):
            if best:
                q.rrpos = best.metric % 1000
            else:
                q.rrpos = 0 if q.wrapped else q.rrpos + 1
            q.wrapped = False
        elif q.model.strategy == "linear":
            if best:
                qe.linpos = best.metric % 1000
            else:
                qe.linpos = 0 if qe.linwrapped else qe.linpos + 1
            qe.linwrapped = False

    def hangupcalls(self, outgoing: list[Attempt]) -> None:
        for attempt in outgoing:
            if attempt.called:
                attempt.member.device.state, attempt.member.device.attempt = "NOT_INUSE", None
