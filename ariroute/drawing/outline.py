"""A flow as what every picture shows: boxes one below the other, and the ways out of each with the boxes on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ariroute.drawing.wording import hours_ways, key_ways, lookup_ways, ring_ways, title
from ariroute.flow.steps import (
    AskHours,
    Branch,
    Collect,
    Dial,
    Goto,
    HangUp,
    Lookup,
    Menu,
    RingAgent,
    Split,
    Step,
    ToQueue,
    Voicemail,
    Way,
)
from ariroute.flow.tree import Flow, Ruleset


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of a box; ``label`` says when it is taken."""

    label: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """One step. ``kind`` is the step's word in the file; ``goes_on`` says when the box below is next.

    ``goes_on`` is empty when nothing special need be said, None when the box below is never next. ``flow`` is the
    flow that a goto leads to.
    """

    path: str
    kind: str
    title: str
    exits: tuple[Exit, ...] = ()
    goes_on: str | None = ""
    flow: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """One flow: what starts it, its boxes, and the default for when they lead nowhere or anything fails."""

    name: str
    starts: str
    boxes: tuple[Box, ...]
    default: str

    def walk(self) -> Iterator[Box]:
        """Every box, in the file's order."""
        yield from _walk(self.boxes)


def outline(flow: Flow, ruleset: Ruleset) -> Outline:
    """What a picture of ``flow`` shows."""
    boxes = tuple(_box(step, ruleset) for step in flow.steps)
    return Outline(flow.name, _starts(flow), boxes, queue_text(flow.default, None, ruleset))


def leads_on(boxes: tuple[Box, ...]) -> bool:
    """Whether a contact can come out behind the last of ``boxes``."""
    return all(box.goes_on is not None or any(leads_on(way.boxes) for way in box.exits) for box in boxes)


def queue_text(name: str, priority: int | None, ruleset: Ruleset) -> str:
    """``gold, priority 20``."""
    queue = ruleset.queues.get(name)
    own = queue.priority if queue else 0
    return f"{name}, priority {own if priority is None else priority}"


def _starts(flow: Flow) -> str:
    if flow.trigger is None:
        return "started by goto alone"
    return f"calls to {', '.join(sorted(flow.trigger.to))}" if flow.trigger.to else "calls that no other flow names"


def _box(step: Step, ruleset: Ruleset) -> Box:
    match step:
        case ToQueue():
            return Box(step.path, "queue", f"queue {queue_text(step.queue, step.priority, ruleset)}", goes_on=None)
        case Goto() | HangUp() | Voicemail():
            kind, text = title(step)
            return Box(step.path, kind, text, goes_on=None, flow=step.flow if isinstance(step, Goto) else "")
        case Branch():
            return _branch(step, ruleset)
    kind, text = title(step)
    ways, goes_on = _ways(step)
    exits = tuple(Exit(label, _boxes(way, ruleset)) for label, way in ways)
    return Box(step.path, kind, text, exits, goes_on)


def _branch(step: Branch, ruleset: Ruleset) -> Box:
    exits = [Exit(case.condition.text, tuple(_box(inner, ruleset) for inner in case.steps)) for case in step.cases]
    if step.otherwise:
        exits.append(Exit("else", tuple(_box(inner, ruleset) for inner in step.otherwise)))
    return Box(step.path, "branch", "first that is true", tuple(exits), None if step.otherwise else "none is true")


def _ways(step: Step) -> tuple[list[tuple[str, Way]], str | None]:
    """The ways out of ``step`` that lead somewhere, and when it goes on below."""
    match step:
        case Lookup():
            return lookup_ways(step)
        case Split():
            rest = 100 - sum(arm.percent for arm in step.arms)
            ways = [(f"{arm.percent:g} %", arm.way) for arm in step.arms]
            return ways, f"{rest:g} %" if rest > 1e-9 else None
        case AskHours():
            return hours_ways(step)
        case Menu():
            return key_ways(step)
        case Collect():
            given = [("no input", step.on_no_input), ("invalid", step.on_invalid)]
            return [(label, way) for label, way in given if way], ""
        case Dial() | RingAgent():
            return ring_ways(step)
    return [], ""


def _boxes(way: Way, ruleset: Ruleset) -> tuple[Box, ...]:
    return tuple(_box(step, ruleset) for step in way.steps)


def _walk(boxes: tuple[Box, ...]) -> Iterator[Box]:
    for box in boxes:
        yield box
        for way in box.exits:
            yield from _walk(way.boxes)
