"""A run as a picture: time to the right, how long each caller has been waiting upwards, faults as bands. Inline SVG.

Each call is a line that begins at the bottom where it enters Stasis(), climbs while the caller waits, and ends with a
dot where the call reaches its queue; a call that nobody rescues leaves at the top. What was promised is one level line,
so a broken promise is seen at once. A long run is cut into strips below one another, which also print well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from ariroute.proof import words
from ariroute.proof.figures import bound
from ariroute.proof.result import Ending, InjectedFault, ProvenCall, Run

WIDTH, LEFT, RIGHT = 1120, 76, 12
PLOT, ROW, AXIS = 132, 13, 20
"""Heights in px of the plot, of the row of a kind of fault, and of the numbers below."""
CALLS_A_STRIP, MOST_STRIPS = 110, 14
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200)

MOST_DRAWN = 6000
"""Calls that kept the promise and are drawn; of more, one in so many. Those that broke it are drawn all."""

TONES = (
    ("queued", "in its queue"),
    ("default", "in the default queue, without a decision"),
    ("answered", "answered by a phone that the flow rang"),
    ("voicemail", "in a mailbox"),
    ("refused", "refused by the flow"),
    ("left", "hung up by the caller"),
    ("broken", "late, or in a queue twice"),
    ("lost", "lost"),
)
"""What a line's colour means, the ones drawn last at the end."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a strip shows: `length` seconds of the run, waits up to `most` seconds. Runs side by side share one."""

    length: float
    most: float


def scale(runs: Sequence[Run]) -> Scale:
    """A scale that suits all of `runs`."""
    strips = min(MOST_STRIPS, max(1, math.ceil(max(len(run.calls) for run in runs) / CALLS_A_STRIP)))
    length = max(map(duration, runs)) / strips
    step = tick(length / 10)
    bounds = [most for run in runs if (most := bound(run)) is not None]
    heights = [height for run in runs for call in run.calls if (height := _height(call)) is not None]
    highest = max([1.2 * most for most in bounds] + [min(max(heights, default=0.0), 3 * max(bounds, default=5.0)), 0.5])
    return Scale(math.ceil(length / step) * step, highest * 1.04)


def duration(run: Run) -> float:
    """Seconds until the last call was settled and the last fault over; at least one."""
    ends = [_end(call) for call in run.calls] + [fault.at + fault.lasted for fault in run.faults]
    return max([*ends, 1.0])


def _height(call: ProvenCall) -> float | None:
    """Seconds from where its line begins to where it ends, rings included; None where nothing ends it."""
    if call.settled is None or call.ending is Ending.LOST:
        return None
    return call.settled - (call.placed if call.entered is None else call.entered)


def _end(call: ProvenCall) -> float:
    return call.placed if call.settled is None or call.ending is Ending.LOST else call.settled


def tick(least: float) -> float:
    """The smallest of the round steps that is not below `least`, or the largest."""
    return next((step for step in STEPS if step >= least), STEPS[-1])


def tone(call: ProvenCall, late: frozenset[str]) -> str:
    """The first word of `TONES` for `call`; `late` are uniqueids."""
    if call.ending is Ending.LOST:
        return "lost"
    if call.twice or call.uniqueid in late:
        return "broken"
    if call.by_default and call.ending is Ending.QUEUED:
        return "default"
    return call.ending.name.lower()


