"""A replay as one HTML page, to be kept or sent: the same figures and traces as in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ariroute.cli.replay_text import contacts, moment_text, summary
from ariroute.cli.trace_tree import depths, details, headline
from ariroute.drawing.page import document, safe, scrolled, table, tile
from ariroute.replay.changes import apart

if TYPE_CHECKING:
    from ariroute.config.load import Config
    from ariroute.flow.trace import TraceEntry
    from ariroute.replay.changes import Changed, Changes

STYLE = """
header { border-left-color: var(--soft); background: var(--card) }
h1 { color: var(--ink) }
.sides { display: grid; grid-template-columns: repeat(2, minmax(320px, 1fr)); gap: 0 24px }
.side b { display: block; margin-bottom: 6px }
.side b::before { content: "Before: "; color: var(--soft); font-weight: 400 }
.side + .side b::before { content: "After: " }
.trace { margin: 0; padding: 0; list-style: none; font-size: 13px }
.trace li { padding: 2px 8px; border-left: 3px solid transparent; overflow-wrap: anywhere }
.trace li.apart { border-left-color: var(--holds); background: var(--holds-soft) }
.side:first-child .trace li.apart { border-left-color: var(--fails); background: var(--fails-soft) }
.trace i { font-style: normal; font-weight: 600 }
.trace span { color: var(--soft) }
.call { margin-top: 18px; padding-top: 14px; border-top: 1px solid var(--line) }
.call:first-of-type { border-top: 0; padding-top: 0 }
""" + "".join(f".d{depth} {{ margin-left: {depth * 18}px }}\n" for depth in range(1, 13))
DEEPEST = 12


def html(changes: Changes, rules: Config, against: str) -> str:
    """The whole page."""
    zone = rules.ruleset.timezone
    parts = [_head(changes, rules, against), _tiles(changes)]
    if changes.moves:
        parts.append(_section("What goes elsewhere", _moves(changes)))
    if changes.told:
        parts.append(_section("Destinations", _destinations(changes)))
    if changes.untold:
        parts.append(_section("What cannot be told", _causes(changes)))
    if examples := changes.examples():
        count = changes.moved + changes.relabelled
        some = f"{len(examples)} of {contacts(count)} that change" if len(examples) < count else "All that change"
        calls = "\n".join(_call(changed, zone) for changed in examples)
        parts.append(
            f'<section class="long">\n<h2>{safe(some)}</h2>\n<p class="soft">Steps that only one side has are '
            f"marked.</p>\n{calls}\n</section>"
        )
    return document(f"ariroute: replay of {rules.file}", STYLE, "\n".join(parts))


def _head(changes: Changes, rules: Config, against: str) -> str:
    first, *rest = summary(changes, rules, against)
    said = "".join(f"<p>{safe(line.strip())}</p>\n" for line in (first, *rest))
    return f"<header>\n<h1>{_headline(changes)}</h1>\n{said}</header>"


def _headline(changes: Changes) -> str:
    if not changes.told:
        return "Nothing can be said"
    return f"{safe(contacts(changes.moved))} of {changes.told:,} would go elsewhere"


def _tiles(changes: Changes) -> str:
    tiles = [
        (f"{changes.read:,}", "recorded contacts replayed"),
        (f"{changes.moved:,}", f"go elsewhere: {changes.share:.1f} %"),
        (f"{changes.relabelled:,}", "go to the same place, with something else beside them"),
        (f"{changes.untold.total():,}", "cannot be told"),
    ]
    return f'<div class="tiles">\n{"".join(tile(*each) for each in tiles)}</div>'


def _section(title: str, inner: str) -> str:
    return f"<section>\n<h2>{safe(title)}</h2>\n{inner}</section>"


def _moves(changes: Changes) -> str:
    rows = (((old, new), (f"{count:,}",), False) for (old, new), count in changes.moves.most_common())
    return table(("From", "To"), ("Contacts",), rows)


def _destinations(changes: Changes) -> str:
    rows = (
        ((name,), (f"{old:,}", f"{new:,}", f"{new - old:+,}" if new != old else ""), False)
        for name, old, new in changes.destinations()
    )
    return table(("Destination",), ("Before", "After", "Difference"), rows)


def _causes(changes: Changes) -> str:
    rows = (
        ((cause, changes.first_untold[cause]), (f"{count:,}",), False) for cause, count in changes.untold.most_common()
    )
    return table(("Cannot be told, as", "Such as"), ("Contacts",), rows)


def _call(changed: Changed, zone: str) -> str:
    row = changed.recorded
    traces = [decision.trace if decision else () for decision in (changed.before, changed.after)]
    sides = "\n".join(map(_side, changed.move, traces, apart(*traces)))
    differs = f" ({', '.join(changed.beside)})" if changed.move[0] == changed.move[1] else ""
    title = f"{row.caller} to {row.dialled}, {moment_text(row.arrived, zone)}{differs}"
    inner = scrolled(f'<div class="sides">\n{sides}\n</div>')
    return f'<div class="call">\n<h3>{safe(title)} <span class="soft">{safe(row.contact)}</span></h3>\n{inner}\n</div>'


def _side(where: str, trace: Sequence[TraceEntry], marks: Sequence[bool]) -> str:
    lines = "\n".join(map(_line, trace, depths(trace), marks))
    return f'<div class="side"><b>{safe(where)}</b>\n<ul class="trace">\n{lines}\n</ul></div>'


def _line(entry: TraceEntry, depth: int, mark: bool) -> str:
    subject, result = headline(entry)
    facts = "; ".join(details(entry))
    more = f" <span>({safe(facts)})</span>" if facts else ""
    kind = f"d{min(depth, DEEPEST)}{' apart' * mark}"
    return f'<li class="{kind}">{safe(subject)}<i>{safe(result)}</i>{more}</li>'
