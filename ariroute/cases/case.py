"""A case of a test file: one contact, what its lookups answer and its caller does, what must come of it, what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ariroute.cases.ending import Ending
from ariroute.config.load import Config
from ariroute.flow.contact import Contact
from ariroute.flow.decision import Decision, Greeting
from ariroute.flow.facts import Answer
from ariroute.flow.history import History
from ariroute.flow.tree import Ruleset
from ariroute.flow.wants import RingOutcome

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Mock:
    """What a lookup answers, if the question can be made; ``takes`` seconds, which its deadline may cut short."""

    answer: Answer
    takes: float = 0.0


@dataclass(frozen=True, slots=True)
class Press:
    """Keys that the caller presses: ``at`` so many seconds after the call came, or None for at the next question.

    No keys at all let that question pass without an answer.
    """

    keys: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class RingEnd:
    """How a ring ends, None for answered: ``at`` so many seconds after the call came, or None for the next ring."""

    outcome: RingOutcome | None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What comes in. ``contact.arrived`` is the time, which the file may have left open (``has_clock``).

    ``sounds`` are the lengths of sound files in seconds, None for one that cannot be played; others take no time.
    """

    flow: str
    contact: Contact
    has_clock: bool = True
    mocks: Mapping[str, Mock] = field(default_factory=dict)
    presses: tuple[Press, ...] = ()
    rings: tuple[RingEnd, ...] = ()
    sounds: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a decision must be. None is not looked at; of variables, headers and so on those that are named are.

    ``path`` are all the steps that the contact takes, ``path_has`` some of them in their order
    (:mod:`ariroute.cases.path`). ``reason`` is part of the decision's reason. ``within`` is seconds from the call's
    arrival to the decision. ``waits_for`` is what the flow waits for then (:func:`ariroute.cases.world.word`).
    """

    ending: Ending | None = None
    greeting: Greeting | None = None
    path: tuple[str, ...] | None = None
    path_has: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    name_prefix: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    channel_variables: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    reason: str | None = None
    within: float | None = None
    by_default: bool | None = None
    flow: str | None = None
    notices: tuple[str, ...] | None = None
    record: bool | None = None
    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What must be so ``at`` seconds after the call came."""

    at: float
    expected: Expected


@dataclass(frozen=True, slots=True)
class Case:
    """One case; ``place`` is where it stands, as ``tests.yaml:12:5``."""

    name: str
    given: Given
    expected: Expected
    checkpoints: tuple[Checkpoint, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one file, and the configuration by which they are walked."""

    file: str
    config: Config
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as expected, in words: ``queue``, ``gold``, ``standard``."""

    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case. ``after`` is seconds of the case's own clock until the decision, ``took`` real seconds.

    ``notes`` are sentences on what the author may not have meant.
    """

    case: Case
    ruleset: Ruleset
    decision: Decision
    history: History
    after: float
    mismatches: tuple[Mismatch, ...] = ()
    notes: tuple[str, ...] = ()
    took: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.mismatches
