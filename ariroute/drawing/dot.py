"""A flow in the DOT language of Graphviz: ``dot -Tpdf``."""

from __future__ import annotations

from collections.abc import Sequence

from ariroute.drawing.graph import Arrow, Cluster, Node, graph
from ariroute.drawing.outline import Outline

FILLS = {
    **dict.fromkeys(("queue", "fallback", "voicemail"), "#dcf5e3"),
    **dict.fromkeys(("branch", "split", "hours", "menu"), "#fff4d6"),
    "hangup": "#fbe1e1",
    "lookup": "#e0edfb",
}
SHAPES = {"start": "oval", "branch": "hexagon"}


def dot(flows: Sequence[Outline]) -> str:
    """``flows`` as one directed graph from top to bottom, each in a frame of its own when there are several."""
    clusters = graph(flows)
    lines = [
        "digraph ariroute {",
        "  rankdir=TB",
        '  node [shape=box, style="rounded,filled", fillcolor="#f6f6f6", fontname="sans-serif", fontsize=11]',
        '  edge [fontname="monospace", fontsize=9]',
    ]
    for number, cluster in enumerate(clusters):
        lines += _framed(cluster, number) if len(clusters) > 1 else [f"  {_node(node)}" for node in cluster.nodes]
    lines += [f"  {_arrow(arrow)}" for cluster in clusters for arrow in cluster.arrows]
    return "\n".join([*lines, "}"])


def quoted(text: str) -> str:
    """``text`` as a quoted string of DOT; control characters are blanks there."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _framed(cluster: Cluster, number: int) -> list[str]:
    head = [f"  subgraph cluster_{number} {{", f"    label={quoted(cluster.name)}", '    fontname="sans-serif"']
    return [*head, *(f"    {_node(node)}" for node in cluster.nodes), "  }"]


def _node(node: Node) -> str:
    parts = [f"label={_lines(node.lines)}"]
    if node.kind in SHAPES:
        parts.append(f"shape={SHAPES[node.kind]}")
    if node.kind in FILLS:
        parts.append(f'fillcolor="{FILLS[node.kind]}"')
    return f"{quoted(node.id)} [{', '.join(parts)}]"


def _arrow(arrow: Arrow) -> str:
    parts = [f"label={_lines(arrow.label)}"] if arrow.label else []
    if arrow.far:
        parts.append("style=dashed")
    return f"{quoted(arrow.source)} -> {quoted(arrow.target)}" + (f" [{', '.join(parts)}]" if parts else "")


def _lines(lines: tuple[str, ...]) -> str:
    """One string, its lines parted by DOT's own escape ``\\n``."""
    return '"' + "\\n".join(quoted(line)[1:-1] for line in lines) + '"'
