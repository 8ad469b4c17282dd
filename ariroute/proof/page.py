"""A proof as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

Names of callers come from outside, so every text is escaped, and the page's own Content-Security-Policy allows its
style sheet and nothing more. Colours follow the reader's light or dark scheme; on paper they are the light ones.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from ariroute.proof import timeline, words
from ariroute.proof.figures import bound, by_kind, odd_calls, time_to_queue
from ariroute.proof.result import Proof, Run

LIGHT = """--page: #f6f7f9; --card: #fff; --ink: #18212c; --soft: #5a6775; --line: #dde2e8; --level: #e9edf1;
  --holds: #12734a; --holds-soft: #e2f4ea; --fails: #b3261e; --fails-soft: #fdeae8;
  --queued: #2b7bc9; --default: #d98a00; --answered: #15936a; --voicemail: #8457c5; --refused: #707d8a; --left: #a3adb7;
  --broken: #d6249f; --lost: #d3302f; --fault: #6b4f2a; --band: #f3dcb5"""
DARK = """--page: #0f1318; --card: #171d24; --ink: #e6ebf0; --soft: #97a4b2; --line: #2b343e; --level: #222a33;
  --holds: #5fd39a; --holds-soft: #11291e; --fails: #ff8a80; --fails-soft: #351815;
  --queued: #5fa8ec; --default: #f0ad3a; --answered: #3cc795; --voicemail: #b08cf0; --refused: #8b98a5; --left: #66727e;
  --broken: #f270c8; --lost: #ff6b63; --fault: #d9b27a; --band: #4a3a1e"""
