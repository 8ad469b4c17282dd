"""A proof as one HTML page that needs nothing else (:mod:`ariroute.drawing.page`)."""

from __future__ import annotations

from collections.abc import Sequence

from ariroute.drawing.page import document, safe, scrolled, table, tile
from ariroute.proof import timeline, words
from ariroute.proof.figures import bound, by_kind, odd_calls, time_to_queue
from ariroute.proof.result import Proof, Run

LIGHT = """--queued: #2b7bc9; --default: #d98a00; --answered: #15936a; --voicemail: #8457c5; --refused: #707d8a;
  --left: #a3adb7; --broken: #d6249f; --lost: #d3302f; --fault: #6b4f2a; --band: #f3dcb5"""
DARK = """--queued: #5fa8ec; --default: #f0ad3a; --answered: #3cc795; --voicemail: #b08cf0; --refused: #8b98a5;
  --left: #66727e; --broken: #f270c8; --lost: #ff6b63; --fault: #d9b27a; --band: #4a3a1e"""
_TONES = "\n".join(
    f".{name} path {{ stroke: var(--{name}) }} .{name} circle {{ fill: var(--{name}) }}" for name, _ in timeline.TONES
)
STYLE = f"""
:root {{ {LIGHT} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
.key {{ display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 14px; padding: 0; list-style: none; font-size: 13px;
  color: var(--soft) }}
svg {{ display: block; width: 100%; height: auto; margin-bottom: 12px }}
.key svg {{ display: inline-block; width: 22px; height: 12px; margin: 0 6px 0 0; vertical-align: -1px }}
svg text {{ fill: var(--soft); font-size: 11px }}
.across {{ text-anchor: middle }}
.up, .kind, .promise {{ text-anchor: end }}
svg .promise {{ fill: var(--holds) }}
svg .kind {{ fill: var(--fault) }}
.plot {{ fill: none; stroke: var(--line) }}
.level {{ stroke: var(--level) }}
.bound {{ stroke: var(--holds); stroke-dasharray: 6 4; stroke-width: 1.5 }}
.band {{ fill: var(--band); opacity: 0.55 }}
.mark {{ fill: var(--fault) }}
path {{ fill: none; stroke-width: 1.3; stroke-linecap: round }}
{_TONES}
.default circle {{ fill: var(--card); stroke: var(--default); stroke-width: 1.5 }}
.lost path, .broken path {{ stroke-width: 2 }}
g:hover > path {{ stroke-width: 3.5 }}
@media screen and (max-width: 760px) {{ .strip {{ min-width: 720px }} }}
"""


def html(proof: Proof) -> str:
    """The whole page."""
    runs = [proof.run] if proof.control is None else [proof.run, proof.control]
    title = f"ariroute: {'holds' if proof.holds else 'does not hold'}, {words.counted(len(proof.run.calls), 'call')}"
    parts = [_head(proof), _tiles(proof)]
    if odd_calls(proof.run):
        parts.append(_odd(proof.run))
    parts.append(_time_lines(runs))
    if proof.run.faults:
        parts.append(_faults(proof.run))
    parts += [f'<div class="pair">\n{_figures(runs)}\n{_control(proof)}\n</div>', _foot(proof)]
    return document(title, STYLE, "\n".join(parts))


def _head(proof: Proof) -> str:
    word, _, rest = words.verdict(proof).partition(": ")
    mark = "\u2713" if proof.holds else "\u2717"
    kind = ' class="holds"' if proof.holds else ""
    return f"<header{kind}>\n<h1>{mark} {safe(word)}</h1>\n<p>{safe(rest[:1].upper() + rest[1:])}</p>\n</header>"


def _tiles(proof: Proof) -> str:
    run, most = proof.run, bound(proof.run)
    longest = time_to_queue(run).longest
    tiles = [
        (str(len(run.lost)), f"of {words.counted(len(run.calls), 'call')} lost", bool(run.lost)),
        (str(len(run.twice)), "put into a queue twice", bool(run.twice)),
        (words.seconds(longest), f"longest way to a queue; promised {words.seconds(most)}", bool(run.late)),
        (str(len(run.faults)), "faults injected", False),
    ]
    if proof.control is not None:
        placed = words.counted(len(proof.control.calls), "call")
        blind = not proof.control.lost
        tiles.append((str(len(proof.control.lost)), f"of {placed} lost without the guard (control)", blind))
    return f'<div class="tiles">\n{"".join(tile(*each) for each in tiles)}</div>'


