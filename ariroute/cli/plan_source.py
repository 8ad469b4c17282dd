"""What ``ariroute plan`` plans for: figures of the command line, a queue_log, or the journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isinf
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ariroute.cli.amounts import ByQueue, Calls
from ariroute.cli.given import known
from ariroute.cli.output import say
from ariroute.errors import UnusableInput
from ariroute.planning.erlang import HOUR, Load
from ariroute.planning.halfhours import Day, Patient, average_day
from ariroute.simulate.load import HALF_HOUR, Seen

BAD_LINES_SHOWN = 5

Pieces = Sequence[tuple[float | None, float, Sequence[Load]]]


@dataclass(frozen=True, slots=True)
class Source:
    """What is planned for. ``says`` is a sentence on where it comes from; ``learnt`` are sentences on what was found.

    ``day`` is that of a record, None for figures.
    """

    pieces: Pieces
    says: str
    learnt: tuple[str, ...]
    day: Day | None = None


class Span(NamedTuple):
    """Which part of a record counts: as --since, --until and --days have it, by the clock of ``timezone``."""

    since: str
    until: str
    days: frozenset[int]
    timezone: str


class Lengths(NamedTuple):
    """Times by queue, in seconds."""

    talk: ByQueue[float]
    ring: ByQueue[float]
    wrap_up: ByQueue[float]
    patience: ByQueue[float]

    def beside(self, wrap_ups: Mapping[str, float], queues: Collection[str]) -> Lengths:
        """These, with ``wrap_ups`` of ``queues`` where nothing was said of any."""
        if self.wrap_up.others is not None:
            return self
        usual = {queue: wrap_up for queue, wrap_up in wrap_ups.items() if queue in queues}
        return self._replace(wrap_up=ByQueue({**usual, **self.wrap_up.named}))


def of_figures(calls: Sequence[Calls], queues: Sequence[str], lengths: Lengths) -> Source:
    """One hour of these calls, a tier for each of ``queues``. Raises UnusableInput."""
    for each in calls:
        if each.priority is not None:
            raise UnusableInput(
                f"--calls {each.queue}:{each.priority}: in a plan a queue is one tier: leave out the priority; "
                "ariroute simulate knows several in one queue"
            )
        if not each.rate:
            raise UnusableInput(f"--calls {each.queue}: nobody comes: leave the queue out, or write such as gold=40/h")
    check_names(lengths, queues)
    rates = {each.queue: each.rate for each in calls}
    return Source([(None, HOUR, [_load(queue, rates[queue], lengths) for queue in queues])], "an hour as given", ())


def check_names(lengths: Lengths, queues: Sequence[str]) -> None:
    """Raises UnknownName for a time of a queue that is not planned for."""
    for values in lengths:
        for queue in values.named:
            known("queue", queue, queues)


def _load(queue: str, rate: float, lengths: Lengths) -> Load:
    talk = lengths.talk.of(queue)
    if talk is None:
        raise UnusableInput(f"--talk: how long do agents talk with callers of {queue}? Write --talk {queue}=3m")
    ring, wrap_up = lengths.ring.of(queue) or 0.0, lengths.wrap_up.of(queue) or 0.0
    return Load(rate * HOUR, ring + talk + wrap_up, ring, lengths.patience.of(queue) or inf)


def of_queue_log(paths: Sequence[Path], span: Span) -> list[Seen]:
    """Who came, as these files tell it; bad lines are noted. Raises UnusableInput."""
    from ariroute.asterisk.queue_log import read_queue_log
    from ariroute.cli.replay import span as moments

    begin, end = moments(span.since, span.until, span.timezone)
    log = read_queue_log(paths)
    for bad in log.bad[:BAD_LINES_SHOWN]:
        say(f"note: {bad}; it is left out")
    if len(log.bad) > BAD_LINES_SHOWN:
        say(f"note: {len(log.bad) - BAD_LINES_SHOWN:,} more lines are left out; {log.lines:,} were read")
    return [
        Seen(visit.entered, visit.queue, 0, visit.wait, visit.gave_up, visit.talk, visit.ring)
        for visit in log.visits
        if begin <= visit.entered < end
    ]


def of_journal(path: Path, span: Span) -> list[Seen]:
    """Who came, as the journal has it: yesterday when no time is chosen. Raises UnusableInput, JournalError."""
    from ariroute.cli.simulate_load import moments_of, seen_of, visits_of

    return [seen_of(visit) for visit in visits_of(path, *moments_of(span.since, span.until, span.timezone))]


def of_record(seen: Sequence[Seen], queues: Sequence[str], span: Span, lengths: Lengths, where: str) -> Source:
    """The half hours of the day that ``seen`` makes up on average. Raises UnusableInput."""
    zone = ZoneInfo(span.timezone)
    wrap_up = [lengths.wrap_up.of(queue) or 0.0 for queue in queues]
    day = average_day(seen, queues, zone, wrap_up=wrap_up, weekdays=span.days)
    if day is None:
        raise UnusableInput(
            f"{where} has no call of a queue for this time: choose another with --since, --until and --days, or say "
            "how many come, such as --calls gold=40/h --talk 3m"
        )
    check_names(lengths, queues)
    if not any(each.talk is not None for each in seen):
        raise UnusableInput(
            f"{where} has no call that was answered and ended, so nobody knows how long agents talk: take more days, "
            "or say it with --calls and --talk; a journal has talks where the daemon has AMI (asterisk.NAME.ami)"
        )
    day = replace(day, loads=tuple(_with_patience(each, queues, lengths.patience) for each in day.loads))
    pieces = [(number * HALF_HOUR, HALF_HOUR, loads) for number, loads in enumerate(day.loads)]
    busy = [number for number, (_, _, loads) in enumerate(pieces) if any(load.calls > 0 for load in loads)]
    return Source(
        pieces[busy[0] : busy[-1] + 1],
        f"{where}, {_dates(day)}",
        tuple(_learnt(day, lengths, span.timezone)),
        day,
    )


def _with_patience(loads: Sequence[Load], queues: Sequence[str], given: ByQueue[float]) -> tuple[Load, ...]:
    return tuple(
        replace(load, patience=given.of(queue) or load.patience) for load, queue in zip(loads, queues, strict=True)
    )


def _dates(day: Day) -> str:
    first, last = day.dates[0], day.dates[-1]
    if first == last:
        return f"{first:%Y-%m-%d}"
    return f"the average of {len(day.dates)} days from {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _learnt(day: Day, lengths: Lengths, timezone: str) -> Iterable[str]:
    yield f"Half hours by the clock of {timezone}."
    borrowed = [queue for queue, patient in zip(day.queues, day.patience, strict=True) if patient.borrowed]
    told = set()
    for queue, patient in zip(day.queues, day.patience, strict=True):
        if lengths.patience.of(queue) is None and not patient.borrowed:
            yield f"Patience of {queue}: {patience_text(patient)}."
            told.add(queue)
    asked = [queue for queue in borrowed if lengths.patience.of(queue) is None]
    if asked:
        of_all = next(patient for patient in day.patience if patient.borrowed)
        yield f"Patience of {', '.join(asked)}, where few gave up, is that of all tiers: {patience_text(of_all)}."


def patience_text(patient: Patient) -> str:
    """The estimate, and what the record says without any formula."""
    if not patient.gave_up:
        return f"nobody of {patient.waits:,} gave up, so nobody does here"
    if isinf(patient.mean):
        return f"nobody of {patient.waits:,} waited, so nobody gives up here"
    share, seconds = patient.curve.lasts(30.0), f"{patient.mean:.0f} s"
    return (
        f"{seconds} on average ({patient.gave_up:,} of {patient.waits:,} gave up; who was answered would have waited "
        f"longer); {share:.0%} wait longer than 30 s (Kaplan and Meier)"
    )
