"""A case out of a call in the journal: what came in and what was answered then, and the end that is expected of it.

What the journal does not keep is made up, and said: a masked number gets digits with which the call goes where it went.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from ariroute.cases.case import Given, Mock, Press, RingEnd
from ariroute.cases.ending import Ending
from ariroute.cases.world import NotMocked, World
from ariroute.config.load import Config
from ariroute.errors import UnusableInput
from ariroute.flow.again import Past
from ariroute.flow.contact import Contact, Party, party
from ariroute.flow.decision import (
    Decision,
    Destination,
    EndpointDestination,
    HangUpDestination,
    QueueDestination,
    VoicemailDestination,
)
from ariroute.flow.digits import KEYS
from ariroute.flow.facts import Answer
from ariroute.flow.run import Run
from ariroute.flow.talk import INVALID, NO_INPUT
from ariroute.flow.tree import Ruleset
from ariroute.flow.wants import Gathered, Rang, Ring
from ariroute.journal.origins import read_by
from ariroute.testing import drive

STAR = "*"
"""Stands for a digit that was not kept."""
TRIES = 200
"""So many numbers are tried for each first digit of those that were not kept."""


@dataclass(frozen=True, slots=True)
class CallThen:
    """A call of the journal: what is kept of it, the flow that it began in, its decision and the rules of then."""

    past: Past
    flow: str
    decision: Decision
    rules: Ruleset


@dataclass(frozen=True, slots=True)
class Remade:
    """The call as a case has it. ``notes`` are sentences on what is made up or left out."""

    given: Given
    ending: Ending
    notes: tuple[str, ...] = field(default=())


def remade(then: CallThen, config: Config) -> Remade:
    """The call of ``then``, for a test file of ``config``.

    Raises UnusableInput where no rules decided, as in an overload: there is nothing to test then.
    """
    history = then.past.history
    if history.began is None or history.given_up:
        raise UnusableInput(
            f"call {then.past.contact.id} was not decided by rules ({history.given_up or 'none was walked'}): "
            "choose another call"
        )
    if then.flow not in config.ruleset.flows:
        raise UnusableInput(f"call {then.past.contact.id} came into flow {then.flow}, which {config.file} has not")
    notes: list[str] = []
    rung = [told for told in then.past.history.told if isinstance(told.want, Ring)]
    given = Given(
        then.flow,
        replace(then.past.contact, arrived=then.past.contact.arrived.astimezone(ZoneInfo(config.ruleset.timezone))),
        mocks=dict(_mocks(then.past, config, notes)),
        presses=tuple(Press(keys) for keys in _pressed(then.past, notes)),
        rings=tuple(RingEnd(told.reply.outcome if isinstance(told.reply, Rang) else None) for told in rung),
    )
    return Remade(_with_number(given, then, config, notes), ending_of(then.decision.destination), tuple(notes))


def ending_of(destination: Destination) -> Ending:
    """``destination`` as something to expect."""
    match destination:
        case QueueDestination(queue, priority):
            return Ending("queue", queue, priority)
        case HangUpDestination(cause):
            return Ending("hangup", "", cause)
        case VoicemailDestination(box):
            return Ending("voicemail", box)
        case EndpointDestination(name):
            return Ending("dial", name)


def _mocks(past: Past, config: Config, notes: list[str]) -> Iterator[tuple[str, Mock]]:
    read = read_by(config.ruleset)
    answers: dict[str, Answer] = {}
    for told in past.history.told:
        for answer in told.reply if isinstance(told.reply, Sequence) else ():
            answers.setdefault(answer.lookup, answer)  # the first of two counts
    for name, answer in answers.items():
        if name not in config.lookups:
            notes.append(f"lookup {name} is left out, as {config.file} has none of that name")
            continue
        settings, _ = config.lookups[name]
        lost = sorted(gap for gap in past.gaps.facts & read if gap.partition(".")[0] == name)
        notes += [f"{field} was not kept, and your rules read it: it is empty in the case; add it" for field in lost]
        kept = {field: value for field, value in answer.fields.items() if field in settings.fields}
        yield name, Mock(replace(answer, fields={field: kept[field] for field in kept if kept[field] is not None}))


def _pressed(past: Past, notes: list[str]) -> Iterator[str]:
    for told in past.history.told:
        reply = told.reply
        if isinstance(reply, Gathered):
            yield reply.digits if not reply.word else _made_up_keys(reply, notes)


def _made_up_keys(reply: Gathered, notes: list[str]) -> str:
    """Keys that mean what was keyed in, of which only that was kept."""
    if reply.word == NO_INPUT:
        return ""
    kind, _, keys = reply.rule.partition(" ")
    if reply.word == INVALID:
        return next(key for key in "*#0123456789" if kind != "keys" or key not in keys)
    if set(reply.word) <= KEYS:
        return reply.word
    made = _fitting(reply)
    notes.append(f"what the caller keyed in was not kept: {made} is made up")
    return made


def _fitting(reply: Gathered) -> str:
    """Keys by the rule of a question (:func:`ariroute.flow.talk.rule_of`): ``4 to 6, 4XXXXX`` or ``keys 12``."""
    kind, _, keys = reply.rule.partition(" ")
    if kind == "keys":  # consent, whose word is yes or no
        return keys[:1] if reply.word == "yes" else keys[-1:]
    least, _, pattern = reply.rule.partition(", ")
    if pattern:
        return pattern.translate({ord("X"): "1", ord("Z"): "1", ord("N"): "2", ord("."): "1", ord("!"): "1"})
    return "1" * int(least.partition(" ")[0])


def _with_number(given: Given, then: CallThen, config: Config, notes: list[str]) -> Given:
    """``given`` with a caller's number whose starred digits are filled, so that the rules of then decide the same."""
    caller = given.contact.caller
    shown = caller.e164 or caller.number
    if not (lost := sorted(gap for gap in then.past.gaps.facts if gap.startswith("caller."))):
        return given
    if "caller.name" in lost:
        notes.append("the caller's name was not kept: the case has none")
    if STAR not in shown:
        return given
    first: Given | None = None
    for number in made_up(shown):
        made = replace(given, contact=_called_by(given.contact, number, config.ruleset.region))
        if bool(made.contact.caller.e164) != bool(caller.e164):
            continue
        first = first or made
        decided = _decided(then.rules, config, made)
        if decided is not None and decided.destination == then.decision.destination:
            notes.append(f"the caller's number was kept as {shown} only: {number} is made up")
            return made
    notes.append(f"the caller's number was kept as {shown} only, and none was found with which the call goes there")
    return first or replace(given, contact=replace(given.contact, caller=Party()))


def made_up(shown: str) -> Iterator[str]:
    """Numbers with digits in place of the stars of ``shown``."""
    stars = shown.count(STAR)
    for tail in range(min(TRIES, 10 ** (stars - 1))):
        for lead in "0123456789":
            digits = iter(lead + f"{tail:0{stars}d}"[1:])
            yield "".join(next(digits) if character == STAR else character for character in shown)


def _called_by(contact: Contact, number: str, region: str) -> Contact:
    return replace(contact, caller=party(number, "", region))


def _decided(rules: Ruleset, config: Config, given: Given) -> Decision | None:
    """What ``rules`` decide; None when they ask what the case does not say."""
    world = World(config, given)
    try:
        return drive(Run(rules, rules.flows[given.flow], given.contact), world, world.now, world)
    except NotMocked:
        return None
