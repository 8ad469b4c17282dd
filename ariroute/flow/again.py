"""A contact walked again with what was told then: through the same rules the same decision, through others theirs.

Everything that the run wants is answered from the record. What the record does not have makes the contact one that
cannot be told: :class:`Untold` says what is lacking, and nothing is ever made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ariroute.flow.answers import no_answer
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer
from ariroute.flow.gaps import NO_GAPS, Gaps
from ariroute.flow.history import History, Told
from ariroute.flow.run import Run
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import Fetch, Gather, PickUp, Play, Played, PromptItem, Reply, Ring, Sound, Tone, Want


@dataclass(frozen=True, slots=True)
class Past:
    """A contact as it is recorded: what came in, what the run was told, and what was not kept of both."""

    contact: Contact
    history: History
    gaps: Gaps = NO_GAPS


@dataclass(frozen=True, slots=True)
class Untold:
    """Why a contact cannot be walked again by these rules, in words: ``caller.e164 was not recorded``.

    Either ``fact`` names what was not recorded, or ``wanted`` is what the run wanted and nobody was asked then.
    """

    lacking: str
    fact: str = field(default="", compare=False)
    wanted: Want | None = field(default=None, compare=False)


@dataclass(slots=True)
class Recorded:
    """What is left of a history to answer from; each reply is given once."""

    answers: dict[str, tuple[Answer, datetime]] = field(default_factory=dict)
    replies: dict[tuple[object, ...], list[tuple[Reply | None, datetime]]] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Sequence[Told]) -> Recorded:
        recorded = cls()
        for want, reply, at in told:
            if isinstance(want, Fetch):
                answers = reply if isinstance(reply, Sequence) else ()
                for answer in (*answers, *map(no_answer, want.lookups)):  # the first of two counts
                    recorded.answers.setdefault(answer.lookup, (answer, at))
            elif not isinstance(reply, Sequence):
                recorded.replies.setdefault(subject(want), []).append((reply, at))
        return recorded

    def has(self, wanted: Want) -> bool:
        """Whether there is a reply to all of ``wanted``."""
        if isinstance(wanted, Fetch):
            return all(name in self.answers for name in wanted.lookups)
        return bool(self.replies.get(subject(wanted)))


def subject(want: PickUp | Play | Gather | Ring) -> tuple[object, ...]:
    """What makes two wants the same question. Values spoken in a prompt are left out: they may not be recorded."""
    match want:
        case PickUp():
            return ("answer",)
        case Play(prompt=prompt):
            return ("play", *_fixed(prompt))
        case Gather(prompt=prompt, most=most, terminator=terminator):
            return ("gather", most, terminator, *_fixed(prompt))
        case Ring(name=name):
            return ("ring", name)


def _fixed(prompt: Sequence[PromptItem]) -> list[str]:
    return [item.name for item in prompt if isinstance(item, Sound | Tone)]


def walk_again(ruleset: Ruleset, flow: Flow, past: Past) -> Decision | Untold:
    """What ``flow`` of ``ruleset`` decides for the contact of ``past``; Untold when the record does not say it.

    Pure: the same past and the same rules give the same decision, for ever.
    """
    history = past.history
    run = Run(ruleset, flow, past.contact, past.gaps)
    if history.began is None:  # its steps were not walked: the driver gave up before, as in an overload
        return run.give_up(history.given_up)
    recorded, now = Recorded.of(history.told), history.began
    wanted = run.start(now)
    while not isinstance(wanted, Decision):
        if run.missed:
            break
        if _was_left(wanted, history) and not recorded.has(wanted):
            return run.give_up(history.given_up)
        if isinstance(wanted, Fetch) and (odd := next(filter(None, map(past.gaps.misread.get, wanted.lookups)), "")):
            return Untold(f"{odd} was recorded as another type", fact=odd)
        reply, at = _reply(wanted, recorded, now)
        if isinstance(reply, Untold):
            return reply
        now = max(now, at)
        wanted = run.answered(now) if reply is None else run.receive(reply, now)
    if run.missed:
        return Untold(f"{run.missed[0]} was not recorded", fact=run.missed[0])
    assert isinstance(wanted, Decision)
    return wanted


def _reply(
    wanted: Want, recorded: Recorded, now: datetime
) -> tuple[Sequence[Answer] | Reply | Untold | None, datetime]:
    if isinstance(wanted, Fetch):
        found = [recorded.answers[name] for name in wanted.lookups if name in recorded.answers]
        if len(found) < len(wanted.lookups):
            lacking = next(name for name in wanted.lookups if name not in recorded.answers)
            return Untold(f"lookup {lacking} was not asked then", wanted=wanted), now
        return [answer for answer, _ in found], max(at for _, at in found)
    if kept := recorded.replies.get(subject(wanted)):
        return kept.pop(0)
    match wanted:
        case PickUp() | Play():  # they tell the flow nothing, and take no time that is known
            return Played(), now
        case Gather():
            asked = ", ".join(_fixed(wanted.prompt)) or "a question"
            return Untold(f"the caller was not asked then: {asked}", wanted=wanted), now
        case Ring():
            return Untold(f"{wanted.name} was not rung then", wanted=wanted), now


def _was_left(wanted: Want, history: History) -> bool:
    """Whether the driver gave up then while it waited for the same."""
    left = history.left
    if not history.given_up or left is None:
        return False
    if isinstance(wanted, Fetch) or isinstance(left, Fetch):
        return isinstance(wanted, Fetch) and isinstance(left, Fetch) and set(wanted.lookups) <= set(left.lookups)
    return subject(wanted) == subject(left)
