"""The steps that want something from outside, and what becomes of the replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ariroute.flow import answers
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer
from ariroute.flow.prompts import described, filled
from ariroute.flow.scope import Unknown, as_text
from ariroute.flow.steps import AnswerCall, Collect, Consent, Dial, Lookup, Menu, Play, RingAgent, Ringing
from ariroute.flow.talk import INVALID, Asking, heard, question, rule_of
from ariroute.flow.trace import TraceEntry, What
from ariroute.flow.walk import Frame, Waiting, Walk
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

ASKING: Mapping[type[Asking], What] = {Menu: "menu", Collect: "collect", Consent: "consent"}


def look_up(walk: Walk, step: Lookup, frame: Frame) -> Want | None:
    """Ask those that were not asked before, and that can be asked."""
    scope = walk.scope
    names: list[str] = []
    for name in dict.fromkeys(step.names):
        if name in scope.answers:
            walk.note(step.path, "lookup", str(scope.answers[name].outcome), name, "asked before in this run")
        elif step.needs and (silent := _silent(walk, step, name)):
            _learn(walk, step, answers.not_askable(name, silent))
        else:
            names.append(name)
    if not names:
        _lead_on(walk, step)
        return None
    walk.waiting = Waiting(step, frame, tuple(names))
    return Fetch(tuple(names), scope.inputs(), _after(step.needs, names) if step.needs else NOTHING_BEFORE)


def _silent(walk: Walk, step: Lookup, name: str) -> str:
    """The lookup that failed though the question to ``name`` is made of its answer; empty when none did."""
    known = walk.scope.answers
    needed = sorted(step.needs.get(name, ()))
    return next((each for each in needed if each in known and walk.scope.doubt(each)), "")


def _after(needs: Mapping[str, frozenset[str]], names: Sequence[str]) -> dict[str, frozenset[str]]:
    """For each of ``names`` those of them that it waits for."""
    waits = {name: needs[name].intersection(names) for name in names if name in needs}
    return {name: before for name, before in waits.items() if before}


def _learn(walk: Walk, step: Lookup, answer: Answer) -> None:
    walk.scope.learn(answer)
    walk.trace.append(answers.trace_entry(step.path, answer))


def _lead_on(walk: Walk, step: Lookup) -> None:
    if step.ways and (found := answers.way_after(step, walk.scope.answers)):
        walk.lead(*found)


def pick_up(walk: Walk, step: AnswerCall, frame: Frame) -> Want:
    walk.waiting = Waiting(step, frame)
    return PickUp()


def play(walk: Walk, step: Play, frame: Frame) -> Want | None:
    said = filled(step.prompt, walk.scope)
    if not said.prompt:
        walk.note(step.path, step.what, "skipped", reason=said.left_out)
        return None
    walk.waiting = Waiting(step, frame, said=said)
    return PlayWanted(said.prompt, step.at_most, step.language)


def ask(walk: Walk, step: Asking, frame: Frame) -> Want:
    return _ask_again(walk, Waiting(step, frame, tries=step.question.tries), step, after_invalid=False)


def _ask_again(walk: Walk, waiting: Waiting, step: Asking, *, after_invalid: bool) -> Want:
    wanted, waiting.said = question(step, walk.scope, after_invalid=after_invalid)
    waiting.tries -= 1
    walk.waiting = waiting
    return wanted


def dial(walk: Walk, step: Dial, frame: Frame) -> Want:
    return _ring(walk, Ring(step.name, step.endpoint, step.within), step, frame)


def ring_agent(walk: Walk, step: RingAgent, frame: Frame) -> Want | None:
    value = step.name.evaluate(walk.scope)
    agent = None if isinstance(value, Unknown) else walk.ruleset.agents.find(as_text(value))
    if agent is not None:
        return _ring(walk, Ring(agent.name, agent.endpoint, step.within, only_idle=True), step, frame)
    text, reason = step.name.text, f"{step.name.text} is empty"
    if isinstance(value, Unknown):
        reason = value.reason
    elif as_text(value):
        text, reason = as_text(value), "no agent of the file is called so"
    walk.note(step.path, "agent", "unknown", text, reason)
    walk.lead(step.unknown, "agent unknown")
    return None


def _ring(walk: Walk, wanted: Ring, step: Ringing, frame: Frame) -> Want:
    walk.waiting = Waiting(step, frame, ring=wanted)
    return wanted


def take_reply(walk: Walk, waiting: Waiting, reply: Sequence[Answer] | Reply) -> Want | Decision | None:
    """Go on with ``reply`` to ``waiting``; what the same step wants next, if anything."""
    match waiting.step, reply:
        case Lookup() as step, Sequence():
            given = {answer.lookup: answer for answer in reversed(reply)}  # the first of two answers counts
            for name in waiting.names:
                _learn(walk, step, answers.checked(given[name]) if name in given else answers.no_answer(name))
            _lead_on(walk, step)
        case AnswerCall() as step, Played():
            result = "failed" if reply.failure else "answered"
            walk.trace.append(TraceEntry(step.path, "answer", result, reason=reply.failure, took=reply.took))
        case Play() as step, Played():
            _spoken(walk, waiting, step.what, "failed" if reply.failure else "played", reply)
        case (Menu() | Collect() | Consent()) as step, Gathered():
            return _hear(walk, waiting, step, reply)
        case (Dial() | RingAgent()) as step, Rang():
            _nobody(walk, waiting, step, reply)
        case _:
            return walk.default(f"a {type(reply).__name__} came where the step wanted something else")
    return None


def leave_off(walk: Walk, waiting: Waiting) -> None:
    """Tell in the trace what the run still waited for when it was given up."""
    step, said = waiting.step, described(waiting.said.prompt)
    match step:
        case Lookup():
            for name in waiting.names:
                walk.note(step.path, "lookup", "unfinished", name)
        case AnswerCall():
            walk.note(step.path, "answer", "unfinished")
        case Play():
            walk.note(step.path, step.what, "unfinished", said)
        case Menu() | Collect() | Consent():
            walk.note(step.path, ASKING[type(step)], "unfinished", said)
        case _:
            walk.note(step.path, "dial" if isinstance(step, Dial) else "agent", "unfinished", _rung(waiting))


def _rung(waiting: Waiting) -> str:
    return waiting.ring.name if waiting.ring else ""


def _spoken(walk: Walk, waiting: Waiting, what: What, result: str, reply: Played | Gathered) -> None:
    said = waiting.said
    reason = "; ".join(filter(None, (said.left_out, reply.failure)))
    digits = (("digits", reply.digits),) if isinstance(reply, Gathered) and reply.digits else ()
    text = described(said.prompt)
    walk.trace.append(TraceEntry(waiting.step.path, what, result, text, digits, reason, reply.took))


def _hear(walk: Walk, waiting: Waiting, step: Asking, reply: Gathered) -> Want | Decision | None:
    """Take what the caller keyed in, or ask again. What could not be played once is not played again."""
    what, known = ASKING[type(step)], heard(step, reply)
    if reply.word and reply.rule != rule_of(step):
        walk.scope.missed.append(f"what was keyed in at {step.path}")
    _spoken(walk, waiting, what, known.word, reply)
    if not known.good and waiting.tries > 0 and (known.word == INVALID or not reply.failure):
        return walk.counted() or _ask_again(walk, waiting, step, after_invalid=known.word == INVALID)
    if not isinstance(step, Menu):
        walk.scope.set(step.into, known.value)
        if isinstance(known.value, Unknown):
            walk.scope.gaps |= {f"vars.{step.into}"}
    if isinstance(step, Consent) and step.record:
        walk.record = known.value is True
    walk.lead(known.way, f"{what} {known.word}")
    return None


def _nobody(walk: Walk, waiting: Waiting, step: Ringing, reply: Rang) -> None:
    what: What = "dial" if isinstance(step, Dial) else "agent"
    name = _rung(waiting)
    walk.trace.append(TraceEntry(step.path, what, str(reply.outcome), name, (), reply.detail, reply.took))
    ways = {
        RingOutcome.BUSY: step.otherwise.busy,
        RingOutcome.NO_ANSWER: step.otherwise.no_answer,
        RingOutcome.FAILED: step.otherwise.failed,
    }
    walk.lead(ways[reply.outcome], f"{what} {name} {reply.outcome}")
