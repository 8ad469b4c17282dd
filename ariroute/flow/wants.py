"""What a run may want from outside, and what comes back: facts, a word with the caller, a ring at somebody's phone.

A driver (the daemon, a rehearsal, a test) carries a want out and gives the reply to
:meth:`ariroute.flow.run.Run.receive`.
Wants are plain values: the engine neither knows nor cares how a prompt is played.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

NOTHING_BEFORE: Mapping[str, frozenset[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fetch:
    """These lookups, asked together, with these inputs for their templates.

    ``after`` names, for a lookup whose question is made of other answers of this same fetch, the lookups it waits
    for; all others begin at once. The driver adds the fields of those answers to the inputs.
    """

    lookups: tuple[str, ...]
    inputs: Mapping[str, str]
    after: Mapping[str, frozenset[str]] = field(default_factory=lambda: NOTHING_BEFORE)


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound file by its name without a suffix, such as ``custom/welcome``; Asterisk picks language and format."""

    name: str


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone by its name in indications.conf, such as ``busy``; ended after ``lasts`` seconds.

    By itself a tone never ends (``ast_control_tone()`` in app.c).
    """

    name: str
    lasts = 3.0


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, said as a number: 12 is "twelve"."""

    value: int


@dataclass(frozen=True, slots=True)
class Digits:
    """Digits said one by one: 12 is "one, two"."""

    text: str


@dataclass(frozen=True, slots=True)
class Speech:
    """A text for the text-to-speech command."""

    text: str


PromptItem = Sound | Tone | Number | Digits | Speech
Prompt = tuple[PromptItem, ...]


@dataclass(frozen=True, slots=True)
class PickUp:
    """Answer the call, if it is not answered yet."""

    bound = 2.0


@dataclass(frozen=True, slots=True)
class Play:
    """Play ``prompt``; stop it after ``at_most`` seconds. Not being able to is an ordinary reply."""

    prompt: Prompt
    at_most: float
    language: str = ""

    @property
    def bound(self) -> float:
        """Seconds that this can hold the caller."""
        return self.at_most


@dataclass(frozen=True, slots=True)
class Gather:
    """Answer the call if need be, play ``prompt`` and take digits; the first digit ends the prompt.

    Ends with ``most`` digits, with ``terminator`` (not part of the digits), when no digit came ``first`` seconds after
    the prompt's end, or when none came for ``between`` seconds after the last. With ``until`` it ends as soon as the
    digits are one of these.
    Keys pressed earlier that nobody has asked for count; with ``anew``, for a further try, they are dropped.
    """

    prompt: Prompt
    at_most: float
    most: int
    first: float
    between: float
    terminator: str = ""
    until: frozenset[str] = frozenset()
    language: str = ""
    anew: bool = False

    @property
    def bound(self) -> float:
        """Seconds that this can hold the caller."""
        return self.at_most + self.first + self.between * self.most


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring somebody in the dialplan with ``Dial()``: ``endpoint`` is Asterisk's name for it, such as ``PJSIP/anna``.

    ``name`` is the flow file's name for it. The caller leaves the Stasis application; no reply comes when it is
    answered, as the call then is over for the flow. ``only_idle`` does not ring a phone that is in use.
    """

    name: str
    endpoint: str
    within: float
    only_idle: bool = False


Want = Fetch | PickUp | Play | Gather | Ring


@dataclass(frozen=True, slots=True)
class Played:
    """What became of PickUp or Play; ``failure`` is empty when it was done, else says why not."""

    failure: str = ""
    took: float = 0.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """The digits that came, none when there was no input; ``failure`` says why the prompt could not be played.

    Of a past contact whose digits were not kept ``word`` says what they meant to the step, by ``rule``.
    """

    digits: str = ""
    failure: str = ""
    took: float = 0.0
    word: str = ""
    rule: str = ""


class RingOutcome(StrEnum):
    """How a ring without an answer ended."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"  # unreachable, congested, not registered


@dataclass(frozen=True, slots=True)
class Rang:
    """A ring that nobody answered; ``detail`` is Asterisk's own word (DIALSTATUS)."""

    outcome: RingOutcome
    detail: str = ""
    took: float = 0.0


Reply = Played | Gathered | Rang
