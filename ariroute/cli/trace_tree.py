"""A run's trace as a tree: what each step did, what each way of a branch compared, and where the call went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from ariroute.cli.output import printable
from ariroute.cli.wording import opening, telling, took_text, values_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ariroute.cli.rehearsal import Rehearsal
    from ariroute.flow.trace import TraceEntry

STYLES = {
    "true": "green",
    "found": "green",
    "false": "dim",
    "unknown": "yellow",
    "failed": "yellow",
    "missing": "yellow",
    **dict.fromkeys(("no_input", "invalid", "busy", "no_answer", "skipped"), "yellow"),
    **dict.fromkeys(("played", "answered", "open", "yes", "collected"), "green"),
}


def trace_tree(rehearsal: Rehearsal) -> Tree:
    """The whole answer of ``ariroute test`` as one tree."""
    decision = rehearsal.decision
    root = Tree(Text(opening(rehearsal.contact, rehearsal.ruleset.timezone)), guide_style="dim")
    grow(root, decision.trace)
    root.add(Text.assemble((str(decision.destination), "bold"), f"  (by {printable(decision.reason)})"))
    return root


def grow(root: Tree, trace: Sequence[TraceEntry]) -> list[Tree]:
    """Hang each entry under the nearest earlier one that it lies within; gives their nodes."""
    nodes, above = list[Tree](), [root]
    for entry, depth in zip(trace, depths(trace), strict=True):
        del above[depth + 1 :]
        above.append(above[depth].add(label(entry)))
        nodes.append(above[-1])
    return nodes


def depths(trace: Sequence[TraceEntry]) -> list[int]:
    """Within how many of the earlier entries each lies."""
    found, outer = [], list[str]()
    for entry in trace:
        while outer and not inside(entry.path, outer[-1]):
            outer.pop()
        found.append(len(outer))
        outer.append(reach(entry))
    return found


def reach(entry: TraceEntry) -> str:
    """The place in the flow file that ``entry`` covers: an else has no name of its own there, so all of its branch."""
    return entry.path.removesuffix(".otherwise") if entry.what == "otherwise" else entry.path


def inside(path: str, outer: str) -> bool:
    """Whether the place ``path`` lies within the place ``outer`` of the flow file."""
    return path.startswith((f"{outer}.", f"{outer}["))


def label(entry: TraceEntry) -> Text:
    """One line: what was done, what came of it, and in brackets the facts behind it."""
    subject, result = headline(entry)
    facts = "; ".join(details(entry))
    return Text.assemble(subject, (result, STYLES.get(entry.result, "")), f"  ({facts})" if facts else "")


def headline(entry: TraceEntry) -> tuple[str, str]:
    """What was done, and what came of it."""
    text, result = printable(entry.text), printable(entry.result)
    match entry.what:
        case "cases":
            return f"{text}: ", result
        case "case":
            return f"when {text}: ", result
        case "otherwise":
            return "else: ", "taken" if result == "taken" else "none, so on to the next step"
        case "set":
            return "set ", values_text(entry.values) if result == "set" else f"{entry.values[0][0]}: {result}"
        case "lookup" | "split" | "hours" | "notify" | "dial" | "agent":
            return f"{entry.what} {text}: ", result
        case "play" | "say" | "menu" | "collect" | "consent" if text:
            return f"{entry.what} {text}: ", result
        case "note" if result == "noted":
            return "note ", text
        case "label":
            return "label ", values_text(entry.values)
        case _:
            return f"{entry.what} ", result


def details(entry: TraceEntry) -> list[str]:
    """The facts behind an entry, those that are there."""
    values = () if entry.what in ("set", "label") else telling(entry)
    calculation = entry.text if entry.what == "set" and entry.text not in values_text(entry.values) else ""
    parts = [values_text(values), printable(calculation), printable(entry.reason), entry.origin, took_text(entry)]
    if entry.began:
        parts.append(f"asked after {entry.began * 1000:.1f} ms")
    return [part for part in parts if part]