_TONES = "\n".join(
    f".{name} path {{ stroke: var(--{name}) }} .{name} circle {{ fill: var(--{name}) }}" for name, _ in timeline.TONES
)
STYLE = f"""
:root {{ color-scheme: light dark; {LIGHT} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
* {{ box-sizing: border-box }}
body {{ margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; font-size: 15px }}
main {{ max-width: 1200px; margin: 0 auto; padding: 28px 20px 48px }}
section, header {{ background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 24px;
  margin-bottom: 18px }}
header {{ border-left: 6px solid var(--fails); background: var(--fails-soft) }}
header.holds {{ border-left-color: var(--holds); background: var(--holds-soft) }}
h1 {{ margin: 0 0 4px; font-size: 30px; line-height: 1.2; color: var(--fails) }}
.holds h1 {{ color: var(--holds) }}
h2 {{ margin: 0 0 10px; font-size: 17px }}
h3 {{ margin: 22px 0 6px; font-size: 14px }}
p {{ margin: 0 0 10px; max-width: 100ch }}
p:last-child {{ margin-bottom: 0 }}
header p {{ font-size: 17px }}
.soft, footer {{ color: var(--soft); font-size: 13px }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px; margin-bottom: 18px }}
.tile {{ background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px }}
.tile b {{ display: block; font-size: 26px; line-height: 1.25; font-variant-numeric: tabular-nums }}
.tile.bad b {{ color: var(--fails) }}
.tile span {{ color: var(--soft); font-size: 13px }}
.pair {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 0 18px;
  align-items: start }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }}
th, td {{ text-align: left; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top }}
tr:last-child td {{ border-bottom: 0 }}
th {{ color: var(--soft); font-weight: 600; font-size: 13px }}
.number {{ text-align: right; white-space: nowrap }}
td:nth-child(2) {{ overflow-wrap: anywhere }}
.bad td {{ color: var(--fails); font-weight: 600 }}
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
@media print {{
  body {{ background: #fff; font-size: 11px }}
  main {{ max-width: none; padding: 0 }}
  section, header, .tile {{ break-inside: avoid; border-radius: 0 }}
  section.long {{ break-inside: auto }}
  .pair {{ display: block }}
  .tiles {{ grid-template-columns: repeat(5, 1fr); gap: 8px }}
  .tile {{ padding: 8px 10px }}
  .tile b {{ font-size: 18px }}
  .tile span, th, .soft, .key, footer {{ font-size: 10px }}
  header p {{ font-size: 13px }}
  .strip {{ break-inside: avoid }}
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact }}
}}
@page {{ margin: 14mm }}
"""
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)


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
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_safe(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def _head(proof: Proof) -> str:
    word, _, rest = words.verdict(proof).partition(": ")
    mark = "\u2713" if proof.holds else "\u2717"
    kind = ' class="holds"' if proof.holds else ""
    return f"<header{kind}>\n<h1>{mark} {_safe(word)}</h1>\n<p>{_safe(rest[:1].upper() + rest[1:])}</p>\n</header>"


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
    return f'<div class="tiles">\n{"".join(_tile(*tile) for tile in tiles)}</div>'


def _tile(figure: str, says: str, bad: bool) -> str:
    return f'<div class="tile{" bad" * bad}"><b>{_safe(figure)}</b><span>{_safe(says)}</span></div>\n'


def _control(proof: Proof) -> str:
    paragraphs = "\n".join(f"<p>{_safe(each)}</p>" for each in (words.control(proof), words.method(proof.run)))
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
    return f"<section>\n<h2>Faults</h2>\n{_table(*heads, rows)}</section>"


def _figures(runs: Sequence[Run]) -> str:
    names = ("Run", "Control")[: len(runs)]
    rows = [
        ((both[0][0],), tuple(value for _, value in both), False)
        for both in zip(*map(words.figure_rows, runs), strict=True)
        if not both[0][0].startswith("ending") or any(value != "0" for _, value in both)
    ]
    return f"<section>\n<h2>Figures</h2>\n{_table(('',), names, rows)}</section>"


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
    return f'<section class="long">\n<h2>Calls that break the promise</h2>\n{_table(*heads, rows)}</section>'


def _table(
    texts: tuple[str, ...], numbers: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], tuple[str, ...], bool]]
) -> str:
    """A table; each row has its texts, its numbers, and whether it is bad."""
    head = _cells("th", texts, numbers)
    body = "".join(
        f"{'<tr class=bad>' if bad else '<tr>'}{_cells('td', left, figures)}</tr>\n" for left, figures, bad in rows
    )
    return _scrolled(f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>")


def _cells(tag: str, texts: Iterable[str], numbers: Iterable[str]) -> str:
    left = "".join(f"<{tag}>{_safe(text)}</{tag}>" for text in texts)
    return left + "".join(f'<{tag} class="number">{_safe(text)}</{tag}>' for text in numbers)


def _time_lines(runs: Sequence[Run]) -> str:
    measure = timeline.scale(runs)
    key = "".join(f"<li>{_sample(name)}{_safe(says)}</li>" for name, says in timeline.tones(runs))
    shown, step = timeline.drawn(runs[0])
    pictures = [_scrolled(timeline.strips(shown, measure, "run"))]
    if len(runs) > 1:
        pictures.append("<h3>The control, without a guard, at the same scale</h3>")
        pictures.append(_scrolled(timeline.strips(timeline.drawn(runs[1])[0], measure, "control")))
    some = (
        f" Of {step} calls that kept the promise one is drawn; those that broke it are drawn all." if step > 1 else ""
    )
    return (
        f'<section class="long">\n<h2>Time line</h2>\n<p class="soft">{_READING}{some}</p>\n'
        f'<ul class="key">{key}<li>{_BAND}fault</li></ul>\n' + "\n".join(pictures) + "\n</section>"
    )


def _scrolled(wide: str) -> str:
    return f'<div class="wide">\n{wide}\n</div>'


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
    return f"<footer>\n<p>{_safe(promise)}</p>\n<p>{_safe(words.origin(proof))}.</p>\n</footer>"


def _safe(text: str) -> str:
    return escape(words.plain(text))
