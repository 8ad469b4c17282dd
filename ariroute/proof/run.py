"""A proof with a private Asterisk: the stage, the control without a guard, the run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import phonenumbers

import ariroute
from ariroute.config.load import Config, load_rules
from ariroute.config.parts import read_all
from ariroute.errors import Unreachable
from ariroute.lab.debian import LabError, dotted
from ariroute.lab.records import cel, queue_log
from ariroute.lab.sip import Caller
from ariroute.proof import dialplan
from ariroute.proof.allowed import NOTHING, Allowed
from ariroute.proof.derive import refusals
from ariroute.proof.faults import Things
from ariroute.proof.keypads import Pressing, choose
from ariroute.proof.performance import Performance, Played, Records
from ariroute.proof.plan import Plan, PlannedCall, Wishes, control, plan
from ariroute.proof.result import Proof, Run
from ariroute.proof.stage import UNDECIDED, Stage
from ariroute.proof.verdict import Placed, Rules, at_extensions
from ariroute.proof.watcher import Watcher

PLACING: Final = 200.0
"""Calls a second that SIPp takes from its list; each then waits for its own time."""
NEVER: Final = 3600.0
"""Seconds of patience of a caller who has much."""
IN_QUEUE: Final = 3.0
"""Seconds that a patient caller stays once the call is answered, beyond what the flow may take."""
LARGE: Final = 100
"""From so many calls on the control has two rounds."""
CONTROL_CALLS: Final = (10, 20)
"""How many calls a round of the control has: a tenth of all, within these bounds."""


class StageFailed(Unreachable):
    """Asterisk or SIPp cannot be had, or do not work here."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: how many calls, how many faults of each kind."""

    calls: int
    faults: Mapping[str, int]
    seed: int
    rate: float | None = None
    with_control: bool = True
    real_lookups: bool = False


def prove(path: Path, order: Order, folder: Path, watcher: Watcher) -> Proof:
    """The proof for the flow file at ``path``; ``folder`` takes all files of it.

    Raises ConfigError and DaemonFailed for a flow file that cannot be used, StageFailed.
    """
    config, document = load_rules(path), read_all(path)
    with _lab_errors():
        stage = Stage(config, document, folder, order.seed, real_lookups=order.real_lookups)
        version = dotted(stage.pbx.version)
        watcher.stage(f"starting a private Asterisk {version}")
        with stage:
            watcher.stage("starting the daemon")
            stage.daemon.start()
            house = _House(stage, config, watcher)
            shown = house.control(order) if order.with_control else None
            run = house.run(order)
            if not stage.pbx.is_running:
                raise StageFailed(f"the private Asterisk ended in the middle; its log is {stage.pbx.log}")
    return Proof(str(path), ariroute.__version__, version, order.seed, run, shown)


@contextmanager
def _lab_errors() -> Iterator[None]:
    try:
        yield
    except LabError as error:
        raise StageFailed(str(error)) from error


def number_prefix(region: str) -> str:
    """What mobile numbers of a country begin with, so that seven more digits make one; Sweden's without a country."""
    kind = phonenumbers.PhoneNumberType.MOBILE
    example = phonenumbers.example_number_for_type(region or "SE", kind)
    if example is None:
        return "+4670"
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[:-7]


def announced(made: Plan) -> str:
    """A plan in words."""
    faults = sum(act.fault is not None for act in made.acts)
    starting = ", and the time in which the daemon starts again" if faults else ""
    return f"{made.calls} calls, {faults} faults: {made.lasts:.0f} s{starting}"


