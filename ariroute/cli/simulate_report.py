"""What ``ariroute simulate`` found: figures in words, the lines that are drawn, and all of it as JSON types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ariroute.cli.simulate import MODES
from ariroute.cli.simulate_floor import MOVING, Crew
from ariroute.cli.simulate_house import House
from ariroute.cli.simulate_load import Load
from ariroute.cli.simulate_queues import Known
from ariroute.drawing.chart import TONES, Line, round_step, time_step
from ariroute.simulate.figures import Figure, Group
from ariroute.simulate.intervals import Estimate
from ariroute.simulate.study import ArmResult, Figures, Setting
from ariroute.values import duration_text

VERSION: Final = 1
"""Of the JSON form: goes up when a key changes its meaning or goes away, not when one is added."""

ALL_BUSY: Final = 0.97
"""Of the time on duty."""
NEAR: Final = 0.5
"""Seconds of a mean wait that nobody would notice: of ringing, or of a record in whole seconds."""
MOST_APART: Final = 5.0
"""A floor whose lines climb so many times as high as those of the median floor has a scale of its own."""
MOST_BAND: Final = 3.0
"""A band is drawn up to so many times the highest mean: one bad run must not make all else flat."""


def seconds_text(value: float) -> str:
    """``0.4 s``, ``42 s``, ``3:05 min``, ``2:10 h``: as fine as one can tell."""
    if abs(value) < 9.95:
        return f"{value:.1f} s"
    if abs(value) < 120:
        return f"{value:.0f} s"
    sign, whole = "-" if value < 0 else "", round(abs(value))
    if whole < 7200:
        return f"{sign}{whole // 60}:{whole % 60:02d} min"
    return f"{sign}{whole // 3600}:{whole % 3600 // 60:02d} h"


def percent_text(value: float) -> str:
    """``98 %``, and ``99.7 %`` where that is what matters; ``100 %`` is all."""
    percent = 100 * value
    if 99 <= percent < 100:
        return f"{min(percent, 99.9):.1f} %"
    return f"{percent:.1f} %" if 0.05 <= abs(percent) < 1 else f"{percent:.0f} %"


def ratio_text(value: float) -> str:
    return f"{value:.2f}"


def whole_text(value: float) -> str:
    return f"{value:,.0f}"


def wait_mark(value: float) -> str:
    """A wait beside a scale: ``0``, ``20 s``, ``2 min``, ``1:30 min``."""
    for unit, length in (("h", 3600), ("min", 60)):
        if value >= length and value % length == 0:
            return f"{value // length:.0f} {unit}"
    return f"{value:g} s" if value else "0"


class Shown(NamedTuple):
    """A figure in a table: its heading, and how it is written."""

    figure: Figure
    head: str
    text: Callable[[float], str]


class Drawn(NamedTuple):
    """A figure over time: what is said above it, how its scale is written, and what makes that round."""

    figure: Figure
    head: str
    mark: Callable[[float], str]
    round_up: Callable[[float], float] = round_step
    bands: bool = True


SHOWN: Final = (
    Shown(Figure.CALLERS, "callers", whole_text),
    Shown(Figure.WAIT, "mean wait", seconds_text),
    Shown(Figure.WAIT_95, "95 % waited at most", seconds_text),
    Shown(Figure.IN_TIME, "answered in time", percent_text),
    Shown(Figure.UNANSWERED, "unanswered", percent_text),
)
STAFFING_SHOWN: Final = (
    Shown(Figure.AGENTS_PER_CALL, "agents per call", ratio_text),
    Shown(Figure.HELD, "target held", percent_text),
    Shown(Figure.HELD_AND_ENOUGH, "where agents suffice", percent_text),
)
FLOOR_SHOWN: Final = (
    Shown(Figure.OCCUPANCY, "occupancy", percent_text),
    Shown(Figure.MOVES, "moves per agent and 10 min", ratio_text),
)
DRAWN: Final = (
    Drawn(Figure.CALLERS, "Callers", whole_text),
    Drawn(Figure.WAIT, "Mean wait", wait_mark, time_step),
    Drawn(Figure.AGENTS_PER_CALL, "Agents per call", "{:g}".format, bands=False),
    Drawn(Figure.IN_TIME, "Answered in time", percent_text, bands=False),
    Drawn(Figure.HELD, "Target held", percent_text, bands=False),
)
"""By tier."""
BUSY: Final = Drawn(Figure.OCCUPANCY, "Occupancy", percent_text, bands=False)


def text_of(figures: Figures, shown: Shown) -> str:
    """``12 s ±0.8``; empty where nobody knows."""
    found = figures.get(shown.figure)
    return "" if found is None else with_margin(found, shown.text)


def with_margin(found: Estimate, text: Callable[[float], str], sign: str = "") -> str:
    """A mean and its margin, in the unit of the mean."""
    mean = f"{'+' if sign and found.mean >= 0 else ''}{text(found.mean)}"
    return mean if found.margin is None else f"{mean} ±{_bare(text(found.margin), text(found.mean))}"


def _bare(margin: str, mean: str) -> str:
    """The margin without its unit where the mean has the same."""
    number, _, unit = margin.rpartition(" ")
    return number if number and mean.endswith(unit) else margin


class Grid(NamedTuple):
    """A table: headings of texts and of numbers, and rows."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    rows: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Report:
    """A study that is over; ``seeds`` are those of its runs."""

    house: House
    load: Load
    crew: Crew
    queues: Known
    setting: Setting
    arms: Sequence[ArmResult]
    seeds: range

    @property
    def groups(self) -> list[Group]:
        """Those that anybody called."""
        found = []
        for group in self.setting.groups:
            callers = self.arms[0].groups[group].get(Figure.CALLERS)
            if callers and callers.mean:
                found.append(group)
        return found

    @property
    def queues_called(self) -> list[Group]:
        """Those of them that are whole queues."""
        return [group for group in self.groups if group.priority is None]

    def summary(self) -> list[str]:
        """What was played, in sentences."""
        each = sum(self.arms[0].groups[group][Figure.CALLERS].mean for group in self.queues_called)
        runs = f"{len(self.seeds)} run{'s' * (len(self.seeds) > 1)}"
        floors = "one floor" if len(self.arms) == 1 else f"{len(self.arms)} floors, each before the same callers"
        first = f"{runs} of {self.load.says}, about {each:,.0f} callers each; {len(self.crew.hands)} agents, {floors}."
        return [first, *(f"  {arm.name}: {MODES[arm.name]}" for arm in self.arms)]

    def assumptions(self) -> list[str]:
        """What the figures rest on, in sentences."""
        return [
            *self.load.assumed,
            f"{self.crew.says}. They answer {self._after()}.",
            self.queues.says(group.queue for group in self.queues_called),
            "Means are right within the margin (±) with 95 % confidence, if the assumptions are."
            if len(self.seeds) > 1
            else "One run says little: more have a margin (--runs).",
        ]

    def _after(self) -> str:
        rings = self.load.picks_up
        return f"after {seconds_text(rings)}" if rings else "at once"

    def doubts(self) -> list[str]:
        """What makes the figures say less than they seem to."""
        found = [self._misfit(group) for group in self.groups if not self._fits(group)]
        for arm, floor in zip(self.arms, self.setting.arms, strict=True):
            served = set(floor.serves())
            if alone := [group.queue for group in self.queues_called if group.queue not in served]:
                found.append(f"{arm.name}: nobody serves {', '.join(alone)}, whose callers wait in vain")
            occupancy = arm.floor.get(Figure.OCCUPANCY)
            if occupancy and occupancy.mean > ALL_BUSY:
                found.append(f"{arm.name}: agents are busy nearly all the time, so waits grow as long as it lasts")
        return found

    def _fits(self, group: Group) -> bool:
        """Whether the recorded wait lies between those of most runs of the first floor, or half a second beside."""
        waited, played = self.load.waited.get(group), self.arms[0].groups[group].get(Figure.WAIT)
        return waited is None or played is None or played.low - NEAR <= waited <= played.high + NEAR

    def _misfit(self, group: Group) -> str:
        first = self.arms[0]
        waited, played = self.load.waited[group], first.groups[group][Figure.WAIT].mean
        return (
            f"{group}: callers waited {seconds_text(waited)} on average, and with {first.name} it would be "
            f"{seconds_text(played)}: agents, settings or wrap-up were other than assumed (--agents, --queues-conf, "
            "--wrap-up)"
        )

    def target(self, group: Group) -> float | None:
        """The wanted agents per call."""
        return next((tier.agents_per_call for tier in self.house.tiers if tier.queue == group.queue), None)

    def waits(self) -> Grid:
        """How callers fare: one row for each tier and floor; a column only for what somebody knows."""
        known = [shown for shown in SHOWN if self._tells(shown.figure)]
        several = len(self.arms) > 1
        recorded = any(group in self.load.waited for group in self.groups)
        numbers = [shown.head for shown in known]
        numbers += ["recorded wait"] * recorded + [f"wait against {self.arms[0].name}"] * several

        def cells(group: Group, arm: ArmResult) -> tuple[str, ...]:
            waited = self.load.waited.get(group) if arm is self.arms[0] else None
            change = arm.change.get(group, {}).get(Figure.WAIT)
            return (
                *(self._cell(arm, group, shown) for shown in known),
                *(("" if waited is None else seconds_text(waited),) if recorded else ()),
                *((with_margin(change, seconds_text, "+") if change else "",) if several else ()),
            )

        return self._grid(self.groups, tuple(numbers), cells)

    def staffing(self) -> Grid:
        """How tiers are staffed; no rows where nothing asks for agents."""
        known = [shown for shown in STAFFING_SHOWN if self._tells(shown.figure)]

        def cells(group: Group, arm: ArmResult) -> tuple[str, ...]:
            target = self.target(group)
            wanted = "" if target is None else f"{target:g}"
            return wanted, *(text_of(arm.groups[group], shown) for shown in known)

        return self._grid(self.queues_called if known else [], ("target", *(shown.head for shown in known)), cells)

    def _grid(
        self, groups: Sequence[Group], numbers: tuple[str, ...], cells: Callable[[Group, ArmResult], tuple[str, ...]]
    ) -> Grid:
        several = len(self.arms) > 1
        rows = [
            ((str(group) if arm is self.arms[0] else "", *((arm.name,) if several else ())), cells(group, arm))
            for group in groups
            for arm in self.arms
        ]
        return Grid(("tier", *(("mode",) if several else ())), numbers, rows)

    def _tells(self, figure: Figure) -> bool:
        """Whether a figure is known, and if it is who was not answered, whether there was anybody."""
        found = [arm.groups[group].get(figure) for arm in self.arms for group in self.groups]
        return any(each is not None and (each.mean or figure is not Figure.UNANSWERED) for each in found)

    def _cell(self, arm: ArmResult, group: Group, shown: Shown) -> str:
        text = text_of(arm.groups[group], shown)
        within = self.setting.levels.get(group.queue)
        return f"{text} in {duration_text(within)}" if shown.figure is Figure.IN_TIME and text and within else text

    def floors(self) -> Grid:
        """One row for each floor."""
        moved = any(arm.name in MOVING for arm in self.arms)
        known = [each for each in FLOOR_SHOWN if moved or each.figure is not Figure.MOVES]
        rows = [((arm.name,), tuple(text_of(arm.floor, shown) for shown in known)) for arm in self.arms]
        return Grid(("floor",), tuple(shown.head for shown in known), rows)

    def lines(self, arm: ArmResult, figure: Figure, *, bands: bool = True) -> list[Line]:
        """One line for each queue; none where nothing is known."""
        found = []
        for tone, group in enumerate(self.queues_called):
            course = [each.get(figure) for each in arm.courses[group]]
            if any(each is not None for each in course):
                level = self.target(group) if figure is Figure.AGENTS_PER_CALL else None
                found.append(line(group.queue, course, tone, level, band=bands and len(self.seeds) > 1))
        return found

    def to_plain(self) -> dict[str, Any]:
        """JSON types; see docs/how-to/floor.md."""
        window = self.setting.window
        return {
            "version": VERSION,
            "flow_file": self.house.file or None,
            "runs": len(self.seeds),
            "seed": self.seeds.start,
            "seconds": window.end - window.begin,
            "step": window.step,
            "agents": len(self.crew.hands),
            "modes": [self._arm(arm) for arm in self.arms],
            "assumptions": self.assumptions(),
        }

    def _arm(self, arm: ArmResult) -> dict[str, Any]:
        return {
            "mode": arm.name,
            "floor": _plain(arm.floor),
            "floor_course": [_plain(each) for each in arm.floor_course],
            "tiers": [
                {
                    "queue": group.queue,
                    "priority": group.priority,
                    "within": self.setting.levels.get(group.queue),
                    "target": self.target(group),
                    "recorded_wait": self.load.waited.get(group),
                    **_plain(arm.groups[group]),
                    "change": _plain(arm.change[group]) if arm.change else None,
                    "course": [_plain(each) for each in arm.courses[group]],
                }
                for group in self.groups
            ],
        }


def line(name: str, course: Sequence[Estimate | None], tone: int, level: float | None, *, band: bool) -> Line:
    """The means of a course, and between what most runs lie."""
    means = [None if each is None else each.mean for each in course]
    most = MOST_BAND * max((mean for mean in means if mean is not None), default=0.0)
    between = [None if each is None else (min(each.low, most), min(each.high, most)) for each in course] if band else ()
    return Line(name, means, tone, between, level)


def scale(tops: Sequence[float]) -> float:
    """What the lines of several floors have for a highest value, where each alone has one of ``tops``; 0 of none."""
    if not tops:
        return 0.0
    middle = sorted(tops)[(len(tops) - 1) // 2]
    return max(top for top in tops if top <= MOST_APART * middle) if middle else max(tops)


def busy_line(arm: ArmResult) -> Line:
    """Its occupancy."""
    course = [each.get(Figure.OCCUPANCY) for each in arm.floor_course]
    return line("occupancy", course, TONES - 1, None, band=False)  # of no tier's colour, as long as these suffice


def _plain(figures: Figures) -> dict[str, Any]:
    return {
        str(figure): {name: None if value is None else round(value, 6) for name, value in found._asdict().items()}
        for figure, found in figures.items()
    }
