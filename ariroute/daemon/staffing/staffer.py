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
from itertools import chain
from math import inf
from pathlib import Path
from typing import Any, Final

from ariroute.asterisk.ami import ActionRefused, QueueStatus
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.queue_events import MemberEvent, QueueEvent, QueueMember, RangInVain
from ariroute.daemon.staffing import kept
from ariroute.daemon.staffing.acts import NO_ANSWER, Act, pause, post, unpause
from ariroute.daemon.staffing.alone import ways_back
from ariroute.daemon.staffing.crew import JUST_LOGGED_IN, Crew
from ariroute.daemon.staffing.figures import Figures
from ariroute.daemon.staffing.floor import Change, Floor
from ariroute.daemon.staffing.hands import Hands
from ariroute.daemon.staffing.no_answer import Unanswered
from ariroute.daemon.staffing_metrics import StaffingMetrics
from ariroute.errors import AmiError, UnusableInput
from ariroute.files import why
from ariroute.journal.moves import Moved
from ariroute.staffing.control import propose
from ariroute.staffing.proposal import Memory, Move, Proposal
from ariroute.staffing.rules import StaffingRules
from ariroute.staffing.snapshot import Snapshot, State

log = logging.getLogger("ariroute.staffing")

BREATH: Final = 0.01
"""Seconds at least from one plan to the next."""
SHARE: Final = 3.0
"""A plan that took long is followed by a pause of so many times its length: the rest of the time is for calls."""
LONG: Final = 0.02
"""Seconds; plans that take longer are made in a thread."""
LOOKS: Final = 10.0
"""Seconds from one look at QueueSummary to the next."""
GIVES_UP: Final = 2.0
"""Seconds until the queues are read again when Asterisk did not tell of what we have done."""
TRIES_AGAIN: Final = 30.0
"""Seconds until an agent is moved again who could not be, or until all are where the AMI user lacks rights."""
PAUSES_WITHIN: Final = 1.0
"""Seconds within which somebody who did not answer is paused, by us or by app_queue."""
LONG_BREAK: Final = 600.0
"""Seconds without AMI after which agents are taken to have logged in anew."""
LAST_ACTS: Final = 2.0
"""Seconds for the end of what is being done when the daemon stops."""
AT_ONCE: Final = 50
"""Moves that are carried out side by side."""
DID_NOT_ANSWER: Final = "did not answer"
NO_WRAP_UP: Final = (
    "staffing does not see the wrap-up of queues.conf: agents who wrap up count as free, unless the AMI user has "
    "write = agent,reporting"
)
DENIED: Final = "Permission denied"


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
        self._floor = Floor()
        self._hands = Hands()
        self._crew = Crew(self._floor, self._hands)
        self._unanswered = Unanswered()
        self._figures = Figures()
        self._memory = Memory()
        self._wake = asyncio.Event()
        self._changing = asyncio.Lock()
        self._synced = False
        self._asked: list[QueueEvent | MemberEvent] | None = None
        """Events that came while the queues were read; None while nobody reads them."""
        self._doubted: set[str] = set()
        """Queues to be read again."""
        self._down_since: float | None = None
        self._released = False
        self._trouble, self._trouble_until = "", -inf
        self._way_until: dict[str, float] = {}
        self._looked_at = -inf
        self._took = 0.0
        self._told_of_wrap_up = False
        metrics.watch(pbx, self.status)

    # What it is told

    def on_event(self, event: QueueEvent | MemberEvent) -> None:
        """Something has happened in a queue."""
        if self._asked is not None:
            self._asked.append(event)
        elif self._synced:
            self._take_in(event, self._clock())
            self._wake.set()

    def _take_in(self, event: QueueEvent | MemberEvent, now: float) -> None:
        if change := self._floor.on_event(event, now):
            self._changed(change, now)
        rules = self._crew.rules
        if rules:
            self._unanswered.on_event(event, rules.no_answer, now)
            if isinstance(event, RangInVain) and self._unanswered.is_due(event.interface):
                self._crew.cannot[event.interface] = (DID_NOT_ANSWER, now + PAUSES_WITHIN)

    def _changed(self, change: Change, now: float) -> None:
        interface = change.member.interface
        places = self._floor.members.get(interface, {})
        self._crew.on_change(change, now)
        self._hands.on_change(change, places, self._crew.staffed, now)
        self._note_pause(change, now)
        if not self._hands.expects(interface):
            self._arrived(interface)

    def _note_pause(self, change: Change, now: float) -> None:
        """Somebody did not answer and was paused, in an earlier life maybe: when they come back."""
        member, rules = change.after, self._crew.rules
        if member and member.paused and member.reason == NO_ANSWER and rules:
            pause = rules.no_answer.pause if rules.no_answer else 0.0
            left = pause - max(0.0, time.time() - member.last_pause)
            self._unanswered.paused(member.interface, now + max(0.0, left))

    def _arrived(self, interface: str) -> None:
        self._way_until.pop(interface, None)
        if self._crew.way.pop(interface, None):
            self._floor.touched.add(interface)

    def on_up(self) -> None:
        """AMI tells us from now on."""
        self._synced = False
        self._wake.set()

    def on_down(self, reason: str) -> None:
        """AMI tells us nothing any more."""
        if self._synced:
            self._down_since = self._clock()
        self._synced = False
        self._asked = None
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
            if not self._synced:
                await self._read_all()
            await self._read_doubted()
            due = await self._act_on(self._clock())
            if self._clock() - self._looked_at >= LOOKS:
                await self._look_around()
        return min(due, self._looked_at + LOOKS) - self._clock()

    async def _act_on(self, now: float) -> float:
        """What is to be done now; when something changes by itself."""
        await self._tend(now)
        due = min(self._floor.settle(now), self._crew.look(now), *self._way_until.values(), inf)
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
        if self._synced:
            async with self._changing:
                await self._come_back(self._unanswered.back(inf))
        self._synced = False
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
            return "no staffing in the flow file"
        if idle := self._idle():
            return idle
        if not self._ami.is_up:
            return f"AMI is down: {self._ami.failure}"
        if not self._synced:
            return "the queues are being read"
        if self._released:
            return "released by hand"
        if self._clock() < self._trouble_until:
            return self._trouble
        return "advise" if rules.mode == "advise" else ""

    def _stumble(self, trouble: str) -> None:
        self._trouble, self._trouble_until = trouble, self._clock() + TRIES_AGAIN

    # What Asterisk says

    async def _read_all(self) -> None:
        status = await self._read("")
        now = self._clock()
        changes = self._floor.sync(status, now)
        if self._down_since is None or now - self._down_since > LONG_BREAK:
            self._hands.after_a_break(lambda interface: self._floor.members.get(interface, {}))
        else:
            for change in changes:
                places = self._floor.members.get(change.member.interface, {})
                self._hands.on_change(change, places, self._crew.staffed, now)
        for change in changes:
            self._note_pause(change, now)
        self._replay(now)
        await self._read_wrap_ups()
        self._looked_at = now
        log.info(
            "%s: staffing has read the queues: %d members, %d callers",
            self._pbx,
            len(status.members),
            len(status.waiting),
        )

    async def _read_doubted(self) -> None:
        """Read these queues; what differs is judged when all are read, for one may have gone from one to the other."""
        if not self._doubted:
            return
        queues, self._doubted = sorted(self._doubted), set()
        statuses = [await self._read(queue) for queue in queues]
        now = self._clock()
        found = [self._floor.sync(status, now, queue) for queue, status in zip(queues, statuses, strict=True)]
        for change in sorted(chain(*found), key=lambda change: change.before is not None):
            self._changed(change, now)
        self._replay(now)

    async def _read(self, queue: str) -> QueueStatus:
        """What Asterisk says. Events that come meanwhile may be older or newer than that: :meth:`_replay` follows."""
        if self._asked is None:
            self._asked = []
        try:
            return await self._ami.ask(lambda ami: ami.queue_status(queue))
        except BaseException:
            asked, self._asked = self._asked or [], None
            for event in asked if self._synced else ():
                self._take_in(event, self._clock())
            raise

    def _replay(self, now: float) -> None:
        """Take in what came while the queues were read, again: the last event of each member is always the newest."""
        asked, self._asked = self._asked or [], None
        self._synced = self._ami.is_up
        for event in asked:
            self._take_in(event, now)

    async def _read_wrap_ups(self) -> None:
        """What the queues give as wrap-up, which no event and no status tells: only a user who may look has it."""
        for queue in sorted(self._crew.staffed):
            name = f"AST_CONFIG(queues.conf,{queue},wrapuptime)"
            try:
                value = await self._ami.ask(lambda ami, name=name: ami.variable(name))  # type: ignore[misc]
            except ActionRefused:
                log.log(logging.DEBUG if self._told_of_wrap_up else logging.INFO, "%s: %s", self._pbx, NO_WRAP_UP)
                self._told_of_wrap_up = True
                return
            self._floor.wrap_ups[queue] = float(value) if value.isascii() and value.isdecimal() else 0.0

    async def _look_around(self) -> None:
        """Compare what we think of the queues with QueueSummary; what differs is read again."""
        self._looked_at = self._clock()
        self._floor.doubt(self._looked_at)
        for summary in await self._ami.ask(lambda ami: ami.queue_summary()):
            if summary.queue in self._crew.staffed:
                thought = (*self._floor.logged_in(summary.queue), self._floor.callers(summary.queue))
                if thought != (summary.logged_in, summary.available, summary.callers):
                    self._doubted.add(summary.queue)
        self._wake.set()

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
        began = time.perf_counter()
        if self._figures.took > LONG:
            proposal = await asyncio.to_thread(propose, rules, snapshot, self._memory)
        else:
            proposal = propose(rules, snapshot, self._memory)
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
        if self._hands.expects(interface):
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
        self._crew.way[interface] = move.queue
        self._way_until[interface] = now + GIVES_UP
        failure = ""
        try:
            for act in (*first, *then):
                await self._act(act)
        except (AmiError, ValueError) as error:
            failure = str(error)
            self._failed(interface, move, failure)
        else:
            self._crew.moved_at[interface] = now
        if not self._hands.expects(interface):
            self._arrived(interface)
        self._floor.touched.add(interface)
        self._tell(move, done=not failure, failure=failure)

    def _failed(self, interface: str, move: Move, failure: str) -> None:
        now = self._clock()
        self._doubted |= {move.queue, *move.leaves}
        self._crew.cannot[interface] = (f"could not be moved: {failure}", now + TRIES_AGAIN)
        if failure.endswith(DENIED):
            self._stumble(f"{failure}; the AMI user needs write = agent in manager.conf")
        log.warning("%s: %s could not be moved to %s: %s", self._pbx, move.agent, move.queue, failure)

    async def _act(self, act: Act) -> None:
        """Carry ``act`` out. Raises AmiError."""
        self._hands.expect(act, self._clock())
        try:
            if not await self._ami.ask(act.carry_out):
                self._hands.not_done(act)
                self._doubted.add(act.member.queue)
        except (ActionRefused, ValueError):
            self._hands.not_done(act)
            raise
        except AmiError:
            self._hands.unsure(act, self._clock())
            raise

    async def _try(self, act: Act) -> str:
        """Carry ``act`` out; why that failed, if it did."""
        try:
            await self._act(act)
        except (AmiError, ValueError) as error:
            self._doubted.add(act.member.queue)
            log.warning("%s: %s could not be %s: %s", self._pbx, act.member.interface, act, error)
            return str(error)
        return ""

    def _penalties(self, but: set[str]) -> dict[str, Act]:
        """What gives agents their skill order who are where they are to be, with another penalty; by interface."""
        found: dict[str, Act] = {}
        for interface in self._crew.misplaced:
            agent = self._crew.agent_at(interface)
            if agent and agent.name not in but and not self._hands.expects(interface):
                queue = self._crew.agents[agent.name].queue
                member = self._floor.members[interface][queue]
                found[interface] = Act("penalty", replace(member, penalty=agent.queues[queue]))
        return found

    async def _tend(self, now: float) -> None:
        """Pause who did not answer, let those come back whose pause is over, and give up what was not told of."""
        for interface in self._unanswered.due(now):
            if not self._why() and self._is_staffed(interface):
                await self._pause(interface)
        await self._come_back(self._unanswered.back(now))
        for interface, until in list(self._way_until.items()):
            if until <= now:
                places = {*self._floor.members.get(interface, {}), self._crew.way[interface]}
                self._doubted |= places & self._crew.staffed
                self._arrived(interface)

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
            if not self._synced:
                await self._read_all()
            self._released = True
            done: list[str] = []
            failed: dict[str, str] = {}
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
            self._trouble_until = -inf
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
            self._stumble(str(error))
            self._trouble_until = inf
            return
        self._released = found.released
        self._hands.taken.update(found.taken)

    async def _keep(self) -> bool:
        """Write what must survive us, if it has changed; whether that is so now."""
        if not self._hands.changed:
            return True
        text = kept.text_of(kept.Kept(self._released, self._hands.taken))
        self._hands.changed = False
        try:
            await asyncio.to_thread(kept.write, self._file, text)
        except OSError as error:
            self._hands.changed = True
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