class _Venue:
    """Callers played by SIPp, dialling extensions that begin with ``prefix``."""

    def __init__(self, stage: Stage, prefix: str, allowed: Sequence[Allowed], guard: float) -> None:
        self._stage = stage
        self._prefix = prefix
        self._allowed = allowed
        self._guard = guard

    @property
    def things(self) -> Things:
        """What faults are done to."""
        return self._stage.things

    def place(self, calls: Sequence[PlannedCall]) -> None:
        """Begin to place these calls, each at its time from now."""
        pressing, others = choose(calls, [each.asks for each in self._allowed])
        self._stage.keypads.place([Pressing(call, self._extension(call), self._stay(call)) for call in pressing])
        if others:
            self._stage.callers.place([self._caller(place, call) for place, call in enumerate(others)], rate=PLACING)

    def tick(self) -> None:
        """SIPp keeps time by itself; those who press keys are called by us."""
        self._stage.keypads.tick()

    def _extension(self, call: PlannedCall) -> str:
        return f"{self._prefix}{call.entry}"

    def _stay(self, call: PlannedCall) -> float:
        """Seconds for which this caller stays, from when the call is answered: a flow that talks does that first."""
        talk = self._allowed[call.entry].restarted
        longer = talk + self._guard if talk or call.stays else 0.0
        return call.leaves_after or IN_QUEUE + longer

    def _caller(self, place: int, call: PlannedCall) -> Caller:
        return Caller(
            call.number,
            call.name,
            self._extension(call),
            patience=call.leaves_after or NEVER,
            stay=self._stay(call),
            after=max(0.0, call.at - place / PLACING),
        )


class _House:
    """A stage, and what is played on it."""

    def __init__(self, stage: Stage, config: Config, watcher: Watcher) -> None:
        self._stage = stage
        self._config = config
        self._guard = config.daemon.guard
        self._prefix = number_prefix(config.ruleset.region)
        self._watcher = watcher
        self._records = Records(cel(stage.pbx.cel_log), queue_log(stage.pbx.queue_log))
        self._longest = max(allowed.whole for allowed in stage.allowed)

    def control(self, order: Order) -> Run:
        """Calls into the copy of the dialplan without a guard, while a daemon dies and stays away."""
        self._watcher.stage("the control: no guard, and a daemon that is killed and stays away")
        calls = min(max(order.calls // 10, CONTROL_CALLS[0]), CONTROL_CALLS[1])
        wishes = Wishes(calls, {}, len(self._stage.entries), self._guard, prefix=self._prefix)
        began, rounds = time.time(), []
        for count in range(2 if order.calls >= LARGE else 1):
            if count:
                self._stage.daemon.start()
            rounds.append(self._control_round(control(wishes, order.seed + count), began))
        run = Run(
            began,
            None,
            0.0,
            tuple(call for played in rounds for call in played.calls),
            tuple(fault for played in rounds for fault in played.faults),
        )
        self._watcher.control_done(run)
        return run

    def _control_round(self, made: Plan, began: float) -> Played:
        no_talk = [NOTHING] * len(self._stage.entries)  # the held daemon says no word to those whose calls are lost
        venue = _Venue(self._stage, dialplan.UNGUARDED, no_talk, self._guard)
        rules = rules_on(self._stage, self._config, dialplan.UNGUARDED, no_talk)
        played = Performance(made, venue, self._records, rules, self._watcher, supervised=False).play(began)
        self._stage.daemon.close()
        self._stage.clear()
        return played

    def run(self, order: Order) -> Run:
        """Calls into our dialplan, under every fault that was asked for."""
        daemon = self._stage.daemon
        if order.with_control:
            daemon.start()
        entries = len(self._stage.entries)
        wishes = Wishes(order.calls, order.faults, entries, self._guard, order.rate, self._prefix)
        made = plan(wishes, order.seed)
        self._watcher.stage(announced(made))
        allowed = self._stage.allowed
        venue = _Venue(self._stage, dialplan.GUARDED, allowed, self._guard)
        rules = rules_on(self._stage, self._config, dialplan.GUARDED, allowed)
        began = time.time()
        played = Performance(made, venue, self._records, rules, self._watcher, self._longest).play(began)
        return Run(began, self._guard, max(each.talk for each in allowed), played.calls, played.faults)


def rules_on(stage: Stage, config: Config, prefix: str, allowed: Sequence[Allowed]) -> Rules:
    """How the calls are judged that come in at the extensions of this ``prefix``; ``allowed`` is by entry."""
    entries = enumerate(zip(stage.entries, allowed, strict=True))
    extensions = {
        f"{prefix}{place}": Placed(dialled, each.talk, each.restarted, refusals(config, dialled))
        for place, (dialled, each) in entries
    }
    return Rules(
        at_extensions(dialplan.INBOUND, extensions),
        guard=config.daemon.guard,
        undecided=UNDECIDED,
        deaths=stage.daemon.deaths,
    )
