"""The ways of menus, opening hours and splits that a call came to and did not take, for ``ariroute explain``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ariroute.drawing.wording import hours_ways, key_ways
from ariroute.flow.split import arm_at
from ariroute.flow.steps import AskHours, Menu, Split, Way

if TYPE_CHECKING:
    from ariroute.flow.trace import TraceEntry
    from ariroute.flow.tree import Flow

Choosing = AskHours | Menu | Split


def other_ways(
    flows: Iterable[Flow], trace: Sequence[TraceEntry], draws: Mapping[str, float]
) -> Mapping[int, list[tuple[str, Way]]]:
    """By its number the entry of ``trace`` with which such a step ended: its other ways, each with what leads there.

    A menu has one entry for each try; what was left unfinished has no other ways. ``draws`` says for splits by name
    where the caller stood.
    """
    steps = {step.path: step for flow in flows for step in flow.walk() if isinstance(step, Choosing)}
    last = {entry.path: number for number, entry in enumerate(trace) if entry.path in steps}
    ended = {path: number for path, number in last.items() if trace[number].result != "unfinished"}
    return {number: list(_others(steps[path], trace[number].result, draws)) for path, number in ended.items()}


def _others(step: Choosing, result: str, draws: Mapping[str, float]) -> Iterator[tuple[str, Way]]:
    match step:
        case Menu():
            ways, _ = key_ways(step)
            taken = step.keys.get(result) or {"no_input": step.on_no_input, "invalid": step.on_invalid}.get(result)
        case AskHours():
            ways, _ = hours_ways(step)
            taken = {"open": step.open, "closed": step.closed, "holiday": step.holiday or step.closed}.get(result)
        case Split():
            ways = [(f"{arm.percent:g} percent", arm.way) for arm in step.arms]
            arm = arm_at(step, draws[step.name])
            taken = arm.way if arm else None
    return ((label, way) for label, way in ways if way is not taken)