def _control(proof: Proof) -> str:
    paragraphs = "\n".join(f"<p>{safe(each)}</p>" for each in (words.control(proof), words.method(proof.run)))
    return f"<section>\n<h2>Why to believe it</h2>\n{paragraphs}\n</section>"


def _faults(run: Run) -> str:
    heads = ("Fault", "What was done"), ("Injected", "Calls under way", "Lost", "Twice", "Longest wait")
    rows = [
        (
            (kind.kind, kind.says),
            (str(kind.injected), str(kind.under_way), str(kind.lost), str(kind.twice), words.seconds(kind.longest)),
            bool(kind.lost or kind.twice),
        )
        for kind in by_kind(run)
    ]
    return f"<section>\n<h2>Faults</h2>\n{table(*heads, rows)}</section>"


def _figures(runs: Sequence[Run]) -> str:
    names = ("Run", "Control")[: len(runs)]
    rows = [
        ((both[0][0],), tuple(value for _, value in both), False)
        for both in zip(*map(words.figure_rows, runs), strict=True)
        if not both[0][0].startswith("ending") or any(value != "0" for _, value in both)
    ]
    return f"<section>\n<h2>Figures</h2>\n{table(('',), names, rows)}</section>"


def _odd(run: Run) -> str:
    heads = ("Uniqueid", "Caller", "Dialled", "Why", "Queues"), ("Placed at", "Wait")
    rows = [
        (
            (each.call.uniqueid, each.call.caller, each.call.dialled, each.why, ", ".join(each.call.queues) or "-"),
            (f"{each.call.placed:.1f} s", words.seconds(each.call.wait)),
            False,
        )
        for each in odd_calls(run)
    ]
    return f'<section class="long">\n<h2>Calls that break the promise</h2>\n{table(*heads, rows)}</section>'


def _time_lines(runs: Sequence[Run]) -> str:
    measure = timeline.scale(runs)
    key = "".join(f"<li>{_sample(name)}{safe(says)}</li>" for name, says in timeline.tones(runs))
    shown, step = timeline.drawn(runs[0])
    pictures = [scrolled(timeline.strips(shown, measure, "run"))]
    if len(runs) > 1:
        pictures.append("<h3>The control, without a guard, at the same scale</h3>")
        pictures.append(scrolled(timeline.strips(timeline.drawn(runs[1])[0], measure, "control")))
    some = (
        f" Of {step} calls that kept the promise one is drawn; those that broke it are drawn all." if step > 1 else ""
    )
    return (
        f'<section class="long">\n<h2>Time line</h2>\n<p class="soft">{_READING}{some}</p>\n'
        f'<ul class="key">{key}<li>{_BAND}fault</li></ul>\n' + "\n".join(pictures) + "\n</section>"
    )


_READING = (
    "Each line is a call. It begins at the bottom where the call enters Stasis(), climbs while the caller waits, and "
    "ends with a dot where the call reached its queue. Coloured bands are faults, with a mark for each kind above. A "
    "line that leaves at the top is a caller whom nothing rescued. Phones that ring on the way make a line longer, and "
    "do not count against the promise."
)
_SAMPLE = '<svg width="22" height="12" viewBox="0 0 22 12">'
_BAND = f'{_SAMPLE}<rect class="mark" x="4" y="2" width="14" height="8" rx="2"/></svg>'


def _sample(name: str) -> str:
    dot = "" if name == "lost" else '<circle cx="18" cy="3" r="2.6"/>'
    return f'{_SAMPLE}<g class="{name}"><path d="M3 11L18 3"/>{dot}</g></svg>'


def _foot(proof: Proof) -> str:
    promise = f"Promised at most {words.promised(proof.run)}."
    return f"<footer>\n<p>{safe(promise)}</p>\n<p>{safe(words.origin(proof))}.</p>\n</footer>"
