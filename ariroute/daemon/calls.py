"""The calls of one PBX: one guarded task per channel, from StasisStart (or a sweep that found it) to the hand-off."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from ariroute.asterisk.ari import Ari
from ariroute.asterisk.events import (
    ApplicationReplaced,
    Channel,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    Dialled,
    Event,
    PlaybackFinished,
    StasisEnd,
    StasisStart,
)
from ariroute.asterisk.variables import CALLER_NAME
from ariroute.daemon import logs
from ariroute.daemon.call import Call, FoundBy, Phase, cancel, is_deciding, record
from ariroute.daemon.conversation import Conversation, channel_of
from ariroute.daemon.deadlines import Deadlines
from ariroute.daemon.drive import drive
from ariroute.daemon.handoff import alone, hand_over, ring_variables, variables
from ariroute.daemon.metrics import Metrics
from ariroute.daemon.outcomes import Outcomes
from ariroute.daemon.report import report
from ariroute.daemon.ringing import Ringing, let_go, word_in
from ariroute.daemon.routing import Routing
from ariroute.daemon.supervise import Tasks
from ariroute.daemon.sweep import Sweep
from ariroute.errors import AriError, ChannelGone
from ariroute.flow.contact import Contact, dialled_party, is_obeyed, party
from ariroute.flow.decision import Decision, EndpointDestination, QueueDestination
from ariroute.flow.run import Run
from ariroute.flow.wants import Gather, PickUp, Play, Reply, Ring

log = logging.getLogger("ariroute.calls")

MESSAGE_CHANNEL = "Message/"  # one channel for all SIP MESSAGEs of the PBX; holding it blocks them all
MARGIN = 0.5  # seconds of the guard kept for the hand-off itself
UP = "Up"  # the state of a channel that was answered

OVERLOAD = "overload: too many calls are being decided (daemon.max_in_flight)"
STOPPING = "the daemon is stopping"
STRANGER = "it comes back from a phone that nobody answered, and this daemon has not sent it there: was it restarted?"

Performed = PickUp | Play | Gather | Ring


class Calls:
    """Takes channels in, decides on each in a task of its own, hands them over.

    ``routing`` gives the configuration in force; it is asked once per call.
    """

    def __init__(
        self,
        ari: Ari,
        pbx: str,
        routing: Callable[[], Routing],
        metrics: Metrics,
        *,
        outcomes: Outcomes | None = None,
        on_replaced: Callable[[], None] = lambda: None,
    ) -> None:
        self._ari = ari
        self._pbx = pbx
        self._routing = routing
        self._metrics = metrics
        self._outcomes = outcomes
        self._on_replaced = on_replaced
        self._calls: dict[str, Call] = {}
        self._tasks = Tasks(self._task_ended)
        self._deadlines: Deadlines[Call] = Deadlines(is_deciding, cancel)
        self._deciding = 0
        self._talking = 0
        self.taking = True
        self.is_replaced = False
        self.sweep = Sweep(ari, self._calls, self.take)

    @property
    def in_flight(self) -> int:
        """Calls that are being decided or handed over now."""
        return self._deciding

    # What Asterisk tells us.

    def on_event(self, event: Event) -> None:
        """React to one ARI event; never raises, never waits."""
        match event:
            case StasisStart():
                dialled, *arguments = event.args or ("",)
                self.take(event.channel, dialled, tuple(arguments), "event")
            case ChannelHangupRequest():
                self._hung_up(event.channel.id)
            case ChannelDestroyed():
                self._hung_up(event.channel.id)
                self._left(event.channel.id, for_good=True)
            case StasisEnd():
                self._left(event.channel.id)
            case ChannelDtmfReceived():
                if talk := self._talk_of(event.channel.id):
                    talk.on_key(event.digit)
            case PlaybackFinished():
                if talk := self._talk_of(channel_of(event.playback_id)):
                    talk.on_playback_end(event.playback_id, event.state)
            case Dialled():
                if (call := self._calls.get(event.caller_id)) and call.ringing:
                    call.ringing.on_dialled(event.status)
            case ApplicationReplaced():
                log.warning("another program has registered this Stasis application: taking no more calls")
                self.taking = False
                self.is_replaced = True
                self._leave_talks()
                self._on_replaced()

    def take(self, channel: Channel, dialled: str, arguments: tuple[str, ...], found_by: FoundBy) -> None:
        """Start a task for ``channel`` unless it has one, which then goes on if it waits for a ring to end."""
        known = self._calls.get(channel.id)
        word = word_in(arguments)
        if known and known.ringing and word is not None:
            known.ringing.on_back(word)
        if (known and known.phase is not Phase.DONE) or not self.taking:
            return
        routing = self._routing()
        limit = routing.config.daemon.max_in_flight
        contact = self._contact(channel, dialled, () if word is not None else arguments, routing.ruleset.region)
        renamed = contact.caller.name if is_obeyed(channel.caller_name) else None
        call = Call(channel.id, found_by, time.monotonic(), is_up=channel.state == UP, renamed=renamed)
        self._calls[channel.id] = call
        self._metrics.taken(self._pbx, found_by)
        if channel.name.startswith(MESSAGE_CHANNEL):
            work = self._pass_on(call, "not a call: the channel of SIP messages")
        else:
            call.contact, call.recording = contact, routing.recording
            overloaded = self._deciding - self._talking >= limit
            work = self._route(call, contact, STRANGER if word is not None else OVERLOAD if overloaded else "")
        self._deciding += 1
        if self._outcomes:
            self._outcomes.began(call.id)
        call.task = self._tasks.spawn(work, f"call {channel.id}", about=call)

    async def drain(self, within: float) -> None:
        """Take nothing new; let calls finish for ``within`` seconds, then give the rest to the dialplan.

        Those that ring somewhere are left to the dialplan at once: it has the default queue of their flow.
        After ApplicationReplaced the rest belongs to the program that replaced us; without a single connection there
        is none.
        """
        self.taking = False
        for call in list(self._calls.values()):
            if call.ringing and call.task:
                self._ended("left ringing", call)
                about = {"channel": call.id}
                log.info("left ringing, the daemon stops; unanswered it goes to the flow's default queue", extra=about)
                call.task.cancel()
                await let_go(self._ari, call.id)
            elif call.task:
                call.ended, call.why = "passed on", STOPPING  # unless it is decided or hangs up in time
        await self._tasks.finish(within)
        if self.is_replaced or not self._ari.counters.connects:
            return
        try:
            left = await self._ari.channels_in_app()
        except AriError as error:
            log.warning("cannot list the application's channels at the end: %s; the guard has them", error)
            return
        for channel_id in left:
            await self._pass_on(Call(channel_id, "sweep", time.monotonic()), STOPPING)

    # One call.

    async def _route(self, call: Call, contact: Contact, hopeless: str) -> None:
        """From the flow to the hand-off; ``hopeless`` says why the flow's steps are not walked, if they are not."""
        logs.channel.set(call.id)
        with self._routing() as routing:
            flow = routing.ruleset.flow_for(contact)
            if flow is None:
                await self._pass_on(
                    call, f"no flow answers to '{contact.dialled.label}': add one, or a flow without 'to'"
                )
                return
            run = Run(routing.ruleset, flow, contact)
            call.run, call.recording, decision = run, routing.recording, None
            try:
                decision = run.give_up(hopeless) if hopeless else await self._decide(run, contact, call, routing)
                call.phase, call.has_left = Phase.HANDING_OVER, False
                handed_over = isinstance(decision.destination, EndpointDestination) or await hand_over(
                    self._ari, call.id, _own(call, variables(decision, contact.caller.name)), lambda: call.has_left
                )
            except AriError as error:
                self._ended("left to the guard", call, f"hand-off failed: {error}")
                log.error("hand-off failed, the guard in the dialplan has the call: %s", error)
                record(call, call.ended, time.monotonic() - call.since, decision)
                return
            took = self._report(call, contact, decision, handed_over, routing.config.daemon.mask_numbers)
            handed = "handed over" if handed_over else "gone"
            call.queued = handed_over and isinstance(decision.destination, QueueDestination)
            record(call, handed, took, decision)
            if handed_over:
                routing.notices.send(decision)

    async def _decide(self, run: Run, contact: Contact, call: Call, routing: Routing) -> Decision:
        """The run's decision; the flow's default with the reason when it cannot be reached in time or at all."""
        guard = routing.config.daemon.guard
        self._hold(call, guard - (time.monotonic() - call.since))

        async def perform(want: Performed) -> Reply | None:
            self._talking += 1  # it costs next to nothing meanwhile, however long it takes
            try:
                if isinstance(want, Ring):
                    return await self._ring(want, run, contact, call, routing)
                return await self._talk(want, call, routing)
            finally:
                self._talking -= 1

        try:
            return await drive(run, routing.lookups.fetch, _now, perform)
        except asyncio.CancelledError:
            if not call.overdue or call.task is None or call.task.uncancel() > 0:
                raise
            return run.give_up(f"no decision in time: {MARGIN} s before the guard fires")
        except AriError:  # a hand-off to a phone that failed
            raise
        except Exception as error:  # whatever it is, the caller must reach a queue
            log.exception("deciding failed")
            return run.give_up(f"{type(error).__name__} while deciding")

    async def _talk(self, want: PickUp | Play | Gather, call: Call, routing: Routing) -> Reply:
        if self.is_replaced:
            raise AriError("another program has the application now, and the word with the caller")
        if call.talk is None:
            call.talk = Conversation(
                self._ari,
                call.id,
                routing.config.daemon.guard,
                speak=routing.speech.file if routing.speech else None,
                hold=lambda seconds: self._hold(call, seconds),
                is_answered=call.is_up,
                found=call.found_by == "sweep",
            )
        return await call.talk.carry_out(want)

    async def _ring(self, want: Ring, run: Run, contact: Contact, call: Call, routing: Routing) -> Reply | None:
        """Ring outside of the application; None when somebody answered."""
        if_answered = run.if_answered()
        default = routing.ruleset.flows[if_answered.flow].default
        call.ringing = Ringing(self._ari, call.id)
        call.phase = Phase.RINGING
        try:
            wanted = _own(call, ring_variables(want, if_answered, default, contact.caller.name))
            return await call.ringing.carry_out(want, wanted)
        finally:
            if call.talk:
                call.talk.allowance.spend(time.monotonic() - call.ringing.began)
            call.ringing = None
            call.phase = Phase.DECIDING
            self._hold(call, routing.config.daemon.guard)

    def _hold(self, call: Call, guard_fires_in: float) -> None:
        """Move the time by which ``call`` must be decided, as its guard has been set."""
        within = max(0.1, guard_fires_in - MARGIN)
        call.due = asyncio.get_running_loop().time() + within
        self._deadlines.add(call, within)

    def _talk_of(self, channel_id: str) -> Conversation | None:
        call = self._calls.get(channel_id)
        return call.talk if call else None

    async def _pass_on(self, call: Call, why: str) -> None:
        """Give the channel back without a decision: the dialplan's default queue takes it."""
        logs.channel.set(call.id)
        call.phase = Phase.HANDING_OVER
        log.warning("passed on without a decision: %s", why)
        try:
            await self._ari.continue_in_dialplan(call.id)
        except ChannelGone:
            self._ended("gone", call, why)
        except AriError as error:
            self._ended("left to the guard", call, why)
            log.error("cannot pass the call on, the guard in the dialplan has it: %s", error)
        else:
            self._ended("passed on", call, why)

    def _contact(self, channel: Channel, dialled: str, arguments: tuple[str, ...], region: str) -> Contact:
        return Contact(
            id=channel.id,
            arrived=_now(),
            caller=party(channel.caller_number, channel.caller_name, region),
            dialled=dialled_party(dialled, region),
            pbx=self._pbx,
            arguments=arguments,
        )

    # How a call ends.

    def _hung_up(self, channel_id: str) -> None:
        if call := self._calls.get(channel_id):
            call.hung_up = True

    def _left(self, channel_id: str, *, for_good: bool = False) -> None:
        """The channel left the application: by our hand-off, or the caller or the guard ended it first."""
        call = self._calls.get(channel_id)
        self.sweep.left(channel_id)
        if call and not call.hung_up:
            call.has_left = True
        if call and call.ringing and not for_good:
            call.ringing.on_left()
            return
        self._calls.pop(channel_id, None)
        if call is None or call.phase not in (Phase.DECIDING, Phase.RINGING) or call.task is None:
            return
        call.phase = Phase.DONE
        how = "hung up" if call.hung_up else "left before the decision"
        self._ended(how, call)
        log.info("ended before a decision: %s", how, extra={"channel": channel_id})
        call.task.cancel()

    def _task_ended(self, call: Call) -> None:
        self._deciding -= 1
        call.phase = Phase.DONE
        record(call, call.ended or "left to the guard", time.monotonic() - call.since)
        call.since = time.monotonic()
        if self._outcomes:
            self._outcomes.settled(call.id, queued=call.queued and not call.hung_up)
        call.run = call.contact = None
        call.task = call.talk = None  # the talk knows the call, too: both would wait for the collector

    def _leave_talks(self) -> None:
        """Another program is told of keys and of prompts' ends now: callers who were being talked to begin with it."""
        for call in self._calls.values():
            if call.talk and call.task and call.phase is Phase.DECIDING:
                self._ended("left to another program", call)
                call.talk.leave()
                call.task.cancel()

    def _ended(self, how: str, call: Call | None = None, why: str = "") -> None:
        self._metrics.ended(self._pbx, how)
        if call:
            call.ended, call.why = how, why

    def _report(self, call: Call, contact: Contact, decision: Decision, handed_over: bool, mask: bool) -> float:
        took = time.monotonic() - call.since
        if not handed_over:
            self._ended("gone")
            log.info("gone before the hand-off: the caller hung up, or the guard fired")
            return took
        self._ended("handed over")
        self._metrics.decided(decision, took)
        if log.isEnabledFor(logging.INFO):
            log.info("routed", extra=report(contact, decision, took, mask) | {"found_by": call.found_by})
        return took


def _own(call: Call, wanted: Mapping[str, str]) -> Mapping[str, str]:
    """What to write to the channel of ``call``: one that was found there may have been another daemon's before."""
    if call.renamed is not None:
        wanted = {CALLER_NAME: call.renamed, **wanted}
    return alone(wanted) if call.found_by == "sweep" else wanted


def _now() -> datetime:
    return datetime.now(UTC)
