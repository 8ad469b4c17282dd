"""For tests of flows, here and in other projects: a clock moved by hand, lookups that answer from a table, a driver.

>>> from ariroute.testing import FakeLookups, drive
>>> decision = drive(Run(ruleset, flow, contact), FakeLookups({"crm": {"loyalty": "gold"}}), now)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Failure, Outcome, Scalar
from ariroute.flow.run import Run
from ariroute.flow.wants import Fetch

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

    async def fetch(self, names: Sequence[str], inputs: Mapping[str, str]) -> list[Answer]:
        """The same, with the signature of the daemon's lookup runner."""
        return self.answer(Fetch(tuple(names), inputs))


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


def drive(run: Run, answers: FakeLookups | Mapping[str, Given], now: datetime | Callable[[], datetime]) -> Decision:
    """Walk ``run`` to its decision without waiting; ``now`` is a time that stands still or a clock to read."""
    lookups = answers if isinstance(answers, FakeLookups) else FakeLookups(answers)
    clock = now if callable(now) else lambda: now
    wanted = run.start(clock())
    while isinstance(wanted, Fetch):
        wanted = run.receive(lookups.answer(wanted), clock())
    return wanted
