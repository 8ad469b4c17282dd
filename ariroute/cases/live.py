"""Cases as real calls: placed by a telephone into a private Asterisk, decided by the daemon, witnessed by Asterisk.

What the daemon decided, and by which steps, is read from its journal; where the call really went from Asterisk's own
records. So one case says the same of the rules and of everything around them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ariroute.cases.case import Case, Expected, Given, Mismatch, Press, Verdict
from ariroute.cases.judge import judged
from ariroute.cases.live_service import MADE_INSIDE
from ariroute.cases.live_stage import Stage, extension
from ariroute.cases.run import run_case
from ariroute.cases.witness import Witness
from ariroute.config.load import Config
from ariroute.config.parts import read_all
from ariroute.errors import JournalError, Unreachable
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Outcome
from ariroute.flow.history import History
from ariroute.flow.run import Run
from ariroute.flow.wants import Fetch, Gather, PickUp, Play, Ring, Want
from ariroute.journal.opening import open_store
from ariroute.journal.reader import Reader, Recorded
from ariroute.journal.settings import JournalSettings
from ariroute.journal.store import Store
from ariroute.lab.debian import LabError
from ariroute.lab.phone import CallState, Phone

WITHHELD: Final = "anonymous"
"""The number with which a phone withholds its own."""
BREAKS: Final = 4
"""After so many failures in a row of one lookup the daemon is started anew, before its breaker opens."""
BEGUN: Final = 0.15
"""Seconds from the guard's growing to the moment in which a question takes keys."""
ROOM: Final = 10.0
"""Seconds for what takes none on a machine that has nothing else to do."""
LATE: Final = 0.5
"""A real call may be decided so many seconds later than ``within`` says: rings and timeouts end when they end."""
POLL: Final = 0.02


class LiveFailed(Unreachable):
    """Asterisk cannot be had, or the daemon does not run with this flow file."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A case that no real call can play, and why."""

    case: Case
    why: str


def playable(config: Config, case: Case) -> str:
    """Why no real call can be like this case; empty when one can."""
    given, contact = case.given, case.given.contact
    triggered = config.ruleset.flow_for(contact)
    if triggered is None or triggered.name != given.flow:
        return f"no call starts flow {given.flow} with what is dialled here"
    if contact.arguments:
        return "its arguments come from a dialplan of your own"
    if contact.pbx != next(iter(config.pbxs), contact.pbx):
        return f"it comes from {contact.pbx}, and there is one Asterisk here"
    if case.expected == Expected() and all(point.expected.waits_for is not None for point in case.checkpoints):
        return "it expects only what goes on at a moment, and a real call keeps its own time"
    for name, mock in given.mocks.items():
        if mock.answer.outcome is Outcome.FAILED and mock.answer.failure in MADE_INSIDE:
            return f"{name} fails by {mock.answer.failure}, which no answer of a source brings about"
    return ""


def play(config: Config, cases: Sequence[Case], folder: Path) -> Iterator[Verdict | LeftOut]:
    """Each of ``cases`` as a real call, one after the other; ``folder`` takes all files of it.

    Raises LiveFailed where there is no Asterisk to be had, or where the daemon ends.
    """
    reasons = [playable(config, case) for case in cases]
    dialled = list(dict.fromkeys(_dialled(case) for case, why in zip(cases, reasons, strict=True) if not why))
    try:
        if not dialled:
            yield from (LeftOut(case, why) for case, why in zip(cases, reasons, strict=True))
            return
        clock = any(case.given.has_clock for case in cases)
        with (
            Stage(config, read_all(Path(config.file)), folder, dialled, clock) as stage,
            closing(_journal(stage)) as store,
        ):
            player = _Player(config, stage, dialled, Reader(store))
            for case, why in zip(cases, reasons, strict=True):
                yield LeftOut(case, why) if why else player.play(case)
    except (LabError, AssertionError) as error:
        raise LiveFailed(str(error)) from error


def _journal(stage: Stage) -> Store:
    """What the daemon records. It is there a moment after the daemon is. Raises JournalError."""
    deadline = time.monotonic() + ROOM
    while True:
        try:
            return open_store(JournalSettings(url=f"sqlite:{stage.journal}"), Path(), only_read=True)
        except JournalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL)


def _dialled(case: Case) -> str:
    party = case.given.contact.dialled
    return party.e164 or party.number


