"""The world around a case: a clock that moves as a real call's would, lookups and a caller that do as the case says.

Nothing is asked for real and nothing waits: a lookup that takes 5 seconds moves the clock on by its deadline.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ariroute.cases.case import Given, Mock, Press, RingEnd
from ariroute.config.load import Config
from ariroute.flow.answers import not_askable
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.scope import fields_of
from ariroute.flow.wants import (
    Fetch,
    Gather,
    Gathered,
    PickUp,
    Play,
    Played,
    Prompt,
    Rang,
    Reply,
    Ring,
    RingOutcome,
    Sound,
    Tone,
    Want,
)
from ariroute.testing import ManualClock


class NotMocked(Exception):
    """The flow asks lookups that the case says nothing of; ``lookups`` are their names."""

    def __init__(self, lookups: list[str]) -> None:
        super().__init__(", ".join(lookups))
        self.lookups = lookups


@dataclass(slots=True)
class Pressed:
    """Keys that were pressed at a moment, in seconds since the call came; those left that nobody took."""

    at: float
    keys: str


class World:
    """Answers everything that one run wants, and keeps the time of it."""

    def __init__(self, config: Config, given: Given) -> None:
        self._given = given
        self._timeouts = {name: settings.timeout for name, (settings, _) in config.lookups.items()}
        self._needs = {name: kind.template_names for name, kind in config.kinds.items()}
        # In UTC: Python would lose an hour, or count it twice, where the zone's clocks change.
        self._clock = ManualClock(given.contact.arrived.astimezone(UTC), 0.0)
        self._timed = [Pressed(press.at, press.keys) for press in given.presses if press.at is not None]
        self._in_turn = [press for press in given.presses if press.at is None]
        self._rings = list(given.rings)

    @property
    def after(self) -> float:
        """Seconds since the call came, to the microsecond."""
        return round(self._clock(), 6)

    def now(self) -> datetime:
        """The time of the case, in the zone of its beginning."""
        return self._clock.now().astimezone(self._given.contact.arrived.tzinfo)

    @property
    def left(self) -> tuple[list[Press], list[RingEnd]]:
        """What the caller keyed in, and ends of rings, that nothing came for."""
        timed = [Press(pressed.keys, pressed.at) for pressed in self._timed if pressed.keys]
        return [*timed, *self._in_turn], self._rings

    def answer(self, fetch: Fetch) -> list[Answer]:
        """The answers to ``fetch``, as the daemon's lookups would give them. Raises NotMocked."""
        if without := [name for name in fetch.lookups if name not in self._given.mocks]:
            raise NotMocked(without)
        known: dict[str, Answer] = {}
        while len(known) < len(fetch.lookups):
            for name in fetch.lookups:
                if name not in known and fetch.after.get(name, frozenset()) <= known.keys():
                    before = [known[each] for each in sorted(fetch.after.get(name, ()))]
                    known[name] = self._answer(name, fetch.inputs, before)
        self._clock.advance(max((answer.began + answer.took for answer in known.values()), default=0.0))
        return [known[name] for name in fetch.lookups]

    def _answer(self, name: str, inputs: Mapping[str, str], before: Collection[Answer]) -> Answer:
        silent = next((each.lookup for each in before if each.outcome is Outcome.FAILED), "")
        if silent:
            return not_askable(name, silent)
        told = dict(inputs)
        for each in before:
            told.update(fields_of(each))
        began = max((each.began + each.took for each in before), default=0.0)
        if empty := next((each for each in sorted(self._needs[name]) if not told.get(each)), ""):
            return Answer(name, Outcome.MISSING, detail=f"{empty} is empty", origin="given", began=began)
        return replace(in_time(name, self._given.mocks[name], self._timeouts[name]), began=began)

    def reply(self, want: PickUp | Play | Gather | Ring) -> Reply | None:
        """The reply to ``want``; None for a ring that is answered."""
        match want:
            case PickUp():
                return Played()
            case Play():
                took = min(self._length(want.prompt), want.at_most)
                self._clock.advance(took)
                return Played(self._unplayable(want.prompt), took)
            case Gather():
                return self._gathered(want)
            case Ring():
                return self._rang(want)

    def _length(self, prompt: Prompt) -> float:
        """Seconds that a prompt takes, as far as anybody knows: numbers and speech take no time."""
        sounds = (self._given.sounds.get(item.name) or 0.0 for item in prompt if isinstance(item, Sound))
        return sum(sounds) + sum(item.lasts for item in prompt if isinstance(item, Tone))

    def _unplayable(self, prompt: Prompt) -> str:
        """What of a prompt cannot be played, in words."""
        sounds, names = self._given.sounds, [item.name for item in prompt if isinstance(item, Sound)]
        return "; ".join(f"{name}: it is not there" for name in names if name in sounds and sounds[name] is None)

    def _gathered(self, want: Gather) -> Gathered:
        begins = self.after
        spoken = begins + min(self._length(want.prompt), want.at_most)
        if want.anew:
            self._timed = [pressed for pressed in self._timed if pressed.at >= begins]
        failure = self._unplayable(want.prompt)
        if _is_there(self._timed, begins):
            failure = ""  # who has typed ahead hears no prompt
        if self._in_turn:  # behind what was too much for the question before, which counts as typed ahead
            self._timed.append(Pressed(spoken, self._in_turn.pop(0).keys))
        digits, ends = gathered(self._timed, begins, spoken, want)
        self._clock.advance(ends - begins)
        return Gathered(digits, failure, ends - begins)

    def _rang(self, want: Ring) -> Rang | None:
        begins = self.after
        ends = begins + want.within
        while self._rings and self._rings[0].at is not None and self._rings[0].at < begins:
            self._rings.pop(0)
        outcome: RingOutcome | None = RingOutcome.NO_ANSWER
        if self._rings and (self._rings[0].at is None or self._rings[0].at <= ends):
            end = self._rings.pop(0)
            outcome = end.outcome
            if outcome is not RingOutcome.NO_ANSWER:
                ends = begins if end.at is None else end.at
        self._clock.advance(ends - begins)
        return None if outcome is None else Rang(outcome, took=ends - begins)