def tones(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Those of `TONES` that `runs` have, for the key."""
    found = {tone(call, late) for run in runs for late in [_late(run)] for call in run.calls}
    return [each for each in TONES if each[0] in found]


def drawn(run: Run) -> tuple[Run, int]:
    """`run` with the calls that are drawn, and of how many that kept the promise each of these is one."""
    step = math.ceil(len(run.calls) / MOST_DRAWN)
    if step <= 1:
        return run, 1
    late = _late(run)
    broken = [tone(call, late) in ("broken", "lost") for call in run.calls]
    calls = tuple(call for place, call in enumerate(run.calls) if broken[place] or place % step == 0)
    return replace(run, calls=calls), step


def strips(run: Run, measure: Scale, name: str) -> str:
    """The pictures of `run`, one below the other. `name` begins with a letter, another one for each run of a page."""
    kinds = list(dict.fromkeys(fault.kind for fault in run.faults))
    count = max(1, math.ceil(duration(run) / measure.length - 1e-9))
    return "\n".join(_Strip(run, measure, f"{name}{number}", number, kinds).svg() for number in range(count))


def _late(run: Run) -> frozenset[str]:
    return frozenset(call.uniqueid for call in run.late)


class _Strip:
    """The strip `number` of a run, in a picture of its own, so that a printer may begin a new sheet before it."""

    def __init__(self, run: Run, measure: Scale, clip: str, number: int, kinds: Sequence[str]) -> None:
        self.run = run
        self.measure = measure
        self.clip = clip
        self.begin = number * measure.length
        self.end = self.begin + measure.length
        self.kinds = kinds
        self.plot = len(kinds) * ROW
        self.floor = self.plot + PLOT

    def svg(self) -> str:
        """The picture."""
        label = f"Calls and faults from {clock(self.begin)} to {clock(self.end)}"
        area = f'x="{LEFT}" width="{WIDTH - LEFT - RIGHT}"'
        return (
            f'<svg class="strip" viewBox="0 0 {WIDTH} {self.floor + AXIS}" role="img" aria-label="{label}" '
            'xmlns="http://www.w3.org/2000/svg">\n'
            f'<clipPath id="{self.clip}"><rect {area} y="{self.plot}" height="{PLOT + 4}"/></clipPath>\n'
            f'<clipPath id="{self.clip}f"><rect {area} y="0" height="{self.floor}"/></clipPath>\n'
            f'<rect class="plot" {area} y="{self.plot}" height="{PLOT}"/>\n'
            f'<g clip-path="url(#{self.clip}f)">\n{"".join(self._faults())}</g>\n{"".join(self._levels())}'
            f'<g clip-path="url(#{self.clip})">\n{"".join(self._calls())}</g>\n{"".join(self._numbers())}</svg>'
        )

    def x(self, when: float) -> float:
        return LEFT + (when - self.begin) / self.measure.length * (WIDTH - LEFT - RIGHT)

    def y(self, wait: float) -> float:
        return self.floor - min(wait, 2 * self.measure.most) / self.measure.most * PLOT

    # Faults

    def _faults(self) -> list[str]:
        return [self._fault(fault) for fault in self.run.faults if self._shows(fault.at, fault.at + fault.lasted)]

    def _fault(self, fault: InjectedFault) -> str:
        x, wide = self.x(fault.at), max(self.x(fault.at + fault.lasted) - self.x(fault.at), 1.5)
        row = self.kinds.index(fault.kind) * ROW
        says = words.plain(f"{fault.kind} at {fault.at:.1f} s: {fault.says}")
        lasts = f" ({words.seconds(fault.lasted)})" if fault.lasted else ""
        return (
            f'<g class="fault"><title>{escape(says + lasts)}</title>'
            f'<rect class="band" x="{x:.1f}" y="{self.plot}" width="{wide:.1f}" height="{PLOT}"/>'
            f'<rect class="mark" x="{x:.1f}" y="{row + 2}" width="{max(wide, 4):.1f}" height="{ROW - 4}" rx="2"/>'
            "</g>\n"
        )

    # Calls

    def _calls(self) -> list[str]:
        late, order = _late(self.run), [name for name, _ in TONES]
        shown = [(tone(call, late), call) for call in self.run.calls if self._shows(*self._stay(call))]
        return [self._call(call, how) for how, call in sorted(shown, key=lambda each: order.index(each[0]))]

    def _stay(self, call: ProvenCall) -> tuple[float, float]:
        """From when to when its line is drawn; that of a lost call climbs until it is above the plot."""
        begin = call.placed if call.entered is None else call.entered
        height = _height(call)
        return begin, begin + (1.1 * self.measure.most if height is None else max(0.0, height))

    def _call(self, call: ProvenCall, how: str) -> str:
        begin, end = self._stay(call)
        x, y = self.x(end), self.y(end - begin)
        line = f'<path d="M{self.x(begin):.1f} {self.floor}L{x:.1f} {y:.1f}"/>'
        dot = "" if how == "lost" else f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4"/>'
        return f'<g class="{how}"><title>{escape(telling(call))}</title>{line}{dot}</g>\n'

    def _shows(self, begin: float, end: float) -> bool:
        return begin <= self.end and end >= self.begin

    # Levels and numbers

    def _levels(self) -> list[str]:
        steps = [self.y(wait) for wait in _ticks(0, self.measure.most, tick(self.measure.most / 5))[1:]]
        lines = [f'<path class="level" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>\n' for y in steps]
        if (most := bound(self.run)) is not None:
            lines.append(f'<path class="bound" d="M{LEFT} {self.y(most):.1f}H{WIDTH - RIGHT}"/>\n')
        return lines

    def _numbers(self) -> list[str]:
        across = _ticks(self.begin, self.end, tick(max(1.0, self.measure.length / 10)))
        below = [_text(self.x(at), self.floor + 15, clock(at), "across") for at in across]
        up = _ticks(0, self.measure.most, tick(self.measure.most / 5))
        beside = [_text(LEFT - 6, self.y(wait) + 3, f"{wait:g} s", "up") for wait in up]
        rows = [_text(LEFT - 6, at * ROW + 10, kind[:10], "kind") for at, kind in enumerate(self.kinds)]
        if (most := bound(self.run)) is not None:
            beside.append(_text(WIDTH - RIGHT - 4, self.y(most) - 4, f"promised {words.seconds(most)}", "promise"))
        return [*below, *beside, *rows]


def telling(call: ProvenCall) -> str:
    """A call in a few words; it is shown when the pointer rests on its line."""
    where = f"{call.ending.value}: {', '.join(call.queues)}" if call.queues else call.ending.value
    took = f" after {words.seconds(call.wait)}" if call.wait is not None else ""
    default = ", by default" if call.by_default else ""
    twice = ", twice" if call.twice else ""
    return words.plain(f"{call.caller} at {call.placed:.1f} s: {where}{took}{default}{twice}")


def _ticks(begin: float, end: float, step: float) -> list[float]:
    first, last = math.ceil(begin / step - 1e-9), math.floor(end / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def clock(at: float) -> str:
    """``0:45``, ``1:02:30``: minutes and seconds of the run."""
    whole = round(at)
    hours, rest = divmod(whole, 3600)
    text = f"{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
    return f"{hours}:{text}" if hours else text


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(words.plain(text))}</text>\n'