class _Player:
    """Plays one case at a time on a stage."""

    def __init__(self, config: Config, stage: Stage, dialled: Sequence[str], journal: Reader) -> None:
        self._config = config
        self._stage = stage
        self._dialled = dialled
        self._journal = journal
        self._witness = Witness(stage.pbx)
        self._failed: Counter[str] = Counter()

    def play(self, case: Case) -> Verdict:
        """What came of ``case``."""
        began = time.monotonic()
        rehearsed = run_case(self._config, case)
        self._spare_breakers(rehearsed)
        self._stage.lookups.mocks = case.given.mocks
        self._stage.ring_so(_rings(rehearsed))
        self._witness.begin()
        contact = case.given.contact
        with Phone(
            ("127.0.0.1", self._stage.pbx.sip_port), contact.caller.number or WITHHELD, contact.caller.name
        ) as phone:
            if self._stage.clock:
                self._stage.clock.set(contact.arrived.timestamp() if case.given.has_clock else None)
            phone.call(extension(self._dialled, _dialled(case)))
            recorded = self._follow(phone, case.given, rehearsed)
            verdict = self._judge(case, recorded, phone)
        self._stage.clear()
        return replace(verdict, took=time.monotonic() - began)

    def _follow(self, phone: Phone, given: Given, rehearsed: Verdict) -> Recorded | None:
        """Press keys when they are asked for; the record of the decision once there is one, None if none comes."""
        dialled = time.monotonic()
        deadline = dialled + _longest(self._config, rehearsed)
        fingers = _Fingers(phone, given, rehearsed.history, dialled)
        ended = 0.0
        while time.monotonic() < deadline:
            channel = self._witness.channel()
            if channel and (recorded := self._journal.by_contact(channel)):
                return recorded
            fingers.move(self._stage.talks.get(channel, 0))
            if phone.state is CallState.ENDED:
                ended = ended or time.monotonic()
                if time.monotonic() > ended + 1.0:  # whatever was decided is written by then
                    return None
            time.sleep(POLL)
        return None

    def _judge(self, case: Case, recorded: Recorded | None, phone: Phone) -> Verdict:
        ruleset = self._config.ruleset
        plain = recorded.plain() if recorded else {}
        if recorded is None or not plain["decision"]:
            run = Run(ruleset, ruleset.flows[case.given.flow], case.given.contact)
            decision = run.give_up("the daemon has decided nothing")
            where = f"Asterisk has the call in {self._witness.place()}"
            got = f"none; {recorded.handed}; {where}" if recorded else f"none; {where}"
            missing = Mismatch("decision", "one of the daemon", got)
            return Verdict(case, ruleset, decision, History(), 0.0, (missing,), tuple(self._complaints()))
        decision = Decision.of_plain(plain["decision"])
        mismatches = [
            *_judged(case, decision, max(0.0, recorded.took - LATE)),
            *self._witness.objections(decision.destination, phone),
        ]
        return Verdict(
            case,
            ruleset,
            decision,
            recorded.past({}).history,
            recorded.took,
            tuple(mismatches),
            ("the moments of the time line were not looked at: a real call keeps its own time",)
            if case.checkpoints
            else (),
        )

    def _complaints(self) -> list[str]:
        return [f"the daemon: {line}" for line in self._stage.daemon.complaints()[-3:]]

    def _spare_breakers(self, rehearsed: Verdict) -> None:
        """Start the daemon anew before a lookup that fails on purpose opens its breaker for the cases behind."""
        if max(self._failed.values(), default=0) >= BREAKS:
            self._stage.daemon.stop()
            self._stage.daemon.start()
            self._failed.clear()
        for entry in rehearsed.decision.trace:
            if entry.what == "lookup" and entry.result == "failed":
                self._failed[entry.text] += 1
            elif entry.what == "lookup":
                self._failed[entry.text] = 0


def _judged(case: Case, decision: Decision, after: float) -> Iterator[Mismatch]:
    """What is not as expected of a decision: it is final, so that it is the one of every moment that has one."""
    yield from judged(case.expected, decision, after)
    for point in case.checkpoints:
        for each in judged(point.expected, decision, after):
            yield replace(each, what=f"at {point.at:g}s: {each.what}")


class _Fingers:
    """The keys of one caller, pressed when the flow asks, or at their time."""

    def __init__(self, phone: Phone, given: Given, history: History, dialled: float) -> None:
        self._phone = phone
        in_turn = [press for press in given.presses if press.at is None]
        self._asked = [
            (talk, press.keys) for talk, press in zip(_questions(history), in_turn, strict=False) if press.keys
        ]
        self._timed: list[Press] = [press for press in given.presses if press.at is not None and press.keys]
        self._dialled = dialled
        self._since: dict[int, float] = {}

    def move(self, talks: int) -> None:
        """Press what is due; ``talks`` prompts and questions have begun."""
        now = time.monotonic()
        self._since.setdefault(talks, now)
        if self._asked and talks >= self._asked[0][0] and now >= self._since[talks] + BEGUN:
            self._press(self._asked.pop(0)[1])
        elif self._timed and (self._timed[0].at or 0.0) <= now - self._dialled:
            self._press(self._timed.pop(0).keys)

    def _press(self, keys: str) -> None:
        with suppress(TimeoutError):
            self._phone.wait_for(CallState.PROGRESS, 2.0)
            self._phone.press(keys)


def _questions(history: History) -> Iterator[int]:
    """For each question which of all prompts and questions it is, counted from one."""
    count, is_up = 0, False
    for want in _wants(history):
        if isinstance(want, PickUp | Play | Gather):
            count += not (isinstance(want, PickUp) and is_up)
            is_up = is_up or not isinstance(want, Play)
            if isinstance(want, Gather):
                yield count


def _wants(history: History) -> list[Want]:
    return [*(told.want for told in history.told), *([history.left] if history.left else [])]


def _rings(rehearsed: Verdict) -> list[tuple[str, float]]:
    """How each ring ends, and after how many seconds."""
    before, ends = rehearsed.history.began, []
    for told in rehearsed.history.told:
        if isinstance(told.want, Ring):
            outcome = getattr(told.reply, "outcome", "answered")
            ends.append((str(outcome), told.at.timestamp() - before.timestamp() if before else 0.0))
        before = told.at
    return ends


def _longest(config: Config, rehearsed: Verdict) -> float:
    """Seconds in which the decision must be there, by all that the flow waits for."""
    timeouts = {name: settings.timeout for name, (settings, _) in config.lookups.items()}
    total = ROOM + config.daemon.guard
    for want in _wants(rehearsed.history):
        match want:
            case Fetch(lookups=lookups):
                total += sum(timeouts[name] for name in lookups)
            case Ring(within=within):
                total += within
            case _:
                total += want.bound
    return total
