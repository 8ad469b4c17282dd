"""A soak while it runs: calls on the stage of a proof, a fault now and then, samples, and verdicts window by window.

One thread looks at all of it, twenty times a second. What is seen goes to the record at once.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import ariroute
from ariroute.config.load import Config, load_rules
from ariroute.config.parts import read_all
from ariroute.flow.steps import HangUp, Lookup, Step
from ariroute.lab.debian import LabError, dotted
from ariroute.lab.records import CelRow, QueueRow, cel, queue_log
from ariroute.lab.sip import Stream
from ariroute.proof import dialplan
from ariroute.proof.derive import started
from ariroute.proof.faults import ALL, offered
from ariroute.proof.plan import PlannedFault
from ariroute.proof.result import ProvenCall
from ariroute.proof.run import rules_on
from ariroute.proof.stage import Stage
from ariroute.proof.verdict import judge
from ariroute.proof.words import counted
from scripts.soaking import judgement, probe, schedule
from scripts.soaking.record import Began, Ended, Fault, Life, Record, Sample, Window, Writer
from scripts.soaking.windows import window

TICK: Final = 0.05
SAMPLE_EVERY: Final = 5.0
LONGEST_WINDOW, SHORTEST_WINDOW, WINDOWS = 300.0, 30.0, 10
"""Seconds of calls that are judged together: of a short run a tenth, within these bounds."""
SETTLING: Final = 10.0
"""Seconds that calls have beyond what flow, guard and patience may take, until their window is judged."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked for. Times are seconds; `faults_every` of 0 is no fault at all."""

    seconds: float
    rate: float
    faults_every: float
    seed: int
    flow: Path


class Soak:
    """One run on a stage that is open. `tell` takes a line for whoever looks on."""

    def __init__(
        self, stage: Stage, config: Config, wishes: Wishes, writer: Writer, tell: Callable[[str], None]
    ) -> None:
        self._stage = stage
        self._config = config
        self._wishes = wishes
        self._writer = writer
        self._tell = tell
        self._guard = config.daemon.guard
        self._dice = random.Random(wishes.seed)  # noqa: S311  # callers, no secret
        self._cel, self._queue = cel(stage.pbx.cel_log), queue_log(stage.pbx.queue_log)
        self._cel_rows: list[CelRow] = []
        self._queue_rows: list[QueueRow] = []
        self._window = min(LONGEST_WINDOW, max(SHORTEST_WINDOW, wishes.seconds / WINDOWS))
        longest = max(allowed.whole for allowed in stage.allowed)
        self._settling = SETTLING + longest + self._guard + schedule.IN_QUEUE
        self._planned = schedule.faults(
            wishes.seconds, wishes.faults_every, self._guard, wishes.seed, offered(link=True, service=True)
        )
        self._under_way: list[tuple[float, PlannedFault]] = []
        self._life, self._pid = max((life.life for life in writer.record.of(Life)), default=0), 0
        self._rules = rules_on(stage, config, dialplan.GUARDED, stage.allowed)
        self._watched = watched(config, stage)
        self._weights = weights(config, stage)
        self._stream: Stream | None = None
        self._next_block = self._next_sample = 0.0
        self._judged_until = 0.0
        self._began = 0.0
        self.why_stopped = ""

    def run(self) -> None:
        """From the first call to the last verdict, or until :meth:`stop`. Raises LabError when Asterisk has ended."""
        self._began = self._judged_until = self._next_block = time.time()
        self._writer.write(self._asked())
        end = self._began + self._wishes.seconds
        while (now := time.time()) < end and not self.why_stopped:
            self._tick(now, end)
            time.sleep(TICK)
        self._tell(f"no more calls; the last verdicts follow within {self._settling:.0f} s")
        self._end_faults(float("inf"))
        while (now := time.time()) < end + self._settling and not self.why_stopped:
            self._tick(now, 0.0)
            time.sleep(TICK)
        self._judge_rest(min(end, time.time()))
        self._writer.write(Ended(time.time(), self.why_stopped or "all calls placed"))

    def stop(self, why: str) -> None:
        """Place no more calls and judge what is settled."""
        self.why_stopped = self.why_stopped or why

    def _asked(self) -> Began:
        return Began(
            at=self._began,
            seconds=self._wishes.seconds,
            rate=self._wishes.rate,
            faults_every=self._wishes.faults_every,
            seed=self._wishes.seed,
            ariroute=ariroute.__version__,
            asterisk=dotted(self._stage.pbx.version),
            guard=self._guard,
            flow_file=str(self._wishes.flow),
        )

    def _tick(self, now: float, calls_until: float) -> None:
        self._stage.daemon.tend()
        self._end_faults(now)
        if now < calls_until:
            self._begin_faults(now)
            self._place(now, calls_until)
        if now >= self._next_sample:
            self._next_sample = now + SAMPLE_EVERY
            self._sample(now)
        if now >= self._judged_until + self._window + self._settling:
            self._judge(self._judged_until + self._window)

    # Calls and faults

    def _place(self, now: float, until: float) -> None:
        if now < self._next_block:
            return
        seconds = min(self._window, until - self._next_block)
        self._next_block += seconds
        count = round(seconds * self._wishes.rate)
        if count > 0:
            callers = schedule.callers(count, self._weights, self._stage.allowed, self._guard, self._dice)
            self._stream = self._stage.callers.place(callers, rate=self._wishes.rate)

    def _begin_faults(self, now: float) -> None:
        while self._planned and now >= self._began + self._planned[0].at:
            planned = self._planned.pop(0)
            ALL[planned.kind].begin(self._stage.things, planned)
            self._under_way.append((now + planned.lasted, planned))
            self._writer.write(Fault(now, planned.kind, ALL[planned.kind].says, planned.lasted))

    def _end_faults(self, now: float) -> None:
        for due, planned in [each for each in self._under_way if each[0] <= now]:
            self._under_way.remove((due, planned))
            end = ALL[planned.kind].end
            if end is not None:
                end(self._stage.things)

    # What is seen

    def _sample(self, now: float) -> None:
        if not self._stage.pbx.is_running:
            raise LabError(f"the private Asterisk ended; its log: {self._stage.pbx.log}")
        daemon = self._stage.daemon.current
        pid = daemon.process.pid
        if pid != self._pid:
            self._pid, self._life = pid, self._life + 1
            self._writer.write(Life(now, self._life, self._why_new()))
        found = probe.sample(pid, daemon.admin, self._life, now)
        if found is not None:
            self._writer.write(found)

    def _why_new(self) -> str:
        recent = [fault.kind for fault in self._writer.record.of(Fault) if fault.kind in schedule.DEADLY]
        first = not self._writer.record.of(Life) or self._writer.record.of(Life)[-1].at < self._began
        return "start" if first else recent[-1] if recent else "it ended by itself"

    def _judge_rest(self, end: float) -> None:
        while self._judged_until < end - 1.0:
            self._judge(min(end, self._judged_until + self._window))

    def _judge(self, until: float) -> None:
        """Write the window that ends `until`, and forget its rows."""
        at, now = self._judged_until, time.time()
        self._cel_rows += self._cel.new_rows()
        self._queue_rows += self._queue.new_rows()
        self._cel.forget()
        self._queue.forget()
        found = judge(self._cel_rows, self._queue_rows, self._rules, at, now)
        calls: list[ProvenCall] = [verdict.call for verdict in found if verdict.call is not None]
        made = window(calls, at, until, self._guard, self._writer.record.of(Fault), self._watched)
        self._writer.write(made)
        self._judged_until = until
        self._cel_rows = [row for row in self._cel_rows if row.time >= until]
        self._queue_rows = [row for row in self._queue_rows if row.time >= int(until)]
        self._tell(progress(self._writer.record, until - self._began))


