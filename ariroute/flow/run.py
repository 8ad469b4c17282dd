"""The engine: one contact walked through its flow, up to what it needs next or to the decision.

A :class:`Run` is a state machine without I/O. The daemon, the tests, ``ariroute test`` and replay drive the same one::

    wanted = run.start(now)
    while isinstance(wanted, Fetch):
        wanted = run.receive(answers_for(wanted), now)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision, Destination, HangUpDestination, QueueDestination
from ariroute.flow.facts import EMPTY, Answer, Failure, Outcome
from ariroute.flow.scope import Scope, Unknown, as_text
from ariroute.flow.steps import Branch, Goto, HangUp, Lookup, Set, Step, ToQueue
from ariroute.flow.trace import TraceEntry
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import Fetch

STEP_LIMIT = 1000
"""A run takes so many steps at most. Longer ways and loops are refused at load; this holds whatever was overlooked."""


@dataclass(slots=True)
class _Frame:
    """A list of steps that is being walked, and the case that led into it."""

    steps: tuple[Step, ...]
    cause: tuple[str, str]  # path, text; put together only when a decision is made
    next: int = field(default=0)


class Run:
    """One contact on its way through ``flow``. Raises nothing: whatever breaks ends in the flow's default queue."""

    def __init__(self, ruleset: Ruleset, flow: Flow, contact: Contact) -> None:
        self._ruleset = ruleset
        self._flow = flow
        self._contact = contact
        self._scope: Scope | None = None
        self._frames: list[_Frame] = []
        self._steps_left = STEP_LIMIT
        self._wanted: Lookup | None = None
        self._trace: list[TraceEntry] = []
        self._decision: Decision | None = None

    def start(self, now: datetime) -> Fetch | Decision:
        """Begin; ``now`` is aware. What is needed first, or the decision."""
        if self._decision is not None:
            return self._decision
        try:
            self._scope = Scope(self._contact, now)
            self._enter(self._flow)
            return self._advance(self._scope)
        except Exception as error:
            return self._broken(error)

    def receive(self, answers: Sequence[Answer], now: datetime) -> Fetch | Decision:
        """Go on with the answers to the last Fetch. A lookup without an answer here counts as failed."""
        if self._decision is not None:
            return self._decision
        step, scope = self._wanted, self._scope
        if step is None or scope is None:
            return self.give_up("answers came that were not asked for")
        try:
            self._wanted = None
            scope.now = now
            self._learn(step, scope, answers)
            return self._advance(scope)
        except Exception as error:
            return self._broken(error)

    def give_up(self, reason: str) -> Decision:
        """The default queue, because whoever drives this run cannot go on; a decision already made stays."""
        if self._decision is not None:
            return self._decision
        return self._default(reason)

    def _broken(self, error: Exception) -> Decision:
        return self.give_up(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)

    def _advance(self, scope: Scope) -> Fetch | Decision:
        """Walk until something is needed from outside or a destination is reached."""
        while self._frames:
            frame = self._frames[-1]
            if frame.next == len(frame.steps):
                self._frames.pop()
                continue
            if self._steps_left == 0:
                return self._default(f"more than {STEP_LIMIT} steps, the most that one contact may take")
            self._steps_left -= 1
            step = frame.steps[frame.next]
            frame.next += 1
            wanted = self._take(step, frame, scope)
            if wanted is not None:
                return wanted
        return self._default("the steps ended without a destination")

    def _take(self, step: Step, frame: _Frame, scope: Scope) -> Fetch | Decision | None:
        match step:
            case Branch():
                self._branch(step, scope)
            case Lookup():
                return self._look_up(step, scope)
            case Set():
                self._set(step, scope)
            case ToQueue():
                return self._to_queue(step, frame)
            case Goto():
                self._trace.append(TraceEntry(step.path, "goto", step.flow))
                self._enter(self._ruleset.flows[step.flow])
            case HangUp():
                self._trace.append(TraceEntry(step.path, "hangup", str(step.cause)))
                return self._decide(HangUpDestination(step.cause), _because(frame, step.path))
        return None

    def _enter(self, flow: Flow) -> None:
        self._flow = flow
        self._frames = [_Frame(flow.steps, ("", ""))]
        self._trace.append(TraceEntry(f"flows.{flow.name}", "flow", flow.name))

    def _branch(self, step: Branch, scope: Scope) -> None:
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

    def _look_up(self, step: Lookup, scope: Scope) -> Fetch | None:
        names = tuple(name for name in dict.fromkeys(step.names) if name not in scope.answers)
        for name in step.names:
            if name not in names:
                outcome = str(scope.answers[name].outcome)
                self._trace.append(TraceEntry(step.path, "lookup", outcome, name, reason="asked before in this run"))
        if not names:
            return None
        self._wanted = Lookup(step.path, names)
        return Fetch(names, scope.inputs())

    def _learn(self, step: Lookup, scope: Scope, answers: Sequence[Answer]) -> None:
        given = {answer.lookup: answer for answer in reversed(answers)}  # the first of two answers counts
        for name in step.names:
            answer = _checked(given[name]) if name in given else _no_answer(name)
            scope.learn(answer)
            self._trace.append(_lookup_entry(step.path, answer))

    def _set(self, step: Set, scope: Scope) -> None:
        for name, expression in step.values.items():
            value = expression.evaluate(scope)
            scope.set(name, value)
            if isinstance(value, Unknown):
                entry = TraceEntry(step.path, "set", "unknown", expression.text, ((name, None),), value.reason)
            else:
                entry = TraceEntry(step.path, "set", "set", expression.text, ((name, value),))
            self._trace.append(entry)

    def _to_queue(self, step: ToQueue, frame: _Frame) -> Decision:
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
        variables = self._scope.variables if self._scope else {}
        self._decision = Decision(
            contact=self._contact.id,
            flow=self._flow.name,
            destination=destination,
            reason=reason,
            by_default=by_default,
            variables={name: "" if isinstance(value, Unknown) else as_text(value) for name, value in variables.items()},
            trace=tuple(self._trace),
            ruleset=self._ruleset.digest,
        )
        return self._decision


def _because(frame: _Frame, path: str) -> str:
    """One sentence: the case that led to the step; the step itself when no branch did."""
    where, text = frame.cause
    return f"{where}: {text}" if where else path


def _no_answer(name: str) -> Answer:
    return Answer(name, Outcome.FAILED, failure=Failure.ERROR, detail="no answer came")


def _checked(answer: Answer) -> Answer:
    """``answer`` with fields only where it found some, and failed when one of them is no plain value."""
    if answer.outcome is not Outcome.FOUND:
        return replace(answer, fields=EMPTY) if answer.fields else answer
    odd = next((name for name, value in answer.fields.items() if not _plain(value)), None)
    if odd is None:
        return answer
    return replace(
        answer,
        outcome=Outcome.FAILED,
        fields=EMPTY,
        failure=Failure.WRONG_TYPE,
        detail=f"{odd} is not text, a finite number, true or false",
    )


def _plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, bool, int))


def _lookup_entry(path: str, answer: Answer) -> TraceEntry:
    reason = (
        f"{answer.failure}: {answer.detail}" if answer.failure and answer.detail else answer.failure or answer.detail
    )
    return TraceEntry(
        path,
        "lookup",
        str(answer.outcome),
        answer.lookup,
        tuple(answer.fields.items()),
        str(reason),
        answer.took,
        answer.origin,
    )
