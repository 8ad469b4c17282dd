"""The engine: one contact walked through its flow, up to what it wants next or to the decision.

A :class:`Run` is a state machine without I/O. The daemon, the tests, ``ariroute test`` and replay drive the same one::

    wanted = run.start(now)
    while not isinstance(wanted, Decision):
        wanted = run.receive(reply_to(wanted), now)

A Ring is the one want that may have no reply: whoever answers it ends the run, by :meth:`Run.answered`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ariroute.flow import answers
from ariroute.flow.contact import Contact
from ariroute.flow.decision import (
    Decision,
    Destination,
    EndpointDestination,
    HangUpDestination,
    Label,
    Notice,
    QueueDestination,
    VoicemailDestination,
)
from ariroute.flow.facts import Answer
from ariroute.flow.hours import State
from ariroute.flow.label import labelled
from ariroute.flow.prompts import Said, described, filled
from ariroute.flow.scope import Scope, Unknown, as_text
from ariroute.flow.split import arm_at, drawn
from ariroute.flow.steps import (
    AnswerCall,
    AskHours,
    Branch,
    Collect,
    Consent,
    Dial,
    Goto,
    HangUp,
    Lookup,
    Menu,
    Note,
    Notify,
    Play,
    RingAgent,
    Ringing,
    Set,
    SetLabel,
    Split,
    Step,
    ToQueue,
    Voicemail,
    Way,
)
from ariroute.flow.talk import INVALID, Asking, heard, question
from ariroute.flow.trace import TraceEntry, What
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import (
    NOTHING_BEFORE,
    Fetch,
    Gathered,
    PickUp,
    Played,
    Rang,
    Reply,
    Ring,
    RingOutcome,
    Want,
)
from ariroute.flow.wants import Play as PlayWanted

STEP_LIMIT = 1000
"""A run takes so many steps at most. Longer ways and loops are refused at load; this holds whatever was overlooked."""

SILENCE = Said(())


@dataclass(slots=True)
class _Frame:
    """A list of steps that is being walked, and what led into it."""

    steps: tuple[Step, ...]
    cause: tuple[str, str]  # path, text; put together only when a decision is made
    next: int = field(default=0)


@dataclass(slots=True)
class _Waiting:
    """The step that waits for a reply. ``names`` are the lookups asked, ``tries`` those of a question left."""

    step: Step
    frame: _Frame
    names: tuple[str, ...] = ()
    said: Said = SILENCE
    tries: int = 0
    ring: Ring | None = None


class Run:
    """One contact on its way through ``flow``. Raises nothing: whatever breaks ends in the flow's default queue."""

    def __init__(self, ruleset: Ruleset, flow: Flow, contact: Contact) -> None:
        self._ruleset = ruleset
        self._flow = flow
        self._contact = contact
        self._scope: Scope | None = None
        self._frames: list[_Frame] = []
        self._steps_left = STEP_LIMIT
        self._waiting: _Waiting | None = None
        self._trace: list[TraceEntry] = []
        self._label: Label | None = None
        self._record = False
        self._notices: dict[str, None] = {}
        self._decision: Decision | None = None

    def start(self, now: datetime) -> Want | Decision:
        """Begin; ``now`` is aware. What is wanted first, or the decision."""
        if self._decision is not None:
            return self._decision
        try:
            self._scope = Scope(self._contact, now)
            self._enter(self._flow)
            return self._advance(self._scope)
        except Exception as error:
            return self._broken(error)

    def receive(self, reply: Sequence[Answer] | Reply, now: datetime) -> Want | Decision:
        """Go on with the reply to the last want: answers to Fetch, else Played, Gathered or Rang.

        A lookup without an answer among the answers counts as failed. A reply to something else is a fault of the
        driver and ends the run.
        """
        if self._decision is not None:
            return self._decision
        waiting, scope = self._waiting, self._scope
        if waiting is None or scope is None:
            return self.give_up("a reply came that was not asked for")
        try:
            self._waiting = None
            scope.now = now
            return self._take_reply(waiting, reply, scope) or self._advance(scope)
        except Exception as error:
            return self._broken(error)

    def answered(self, now: datetime) -> Decision:
        """The end, as the Ring that was wanted last has been answered; ``now`` is aware."""
        if self._decision is None:
            if self._scope is not None:
                self._scope.now = now
            self._decision = self.if_answered()
        return self._decision

    def if_answered(self) -> Decision:
        """What :meth:`answered` would decide, without deciding it: who rings needs label and variables before."""
        waiting = self._waiting
        if waiting is None or waiting.ring is None:
            return self.give_up("an answer was told though nobody was rung")
        ring, step = waiting.ring, waiting.step
        entry = TraceEntry(step.path, "agent" if ring.only_idle else "dial", "answered", ring.name)
        destination = EndpointDestination(ring.name, ring.endpoint)
        return self._made(destination, _because(waiting.frame, step.path), trace=(*self._trace, entry))

    def give_up(self, reason: str) -> Decision:
        """The default queue, because whoever drives this run cannot go on; a decision already made stays."""
        if self._decision is not None:
            return self._decision
        return self._default(reason)

    def _broken(self, error: Exception) -> Decision:
        return self.give_up(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)

    # Walking.

    def _advance(self, scope: Scope) -> Want | Decision:
        """Walk until something is wanted from outside or a destination is reached."""
        while self._frames:
            frame = self._frames[-1]
            if frame.next == len(frame.steps):
                self._frames.pop()
                continue
            if not self._may_go_on():
                return self._default(f"more than {STEP_LIMIT} steps, the most that one contact may take")
            step = frame.steps[frame.next]
            frame.next += 1
            wanted = _TAKERS[type(step)](self, step, frame, scope)
            if wanted is not None:
                return wanted
        return self._default("the steps ended without a destination")

    def _may_go_on(self) -> bool:
        if self._steps_left == 0:
            return False
        self._steps_left -= 1
        return True

    def _enter(self, flow: Flow) -> None:
        self._flow = flow
        self._frames = [_Frame(flow.steps, ("", ""))]
        self._trace.append(TraceEntry(f"flows.{flow.name}", "flow", flow.name))

    def _lead(self, way: Way | None, why: str) -> None:
        """Go on with the steps of ``way``; without one, behind the step."""
        if way is not None:
            self._frames.append(_Frame(way.steps, (way.path, why)))

    def _note(self, path: str, what: What, result: str, text: str = "", reason: str = "") -> None:
        self._trace.append(TraceEntry(path, what, result, text, reason=reason))

    # Steps that need nothing from outside.

    def _goto(self, step: Goto, frame: _Frame, scope: Scope) -> None:
        self._note(step.path, "goto", step.flow)
        self._enter(self._ruleset.flows[step.flow])

    def _branch(self, step: Branch, frame: _Frame, scope: Scope) -> None:
        for case in step.cases:
            condition = case.condition
            held = condition.holds(scope)
            looked_at = condition.looked_at(scope)
            if isinstance(held, Unknown):
                self._trace.append(TraceEntry(case.path, "case", "unknown", condition.text, looked_at, held.reason))
                continue
            result = "true" if held else "false"
            self._trace.append(TraceEntry(case.path, "case", result, condition.text, looked_at))
            if held:
                self._frames.append(_Frame(case.steps, (case.path, condition.text)))
                return
        if not step.otherwise:
            self._trace.append(TraceEntry(step.path, "otherwise", "none", reason="no case is true"))
            return
        path = f"{step.path}.branch[{len(step.cases)}]"  # the file has `else:` as its last case
        self._trace.append(TraceEntry(path, "otherwise", "taken", "else", reason="no case is true"))
        self._frames.append(_Frame(step.otherwise, (path, "else, no case is true")))

    def _set(self, step: Set, frame: _Frame, scope: Scope) -> None:
        for name, expression in step.values.items():
            value = expression.evaluate(scope)
            scope.set(name, value)
            if isinstance(value, Unknown):
                entry = TraceEntry(step.path, "set", "unknown", expression.text, ((name, None),), value.reason)
            else:
                entry = TraceEntry(step.path, "set", "set", expression.text, ((name, value),))
            self._trace.append(entry)

    def _split(self, step: Split, frame: _Frame, scope: Scope) -> None:
        place = drawn(step, self._contact)
        arm = arm_at(step, place)
        result = f"{arm.percent:g} percent" if arm else "the rest"
        self._trace.append(TraceEntry(step.path, "split", result, step.name, (("drawn", round(place, 2)),)))
        if arm:
            self._lead(arm.way, f"split {step.name}, {result}")

    def _hours(self, step: AskHours, frame: _Frame, scope: Scope) -> None:
        standing = self._ruleset.hours[step.calendar].standing(scope.now)
        self._note(step.path, "hours", str(standing.state), step.calendar, standing.reason)
        ways = {State.OPEN: step.open, State.CLOSED: step.closed, State.HOLIDAY: step.holiday or step.closed}
        self._lead(ways[standing.state], f"{step.calendar} {standing.state}")

    def _set_label(self, step: SetLabel, frame: _Frame, scope: Scope) -> None:
        self._label, doubts = labelled(step, self._label, scope)
        values = [
            ("name_prefix", self._label.name_prefix),
            *self._label.headers.items(),
            *self._label.variables.items(),
        ]
        given = tuple((name, text) for name, text in values if text)
        self._trace.append(TraceEntry(step.path, "label", "labelled", values=given, reason=doubts))

    def _notify(self, step: Notify, frame: _Frame, scope: Scope) -> None:
        for name in step.names:
            self._notices[name] = None
            self._note(step.path, "notify", "planned", name)

    def _note_down(self, step: Note, frame: _Frame, scope: Scope) -> None:
        value = step.text.evaluate(scope)
        if isinstance(value, Unknown):
            self._note(step.path, "note", "unknown", step.text.text, value.reason)
        else:
            self._note(step.path, "note", "noted", as_text(value))

    # Steps that want something from outside, and what comes back.

    def _look_up(self, step: Lookup, frame: _Frame, scope: Scope) -> Want | None:
        names: list[str] = []
        for name in dict.fromkeys(step.names):
            if name in scope.answers:
                outcome = str(scope.answers[name].outcome)
                self._note(step.path, "lookup", outcome, name, "asked before in this run")
            elif step.needs and (silent := self._silent(step, name, scope)):
                self._learn(step, scope, answers.not_askable(name, silent))
            else:
                names.append(name)
        if not names:
            self._lead_on(step, scope)
            return None
        self._waiting = _Waiting(step, frame, tuple(names))
        return Fetch(tuple(names), scope.inputs(), _after(step.needs, names) if step.needs else NOTHING_BEFORE)

    @staticmethod
    def _silent(step: Lookup, name: str, scope: Scope) -> str:
        """The lookup that failed though the question to ``name`` is made of its answer; empty when none did."""
        needed = sorted(step.needs.get(name, ()))
        return next((each for each in needed if (known := scope.answers.get(each)) and known.failure), "")

    def _learn(self, step: Lookup, scope: Scope, answer: Answer) -> None:
        scope.learn(answer)
        self._trace.append(answers.trace_entry(step.path, answer))

    def _lead_on(self, step: Lookup, scope: Scope) -> None:
        if step.ways and (found := answers.way_after(step, scope.answers)):
            self._lead(*found)

    def _pick_up(self, step: AnswerCall, frame: _Frame, scope: Scope) -> Want:
        self._waiting = _Waiting(step, frame)
        return PickUp()

    def _play(self, step: Play, frame: _Frame, scope: Scope) -> Want | None:
        said = filled(step.prompt, scope)
        if not said.prompt:
            self._note(step.path, step.what, "skipped", reason=said.left_out)
            return None
        self._waiting = _Waiting(step, frame, said=said)
        return PlayWanted(said.prompt, step.at_most, step.language)

    def _ask(self, step: Asking, frame: _Frame, scope: Scope) -> Want:
        return self._ask_again(_Waiting(step, frame, tries=step.question.tries), step, scope, after_invalid=False)

    def _ask_again(self, waiting: _Waiting, step: Asking, scope: Scope, *, after_invalid: bool) -> Want:
        wanted, waiting.said = question(step, scope, after_invalid=after_invalid)
        waiting.tries -= 1
        self._waiting = waiting
        return wanted

    def _dial(self, step: Dial, frame: _Frame, scope: Scope) -> Want:
        return self._ring(Ring(step.name, step.endpoint, step.within), step, frame)

    def _ring_agent(self, step: RingAgent, frame: _Frame, scope: Scope) -> Want | None:
        value = step.name.evaluate(scope)
        agent = None if isinstance(value, Unknown) else self._ruleset.agents.find(as_text(value))
        if agent is not None:
            return self._ring(Ring(agent.name, agent.endpoint, step.within, only_idle=True), step, frame)
        if isinstance(value, Unknown):
            reason, text = value.reason, step.name.text
        else:
            text = as_text(value)
            reason = "no agent of the file is called so" if text else f"{step.name.text} is empty"
        self._note(step.path, "agent", "unknown", text, reason)
        self._lead(step.unknown, "agent unknown")
        return None

    def _ring(self, wanted: Ring, step: Ringing, frame: _Frame) -> Want:
        self._waiting = _Waiting(step, frame, ring=wanted)
        return wanted

    def _take_reply(self, waiting: _Waiting, reply: Sequence[Answer] | Reply, scope: Scope) -> Want | Decision | None:
        """What is wanted next by the same step, if anything."""
        match waiting.step, reply:
            case Lookup() as step, Sequence():
                given = {answer.lookup: answer for answer in reversed(reply)}  # the first of two answers counts
                for name in waiting.names:
                    answer = answers.checked(given[name]) if name in given else answers.no_answer(name)
                    self._learn(step, scope, answer)
                self._lead_on(step, scope)
            case AnswerCall() as step, Played():
                result = "failed" if reply.failure else "answered"
                self._trace.append(TraceEntry(step.path, "answer", result, reason=reply.failure, took=reply.took))
            case Play() as step, Played():
                self._spoken(step.path, step.what, "failed" if reply.failure else "played", waiting, reply)
            case (Menu() | Collect() | Consent()) as step, Gathered():
                return self._hear(waiting, step, reply, scope)
            case (Dial() | RingAgent()) as step, Rang():
                self._nobody(waiting, step, reply)
            case _:
                return self.give_up(f"a {type(reply).__name__} came where the step wanted something else")
        return None

    def _spoken(self, path: str, what: What, result: str, waiting: _Waiting, reply: Played | Gathered) -> None:
        reason = "; ".join(filter(None, (waiting.said.left_out, reply.failure)))
        digits = (("digits", reply.digits),) if isinstance(reply, Gathered) and reply.digits else ()
        self._trace.append(TraceEntry(path, what, result, described(waiting.said.prompt), digits, reason, reply.took))

    def _hear(self, waiting: _Waiting, step: Asking, reply: Gathered, scope: Scope) -> Want | Decision | None:
        """Take what the caller keyed in, or ask again. What could not be played once is not played again."""
        what = _ASKING[type(step)]
        known = heard(step, reply)
        self._spoken(step.path, what, known.word, waiting, reply)
        if not known.good and waiting.tries > 0 and (reply.digits or not reply.failure):
            if not self._may_go_on():
                return self._default(f"more than {STEP_LIMIT} steps, the most that one contact may take")
            return self._ask_again(waiting, step, scope, after_invalid=known.word == INVALID)
        if not isinstance(step, Menu):
            scope.set(step.into, known.value)
        if isinstance(step, Consent) and step.record:
            self._record = known.value is True
        self._lead(known.way, f"{what} {known.word}")
        return None

    def _nobody(self, waiting: _Waiting, step: Ringing, reply: Rang) -> None:
        what: What = "dial" if isinstance(step, Dial) else "agent"
        name = waiting.ring.name if waiting.ring else ""
        self._trace.append(TraceEntry(step.path, what, str(reply.outcome), name, (), reply.detail, reply.took))
        ways = {
            RingOutcome.BUSY: step.otherwise.busy,
            RingOutcome.NO_ANSWER: step.otherwise.no_answer,
            RingOutcome.FAILED: step.otherwise.failed,
        }
        self._lead(ways[reply.outcome], f"{what} {name} {reply.outcome}")

    # The end.

    def _hang_up(self, step: HangUp, frame: _Frame, scope: Scope) -> Decision:
        self._note(step.path, "hangup", str(step.cause))
        return self._decide(HangUpDestination(step.cause), _because(frame, step.path))

    def _voicemail(self, step: Voicemail, frame: _Frame, scope: Scope) -> Decision:
        self._note(step.path, "voicemail", step.box, step.greeting)
        return self._decide(VoicemailDestination(step.box, step.greeting), _because(frame, step.path))

    def _to_queue(self, step: ToQueue, frame: _Frame, scope: Scope) -> Decision:
        own = self._ruleset.queues[step.queue].priority
        priority = own if step.priority is None else step.priority
        self._trace.append(TraceEntry(step.path, "queue", step.queue, values=(("priority", priority),)))
        return self._decide(QueueDestination(step.queue, priority), _because(frame, step.path))

    def _default(self, reason: str) -> Decision:
        name = self._flow.default
        queue = self._ruleset.queues.get(name)
        path = f"flows.{self._flow.name}.default"
        self._trace.append(TraceEntry(path, "default", name, reason=reason))
        destination = QueueDestination(name, queue.priority if queue else 0)
        return self._decide(destination, f"{path}: {reason}", by_default=True)

    def _decide(self, destination: Destination, reason: str, by_default: bool = False) -> Decision:
        self._decision = self._made(destination, reason, by_default, tuple(self._trace))
        return self._decision

    def _made(
        self, destination: Destination, reason: str, by_default: bool = False, trace: tuple[TraceEntry, ...] = ()
    ) -> Decision:
        variables = self._scope.variables if self._scope else {}
        return Decision(
            contact=self._contact.id,
            flow=self._flow.name,
            destination=destination,
            reason=reason,
            by_default=by_default,
            variables={name: "" if isinstance(value, Unknown) else as_text(value) for name, value in variables.items()},
            trace=trace,
            ruleset=self._ruleset.digest,
            label=self._label,
            record=self._record,
            notices=self._notices_of(destination) if self._notices else (),
        )

    def _notices_of(self, destination: Destination) -> tuple[Notice, ...]:
        known = self._scope.inputs() if self._scope else {}
        inputs = known | {"decision.flow": self._flow.name, "decision.to": str(destination)}
        return tuple(Notice(name, inputs) for name in self._notices)


