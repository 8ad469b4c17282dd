"""A flow as a tree of lines, for a terminal."""

from __future__ import annotations

from ariroute.drawing.outline import Box, Exit, Outline, leads_on

BEHIND = "(goes on below)"


def text(flow: Outline) -> str:
    """``flow`` as lines: a step a line, its ways below it, and what is on each of them."""
    lines = [f"{flow.name}: {flow.starts}"]
    _boxes(flow.boxes, "", lines)
    end = "when anything fails, or the steps lead nowhere" if leads_on(flow.boxes) else "when anything fails"
    lines.append(f"default: queue {flow.default} ({end})")
    return "\n".join(lines)


def _boxes(boxes: tuple[Box, ...], margin: str, lines: list[str]) -> None:
    for number, box in enumerate(boxes):
        last = number == len(boxes) - 1
        lines.append(f"{margin}{'└─' if last else '├─'} {box.title}")
        below = margin + ("   " if last else "│  ")
        for way in box.exits:
            _exit(way, below, lines, last=way is box.exits[-1] and not box.goes_on)
        if box.goes_on:
            lines.append(f"{below}└─ {box.goes_on}: {BEHIND}")


def _exit(way: Exit, margin: str, lines: list[str], *, last: bool) -> None:
    corner = "└─" if last else "├─"
    label = " ".join(way.label.split())
    if len(way.boxes) == 1 and not way.boxes[0].exits:
        goes_on = "" if way.boxes[0].goes_on is None else f" {BEHIND}"
        lines.append(f"{margin}{corner} {label} → {way.boxes[0].title}{goes_on}")
        return
    lines.append(f"{margin}{corner} {label}" + ("" if way.boxes else f" {BEHIND}"))
    below = margin + ("   " if last else "│  ")
    _boxes(way.boxes, below, lines)
    if way.boxes and leads_on(way.boxes):
        lines.append(f"{below}{BEHIND}")
