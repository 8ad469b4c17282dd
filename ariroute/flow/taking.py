"""The steps that need nothing from outside: each changes the walk, or ends it with a decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ariroute.flow.decision import Decision, HangUpDestination, QueueDestination, VoicemailDestination
from ariroute.flow.hours import State
from ariroute.flow.index import Index
from ariroute.flow.label import labelled
from ariroute.flow.scope import Unknown, as_text
from ariroute.flow.split import arm_at, bounds, drawn, is_within
from ariroute.flow.steps import (
    AskHours,
    Branch,
    Case,
    Goto,
    HangUp,
    Note,
    Notify,
    Set,
    SetLabel,
    Split,
    ToQueue,
    Voicemail,
)
from ariroute.flow.trace import TraceEntry, What
from ariroute.flow.walk import Frame, Walk


def goto(walk: Walk, step: Goto, frame: Frame) -> None:
    walk.note(step.path, "goto", step.flow)
    walk.enter(walk.ruleset.flows[step.flow])


def branch(walk: Walk, step: Branch, frame: Frame) -> None:
    scope, trace = walk.scope, walk.trace
    for case in step.cases if step.index is None else _by_index(walk, step, step.index):
        condition = case.condition
        held = condition.holds(scope)
        looked_at = condition.looked_at(scope)
        if isinstance(held, Unknown):
            trace.append(TraceEntry(case.path, "case", "unknown", condition.text, looked_at, held.reason))
            continue
        trace.append(TraceEntry(case.path, "case", "true" if held else "false", condition.text, looked_at))
        if held:
            walk.frames.append(Frame(case.steps, (case.path, condition.text)))
            return
    if not step.otherwise:
        walk.note(step.path, "otherwise", "none", reason="no case is true")
        return
    path = f"{step.path}.branch[{len(step.cases)}]"  # the file has `else:` as its last case
    walk.note(path, "otherwise", "taken", "else", "no case is true")
    walk.frames.append(Frame(step.otherwise, (path, "else, no case is true")))


def _by_index(walk: Walk, step: Branch, index: Index) -> Iterator[Case]:
    """The cases that can be true; those between are one line of the trace."""
    value, passed = walk.scope.miss((index.fact,)) or index.read(walk.scope), 0
    for number in index.candidates(value):
        _pass_over(walk, step, index, value, passed, number)
        passed = number + 1
        yield step.cases[number]
    _pass_over(walk, step, index, value, passed, len(step.cases))


def _pass_over(walk: Walk, step: Branch, index: Index, value: Any, first: int, behind: int) -> None:
    """Note the cases from ``first`` to before ``behind``, which cannot be true; several are one entry ``cases``."""
    if first == behind:
        return
    case, many = step.cases[first], behind - first > 1
    path = f"{step.path}.branch[{first}-{behind - 1}]" if many else case.path
    text = f"{behind - first} cases on {index.fact}" if many else case.condition.text
    what: What = "cases" if many else "case"
    if isinstance(value, Unknown):
        doubt = case.condition.holds(walk.scope)
        reason = doubt.reason if isinstance(doubt, Unknown) else value.reason
        walk.trace.append(TraceEntry(path, what, "unknown", text, (), reason))
    else:
        walk.trace.append(TraceEntry(path, what, "false", text, ((index.fact, value),)))


def assign(walk: Walk, step: Set, frame: Frame) -> None:
    scope = walk.scope
    for name, expression in step.values.items():
        missed = len(scope.missed)
        value = expression.evaluate(scope)
        scope.set(name, value)
        if scope.forgive(missed):  # it matters only where something asks for the variable
            scope.gaps |= {f"vars.{name}"}
        if isinstance(value, Unknown):
            entry = TraceEntry(step.path, "set", "unknown", expression.text, ((name, None),), value.reason)
        else:
            entry = TraceEntry(step.path, "set", "set", expression.text, ((name, value),))
        walk.trace.append(entry)


def split(walk: Walk, step: Split, frame: Frame) -> None:
    place = walk.gaps.draws.get(step.name)
    between = walk.gaps.arms.get(step.name) if place is None else None
    if between is None:
        if place is None:
            walk.scope.miss(("caller.e164", "caller.number"))
            place = drawn(step, walk.contact)
        walk.draws[step.name] = place
        arm = arm_at(step, place)
    else:
        arm = arm_at(step, between[0])
        if not is_within(between, bounds(step, arm)):
            walk.scope.missed.append(f"where the caller stands in split {step.name}")
    result = f"{arm.percent:g} percent" if arm else "the rest"
    values = (("drawn", round(place, 2)),) if place is not None else ()
    walk.trace.append(TraceEntry(step.path, "split", result, step.name, values))
    if arm:
        walk.lead(arm.way, f"split {step.name}, {result}")


def hours(walk: Walk, step: AskHours, frame: Frame) -> None:
    standing = walk.scope.standing(walk.ruleset.hours[step.calendar], walk.scope.now)
    if isinstance(standing, Unknown):
        walk.note(step.path, "hours", "unknown", step.calendar, standing.reason)
        return
    walk.note(step.path, "hours", str(standing.state), step.calendar, standing.reason)
    ways = {State.OPEN: step.open, State.CLOSED: step.closed, State.HOLIDAY: step.holiday or step.closed}
    walk.lead(ways[standing.state], f"{step.calendar} {standing.state}")


def label(walk: Walk, step: SetLabel, frame: Frame) -> None:
    missed = len(walk.scope.missed)
    made, doubts = labelled(step, walk.label, walk.scope)
    walk.scope.forgive(missed)
    walk.label = made
    values = [("name_prefix", made.name_prefix), *made.headers.items(), *made.variables.items()]
    given = tuple((name, text) for name, text in values if text)
    walk.trace.append(TraceEntry(step.path, "label", "labelled", values=given, reason=doubts))


def notify(walk: Walk, step: Notify, frame: Frame) -> None:
    for name in step.names:
        walk.notices[name] = None
        walk.note(step.path, "notify", "planned", name)


def note(walk: Walk, step: Note, frame: Frame) -> None:
    missed = len(walk.scope.missed)
    value = step.text.evaluate(walk.scope)
    walk.scope.forgive(missed)
    if isinstance(value, Unknown):
        walk.note(step.path, "note", "unknown", step.text.text, value.reason)
    else:
        walk.note(step.path, "note", "noted", as_text(value))


def hang_up(walk: Walk, step: HangUp, frame: Frame) -> Decision:
    walk.note(step.path, "hangup", str(step.cause))
    return walk.decide(HangUpDestination(step.cause), frame.because(step.path))


def voicemail(walk: Walk, step: Voicemail, frame: Frame) -> Decision:
    walk.note(step.path, "voicemail", step.box, step.greeting)
    return walk.decide(VoicemailDestination(step.box, step.greeting), frame.because(step.path))


def to_queue(walk: Walk, step: ToQueue, frame: Frame) -> Decision:
    own = walk.ruleset.queues[step.queue].priority
    priority = own if step.priority is None else step.priority
    walk.trace.append(TraceEntry(step.path, "queue", step.queue, values=(("priority", priority),)))
    return walk.decide(QueueDestination(step.queue, priority), frame.because(step.path))
