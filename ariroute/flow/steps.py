"""What a flow is made of: one frozen dataclass per step. ``path`` is the step's printable place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from ariroute.flow.conditions import Condition, Expression
from ariroute.flow.decision import Greeting
from ariroute.flow.digits import Pattern
from ariroute.flow.endpoints import Endpoint
from ariroute.flow.index import Index
from ariroute.flow.prompts import PromptTemplate

NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Way:
    """Where a step leads; steps without a destination go on behind the step that led here."""

    path: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class LookupWays:
    """Where one lookup leads that did not find; None goes on. ``timeout`` falls back to ``error``."""

    missing: Way | None = None
    error: Way | None = None
    timeout: Way | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask these sources, all together; the flow goes on when each has answered or failed.

    ``needs`` names for a lookup those whose answers its question is made of: of the same step, it waits for them.
    """

    path: str
    names: tuple[str, ...]
    ways: Mapping[str, LookupWays] = field(default_factory=lambda: NONE)
    needs: Mapping[str, frozenset[str]] = field(default_factory=lambda: NONE)


@dataclass(frozen=True, slots=True)
class Case:
    """One way out of a branch: the steps to take when the condition holds."""

    path: str
    condition: Condition
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """The first case whose condition is true is taken; none true (false or unknown): ``otherwise``.

    ``index`` spares a long branch the cases that cannot be true.
    """

    path: str
    cases: tuple[Case, ...]
    otherwise: tuple[Step, ...] = ()
    index: Index | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Set:
    """Give values to flow variables, read later as ``vars.NAME`` and handed to Asterisk as channel variables."""

    path: str
    values: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Arm:
    """``percent`` of the callers go this way."""

    percent: float
    way: Way


@dataclass(frozen=True, slots=True)
class Split:
    """Divides callers by chance that stays: the same caller always takes the same arm of the split ``name``."""

    path: str
    name: str
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class AskHours:
    """Where the calendar leads at this moment; ``holiday`` falls back to ``closed``."""

    path: str
    calendar: str
    open: Way | None = None
    closed: Way | None = None
    holiday: Way | None = None


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Answer the call, if it is not answered yet."""

    path: str


@dataclass(frozen=True, slots=True)
class Play:
    """Play a prompt, at most ``at_most`` seconds of it; ``what`` is the word by which the file has it."""

    path: str
    prompt: PromptTemplate
    at_most: float
    language: str = ""
    what: Literal["play", "say"] = "play"


@dataclass(frozen=True, slots=True)
class Question:
    """What menu, collect and consent share: a prompt, and digits that are waited for. Times are seconds.

    ``invalid`` is played before the prompt is repeated after input that does not fit. ``tries`` counts the first.
    """

    prompt: PromptTemplate
    at_most: float
    timeout: float
    tries: int
    invalid: PromptTemplate = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """One key chooses the way; the last two are taken when no key, or no good one, came in all tries."""

    path: str
    question: Question
    keys: Mapping[str, Way]
    on_no_input: Way | None = None
    on_invalid: Way | None = None


@dataclass(frozen=True, slots=True)
class Collect:
    """Take ``least`` to ``most`` digits into a flow variable, which stays empty when none of use came."""

    path: str
    question: Question
    into: str
    least: int
    most: int
    terminator: str = "#"
    between: float = 3.0
    pattern: Pattern | None = None
    on_no_input: Way | None = None
    on_invalid: Way | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """Ask yes or no into a flow variable: true, false, or empty when no answer came. ``record``: yes records."""

    path: str
    question: Question
    yes: str
    no: str
    into: str
    record: bool = False


@dataclass(frozen=True, slots=True)
class NobodyThere:
    """Where a ring leads that nobody answers; None goes on."""

    busy: Way | None = None
    no_answer: Way | None = None
    failed: Way | None = None


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring an endpoint of the file for ``within`` seconds; answered, it is the end."""

    path: str
    name: str
    endpoint: Endpoint
    within: float
    otherwise: NobodyThere = NobodyThere()


@dataclass(frozen=True, slots=True)
class RingAgent:
    """Ring the agent whom ``name`` gives, unless their phone is in use; answered, it is the end."""

    path: str
    name: Expression
    within: float
    otherwise: NobodyThere = NobodyThere()
    unknown: Way | None = None


@dataclass(frozen=True, slots=True)
class Voicemail:
    """The end: a mailbox, ``100`` or ``100@default``, and what it says first."""

    path: str
    box: str
    greeting: Greeting = "unavailable"


@dataclass(frozen=True, slots=True)
class SetLabel:
    """What the agent is to see of the call: before the caller's name, in SIP headers, in channel variables."""

    path: str
    name_prefix: Expression | None = None
    headers: Mapping[str, Expression] = field(default_factory=lambda: NONE)
    variables: Mapping[str, Expression] = field(default_factory=lambda: NONE)


@dataclass(frozen=True, slots=True)
class Notify:
    """Send these notices once the decision is made."""

    path: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A line in the trace."""

    path: str
    text: Expression


@dataclass(frozen=True, slots=True)
class ToQueue:
    """The end: this queue, at its own queue priority unless one is given here."""

    path: str
    queue: str
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on in another flow; its steps and its default hold from here."""

    path: str
    flow: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """The end: hang up with a cause of ITU-T Q.850 (16 normal, 17 busy, 21 rejected)."""

    path: str
    cause: int = 16


Talk = AnswerCall | Play | Menu | Collect | Consent
"""Steps that hold the caller: the guard is set anew for each."""

Ringing = Dial | RingAgent
End = ToQueue | Goto | HangUp | Voicemail
Step = Lookup | Branch | Set | Split | AskHours | Talk | Ringing | SetLabel | Notify | Note | End


def ways_of(step: Step) -> Iterator[tuple[Step, ...]]:
    """The steps on each way out of ``step``, in the file's order; an empty one where it goes on behind it."""
    match step:
        case Branch():
            yield from (case.steps for case in step.cases)
            yield step.otherwise
        case Split():
            yield from (arm.way.steps for arm in step.arms)
            if sum(arm.percent for arm in step.arms) < WHOLE:
                yield ()
        case _:
            yield from (way.steps if way else () for way in _outcomes(step))


def _outcomes(step: Step) -> tuple[Way | None, ...]:
    """Every way on from a step that is neither a branch nor a split; None goes on behind it."""
    match step:
        case ToQueue() | Goto() | HangUp() | Voicemail():
            return ()
        case Lookup():
            others = [way for ways in step.ways.values() for way in (ways.missing, ways.error, ways.timeout) if way]
            return (None, *others)
        case AskHours():
            return (step.open, step.closed, step.holiday or step.closed)
        case Menu():
            return (*step.keys.values(), step.on_no_input, step.on_invalid)
        case Collect():
            return (None, step.on_no_input, step.on_invalid)
        case Dial():
            return (step.otherwise.busy, step.otherwise.no_answer, step.otherwise.failed)
        case RingAgent():
            return (step.otherwise.busy, step.otherwise.no_answer, step.otherwise.failed, step.unknown)
        case _:
            return (None,)


WHOLE = 100 - 1e-9
"""Percent that leave nobody behind; three times 33.333333333 does."""
