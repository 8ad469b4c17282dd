"""The staffing of one PBX: events in, the controller asked, its moves carried out.

Nothing of it is on the path of a call. Whatever goes wrong here is logged and tried again; nobody is moved meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any, Final

from ariroute.asterisk.ami import ActionRefused
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.queue_events import MemberEvent, QueueEvent, QueueMember
from ariroute.daemon.staffing import kept
from ariroute.daemon.staffing.acts import NO_ANSWER, Act, pause, post, unpause
from ariroute.daemon.staffing.alone import ways_back
from ariroute.daemon.staffing.crew import DID_NOT_ANSWER, JUST_LOGGED_IN
from ariroute.daemon.staffing.figures import Figures
from ariroute.daemon.staffing.watch import Watch
from ariroute.daemon.staffing_metrics import StaffingMetrics
from ariroute.errors import AmiError, UnusableInput
from ariroute.files import why
from ariroute.journal.moves import Moved
from ariroute.staffing.control import propose
from ariroute.staffing.proposal import Memory, Move, Proposal
from ariroute.staffing.remembering import begun
from ariroute.staffing.rules import StaffingRules
from ariroute.staffing.snapshot import Snapshot, State
from ariroute.staffing.standstill import ADVISES, NO_RULES, RELEASED

log = logging.getLogger("ariroute.staffing")

BREATH: Final = 0.01
"""Seconds at least from one plan to the next."""
SHARE: Final = 3.0
"""A plan that took long is followed by a pause of so many times its length: the rest of the time is for calls."""
LONG, MANY = 0.02, 1000
"""Seconds, and agents: plans that take longer, or are of more, are made in a thread."""
LOOKS: Final = 10.0
"""Seconds from one look at QueueSummary to the next."""
TRIES_AGAIN: Final = 30.0
"""Seconds until an agent is moved again who could not be, or until all are where the AMI user lacks rights."""
LAST_ACTS: Final = 2.0
"""Seconds for the end of what is being done when the daemon stops."""
AT_ONCE: Final = 50
"""Moves that are carried out side by side."""
DENIED: Final = "Permission denied"
NO_SUCH_QUEUE: Final = "No such queue"
"""manager_add_queue_member(), app_queue.c."""


class Staffer:
    """Watches and moves the agents of one PBX while :meth:`run` runs. Told of events by :class:`AmiLink`.

    ``rules`` gives those in force, None for none. ``record`` is given every move. ``idle`` says why nothing may be done
    now, such as another daemon that has the calls; empty when it may. ``file`` keeps what was before.
    """

    def __init__(
        self,
        pbx: str,
        rules: Callable[[], StaffingRules | None],
        ami: AmiLink,
        record: Callable[[Moved], None],
        metrics: StaffingMetrics,
        *,
        file: Path,
        idle: Callable[[], str] = lambda: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pbx = pbx
        self._rules = rules
        self._ami = ami
        self._record = record
        self._metrics = metrics
        self._file = file
        self._idle = idle
        self._clock = clock
        self._watch = watch = Watch(pbx, ami, clock)
        self._floor, self._hands, self._crew, self._unanswered = watch.floor, watch.hands, watch.crew, watch.unanswered
        self._figures = Figures()
        self._memory: Memory | None = None
        self._wake = asyncio.Event()
        self._changing = asyncio.Lock()
        self._released = False
        self._trouble, self._trouble_until = "", -inf
        self._unkept_until = -inf
        self._took = 0.0
        metrics.watch(pbx, self.status)

    # What it is told

    def on_event(self, event: QueueEvent | MemberEvent) -> None:
        """Something has happened in a queue."""
        if self._watch.on_event(event):
            self._wake.set()

    def on_up(self) -> None:
        """AMI tells us from now on."""
        self._watch.blind()
        self._wake.set()

    def on_down(self, reason: str) -> None:
        """AMI tells us nothing any more."""
        self._watch.blind()
        self._figures.blind(self._clock())
        self._wake.set()

    def rules_changed(self) -> None:
        """Others may be in force now."""
        self._wake.set()

    # Its life

    async def run(self) -> None:
        """Staff until cancelled. Raises nothing else."""
        self.read_file()
        while True:
            wait = TRIES_AGAIN
            try:
                wait = await self.turn()
            except AmiError as error:
                log.warning("%s: staffing: %s", self._pbx, error)
                wait = 1.0
            except Exception as error:
                log.exception("%s: staffing failed in a way that nobody foresaw", self._pbx)
                self._stumble(f"{type(error).__name__}: {error}")
            await asyncio.sleep(max(BREATH, SHARE * self._took))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait)):  # wait_for() of Python 3.11 may swallow a cancellation
                    await self._wake.wait()
            self._wake.clear()

    async def turn(self) -> float:
        """Look, plan, act; how many seconds until that is due again if nothing happens."""
        rules = self._rules()
        self._took = 0.0
        self._ami.follows_members = rules is not None
        if rules is None:
            await self._let_be()
            return LOOKS
        if not self._ami.is_up:
            return LOOKS
        async with self._changing:
            self._crew.use(rules)
            await self._watch.read_wrap_ups(rules)
            if not self._watch.synced:
                await self._watch.read_all()
            await self._watch.read_doubted()
            due = await self._act_on(self._clock())
            if self._clock() - self._watch.looked_at >= LOOKS:
                await self._watch.look_around()
        if self._watch.doubted:
            return 0.0
        return min(due, self._watch.looked_at + LOOKS) - self._clock()

    async def _act_on(self, now: float) -> float:
        """What is to be done now; when something changes by itself."""
        await self._tend(now)
        due = min(self._watch.give_up(now), self._floor.settle(now), self._crew.look(now))
        proposal = await self._plan(now)
        if not self._why():
            await self._carry_out(proposal)
        else:
            self._advise(proposal)
        await self._keep()
        due = min(due, self._unanswered.next_at())
        return due if proposal.look_again is None else min(due, proposal.look_again)

    async def _let_be(self) -> None:
        """There are no rules any more: agents stay where they are, but nobody stays paused for having not answered."""
        if self._watch.synced:
            async with self._changing:
                await self._come_back(self._unanswered.back(inf))
        self._watch.blind()
        self._figures.blind(self._clock())

    async def stop(self) -> None:
        """Let what is being done to an agent come to its end; agents stay where they are."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_ACTS):
                await self._changing.acquire()  # and keep it: nothing begins any more

    def _why(self) -> str:
        """Why nobody is moved; empty when they are."""
        rules = self._rules()
        if rules is None:
            return NO_RULES
        if idle := self._idle():
            return idle
        if not self._ami.is_up:
            return f"AMI is down: {self._ami.failure}"
        if not self._watch.synced:
            return "the queues are being read"
        if self._released:
            return RELEASED
        if self._clock() < self._trouble_until:
            return self._trouble
        return ADVISES if rules.mode == "advise" else ""

    def _stumble(self, trouble: str) -> None:
        if not self._is_damaged:
            self._trouble, self._trouble_until = trouble, self._clock() + TRIES_AGAIN

    # What is planned

    async def _plan(self, now: float) -> Proposal:
        rules = self._crew.rules
        assert rules is not None
        queues = {
            tier.queue: self._floor.queue_now(
                tier.queue, now, tier.service_level.within if tier.service_level else None, rules.look_back
            )
            for tier in rules.tiers
        }
        snapshot = Snapshot(now, dict(self._crew.agents), queues)
        memory = self._memory or begun(rules, snapshot.agents.values())
        began = time.perf_counter()
        if self._figures.took > LONG or len(snapshot.agents) > MANY:
            proposal = await asyncio.to_thread(propose, rules, snapshot, memory)
        else:
            proposal = propose(rules, snapshot, memory)
        self._took = self._figures.took = time.perf_counter() - began
        self._memory = proposal.memory
        self._figures.on_plan(now, snapshot, proposal)
        return proposal

    def _advise(self, proposal: Proposal) -> None:
        """Tell of the moves that would be made; of each once, until it is proposed no more."""
        rules = self._rules()
        advises = rules is not None and rules.mode == "advise"
        for move in self._figures.advised(proposal.moves if advises else ()):
            self._tell(move, done=False, failure="")

    def _tell(self, move: Move, *, done: bool, failure: str) -> None:
        rules = self._crew.rules
        mode = rules.mode if rules else "advise"
        at, left = time.time(), tuple(sorted(move.leaves))
        moved = Moved(at, self._pbx, move.agent, left, move.queue, str(move.why), move.reason, mode, done, failure)
        self._figures.moved(moved)
        self._metrics.moved(moved)
        self._record(moved)

    # What is done

    async def _carry_out(self, proposal: Proposal) -> None:
        self._figures.advised(())
        moves = [move for move in proposal.moves if self._is_free(move)]
        penalties = self._penalties({move.agent for move in moves})
        for interface in [*(self._crew.interface_of(move.agent) for move in moves), *penalties]:
            self._hands.take(interface, self._floor.members[interface])
        for move in moves:
            came_from = self._crew.agents[move.agent].queue
            self._hands.sends(self._crew.interface_of(move.agent), came_from, move.queue)
        if not await self._keep():
            return
        for start in range(0, len(moves), AT_ONCE):
            await asyncio.gather(*map(self._move, moves[start : start + AT_ONCE]))
        for act in penalties.values():
            await self._try(act)

    def _is_free(self, move: Move) -> bool:
        """Whether the agent still is as they were when the move was planned."""
        seen = self._crew.agents.get(move.agent)
        if seen is None or seen.by_hand or seen.state is not State.FREE:
            return False
        interface = self._crew.interface_of(move.agent)
        if self._hands.expects(interface, self._clock()):
            return False
        places = self._floor.members.get(interface, {})
        serve = {queue for queue, member in places.items() if queue in self._crew.staffed and not member.paused}
        return serve == seen.queues and self._floor.doing(interface, self._clock()).state is State.FREE

    async def _move(self, move: Move) -> None:
        if not self._is_free(move):
            return
        interface, now = self._crew.interface_of(move.agent), self._clock()
        fresh = QueueMember(move.queue, interface, move.agent, penalty=move.order)
        first, then = post(self._floor.members[interface], self._crew.staffed, fresh)
        self._watch.sends(interface, move.queue, now)
        failure = ""
        try:
            is_added = [await self._act(act) for act in first] == [True] and first[0].kind == "add"
            if is_added and self._has_gone(interface, move):
                failure = "somebody has paused or removed them meanwhile"
                then = [Act("remove", fresh)]
            for act in then:
                await self._act(act)
        except (AmiError, ValueError) as error:
            failure = str(error)
            self._failed(interface, move, error)
        else:
            self._crew.moved_at[interface] = now
        self._watch.arrives(interface)
        self._floor.touched.add(interface)
        self._tell(move, done=not failure, failure=failure)

    def _has_gone(self, interface: str, move: Move) -> bool:
        """Whether somebody has paused the agent everywhere, or logged them out, before they were added to one more."""
        places = self._floor.members.get(interface, {})
        return any(queue not in places or places[queue].paused for queue in move.leaves)

    def _failed(self, interface: str, move: Move, error: Exception) -> None:
        failure, again = str(error), self._clock() + TRIES_AGAIN
        self._watch.doubted |= {move.queue, *move.leaves}
        if failure.endswith(NO_SUCH_QUEUE):
            self._crew.misses(move.queue, again)
        elif isinstance(error, ActionRefused | ValueError):
            self._crew.cannot[interface] = (f"could not be moved: {failure}", again)
        if failure.endswith(DENIED):
            self._stumble(f"{failure}; the AMI user needs write = agent in manager.conf")
        log.warning("%s: %s could not be moved to %s: %s", self._pbx, move.agent, move.queue, failure)

    async def _act(self, act: Act) -> bool:
        """Carry ``act`` out; whether there was something to do. Raises AmiError."""
        self._hands.expect(act, self._clock())
        try:
            is_done = await self._ami.ask(act.carry_out)
        except (ActionRefused, ValueError):
            self._hands.not_done(act)
            raise
        if not is_done:
            self._hands.not_done(act)
            self._watch.doubted.add(act.member.queue)
        return is_done

    async def _try(self, act: Act) -> str:
        """Carry ``act`` out; why that failed, if it did."""
        try:
            await self._act(act)
        except (AmiError, ValueError) as error:
            self._watch.doubted.add(act.member.queue)
            log.warning("%s: %s could not be %s: %s", self._pbx, act.member.interface, act, error)
            return str(error)
        return ""

    def _penalties(self, but: set[str]) -> dict[str, Act]:
        """What gives agents their skill order who are where they are to be, with another penalty; by interface."""
        found: dict[str, Act] = {}
        for interface in self._crew.misplaced:
            agent = self._crew.agent_at(interface)
            if agent and agent.name not in but and not self._hands.expects(interface, self._clock()):
                queue = self._crew.agents[agent.name].queue
                member = self._floor.members[interface][queue]
                found[interface] = Act("penalty", replace(member, penalty=agent.queues[queue]))
        return found

    async def _tend(self, now: float) -> None:
        """Pause who did not answer, and let those come back whose pause is over."""
        for interface in self._unanswered.due(now):
            if not self._why() and self._is_staffed(interface):
                await self._pause(interface)
        await self._come_back(self._unanswered.back(now))

    async def _come_back(self, interfaces: Iterable[str]) -> None:
        for interface in interfaces if not self._idle() else ():
            for member in list(self._floor.members.get(interface, {}).values()):
                if member.paused and member.reason == NO_ANSWER:
                    await self._try(unpause(member))

    def _is_staffed(self, interface: str) -> bool:
        agent = self._crew.agent_at(interface)
        seen = self._crew.agents.get(agent.name) if agent else None
        return seen is not None and seen.by_hand in ("", DID_NOT_ANSWER, JUST_LOGGED_IN)

    async def _pause(self, interface: str) -> None:
        """In every queue that would give them calls; when Asterisk has told of it, it is noted until when."""
        for queue, member in list(self._floor.members.get(interface, {}).items()):
            if queue in self._crew.staffed and not member.paused:
                await self._try(pause(member, NO_ANSWER))

    # Letting go

    async def release(self) -> dict[str, list[str]]:
        """Undo what was done to each agent, and do no more until :meth:`resume`; what was undone, and what failed.

        Who talks goes on talking. Raises AmiError while there is no connection: nothing is released then.
        """
        async with self._changing:
            if not self._watch.synced:
                await self._watch.read_all()
            self._released = True
            self._unkept_until = -inf
            done: list[str] = []
            failed: dict[str, str] = {str(self._file): self._trouble} if self._is_damaged else {}
            for interface, act in ways_back(self._hands.taken, self._floor.members):
                if failure := await self._try(act):
                    failed[interface] = f"{interface} could not be {act}: {failure}"
                else:
                    done.append(f"{interface} {act}")
            self._hands.forget([interface for interface in self._hands.taken if interface not in failed])
            self._hands.changed = True
            await self._keep()
        self._wake.set()
        log.info("%s: staffing was released: %d changes undone, %d failed", self._pbx, len(done), len(failed))
        return {"undone": done, "failed": list(failed.values())}

    async def resume(self) -> dict[str, list[str]]:
        """Take the agents over again, those too who were left alone because of what somebody had changed."""
        async with self._changing:
            self._released = False
            self._trouble_until = self._unkept_until = -inf
            self._hands.forget([name for name, taken in self._hands.taken.items() if taken.left_alone])
            self._floor.touched.update(self._floor.members)
            self._hands.changed = True
            await self._keep()
        self._wake.set()
        return {}

    def read_file(self) -> None:
        """Know again what an earlier daemon has done; before anything else."""
        try:
            found = kept.read(self._file)
        except UnusableInput as error:
            log.error("%s: %s", self._pbx, error)
            self._trouble, self._trouble_until = str(error), inf
            return
        self._released = found.released
        self._hands.taken.update(found.taken)

    @property
    def _is_damaged(self) -> bool:
        """Whether the file could not be read; it stays as it is until :meth:`resume`."""
        return self._trouble_until == inf

    async def _keep(self) -> bool:
        """Write what must survive us, if it has changed; whether that is so now."""
        if not self._hands.changed:
            return True
        if self._clock() < self._unkept_until or self._is_damaged:
            return False
        text = kept.text_of(kept.Kept(self._released, self._hands.taken))
        self._hands.changed = False
        try:
            await asyncio.to_thread(kept.write, self._file, text)
        except OSError as error:
            self._hands.changed = True
            self._unkept_until = self._clock() + TRIES_AGAIN
            self._stumble(f"what was before cannot be kept: {self._file}: {why(error)}")
            log.error("%s: staffing: %s", self._pbx, self._trouble)
            return False
        return True

    # What it says

    def status(self) -> Mapping[str, Any]:
        """How it does, as JSON types."""
        state = self.state()
        return state | self._figures.told(self._clock(), self._crew, is_known=bool(state["mode"]))

    def state(self) -> dict[str, Any]:
        """The keys ``mode``, ``acting`` and ``why`` of :meth:`status`; it costs next to nothing."""
        rules, reason = self._rules(), self._why()
        return {"mode": rules.mode if rules else "", "acting": not reason, "why": reason}