def progress(record: Record, seconds: float) -> str:
    """A line about all so far."""
    sums = judgement.totals(record)
    counts = judgement.faults(record)
    last = record.of(Window)[-1]
    memory = next((f"{sample.rss / judgement.MB:.1f} MB" for sample in reversed(record.of(Sample))), "-")
    p99 = "-" if last.p99 is None else f"{last.p99 * 1000:.0f} ms"
    return (
        f"{seconds / 60:7.1f} min  {counted(sums.placed, 'call')}, {sums.lost} lost, {sums.twice} twice, "
        f"{sums.late} late; {counted(sum(counts.values()), 'fault')}; p99 {p99}; {memory}"
    )


def weights(config: Config, stage: Stage) -> list[int]:
    """How often each entry is dialled: mostly those that lead straight to a queue."""
    straight = [
        not allowed.whole and not _has(config, started(config, entry), HangUp)
        for entry, allowed in zip(stage.entries, stage.allowed, strict=True)
    ]
    return schedule.weights(straight)


def watched(config: Config, stage: Stage) -> Collection[str]:
    """What is dialled for a decision alone: no prompt, no ring, and no lookup where there is such a flow."""
    quick = [entry for entry, allowed in zip(stage.entries, stage.allowed, strict=True) if not allowed.whole]
    plain = [entry for entry in quick if not _has(config, started(config, entry), Lookup)]
    return plain or quick or stage.entries


def _has(config: Config, flow: str, kind: type[Step]) -> bool:
    return flow in config.ruleset.flows and any(isinstance(step, kind) for step in config.ruleset.flows[flow].walk())


def soak(wishes: Wishes, folder: Path, writer: Writer, tell: Callable[[str], None]) -> None:
    """The whole run; `folder` takes the files of the stage.

    Raises ConfigError and DaemonFailed for a flow file that cannot be used, LabError where the stage does not stand.
    """
    config, document = load_rules(wishes.flow), read_all(wishes.flow)
    stage = Stage(config, document, folder, wishes.seed, real_lookups=False)
    tell(f"starting a private Asterisk {dotted(stage.pbx.version)} and the daemon in {folder}")
    with stage:
        stage.daemon.start()
        run = Soak(stage, config, wishes, writer, tell)
        with told_to_stop(run.stop):
            run.run()
        stage.clear()


@contextmanager
def told_to_stop(stop: Callable[[str], None]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM in the block asks to stop; the second one does what it always does."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop("Ctrl-C" if number == signal.SIGINT else "SIGTERM")
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