def in_time(name: str, mock: Mock, timeout: float) -> Answer:
    """What ``mock`` comes to within the lookup's deadline of ``timeout`` seconds."""
    if mock.takes > timeout:
        detail = f"no answer within {timeout * 1000:g} ms"
        return Answer(name, Outcome.FAILED, failure=Failure.TIMEOUT, detail=detail, took=timeout, origin="given")
    late = mock.answer.failure is Failure.TIMEOUT and not mock.takes
    return replace(mock.answer, took=timeout if late else mock.takes)


def gathered(pressed: list[Pressed], begins: float, spoken: float, want: Gather) -> tuple[str, float]:
    """The digits that ``want`` gets of ``pressed``, and when it ends; what it takes is taken out of there.

    ``begins`` is when it is wanted and ``spoken`` when its prompt ends; the first digit ends the prompt. As the daemon
    does it: keys that are there already count however long ago they were pressed, and a terminator behind digits that
    were complete without it is no key for the next question.
    """
    digits, now, ends = "", begins, spoken + want.first
    while (first := _next(pressed)) and first.at <= max(ends, now):
        key, first.keys = first.keys[0], first.keys[1:]
        now = max(now, first.at)
        if want.terminator and key == want.terminator:
            return digits, now
        digits += key
        ends = first.at + want.between
        if len(digits) == want.most or digits in want.until:
            _drop_terminator(pressed, now, ends, want.terminator)
            return digits, now
    return digits, max(ends, now)


def _next(pressed: list[Pressed]) -> Pressed | None:
    while pressed and not pressed[0].keys:
        pressed.pop(0)
    return pressed[0] if pressed else None


def _is_there(pressed: list[Pressed], now: float) -> bool:
    first = _next(pressed)
    return first is not None and first.at <= now


def _drop_terminator(pressed: list[Pressed], now: float, until: float, terminator: str) -> None:
    first = _next(pressed)
    if terminator and first and now <= first.at < until and first.keys.startswith(terminator):
        first.keys = first.keys[1:]


def word(want: Want) -> str:
    """What a flow waits for, as a test file says it: lookups by their names, ``prompt``, ``keys``, whom it rings."""
    match want:
        case Fetch(lookups=lookups):
            return ", ".join(lookups)
        case PickUp():
            return "answer"
        case Play():
            return "prompt"
        case Gather():
            return "keys"
        case Ring(name=name):
            return name