_TAKERS: Mapping[type[Step], Callable[..., Want | Decision | None]] = {
    Branch: Run._branch,
    Lookup: Run._look_up,
    Set: Run._set,
    ToQueue: Run._to_queue,
    Goto: Run._goto,
    HangUp: Run._hang_up,
    Split: Run._split,
    AskHours: Run._hours,
    AnswerCall: Run._pick_up,
    Play: Run._play,
    Menu: Run._ask,
    Collect: Run._ask,
    Consent: Run._ask,
    Dial: Run._dial,
    RingAgent: Run._ring_agent,
    Voicemail: Run._voicemail,
    SetLabel: Run._set_label,
    Notify: Run._notify,
    Note: Run._note_down,
}
"""The method that takes each kind of step. A table, as it is looked into for every step of every call."""

_ASKING: Mapping[type[Asking], What] = {Menu: "menu", Collect: "collect", Consent: "consent"}


def _after(needs: Mapping[str, frozenset[str]], names: Sequence[str]) -> dict[str, frozenset[str]]:
    """For each of ``names`` those of them that it waits for."""
    waits = {name: needs[name].intersection(names) for name in names if name in needs}
    return {name: before for name, before in waits.items() if before}


def _because(frame: _Frame, path: str) -> str:
    """One sentence: what led to the step; the step itself when it stands in the flow's own list."""
    where, text = frame.cause
    return f"{where}: {text}" if where else path
