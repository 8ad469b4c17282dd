"""A flow in Mermaid, which GitHub, GitLab and many wikis draw."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ariroute.drawing.graph import Arrow, Cluster, Node, graph
from ariroute.drawing.outline import Outline

UNSAFE = re.compile(r"[^\w ,.:/()=+*%-]")
"""Everything else is written as an entity (``#35;``), as Mermaid reads ``"``, ``#``, ``<`` and ``;`` itself."""

SHAPES = {
    "start": ('(["', '"])'),
    "branch": ('{{"', '"}}'),
    "queue": ('[["', '"]]'),
    "fallback": ('[["', '"]]'),
    "voicemail": ('[["', '"]]'),
}
STYLES = (
    "classDef queue,voicemail,fallback fill:#dcf5e3,stroke:#2e7d4f,color:#123",
    "classDef hangup fill:#fbe1e1,stroke:#b3403a,color:#311",
    "classDef branch,split,hours,menu fill:#fff4d6,stroke:#a67c00,color:#321",
    "classDef lookup fill:#e0edfb,stroke:#2f6db5,color:#124",
)
STYLED = {kind for style in STYLES for kind in style.split()[1].split(",")}


def mermaid(flows: Sequence[Outline]) -> str:
    """``flows`` as one flowchart from top to bottom, each in a frame of its own when there are several."""
    clusters = graph(flows)
    lines = ["flowchart TD"]
    for number, cluster in enumerate(clusters):
        framed = len(clusters) > 1
        if framed:
            lines.append(f'  subgraph frame{number}["{escaped(cluster.name)}"]')
        lines += [f"  {_node(node)}" for node in cluster.nodes]
        lines += [f"  {_arrow(arrow)}" for arrow in cluster.arrows if not _leaves(arrow, cluster)]
        if framed:
            lines.append("  end")
    lines += [f"  {_arrow(arrow)}" for cluster in clusters for arrow in cluster.arrows if _leaves(arrow, cluster)]
    lines += [f"  {style}" for style in STYLES]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """``text`` as it may stand between quotes."""
    return UNSAFE.sub(lambda match: f"#{ord(match[0])};", text)


def _leaves(arrow: Arrow, cluster: Cluster) -> bool:
    return arrow.far and arrow.target not in {node.id for node in cluster.nodes}


def _node(node: Node) -> str:
    opens, closes = SHAPES.get(node.kind, ('["', '"]'))
    style = f":::{node.kind}" if node.kind in STYLED else ""
    return f"{node.id}{opens}{_lines(node.lines)}{closes}{style}"


def _arrow(arrow: Arrow) -> str:
    line = "-.->" if arrow.far else "-->"
    label = f'|"{_lines(arrow.label)}"|' if arrow.label else ""
    return f"{arrow.source} {line}{label} {arrow.target}"


def _lines(lines: tuple[str, ...]) -> str:
    return "<br/>".join(map(escaped, lines)) or " "
