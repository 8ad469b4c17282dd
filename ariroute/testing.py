"""For tests of flows, here and in other projects: a clock moved by hand, lookups and a caller that answer as told.

>>> from ariroute.testing import FakeLookups, drive
>>> decision = drive(Run(ruleset, flow, contact), FakeLookups({"crm": {"loyalty": "gold"}}), now)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Failure, Outcome, Scalar
from ariroute.flow.run import Run
from ariroute.flow.wants import (
    NOTHING_BEFORE,
    Fetch,
    Gather,
    Gathered,
    PickUp,
    Play,
    Played,
    Rang,
    Reply,
    Ring,
    RingOutcome,
    Want,
)

Given = Mapping[str, Scalar] | Outcome | Failure | Answer
"""What a lookup is to answer: fields, missing, a named failure, or a whole answer."""


class ManualClock:
    """A clock that stands still until told to move. Calling it gives seconds, like ``time.monotonic``."""

    def __init__(self, now: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC), monotonic: float = 1000.0) -> None:
        self._now = now
        self._monotonic = monotonic

    def __call__(self) -> float:
        return self._monotonic

    def now(self) -> datetime:
        """Aware wall-clock time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move both times on. ValueError for a negative number: time does not go back."""
        if seconds < 0:
            raise ValueError(f"cannot advance by {seconds} seconds: give a number of 0 or more")
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)


class Answering(Protocol):
    """Whoever answers what lookups are asked."""

    def answer(self, fetch: Fetch) -> Sequence[Answer]:
        """An answer for every name of ``fetch``."""


class Performing(Protocol):
    """Whoever carries out what is no lookup."""

    def reply(self, want: PickUp | Play | Gather | Ring) -> Reply | None:
        """The reply to ``want``; None when it is a ring that is answered."""


class FakeLookups:
    """Lookups that answer from ``given``; one that is not there is missing.

    ``asked`` keeps what was asked, in order. Every answer takes ``took`` seconds, as far as its trace says.
    """

    def __init__(self, given: Mapping[str, Given], took: float = 0.0) -> None:
        self._given = dict(given)
        self._took = took
        self.asked: list[Fetch] = []

    def answer(self, fetch: Fetch) -> list[Answer]:
        """An answer for every name of ``fetch``."""
        self.asked.append(fetch)
        return [answer_of(name, self._given.get(name, Outcome.MISSING), self._took) for name in fetch.lookups]

    async def fetch(
        self,
        names: Sequence[str],
        inputs: Mapping[str, str],
        after: Mapping[str, frozenset[str]] = NOTHING_BEFORE,
    ) -> list[Answer]:
        """The same, with the signature of the daemon's lookup runner."""
        return self.answer(Fetch(tuple(names), inputs, after))


class FakeCaller:
    """A caller with a telephone, and those whom a flow rings.

    ``presses`` holds what is keyed in at each question in turn, an empty text for nothing; there is no input when none
    is left. ``rings`` holds how each ring ends, None for answered; nobody answers when none is left. ``wanted`` keeps
    what was wanted, in order.
    """

    def __init__(self, presses: Iterable[str] = (), rings: Iterable[RingOutcome | None] = ()) -> None:
        self._presses = list(presses)
        self._rings = list(rings)
        self.wanted: list[PickUp | Play | Gather | Ring] = []

    @property
    def left(self) -> tuple[list[str], list[RingOutcome | None]]:
        """The presses and the rings that no question and no ring came for."""
        return self._presses, self._rings

    def reply(self, want: PickUp | Play | Gather | Ring) -> Reply | None:
        """The reply to ``want``; None when it is a ring that is answered."""
        self.wanted.append(want)
        match want:
            case PickUp() | Play():
                return Played()
            case Gather():
                return Gathered(_keyed_in(self._presses.pop(0), want) if self._presses else "")
            case Ring():
                outcome = self._rings.pop(0) if self._rings else RingOutcome.NO_ANSWER
                return None if outcome is None else Rang(outcome)

    async def perform(self, want: PickUp | Play | Gather | Ring) -> Reply | None:
        """The same, as the daemon's loop wants it."""
        return self.reply(want)


def _keyed_in(keys: str, want: Gather) -> str:
    """What a gathering takes of ``keys``: up to the terminator, and no more than it wants."""
    ended = keys.partition(want.terminator)[0] if want.terminator else keys
    return ended[: want.most]


def answer_of(name: str, given: Given, took: float = 0.0) -> Answer:
    """``given`` as the answer of the lookup ``name``."""
    if isinstance(given, Answer):
        return given
    if isinstance(given, Failure):
        return Answer(name, Outcome.FAILED, failure=given, took=took, origin="given")
    if isinstance(given, Outcome):
        failure = Failure.ERROR if given is Outcome.FAILED else None
        return Answer(name, given, failure=failure, took=took, origin="given")
    return Answer(name, Outcome.FOUND, given, took=took, origin="given")


def drive(
    run: Run,
    answers: Answering | Mapping[str, Given],
    now: datetime | Callable[[], datetime],
    caller: Performing | None = None,
) -> Decision:
    """Walk ``run`` to its decision without waiting; ``now`` is a time that stands still or a clock to read."""
    lookups = FakeLookups(answers) if isinstance(answers, Mapping) else answers
    clock = now if callable(now) else lambda: now
    person = caller if caller is not None else FakeCaller()
    wanted: Want | Decision = run.start(clock())
    while not isinstance(wanted, Decision):
        reply = lookups.answer(wanted) if isinstance(wanted, Fetch) else person.reply(wanted)
        wanted = run.answered(clock()) if reply is None else run.receive(reply, clock())
    return wanted
