"""A flow as SVG, from top to bottom: boxes one below the other, ways out of them indented, one line for going on.

Nothing can overlap, as every label has a row of its own and its width is known: text is set in a monospaced font and
held to that width (``textLength``) whatever font there is. Colours follow the reader's light or dark scheme.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from ariroute.drawing.graph import wrapped
from ariroute.drawing.outline import Box, Exit, Outline, leads_on

CHARACTER, LINE, MARGIN = 7.83, 18, 24
"""Width of a character of 13 px (0.602 em, as nearly all monospaced fonts have), height of a line, in px."""

BOX_PAD, PILL_PAD = (12, 7), (9, 4)
GAP, SPINE, INDENT, ARROW = 12, 16, 46, 34
TITLE_WIDTH, LABEL_WIDTH = 64, 56

STYLE = """
:root { color-scheme: light dark; --page: #fff; --ink: #1d2733; --soft: #5b6b7b; --line: #93a1af; --box: #f4f6f8;
  --edge: #b9c4ce; --pill: #fff; --ask: #fff4d6; --asks: #c79a1b; --find: #e3effc; --finds: #4b86c8;
  --go: #dff5e6; --goes: #3f9a66; --stop: #fde5e3; --stops: #c4564d; --talk: #f0e8fb; --talks: #8c68c0 }
@media (prefers-color-scheme: dark) { :root { --page: #14191f; --ink: #e3e9ef; --soft: #93a2b1; --line: #617180;
  --box: #20272f; --edge: #45525f; --pill: #14191f; --ask: #35290a; --asks: #b48a1d; --find: #12293f; --finds: #4b86c8;
  --go: #123222; --goes: #3f9a66; --stop: #3b1917; --stops: #c4564d; --talk: #2a1f3d; --talks: #8c68c0 } }
.page { fill: var(--page) }
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink); white-space: pre }
.soft { fill: var(--soft) }
.name { font-weight: bold }
path { fill: none; stroke: var(--line); stroke-width: 1.5 }
.head { fill: var(--line); stroke: none }
rect { fill: var(--box); stroke: var(--edge) }
.page { stroke: none }
.way rect { fill: var(--pill); stroke: var(--line); stroke-dasharray: 3 2 }
.asks rect { fill: var(--ask); stroke: var(--asks) }
.finds rect { fill: var(--find); stroke: var(--finds) }
.goes rect { fill: var(--go); stroke: var(--goes) }
.stops rect { fill: var(--stop); stroke: var(--stops) }
.talks rect { fill: var(--talk); stroke: var(--talks) }
"""
CLASSES = {
    **dict.fromkeys(("branch", "split", "hours"), "asks"),
    "lookup": "finds",
    **dict.fromkeys(("queue", "voicemail", "goto", "fallback"), "goes"),
    "hangup": "stops",
    **dict.fromkeys(("answer", "play", "say", "menu", "collect", "consent", "dial", "agent"), "talks"),
}


def svg(flows: Sequence[Outline]) -> str:
    """``flows``, one below the other, as one SVG document."""
    sheet = _Sheet()
    y = float(MARGIN)
    for flow in flows:
        y = _flow(sheet, flow, y) + 2 * MARGIN
    width, height = round(sheet.width + MARGIN), round(y - MARGIN)
    title = _escaped(", ".join(flow.name for flow in flows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">\n<title>{title}</title>\n<style>{STYLE}</style>\n'
        f'<rect class="page" width="{width}" height="{height}"/>\n' + "\n".join(sheet.parts) + "\n</svg>"
    )


@dataclass(slots=True)
class _Sheet:
    """What has been drawn, and how wide it is."""

    parts: list[str] = field(default_factory=list)
    width: float = 0

    def box(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        style: str,
        hint: str = "",
        pad: tuple[int, int] = BOX_PAD,
        radius: int = 6,
    ) -> tuple[float, float]:
        """A box with text; its width and height."""
        wide, high = max(map(columns, lines), default=0) * CHARACTER + 2 * pad[0], len(lines) * LINE + 2 * pad[1]
        tip = f"<title>{_escaped(hint)}</title>" if hint else ""
        self.parts.append(
            f'<g class="{style}">{tip}<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high}" rx="{radius}"/>'
        )
        for number, line in enumerate(lines):
            name = "name" if style == "start" and not number else ""
            self.text(x + pad[0], y + pad[1] + LINE * number, line, name)
        self.parts.append("</g>")
        self.width = max(self.width, x + wide)
        return wide, high

    def text(self, x: float, y: float, line: str, style: str) -> None:
        """One line of text whose row begins at ``y``."""
        if not line:
            return
        wide = columns(line) * CHARACTER
        self.width = max(self.width, x + wide)
        kind = f' class="{style}"' if style else ""
        # a font for East Asia has widths of its own, and stretching those would be worse than a box too wide
        held = f' textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"' if columns(line) == len(line) else ""
        self.parts.append(f'<text{kind} x="{x:.1f}" y="{y + 13:.1f}"{held}>{_escaped(line)}</text>')

    def line(self, *points: tuple[float, float]) -> None:
        self.parts.append(f'<path d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y in points)}"/>')

    def arrow(self, x: float, y: float, to: float) -> None:
        """From left to right."""
        self.line((x, y), (to - 7, y))
        self.parts.append(f'<path class="head" d="M{to:.1f} {y:.1f} l-8 -4 v8 z"/>')


def _flow(sheet: _Sheet, flow: Outline, y: float) -> float:
    x = float(MARGIN)
    _, high = sheet.box(x, y, [flow.name, *wrapped(flow.starts, TITLE_WIDTH)], "start", radius=16)
    bottom = _boxes(sheet, flow.boxes, x, y + high, above=y + high)
    on = leads_on(flow.boxes)
    top = bottom + (GAP if on else 2 * GAP)
    if on:
        sheet.line((x + SPINE, bottom), (x + SPINE, top))
    else:
        sheet.text(x, top, "when anything fails", "soft")
        top += LINE + 4
    _, high = sheet.box(x, top, wrapped(f"default: queue {flow.default}", TITLE_WIDTH), "goes", f"{flow.name}: default")
    if on:
        sheet.text(x, top + high + 4, "also when anything fails", "soft")
        high += LINE + 4
    return top + high


def _boxes(sheet: _Sheet, boxes: tuple[Box, ...], x: float, y: float, above: float) -> float:
    """Draw ``boxes`` downwards from ``y``; the line to the first begins at ``above``. The y where they end.

    The line that goes on is drawn to there when a contact can come out behind them.
    """
    spine = x + SPINE
    for box in boxes:
        y += GAP
        sheet.line((spine, above), (spine, y))
        _, high = sheet.box(x, y, wrapped(box.title, TITLE_WIDTH), CLASSES.get(box.kind, "step"), box.path)
        y += high
        above, begin = y, y
        for way in box.exits:
            y, above = _exit(sheet, way, x, y + GAP - 2)
        if box.goes_on:
            y += GAP - 4
            sheet.text(x + SPINE + 12, y, f"{box.goes_on} ↓", "soft")
            y += LINE
        on = box.goes_on is not None or any(leads_on(way.boxes) for way in box.exits)
        if above > begin or on:
            above = max(above, y) if on else above
            sheet.line((spine, begin), (spine, above))
    return y


def _exit(sheet: _Sheet, way: Exit, x: float, y: float) -> tuple[float, float]:
    """One way out; the y where it ends, and that of its corner."""
    left = x + INDENT
    label = wrapped(way.label, LABEL_WIDTH)
    single = way.boxes[0] if len(way.boxes) == 1 and not way.boxes[0].exits else None
    lines = wrapped(single.title, TITLE_WIDTH) if single else ()
    shift = max(0.0, (len(lines) * LINE + 2 * BOX_PAD[1] - len(label) * LINE - 2 * PILL_PAD[1]) / 2)
    wide, high = sheet.box(left, y + shift, label, "way", pad=PILL_PAD, radius=12)
    middle = y + shift + high / 2
    sheet.line((x + SPINE, middle), (left, middle))
    end = y + 2 * shift + high
    if single:
        at = left + wide + ARROW
        own = len(lines) * LINE + 2 * BOX_PAD[1]
        sheet.arrow(left + wide, middle, at)
        right, _ = sheet.box(at, middle - own / 2, lines, CLASSES.get(single.kind, "step"), single.path)
        if single.goes_on is not None:
            sheet.text(at + right + 10, middle - LINE / 2, "goes on below", "soft")
    elif way.boxes:
        end = _boxes(sheet, way.boxes, left + INDENT / 2, end, above=end)
        if leads_on(way.boxes):
            sheet.text(left + INDENT / 2 + SPINE + 8, end + 4, "goes on below", "soft")
            end += LINE + 4
    else:
        sheet.text(left + wide + 10, middle - LINE / 2, "goes on below", "soft")
    return end, middle


def columns(text: str) -> int:
    """How many characters wide ``text`` is in a monospaced font; those of East Asia count twice."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _escaped(text: str) -> str:
    """``text`` as the content of an element, without what XML 1.0 does not allow."""
    return escape("".join(c if c.isprintable() else " " for c in text), quote=False)
