"""HTML pages that need nothing else: no script, no font, no picture from elsewhere.

Texts come from callers, customer systems and flow files, so every one is escaped, and a page's own
Content-Security-Policy allows its style sheet and nothing more. Colours follow the reader's light or dark scheme; on
paper they are the light ones.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

LIGHT = """--page: #f6f7f9; --card: #fff; --ink: #18212c; --soft: #5a6775; --line: #dde2e8; --level: #e9edf1;
  --holds: #12734a; --holds-soft: #e2f4ea; --fails: #b3261e; --fails-soft: #fdeae8"""
DARK = """--page: #0f1318; --card: #171d24; --ink: #e6ebf0; --soft: #97a4b2; --line: #2b343e; --level: #222a33;
  --holds: #5fd39a; --holds-soft: #11291e; --fails: #ff8a80; --fails-soft: #351815"""
SCREEN = f"""
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
.tile {{ background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px;
  overflow-wrap: anywhere }}
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
"""
PAPER = """
@media print {
  body { background: #fff; font-size: 11px }
  main { max-width: none; padding: 0 }
  section, header, .tile { break-inside: avoid; border-radius: 0 }
  section.long { break-inside: auto }
  .pair { display: block }
  .tiles { grid-template-columns: repeat(5, 1fr); gap: 8px }
  .tile { padding: 8px 10px }
  .tile b { font-size: 18px }
  .tile span, th, .soft, .key, footer { font-size: 10px }
  header p { font-size: 13px }
  .strip { break-inside: avoid }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}
@page { margin: 14mm }
"""


def document(title: str, style: str, body: str) -> str:
    """The whole page: ``body`` is HTML, ``style`` what its own classes look like."""
    sheet = f"{SCREEN}{style}{PAPER}"
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(title)}</title>\n<style>{sheet}</style>\n</head>\n<body>\n<main>\n{body}\n"
        "</main>\n</body>\n</html>\n"
    )


def safe(text: str) -> str:
    """``text`` as HTML, with a blank for whatever a page might obey: control, format, surrogate characters."""
    return escape("".join(c if c.isprintable() else " " for c in text))


def tile(figure: str, says: str, bad: bool = False) -> str:
    """One figure, large, and what it is."""
    return f'<div class="tile{" bad" * bad}"><b>{safe(figure)}</b><span>{safe(says)}</span></div>\n'


def table(
    texts: tuple[str, ...], numbers: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], tuple[str, ...], bool]]
) -> str:
    """A table; each row has its texts, its numbers, and whether it is bad."""
    head = _cells("th", texts, numbers)
    body = "".join(
        f"{'<tr class=bad>' if bad else '<tr>'}{_cells('td', left, figures)}</tr>\n" for left, figures, bad in rows
    )
    return scrolled(f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>")


def scrolled(wide: str) -> str:
    """What may be wider than the page."""
    return f'<div class="wide">\n{wide}\n</div>'


def _cells(tag: str, texts: Iterable[str], numbers: Iterable[str]) -> str:
    left = "".join(f"<{tag}>{safe(text)}</{tag}>" for text in texts)
    return left + "".join(f'<{tag} class="number">{safe(text)}</{tag}>' for text in numbers)
