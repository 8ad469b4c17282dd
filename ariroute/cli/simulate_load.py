"""Who comes to the floor of ``ariroute simulate``: callers by figures of the command line, or as a journal has them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil, inf
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from ariroute.cli.amounts import ByQueue, Calls
from ariroute.cli.given import known
from ariroute.cli.simulate_house import House
from ariroute.errors import UnusableInput
from ariroute.simulate.figures import Group
from ariroute.simulate.load import HALF_HOUR, Always, Burst, Exponential, Piece, Seen, Stream, more, recorded
from ariroute.simulate.tally import Window
from ariroute.values import duration_text, seconds

if TYPE_CHECKING:
    from ariroute.journal.reader import Recorded
    from ariroute.replay.crew import Shift
    from ariroute.replay.visits import Visit

PIECES = 30
"""About so many pieces are drawn; of a record more."""
OF_RECORD = 48
BURST = re.compile(r"([A-Za-z0-9_-]{1,64})=([0-9]{1,5})@(.+)", re.ASCII)
BURST_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """The callers, in seconds from 0 on, and what is counted of them.

    ``clock`` writes a moment in words, by seconds that are ``origin`` where counting begins; ``says`` is a sentence on
    where they come from, ``assumed`` what is assumed of them. ``shifts`` are the agents of a record, in the seconds of
    callers, and ``picks_up`` is how long their phones rang.
    """

    streams: Sequence[Stream]
    window: Window
    clock: Callable[[float], str]
    says: str
    assumed: tuple[str, ...]
    shifts: Sequence[Shift] = ()
    picks_up: float = 0.0
    origin: float = 0.0
    waited: Mapping[Group, float] = field(default_factory=dict)
    """The mean waits that were recorded."""

    def times(self, factor: float) -> Load:
        """With ``factor`` times as many callers."""
        return self if factor == 1 else replace(self, streams=more(self.streams, factor), waited={})

    def without(self, queues: frozenset[str]) -> Load:
        """Without the callers of these queues, which it says."""
        if not queues:
            return self
        kept = [stream for stream in self.streams if stream.queue not in queues]
        gone = sum(stream.expected for stream in self.streams) - sum(stream.expected for stream in kept)
        names = ", ".join(sorted(queues))
        said = f"{gone:,.0f} callers of {names} are left out, as nobody serves them: say who would (--agents)."
        return replace(self, streams=kept, assumed=(*self.assumed, said))


class Figures(NamedTuple):
    """What the command line says of callers. Times are seconds."""

    calls: Sequence[Calls]
    talk: ByQueue[float]
    patience: ByQueue[float]
    bursts: Sequence[tuple[str, Burst]]
    lasting: float
    warm_up: float


def burst(text: str) -> tuple[str, Burst]:
    """``platinum=15@30m``: the queue, and who comes then within a minute. Raises UnusableInput."""
    match = BURST.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError("is no burst")
        return match[1], Burst(seconds(match[3]), int(match[2]), BURST_WITHIN)
    except ValueError as error:
        raise UnusableInput(f"--burst {text}: {error}; write QUEUE=NUMBER@TIME, such as platinum=15@30m") from None


def load_of_figures(figures: Figures, house: House) -> Load:
    """Callers who come at random at these rates. Raises UnusableInput."""
    from ariroute.drawing.chart import time_step

    names = [tier.queue for tier in house.tiers]
    for queue in (*(each.queue for each in figures.calls), *(queue for queue, _ in figures.bursts)):
        known("queue", queue, names)
    step = time_step(figures.lasting / PIECES)
    begin = step * ceil(figures.warm_up / step)
    window = Window(begin, begin + figures.lasting, step)
    rates = {(each.queue, _priority(each, house)): each.rate for each in figures.calls}
    rates |= {
        (queue, house.priorities.get(queue, 0)): 0.0
        for queue, _ in figures.bursts
        if queue not in {queue for queue, _ in rates}
    }
    streams = []
    for (queue, priority), rate in rates.items():
        talk, patience = figures.talk.of(queue), figures.patience.of(queue)
        if talk is None:
            raise UnusableInput(f"--talk: how long do agents talk with callers of {queue}? Write --talk {queue}=3m")
        late = [each for name, each in figures.bursts if name == queue and each.at >= figures.lasting]
        if late:
            raise UnusableInput(f"--burst {queue}: {duration_text(late[0].at)} is when all is over already (--for)")
        bursts = [each._replace(at=begin + each.at) for name, each in figures.bursts if name == queue]
        piece = Piece(0.0, window.end, rate * window.end)
        streams.append(
            Stream(
                queue, priority, [piece], Exponential(talk), Exponential(patience) if patience else Always(inf), bursts
            )
        )
    return Load(
        streams,
        window,
        span,
        f"{duration_text(figures.lasting)} of calls",
        _said(figures, begin),
    )


def _priority(each: Calls, house: House) -> int:
    return house.priorities.get(each.queue, 0) if each.priority is None else each.priority


def _said(figures: Figures, begin: float) -> tuple[str, ...]:
    patient = "they give up after exponential times where --patience says so, and else never"
    return (
        f"Callers come at random (Poisson); talks are exponential (--talk); {patient}.",
        f"The floor is empty at first: {duration_text(begin)} go by before anything is counted (--warm-up).",
    )


def load_of_journal(path: Path, since: str, until: str, house: House) -> Load:
    """Callers who come as those did that the journal has. Raises UnusableInput, JournalError."""
    from ariroute.drawing.chart import time_step
    from ariroute.moments import past_moment
    from ariroute.replay.crew import recorded_shifts

    begin, end = moments_of(since, until, house.timezone)
    end = min(end, datetime.now().timestamp())
    visits = visits_of(path, begin, end)
    seen = [seen_of(visit, begin) for visit in visits]
    _check(seen)
    window = Window(0.0, end - begin, max(HALF_HOUR, time_step((end - begin) / OF_RECORD)))
    zone, clock = ZoneInfo(house.timezone), "%H:%M" if end - begin <= 86_400 * 1.05 else "%a %H:%M"
    rings = [each.ring for each in seen if each.talk is not None]
    shifts = [shift._replace(start=shift.start - begin, end=shift.end - begin) for shift in recorded_shifts(visits)]

    midnight = f"{datetime.fromtimestamp(begin, zone):%Y-%m-%d}"
    origin = begin - past_moment(midnight, datetime.now(zone), house.timezone, "--since").timestamp()

    def worded(at: float, form: str = clock) -> str:
        return f"{datetime.fromtimestamp(begin + at - origin, zone):{form}}"

    full = "%Y-%m-%d %H:%M"
    return Load(
        recorded(seen, 0.0, end - begin),
        window,
        worded,
        f"calls as in the journal from {worded(origin, full)} to {worded(origin + end - begin, full)}",
        _learnt(seen),
        shifts,
        sum(rings) / len(rings),
        origin,
        _waited(seen),
    )


def moments_of(since: str, until: str, timezone: str) -> tuple[float, float]:
    """The part of a journal that is read, seconds since 1970: yesterday when none is chosen. Raises UnusableInput."""
    from ariroute.cli.replay import span as moments

    return moments(since or "yesterday", until or ("" if since else "today"), timezone)


def visits_of(path: Path, begin: float, end: float) -> list[Visit]:
    """The contacts of these moments (seconds since 1970) that entered a queue. Raises UnusableInput, JournalError."""
    from ariroute.cli.replay import opened, progressing

    visits: list[Visit] = []
    with opened(path) as reader:
        for _ in progressing(_gathered(reader.between(begin, end), visits)):
            pass
    return visits


def _gathered(records: Iterable[Recorded], visits: list[Visit]) -> Iterable[int]:
    from ariroute.replay.visits import visit_of

    for number, record in enumerate(records, 1):
        if visit := visit_of(record, None):
            visits.append(visit)
        yield number


def seen_of(visit: Visit, begin: float = 0.0) -> Seen:
    """The caller of ``visit``, in seconds from ``begin`` on."""
    from ariroute.replay.visits import ABANDONED, ANSWERED

    assert visit.before is not None
    talk = visit.talk if visit.outcome == ANSWERED else None
    gave_up = visit.outcome == ABANDONED
    return Seen(visit.at - begin, visit.before.queue, visit.before.priority, visit.wait, gave_up, talk, visit.ring)


def _waited(seen: Iterable[Seen]) -> dict[Group, float]:
    waits: dict[Group, list[float]] = defaultdict(list)
    for each in seen:
        if each.wait is not None:
            waits[Group(each.queue)].append(each.wait)
            waits[Group(each.queue, each.priority)].append(each.wait)
    return {group: sum(own) / len(own) for group, own in waits.items()}


def _check(seen: Sequence[Seen]) -> None:
    if not seen:
        raise UnusableInput(
            "the journal has no call of a queue for this time: choose another with --since and --until, or say how "
            "many come, such as --calls gold=40/h"
        )
    if not any(each.talk is not None for each in seen):
        raise UnusableInput(
            "what Asterisk did with these calls was not recorded, so nobody knows how long agents talk: give the "
            "daemon AMI (asterisk.NAME.ami), or say how many come, such as --calls gold=40/h"
        )


def _learnt(seen: Sequence[Seen]) -> tuple[str, ...]:
    talks, gave_up = sum(each.talk is not None for each in seen), sum(each.gave_up for each in seen)
    patience = (
        f"Patience is estimated by Kaplan and Meier: {gave_up:,} gave up; who was answered would have waited longer."
        if gave_up
        else "Nobody gave up in this record, so nobody does here."
    )
    return (
        f"In each half hour as many come on average as came then, at random, into the same queues ({len(seen):,} "
        f"recorded); each talks as long as one of {talks:,} who were answered.",
        patience,
    )


def span(length: float) -> str:
    """A time since the beginning: ``20 min``, ``1:30 h``, or ``0:45`` in minutes and seconds."""
    minutes, rest = divmod(round(length), 60)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02d} h"
    return f"{minutes}:{rest:02d}" if rest else f"{minutes} min"
